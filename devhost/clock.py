"""Owns time: the host asks only this module what time it is and when to wake up."""

import asyncio
import heapq
import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

# A laptop that slept, or a changed wall clock, is noticed after this long.
_LONGEST_NAP = timedelta(seconds=60)


class Alarm(Protocol):
    """A wake-up call that can be taken back."""

    def cancel(self) -> None:
        """Take the wake-up call back."""


class Clock(Protocol):
    """What the host needs of time; all moments are aware and in UTC."""

    def now(self) -> datetime:
        """Return the present moment."""

    def call_at(self, when: datetime, callback: Callable[[], None]) -> Alarm:
        """Run the callback on the event loop at `when`, or at the latest a minute from now."""


class SystemClock:
    """The clock of this machine."""

    def now(self) -> datetime:
        """Return the present moment."""
        return datetime.now(UTC)

    def call_at(self, when: datetime, callback: Callable[[], None]) -> Alarm:
        """Run the callback at `when`, or after a minute, whichever comes first."""
        nap = min(max(when - self.now(), timedelta()), _LONGEST_NAP)
        return asyncio.get_running_loop().call_later(nap.total_seconds(), callback)


class ManualAlarm:
    """A wake-up call of a `ManualClock`."""

    def __init__(self, callback: Callable[[], None]) -> None:
        self.callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        """Take the wake-up call back."""
        self.callback = None


class ManualClock:
    """A clock that stands still until somebody moves it."""

    def __init__(self, start: datetime = datetime(2030, 1, 1, tzinfo=UTC)) -> None:
        self._now = start
        self._alarms: list[tuple[datetime, int, ManualAlarm]] = []
        self._order = itertools.count()

    def now(self) -> datetime:
        """Return the present moment; it moves by a microsecond, so that no two are equal."""
        self._now += timedelta(microseconds=1)
        return self._now

    def call_at(self, when: datetime, callback: Callable[[], None]) -> Alarm:
        """Run the callback once the clock has been moved to `when`."""
        alarm = ManualAlarm(callback)
        heapq.heappush(self._alarms, (when, next(self._order), alarm))
        return alarm

    def next_alarm(self) -> datetime | None:
        """Return when the next wake-up call is due, None when nobody waits."""
        while self._alarms and self._alarms[0][2].callback is None:
            heapq.heappop(self._alarms)
        return self._alarms[0][0] if self._alarms else None

    def move_to(self, moment: datetime) -> None:
        """Move time forward and run what is due by then."""
        self._now = max(self._now, moment)
        while (due := self.next_alarm()) is not None and due <= self._now:
            callback = heapq.heappop(self._alarms)[2].callback
            if callback is not None:
                callback()

    def advance(self, delta: timedelta) -> None:
        """Move time forward by `delta` and run what is due by then."""
        self.move_to(self._now + delta)
