"""Owns schedules of timer triggers: NCRONTAB expressions and TimeSpans, in UTC as in Azure.

Rules as of NCrontab 3, which the timers extension uses: both day fields must match, a step after
a number runs to the end of the field, names may be cut short, a range may be given backwards.
"""

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol

_MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_DAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
_FIELDS: tuple[tuple[str, int, int, tuple[str, ...]], ...] = (
    ("second", 0, 59, ()),
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day", 1, 31, ()),
    ("month", 1, 12, _MONTHS),
    ("day-of-week", 0, 6, _DAYS),
)
_WITHOUT_SECONDS = 5
_TIMESPAN = re.compile(r"(?:(\d+)\.)?(\d+):(\d+)(?::(\d+)(\.\d{1,7})?)?")
_DAY_HOURS = 24
# In forty years every date falls on every day of the week, leap days around 2100 too.
_HORIZON = 366 * 40


class ScheduleError(ValueError):
    """A schedule can't be read; the message says which part and what it may be."""


class Schedule(Protocol):
    """When a timer fires."""

    def after(self, moment: datetime) -> datetime | None:
        """Return the first time after `moment` (both aware, UTC); None: never."""


class Period:
    """Fires each time that a span has passed since the last time."""

    def __init__(self, span: timedelta) -> None:
        self._span = span

    def after(self, moment: datetime) -> datetime:
        """Return `moment` plus the span."""
        return moment + self._span


class Cron:
    """Fires when all six fields of an NCRONTAB expression match; five mean second 0."""

    def __init__(self, expression: str) -> None:
        parts = expression.split()
        if len(parts) == _WITHOUT_SECONDS:
            parts.insert(0, "0")
        if len(parts) != len(_FIELDS):
            raise ScheduleError(
                f"{expression!r} has {len(parts)} fields; write six: "
                "{second} {minute} {hour} {day} {month} {day-of-week}"
            )
        values = [_values(part, *field) for part, field in zip(parts, _FIELDS, strict=True)]
        self._seconds, self._minutes, self._hours = (sorted(found) for found in values[:3])
        self._days, self._months, self._weekdays = values[3:]

    def after(self, moment: datetime) -> datetime | None:
        """Return the first whole second after `moment` that matches; None: no date ever does."""
        first = moment.astimezone(UTC).replace(microsecond=0) + timedelta(seconds=1)
        for number in range(_HORIZON):
            day = first.date() + timedelta(days=number)
            if self._matches(day):
                found = self._first(first.time() if number == 0 else time())
                if found is not None:
                    return datetime.combine(day, found, UTC)
        return None

    def _matches(self, day: date) -> bool:
        weekday = day.isoweekday() % len(_DAYS)
        return day.day in self._days and day.month in self._months and weekday in self._weekdays

    def _first(self, earliest: time) -> time | None:
        return next(
            (
                found
                for hour in self._hours
                if hour >= earliest.hour
                for minute in self._minutes
                if (hour, minute) >= (earliest.hour, earliest.minute)
                for second in self._seconds
                if (found := time(hour, minute, second)) >= earliest
            ),
            None,
        )


def _values(text: str, name: str, lowest: int, highest: int, names: tuple[str, ...]) -> set[int]:
    """Return the values that a field stands for."""
    found: set[int] = set()
    for item in text.split(","):
        span, slash, step = item.partition("/")
        if slash and not step.isdecimal():
            raise ScheduleError(f"{item!r} in field {name}: a step is a number, such as */5")
        first, dash, last = span.partition("-")
        if span == "*":
            ends = [lowest, highest]
        elif dash:
            ends = sorted(_value(end, name, lowest, highest, names) for end in (first, last))
        else:
            start = _value(span, name, lowest, highest, names)
            ends = [start, highest if slash else start]
        found.update(range(ends[0], ends[1] + 1, max(1, int(step or 1))))
    return found


def _value(text: str, name: str, lowest: int, highest: int, names: tuple[str, ...]) -> int:
    if text.isdecimal() and lowest <= int(text) <= highest:
        return int(text)
    for number, known in enumerate(names, lowest):
        if text and known.startswith(text.lower()):
            return number
    allowed = f"{lowest} to {highest}" + (" or a name such as " + names[0][:3] if names else "")
    raise ScheduleError(f"{text!r} in field {name}: it may be {allowed}")


def parse(text: str) -> Schedule:
    """Read an NCRONTAB expression or a TimeSpan, such as "00:05:00"; raises ScheduleError."""
    if " " in text.strip():
        return Cron(text)
    span = timespan(text)
    if span is None:
        raise ScheduleError(
            f'{text!r} is neither an NCRONTAB expression, such as "0 */5 * * * *", '
            'nor a time span, such as "00:05:00"'
        )
    if not span:
        raise ScheduleError(f"{text!r} is no time at all; give a longer one")
    return Period(span)


def timespan(text: str) -> timedelta | None:
    """Read a .NET TimeSpan, such as "00:05:00" or "1.12:00"; None: it is none."""
    match = _TIMESPAN.fullmatch(text.strip())
    if match is None:
        return None
    days, hours, minutes, seconds = (int(group or 0) for group in match.groups()[:4])
    # .NET reads "24:00:00" as days, hours and minutes, because no day has 24 hours.
    if match[1] is None and match[4] is not None and hours >= _DAY_HOURS:
        days, hours, minutes, seconds = hours, minutes, seconds, 0
    fraction = float(match[5] or 0)
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds + fraction)
