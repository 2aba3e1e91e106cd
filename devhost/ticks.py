"""Owns timer triggers: it calls their functions when they are due and keeps when that was.

As the timers extension does: a function never runs beside itself, ticks missed while it runs or
while the host is down become one call, and only a host that was down says "past due". Schedules
with more than one tick a minute are not monitored, so what they miss stays missed.
"""

import asyncio
import json
import logging
import os
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path

from azure.functions.meta import Datum

from devhost.clock import Alarm, Clock
from devhost.history import moment_of, stamp
from devhost.invoke import Worker
from devhost.loader import App, Function, LoadError
from devhost.schedules import Schedule, ScheduleError, parse

_log = logging.getLogger("devhost.ticks")
_NEVER = "0001-01-01T00:00:00.0000000Z"  # what .NET writes for no time
_SHORTEST = timedelta(minutes=1)  # between ticks that are worth remembering
_DRAIN = 30.0  # seconds that a running function gets when the host is told to stop


@dataclass(frozen=True, slots=True)
class Status:
    """When a timer last fired and fires next, as stamps; `updated` is what `next` follows from."""

    last: str
    next: str
    updated: str


class TickBook:
    """The last tick of each monitored timer, in timers.json of the state folder."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._known: dict[str, Status] = {}
        if path and path.exists():
            try:
                entries = json.loads(path.read_text(encoding="utf-8"))
                self._known = {name: Status(**entry) for name, entry in entries.items()}
            except (ValueError, TypeError, AttributeError) as error:
                raise LoadError(
                    f"{path} is damaged ({error}): delete it; timers then forget what they missed."
                ) from error

    def read(self, name: str) -> Status | None:
        """Return what is known of a timer."""
        return self._known.get(name)

    def write(self, name: str, status: Status) -> None:
        """Remember a tick; it is on disk when this returns."""
        self._known[name] = status
        if self._path is None:
            return
        fresh = self._path.with_suffix(".new")
        with fresh.open("w", encoding="utf-8") as file:
            json.dump({n: asdict(s) for n, s in self._known.items()}, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._path)


class Ticker:
    """One timer trigger."""

    def __init__(
        self,
        function: Function,
        clock: Clock,
        book: TickBook,
        worker: Worker,
        client: Callable[[], str],
    ) -> None:
        self._function, self._clock, self._book = function, clock, book
        self._worker, self._client = worker, client
        self._schedule = _schedule(function)
        self._monitored = False
        self._next: datetime | None = None
        self._alarm: Alarm | None = None
        self._running: asyncio.Task[None] | None = None
        self._stopping = False

    @property
    def idle(self) -> bool:
        """Tell whether the function is not running."""
        return self._running is None or self._running.done()

    def start(self) -> None:
        """Call the function if it is past due or wants to run at start-up; else when it is due."""
        now = self._clock.now()
        self._monitored = self._function.trigger.get("useMonitor") is not False and _slow(
            self._schedule, now
        )
        known = self._book.read(self._function.name) if self._monitored else None
        self._next = self._resume(known, now) if known else self._schedule.after(now)
        if self._monitored and known is None:
            self._remember(_NEVER, now)
        if known and self._next and now > self._next:
            _log.info("Function '%s' is past due: it runs now.", self._function.name)
            self._tick(past_due=True)
        elif self._function.trigger.get("runOnStartup"):
            self._tick(past_due=False)
        else:
            self._arm()

    def _resume(self, known: Status, now: datetime) -> datetime | None:
        """Return when the timer is due, by what was remembered unless the schedule has changed."""
        base = known.updated if known.last == _NEVER else known.last
        due = self._schedule.after(moment_of(base))
        if due is not None and stamp(due) != known.next and due < now:
            due = self._schedule.after(now)
        return due

    async def stop(self) -> None:
        """Fire no more, and wait for the function if it runs."""
        self._stopping = True
        if self._alarm:
            self._alarm.cancel()
        if self._running:
            await asyncio.wait([self._running], timeout=_DRAIN)

    def _arm(self) -> None:
        if self._next is not None and not self._stopping:
            self._alarm = self._clock.call_at(self._next, self._wake)

    def _wake(self) -> None:
        if self._next is not None and self._clock.now() < self._next:
            self._arm()
        else:
            self._tick(past_due=False)

    def _tick(self, *, past_due: bool) -> None:
        began = self._clock.now()
        data = self._payload(past_due=past_due)
        self._running = asyncio.get_running_loop().create_task(self._run(data, began))

    async def _run(self, data: Datum, began: datetime) -> None:
        try:
            await self._worker.call(self._function, data, self._client())
        except Exception:  # noqa: BLE001 - whatever user code raises, the schedule goes on
            _log.exception("Function '%s' failed.", self._function.name)
        self._next = self._schedule.after(began)
        if self._monitored:
            self._remember(stamp(began), began)
        self._arm()

    def _payload(self, *, past_due: bool) -> Datum:
        status = self._book.read(self._function.name) if self._monitored else None
        shown = {n.capitalize(): v for n, v in asdict(status).items()} if status else None
        if shown is not None:
            shown["LastUpdated"] = shown.pop("Updated")
        value = {
            "Schedule": {"AdjustForDST": True},
            "ScheduleStatus": shown,
            "IsPastDue": past_due,
        }
        return Datum(json.dumps(value), "json")

    def _remember(self, last: str, now: datetime) -> None:
        due = stamp(self._next) if self._next else _NEVER
        try:
            self._book.write(self._function.name, Status(last, due, stamp(now)))
        except OSError as error:
            _log.error(
                "The last tick of function '%s' can't be kept (%s): free disk space, or make the "
                "state folder writable.", self._function.name, error,
            )  # fmt: skip


def _slow(schedule: Schedule, now: datetime) -> bool:
    first = schedule.after(now)
    second = schedule.after(first) if first else None
    return first is None or second is None or second - first >= _SHORTEST


def _schedule(function: Function) -> Schedule:
    text = str(function.trigger["schedule"])
    wanted = re.fullmatch(r"%([^%]+)%", text.strip())
    try:
        return parse(os.environ[wanted[1]] if wanted else text)
    except KeyError as error:
        reason = f"setting {error} is missing: add it to Values of local.settings.json"
    except ScheduleError as error:
        reason = str(error)
    raise LoadError(f"function {function.name}: schedule {text!r}: {reason}.")


def open_tickers(
    app: App, clock: Clock, worker: Worker, state: Path | None, client: Callable[[], str]
) -> list[Ticker]:
    """Make the timers of an app; raises LoadError for a schedule that can't be read."""
    functions = [f for f in app.functions if f.kind == "timerTrigger"]
    if not functions:
        return []
    book = TickBook(state / "timers.json" if state else None)
    return [Ticker(function, clock, book, worker, client) for function in functions]
