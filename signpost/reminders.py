"""Owns when reminders come: at intervals or at a time of day, and never in quiet hours."""

import re
from datetime import UTC, datetime, time, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Meta

SHORTEST = timedelta(minutes=1)
MINUTES_A_DAY = 24 * 60

# YAML 1.1 reads an unquoted 18:30 as the number 1110, its minutes.
Clock = (
    Annotated[str, Meta(pattern=r"^([01]?\d|2[0-3]):[0-5]\d\Z")]
    | Annotated[int, Meta(ge=0, lt=MINUTES_A_DAY)]
)


class QuietHours(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"start": "from"}):
    """When nobody is reminded, also over midnight."""

    start: Clock
    until: Clock


class Reminders(
    msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True, rename="camel"
):
    """How often, or at which time of day, approvers are told again.

    Times of day are those of `time_zone`, an IANA name such as `Europe/Berlin`.
    """

    every: timedelta | None = None
    at: Clock | None = None
    quiet_hours: QuietHours | None = None
    time_zone: str = "UTC"

    def __post_init__(self) -> None:
        """Refuse what has no meaning. Raises ValueError, which msgspec reports."""
        if (self.every is None) == (self.at is None):
            raise ValueError("`reminders` need `every` or `at`, and not both")
        if self.every is not None and self.every < SHORTEST:
            raise ValueError("`reminders` must be PT1M or more apart")
        try:
            ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f"`timeZone` {self.time_zone!r} is no IANA time zone") from None
        quiet = self.quiet_hours
        if quiet and _time(quiet.start) == _time(quiet.until):
            raise ValueError("`quietHours` that end where they start leave no time")


def upcoming(reminders: Reminders, start: datetime, now: datetime) -> datetime:
    """Say when the next reminder after `now` comes, for an approval that was asked at `start`."""
    zone = ZoneInfo(reminders.time_zone)
    if reminders.every is not None:
        due = start + reminders.every * ((now - start) // reminders.every + 1)
    else:
        due = _next(_time(reminders.at), now.astimezone(zone))
    quiet = reminders.quiet_hours
    local = due.astimezone(zone)
    if quiet and _is_quiet(_time(quiet.start), _time(quiet.until), local.time()):
        due = _next(_time(quiet.until), local)
    return due.astimezone(UTC)


def _next(clock: time, local: datetime) -> datetime:
    """Give the next instant at which clocks of this zone show a time."""
    today = datetime.combine(local.date(), clock, local.tzinfo)
    if today.astimezone(UTC) > local.astimezone(UTC):
        return today
    return datetime.combine(local.date() + timedelta(days=1), clock, local.tzinfo)


def _is_quiet(start: time, until: time, at: time) -> bool:
    return start <= at < until if start < until else at >= start or at < until


def _time(clock: str | int | None) -> time:
    if isinstance(clock, int):
        return time(clock // 60, clock % 60)
    hours, minutes = re.findall(r"\d+", clock or "0:0")
    return time(int(hours), int(minutes))
