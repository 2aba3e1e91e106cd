"""Timer triggers: schedules as Azure reads them, start-up, missed ticks and no overlap."""

import asyncio
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devhost.clock import ManualClock
from devhost.loader import LoadError
from devhost.schedules import Cron, ScheduleError, parse
from devhost.ticks import Ticker
from tests.engine.conftest import Open, Running

START = datetime(2030, 1, 1, 0, 30, tzinfo=UTC)  # a Tuesday
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _daily(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set what the fixture app takes from a setting."""
    monkeypatch.setenv("DAILY", "1.00:00:00")


def app_module() -> Any:
    """Return the fixture app as the host has loaded it."""
    return sys.modules["function_app"]


def calls(name: str) -> list[bool]:
    """Return, for each call of a function so far, whether it was past due."""
    return [past_due for called, past_due, _ in app_module().calls if called == name]


async def settle(app: Running) -> None:
    """Wait until no timer function runs."""
    tickers = [source for source in app.host.sources if isinstance(source, Ticker)]
    while not all(ticker.idle for ticker in tickers):  # noqa: ASYNC110 - a timer has no event for it
        await asyncio.sleep(0.001)


async def advance(app: Running, delta: timedelta) -> None:
    """Let time pass, tick by tick."""
    target = app.clock.now() + delta
    while (due := app.clock.next_alarm()) is not None and due <= target:
        app.clock.move_to(due)
        await settle(app)
    app.clock.move_to(target)
    await settle(app)


@pytest.mark.parametrize(
    "text,expected",
    [
        ("0 */5 * * * *", "2030-01-01T00:35:00"),
        ("*/5 * * * *", "2030-01-01T00:35:00"),
        ("30 */10 * * * *", "2030-01-01T00:30:30"),
        ("0 0 * * * *", "2030-01-01T01:00:00"),
        ("0 0 9-17 * * *", "2030-01-01T09:00:00"),
        ("0 0 17-9 * * *", "2030-01-01T09:00:00"),
        ("0 30 9 * * 1-5", "2030-01-01T09:30:00"),
        ("0 30 9 * Jan Mon", "2030-01-07T09:30:00"),
        ("0 30 9 * january sat,sun", "2030-01-05T09:30:00"),
        ("0 0 0 13 * fri", "2030-09-13T00:00:00"),
        ("5/20 30 0 1 1 *", "2030-01-01T00:30:05"),
        ("0 0 0 29 2 *", "2032-02-29T00:00:00"),
        ("0 0 0 29 2 Mon", "2044-02-29T00:00:00"),
        ("59 59 23 31 12 *", "2030-12-31T23:59:59"),
        ("00:05:00", "2030-01-01T00:35:00"),
        ("1.00:00:00", "2030-01-02T00:30:00"),
        ("24:00:00", "2030-01-25T00:30:00"),
        ("00:00:01.5", "2030-01-01T00:30:01.500"),
    ],
)
def test_schedules_are_read_as_azure_reads_them(text: str, expected: str):
    """An NCRONTAB expression or a TimeSpan gives the next time; both day fields must match."""
    assert parse(text).after(START) == datetime.fromisoformat(expected).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "text,reason",
    [
        ("* * * *", "write six"),
        ("0 60 * * * *", "'60' in field minute: it may be 0 to 59"),
        ("0 0 0 0 * *", "'0' in field day"),
        ("0 0 0 * * 7", "'7' in field day-of-week: it may be 0 to 6 or a name such as sun"),
        ("0 0 0 * foo *", "'foo' in field month"),
        ("0 */x * * * *", "a step is a number"),
        ("0 1,,2 * * * *", "'' in field minute"),
        ("hourly", "neither an NCRONTAB expression"),
        ("00:00:00", "no time at all"),
    ],
)
def test_a_bad_schedule_is_explained(text: str, reason: str):
    """The message says which part is wrong and what it may be."""
    with pytest.raises(ScheduleError, match=reason.replace("*", r"\*")):
        parse(text)


def test_a_date_that_never_comes_never_fires():
    """The 30th of February is valid and never due."""
    assert Cron("0 0 0 30 2 *").after(START) is None


@settings(max_examples=50)
@given(
    st.datetimes(datetime(2000, 1, 1), datetime(2090, 1, 1)),  # noqa: DTZ001 - the zone is added below
    st.sampled_from(["*/7 */11 */5 * * *", "0 0 0 */9 * 1-3", "59 1 2-4 28-31 2,11 *"]),
)
def test_the_next_tick_is_the_first_that_matches(moment: datetime, text: str):
    """From every moment before a tick, and after the one before it, the tick is the same."""
    cron, moment = Cron(text), moment.replace(tzinfo=UTC)
    due = cron.after(moment)
    assert due is not None
    assert due > moment
    assert cron.after(due - timedelta(seconds=1)) == due
    middle = moment + (due - moment) / 2
    assert cron.after(middle) == due


async def test_a_timer_fires_when_it_is_due(open_app: Open):
    """Each tick is one call with Azure's payload; nothing happens in between."""
    app = await open_app("timers", clock=ManualClock(START))
    await advance(app, 1.4 * HOUR)
    assert calls("every_two_hours") == []
    await advance(app, 4 * HOUR)
    assert calls("every_two_hours") == [False, False]
    status = [told for name, _, told in app_module().calls if name == "every_two_hours"][1]
    assert status["Last"].startswith("2030-01-01T02:00:00")
    assert status["Next"].startswith("2030-01-01T04:00:00")


async def test_run_on_startup_and_failures(open_app: Open):
    """A function is called at start-up, and again when due although it failed."""
    app = await open_app("timers", clock=ManualClock(START))
    await settle(app)
    assert calls("by_setting") == [False]
    await advance(app, 25 * HOUR)
    assert calls("by_setting") == [False, False]


async def test_a_host_that_was_down_is_past_due(open_app: Open, tmp_path: Path):
    """What was missed is one call that says so; without a monitor it stays missed."""
    app = await open_app("timers", tmp_path, clock=ManualClock(START))
    await advance(app, 2 * HOUR)
    await app.host.stop()
    app = await open_app("timers", tmp_path, clock=ManualClock(START + 9.5 * HOUR))
    await settle(app)
    assert calls("every_two_hours") == [True]
    assert calls("forgetful") == []
    await advance(app, 2 * HOUR)
    assert calls("every_two_hours") == [True, False]


async def test_a_host_that_was_down_for_a_moment_is_in_time(open_app: Open, tmp_path: Path):
    """A restart between two ticks calls nothing."""
    app = await open_app("timers", tmp_path, clock=ManualClock(START))
    await app.host.stop()
    app = await open_app("timers", tmp_path, clock=ManualClock(START + HOUR))
    await settle(app)
    assert calls("every_two_hours") == []


async def test_a_changed_schedule_is_not_past_due(
    open_app: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """What an old schedule would have done is not caught up."""
    app = await open_app("timers", tmp_path, clock=ManualClock(START))
    await settle(app)
    await app.host.stop()
    monkeypatch.setenv("DAILY", "0 0 6 * * *")
    app = await open_app("timers", tmp_path, clock=ManualClock(START + 40 * HOUR))
    await settle(app)
    assert calls("by_setting") == [False]


async def test_a_timer_never_runs_beside_itself(open_app: Open):
    """Ticks that pass while the function runs become one call afterwards."""
    app = await open_app("timers", clock=ManualClock(START))
    app_module().released.clear()
    app.clock.advance(2 * HOUR)
    app.clock.advance(6 * HOUR)
    await asyncio.sleep(0.02)
    assert calls("every_two_hours") == [False]
    app_module().released.set()
    await settle(app)
    await advance(app, timedelta(seconds=1))
    assert calls("every_two_hours") == [False, False]


async def test_a_missing_setting_is_named(open_app: Open, monkeypatch: pytest.MonkeyPatch):
    """A schedule that names no setting is refused with the way out."""
    monkeypatch.delenv("DAILY")
    with pytest.raises(LoadError, match=r"by_setting: schedule '%DAILY%': setting 'DAILY' is miss"):
        await open_app("timers")


async def test_damaged_ticks_are_named(open_app: Open, tmp_path: Path):
    """A file that can't be read stops the start and says which it is."""
    (tmp_path / "timers.json").write_text("{", encoding="utf-8")
    with pytest.raises(LoadError, match=r"timers\.json is damaged"):
        await open_app("timers", tmp_path)
