"""Owns results to come, settled in a fixed order: the replay's tasks.

asyncio is no help here: its callbacks run later, a replay has to run them on the spot.
"""

from collections.abc import Callable, Coroutine, Generator, Iterable


class Promise:
    """A result to come. It is settled once and runs what waits for it on the spot."""

    __slots__ = ("_waiting", "failed", "settled")

    def __init__(self) -> None:
        self.settled = False
        self.failed = False
        self._waiting: list[Callable[[], None]] = []

    def settle(self, *, failed: bool = False) -> None:
        """Set the result, unless it is already set."""
        if self.settled:
            return
        self.settled, self.failed = True, failed
        for callback in self._waiting:
            callback()
        self._waiting.clear()

    def then(self, callback: Callable[[], None]) -> None:
        """Run the callback once the result is there."""
        if self.settled:
            callback()
        else:
            self._waiting.append(callback)

    def __await__(self) -> Generator["Promise", None, "Promise"]:
        if not self.settled:
            yield self
        return self


def spawn(steps: Coroutine[Promise, None, bool]) -> Promise:
    """Run a coroutine until it waits, and on when that is settled; it returns whether it failed."""
    result = Promise()

    def run() -> None:
        try:
            steps.send(None).then(run)
        except StopIteration as stop:
            result.settle(failed=stop.value)

    run()
    return result


def when_all(promises: Iterable[Promise]) -> Promise:
    """Settle once all are settled, failed or not."""
    members = list(promises)
    left = len(members)
    result = Promise()

    def count() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            result.settle(failed=any(p.failed for p in members))

    for member in members:
        member.then(count)
    if not members:
        result.settle()
    return result


def when_any(promises: Iterable[Promise]) -> Promise:
    """Settle once one of them is."""
    result = Promise()
    for member in promises:
        member.then(result.settle)
    return result
