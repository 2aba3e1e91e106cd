"""Kills the process on purpose, so that tests can crash it at every durable write and call.

DEVHOST_FAULT=count:FILE writes the name of each point passed into FILE;
DEVHOST_FAULT=kill:N:FILE ends the process at the Nth point, without any clean-up, and writes
the name of that point only.
"""

import os
from pathlib import Path

_EXIT_CODE = 137  # what a shell reports for SIGKILL


class Faults:
    """The points passed so far and what to do at the next one."""

    def __init__(self, order: str) -> None:
        self._deadly, self._file = 0, ""
        action, _, rest = order.partition(":")
        if action == "kill":
            number, _, rest = rest.partition(":")
            self._deadly = int(number)
        self._file = rest
        self._passed = 0

    def reach(self, point: str) -> None:
        """Pass a point: note it, or die there."""
        self._passed += 1
        if self._deadly in (0, self._passed):
            with Path(self._file).open("a", encoding="utf-8") as file:
                file.write(point + "\n")
        if self._deadly == self._passed:
            os._exit(_EXIT_CODE)


_armed: list[Faults] = []


def arm(order: str) -> None:
    """Follow an order from now on; an empty one disarms."""
    _armed[:] = [Faults(order)] if order else []


def reach(point: str) -> None:
    """Pass a fault point; unless armed this does nothing."""
    for faults in _armed:
        faults.reach(point)


arm(os.environ.get("DEVHOST_FAULT", ""))
