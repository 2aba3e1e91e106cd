"""Owns when reminders come: at intervals or at a time of day, and never in quiet hours."""

import re
from datetime import UTC, datetime, time, timedelta
from typing import Annotated

import msgspec
from msgspec import Meta

from signpost.forms import CLOCK, MINUTES_A_DAY
from signpost.zones import is_zone, zone_of

SHORTEST = timedelta(minutes=1)

Clock = Annotated[str, Meta(pattern=CLOCK)] | Annotated[int, Meta(ge=0, lt=MINUTES_A_DAY)]


class QuietHours(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"start": "from"}):
    """When nobody is reminded, also over midnight."""

    start: Annotated[Clock, Meta(description="The first minute that is quiet, as 18:00.")]
    until: Annotated[Clock, Meta(description="The first minute that is not quiet any more.")]


class Reminders(
    msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True, rename="camel"
):
    """How often, or at which time of day, approvers are told again.

    Times of day are those of `time_zone`, an IANA name such as `Europe/Berlin`.
    """

    every: Annotated[timedelta | None, Meta(description="How long after one another.")] = None
    at: Annotated[Clock | None, Meta(description="A time of day, instead of `every`.")] = None
    quiet_hours: Annotated[
        QuietHours | None, Meta(description="What falls into them comes when they end.")
    ] = None
    time_zone: Annotated[str, Meta(description="Of `at` and `quietHours`.")] = "UTC"

    def __post_init__(self) -> None:
        """Refuse what has no meaning. Raises ValueError, which msgspec reports."""
        if (self.every is None) == (self.at is None):
            raise ValueError("`reminders` need `every` or `at`, and not both")
        if self.every is not None and self.every < SHORTEST:
            raise ValueError("`reminders` must be PT1M or more apart")
        if not is_zone(self.time_zone):
            raise ValueError(
                f"`timeZone` {self.time_zone!r} is no IANA time zone, such as Europe/Berlin"
            )
        quiet = self.quiet_hours
        if quiet and _time(quiet.start) == _time(quiet.until):
            raise ValueError("`quietHours` that end where they start leave no time")


def upcoming(reminders: Reminders, start: datetime, now: datetime) -> datetime:
    """Say when the next reminder after `now` comes, for an approval that was asked at `start`."""
    zone = zone_of(reminders.time_zone)
    if reminders.every is not None:
        due = start + reminders.every * ((now - start) // reminders.every + 1)
    else:
        due = _next(_time(reminders.at), now.astimezone(zone))
    quiet = reminders.quiet_hours
    local = due.astimezone(zone)
    if quiet and _is_quiet(_time(quiet.start), _time(quiet.until), local.time()):
        # In the hour that comes twice, the end that follows is the one of the same turn.
        due = _next(_time(quiet.until).replace(fold=local.fold), local)
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
