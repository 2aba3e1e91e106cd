"""Reminders come at intervals or at a time of day, and never in quiet hours."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from signpost.reminders import QuietHours, Reminders, upcoming

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BERLIN = ZoneInfo("Europe/Berlin")
NIGHT = QuietHours(start="18:00", until="08:00")
# The clocks of Berlin skip 02:00-03:00 on the first date, and show it twice on the second.
SPRING, AUTUMN = datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC)


def instant(text: str) -> datetime:
    """Read `11-22 10:00` as an instant of 2026 in UTC."""
    return datetime.fromisoformat(f"2026-{text}:00Z")


def read(source: str) -> Reminders:
    """Read reminders as they stand in a flow file."""
    return msgspec.convert(yaml.load(source, Loader=yaml.CSafeLoader), Reminders)


@pytest.mark.parametrize(
    "now,due",
    [
        ("11-22 10:00", "11-23 10:00"),
        ("11-22 11:00", "11-23 10:00"),
        ("11-23 09:59", "11-23 10:00"),
        ("11-23 10:00", "11-24 10:00"),
        ("12-01 12:00", "12-02 10:00"),
    ],
)
def test_intervals_count_from_the_request(now: str, due: str) -> None:
    """The next one comes a whole number of intervals after the start, and after now."""
    daily = Reminders(every=DAY)
    assert upcoming(daily, instant("11-22 10:00"), instant(now)) == instant(due)


@pytest.mark.parametrize(
    "zone,now,due",
    [
        ("UTC", "11-22 10:00", "11-22 18:30"),
        ("UTC", "11-22 18:30", "11-23 18:30"),
        ("Europe/Berlin", "11-22 10:00", "11-22 17:30"),
        ("Europe/Berlin", "11-22 17:29", "11-22 17:30"),
        ("Europe/Berlin", "11-22 17:30", "11-23 17:30"),
        ("Europe/Berlin", "07-01 10:00", "07-01 16:30"),
        ("Asia/Tokyo", "11-22 10:00", "11-23 09:30"),
        ("Asia/Kathmandu", "11-22 10:00", "11-22 12:45"),
        ("America/New_York", "11-22 23:45", "11-23 23:30"),
        ("Pacific/Kiritimati", "11-22 10:00", "11-23 04:30"),
    ],
)
def test_a_time_of_day_is_that_of_the_zone(zone: str, now: str, due: str) -> None:
    """It comes when clocks there show it next, in winter as in summer."""
    evening = Reminders(at="18:30", time_zone=zone)
    assert upcoming(evening, instant("01-01 00:00"), instant(now)) == instant(due)


@pytest.mark.parametrize("clock,minutes", [("18:30", 1110), ("0:05", 5), ("08:00", 480)])
def test_unquoted_times_are_understood(clock: str, minutes: int) -> None:
    """YAML 1.1 reads an unquoted 18:30 as a number; it means the same as the text."""
    now = instant("11-22 00:00")
    due = upcoming(read(f"at: {clock}"), now, now)
    assert due == now + timedelta(minutes=minutes)
    assert due == upcoming(read(f"at: '{clock}'"), now, now)


def test_quiet_hours_are_read_unquoted_too() -> None:
    """Both ends may be numbers, as YAML gives them."""
    quiet = read("every: PT1H\nquietHours: {from: 18:00, until: 8:00}")
    assert quiet.quiet_hours == QuietHours(start=1080, until=480)
    asked = instant("11-22 17:30")
    assert upcoming(quiet, asked, asked) == instant("11-23 08:00")


QUIET: list[tuple[QuietHours, str, str]] = [
    (NIGHT, "11-22 16:59", "11-22 17:59"),
    (NIGHT, "11-22 17:00", "11-23 08:00"),
    (NIGHT, "11-22 22:30", "11-23 08:00"),
    (NIGHT, "11-23 02:00", "11-23 08:00"),
    (NIGHT, "11-23 06:59", "11-23 08:00"),
    (NIGHT, "11-23 07:00", "11-23 08:00"),
    (NIGHT, "11-23 07:01", "11-23 08:01"),
    (QuietHours(start="12:00", until="13:00"), "11-22 11:00", "11-22 13:00"),
    (QuietHours(start="12:00", until="13:00"), "11-22 12:00", "11-22 13:00"),
    (QuietHours(start="12:00", until="13:00"), "11-22 10:59", "11-22 11:59"),
    (QuietHours(start="00:00", until="06:00"), "11-22 23:00", "11-23 06:00"),
    (QuietHours(start="20:00", until="00:00"), "11-22 20:00", "11-23 00:00"),
]


@pytest.mark.parametrize("quiet,asked,due", QUIET)
def test_quiet_hours_put_a_reminder_off(quiet: QuietHours, asked: str, due: str) -> None:
    """What falls into them comes when they end, also over midnight; their end is not quiet."""
    hourly = Reminders(every=HOUR, quiet_hours=quiet)
    assert upcoming(hourly, instant(asked), instant(asked)) == instant(due)


def test_quiet_hours_hold_for_times_of_day() -> None:
    """A time of day in quiet hours comes every morning when they end, once a day."""
    evening = Reminders(at="22:00", quiet_hours=NIGHT)
    asked = instant("11-22 10:00")
    first = upcoming(evening, asked, asked)
    assert first == instant("11-23 08:00")
    assert upcoming(evening, asked, first) == instant("11-24 08:00")


def test_quiet_hours_are_those_of_the_zone() -> None:
    """Six in the evening is when clocks there show it."""
    hourly = Reminders(every=HOUR, quiet_hours=NIGHT, time_zone="Europe/Berlin")
    assert upcoming(hourly, SPRING, instant("11-22 16:30")) == instant("11-23 07:00")


def test_days_that_are_longer_or_shorter_keep_the_time_of_day() -> None:
    """On either side of a clock change it is the same time on the wall."""
    nine = Reminders(at="09:00", time_zone="Europe/Berlin")
    for midnight, before, after in ((SPRING, 8, 7), (AUTUMN, 7, 8)):
        assert upcoming(nine, midnight, midnight - DAY) == midnight - DAY + before * HOUR
        assert upcoming(nine, midnight, midnight) == midnight + after * HOUR


def test_a_time_that_is_skipped_comes_an_hour_later() -> None:
    """On the day that has no half past two it is half past three, once, and then as ever."""
    early = Reminders(at="02:30", time_zone="Europe/Berlin")
    first = upcoming(early, SPRING, SPRING)
    assert first == SPRING + 1.5 * HOUR
    assert first.astimezone(BERLIN).hour == 3
    assert upcoming(early, SPRING, first) == SPRING + 24.5 * HOUR


def test_a_time_that_comes_twice_reminds_once() -> None:
    """On the day that has two of half past two the first counts."""
    early = Reminders(at="02:30", time_zone="Europe/Berlin")
    first = upcoming(early, AUTUMN, AUTUMN)
    assert first == AUTUMN + 0.5 * HOUR
    for later in (first, first + HOUR / 2, first + HOUR, first + 2 * HOUR):
        assert upcoming(early, AUTUMN, later) == AUTUMN + 25.5 * HOUR


@pytest.mark.parametrize("minutes,due", [(-30, 30), (10, 30), (70, 90), (80, 90), (100, 100)])
def test_quiet_hours_end_on_the_long_night(minutes: int, due: int) -> None:
    """Whoever is in the second hour that looks alike waits for its own half past two."""
    quiet = QuietHours(start="22:00", until="02:30")
    often = Reminders(every=timedelta(minutes=10), quiet_hours=quiet, time_zone="Europe/Berlin")
    asked = AUTUMN + timedelta(minutes=minutes - 10)
    assert upcoming(often, asked, asked) == AUTUMN + timedelta(minutes=due)


def test_quiet_hours_end_on_the_short_night() -> None:
    """An end that the clocks skip comes after the gap, within the hour."""
    quiet = QuietHours(start="22:00", until="02:30")
    hourly = Reminders(every=HOUR, quiet_hours=quiet, time_zone="Europe/Berlin")
    assert upcoming(hourly, SPRING - HOUR, SPRING - HOUR) == SPRING + 1.5 * HOUR


clocks = st.integers(0, 24 * 60 - 1)
plans = st.builds(
    Reminders,
    every=st.timedeltas(timedelta(minutes=1), 3 * DAY),
    quiet_hours=st.none()
    | st.tuples(clocks, clocks)
    .filter(lambda ends: ends[0] != ends[1])
    .map(lambda ends: QuietHours(*ends)),
    time_zone=st.sampled_from(["UTC", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe"]),
)
times = st.datetimes(
    datetime(2026, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    datetime(2027, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    timezones=st.just(UTC),
)


@given(plans, times, st.timedeltas(timedelta(), 9 * DAY))
def test_the_next_reminder_is_ahead_and_near(
    plan: Reminders, start: datetime, passed: timedelta
) -> None:
    """It is after now, and no further off than an interval and a day of quiet."""
    now = start + passed
    due = upcoming(plan, start, now)
    assert now < due <= now + (plan.every or DAY) + DAY + HOUR
    assert due.tzinfo is UTC


@given(plans, times)
def test_no_reminder_comes_in_quiet_hours(plan: Reminders, now: datetime) -> None:
    """Whatever the zone and its clocks do, walls there show no quiet time, but for a gap."""
    due = upcoming(plan, now, now)
    local = due.astimezone(ZoneInfo(plan.time_zone))
    skipped = local.utcoffset() != (local - 3 * HOUR).utcoffset()
    if plan.quiet_hours and not skipped:
        start, until = int(plan.quiet_hours.start), int(plan.quiet_hours.until)
        minute = local.hour * 60 + local.minute
        quiet = start <= minute < until if start < until else minute >= start or minute < until
        assert not quiet


@given(clocks, times, st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kathmandu"]))
def test_times_of_day_come_once_a_day(at: int, now: datetime, zone: str) -> None:
    """From one to the next it is a day, give or take the hour of a clock change."""
    plan, due = Reminders(at=at, time_zone=zone), [now]
    for _ in range(4):
        due.append(upcoming(plan, now, due[-1]))
    gaps = [later - earlier for earlier, later in pairwise(due[1:])]
    assert all(23 * HOUR <= gap <= 25 * HOUR for gap in gaps)


MISTAKES = [
    ("{}", "need `every` or `at`"),
    ("{every: PT1H, at: '18:00'}", "need `every` or `at`"),
    ("{every: PT59S}", "PT1M or more"),
    ("{every: -PT1H}", "PT1M or more"),
    ("{at: '18:00', timeZone: Europe/Bonn}", "no IANA time zone"),
    ("{at: '18:00', timeZone: ''}", "no IANA time zone"),
    ("{at: '18:00', timeZone: ../etc}", "no IANA time zone"),
    ("{at: '18:00', quietHours: {from: '8:00', until: '08:00'}}", "leave no time"),
    ("{at: '18:00', quietHours: {from: '8:00', until: 480}}", "leave no time"),
    ("{at: '18:00', quietHours: {from: '8:00'}}", "`until`"),
    ("{at: '24:00'}", "$.at"),
    ("{at: '18:60'}", "$.at"),
    ("{at: '18'}", "$.at"),
    ("{at: 1440}", "$.at"),
    ("{at: -1}", "$.at"),
    ("{at: '18:00 '}", "$.at"),
    ("{at: '18:00', often: true}", "`often`"),
]


@pytest.mark.parametrize("source,told", MISTAKES, ids=[source for source, _ in MISTAKES])
def test_what_has_no_meaning_is_refused(source: str, told: str) -> None:
    """The field at fault is named when the flow is read."""
    with pytest.raises(msgspec.ValidationError) as error:
        read(source)
    assert told in str(error.value)


@pytest.mark.parametrize("every", [timedelta(minutes=1), timedelta(days=365)])
def test_intervals_have_a_shortest(every: Any) -> None:
    """A minute is the least, and there is no most of their own."""
    now = instant("11-22 10:00")
    assert upcoming(Reminders(every=every), now, now) == now + every
