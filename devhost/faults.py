"""Kills the process on purpose, so that tests can crash it at every durable write and call.

DEVHOST_FAULT=count:FILE appends the name of each point passed to FILE;
DEVHOST_FAULT=kill:N ends the process, without any clean-up, at the Nth point.
"""

import os
from pathlib import Path

_EXIT_CODE = 137  # what a shell reports for SIGKILL


class Faults:
    """The points passed so far and what to do at the next one."""

    def __init__(self, order: str) -> None:
        self._action, _, self._argument = order.partition(":")
        self._passed = 0

    def reach(self, point: str) -> None:
        """Pass a point: note it, or die there."""
        self._passed += 1
        if self._action == "count":
            with Path(self._argument).open("a", encoding="utf-8") as file:
                file.write(point + "\n")
        elif self._passed == int(self._argument):
            os._exit(_EXIT_CODE)


_faults = Faults(os.environ["DEVHOST_FAULT"]) if os.environ.get("DEVHOST_FAULT") else None


def reach(point: str) -> None:
    """Pass a fault point; without DEVHOST_FAULT this does nothing."""
    if _faults is not None:
        _faults.reach(point)
