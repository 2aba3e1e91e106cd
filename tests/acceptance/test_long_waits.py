"""Runs wait for up to a year, over restarts, and do everything on time: the real app, own clock."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from signpost.text import digest
from tests.builders import ADELE, ALEX, MEGAN, a_flow
from tests.doubles.quick_model import TEXT
from tests.doubles.timed_app import TimedApp, timed_app

# What the SDK says once in a process is no fault of the app.
pytestmark = pytest.mark.filterwarnings("ignore:azure.functions:DeprecationWarning")

DIEGO = "diego@contoso.com"
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
WAITS = [HOUR, 6 * DAY, 7 * DAY, 30 * DAY, 90 * DAY, 365 * DAY]


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[TimedApp]:
    """Run an app whose clock the test moves."""
    async with timed_app(tmp_path) as running:
        yield running


def told(app: TimedApp, person: str) -> list[datetime]:
    """List when a person was told, the first time and again."""
    return [received.received_at for received in app.teams.chats.get(person, [])]


def on_time(happened: list[datetime], due: list[datetime]) -> bool:
    """Say whether everything due happened, nothing else did, and nothing early or a minute late."""
    late = [at - then for at, then in zip(happened, due, strict=True)]
    return all(timedelta() <= each <= MINUTE for each in late)


async def a_long_year(app: TimedApp) -> tuple[str, datetime]:
    """Let a run wait until day 360: three restarts, an escalation, a place handed on."""
    policy = {"reminders": 30 * DAY, "escalate_to": [DIEGO], "escalate_after": 180 * DAY}
    run = await app.begin(a_flow(expires_after=365 * DAY, **policy))
    standing = (await app.story(run)).round
    assert standing is not None
    for day in (50, 150, 300):
        await app.until(standing.request_date + day * DAY)
        await app.restart()
        if day == 150:
            await app.until(standing.request_date + 200 * DAY)
            await app.reassign(run, ALEX, MEGAN)
    await app.until(standing.request_date + 360 * DAY + HOUR)
    return run, standing.request_date


async def test_a_run_is_signed_on_day_360(app: TimedApp) -> None:
    """After 360 days and three restarts a signature still posts, once, within a minute."""
    run, _ = await a_long_year(app)
    signed_at = app.clock.now()
    await app.answer(run, MEGAN)
    assert on_time([app.ended_at(run)], [signed_at])
    assert on_time([each.received_at for each in app.teams.channel], [signed_at])
    story = await app.story(run)
    assert story.receipt is not None
    assert (story.receipt.outcome, story.signed_text) == ("Approve", TEXT)


async def test_a_run_expires_after_a_year(app: TimedApp) -> None:
    """Nobody signs: the run ends at its deadline, not earlier and not a minute later."""
    run, begun = await a_long_year(app)
    await app.until(begun + 366 * DAY)
    assert on_time([app.ended_at(run)], [begun + 365 * DAY])
    story = await app.story(run)
    assert story.receipt is not None
    assert (story.receipt.outcome, app.teams.channel) == ("Expired", [])


async def test_everybody_is_told_on_time_all_year(app: TimedApp) -> None:
    """Reminders come each 30 days, the escalation on day 180, the heir hears of it at once."""
    _, begun = await a_long_year(app)
    monthly = [begun + month * 30 * DAY for month in range(13)]
    assert on_time(told(app, ADELE), monthly)
    assert on_time(told(app, ALEX), monthly[:7])
    assert on_time(told(app, DIEGO), monthly[6:])
    assert on_time(told(app, MEGAN), [begun + 200 * DAY, *monthly[7:]])


async def test_a_year_keeps_its_history_short(app: TimedApp) -> None:
    """A look each five days and a reminder a month: the run replays in well under a second."""
    run, _ = await a_long_year(app)
    assert len(app.history(run)) < 800


@pytest.mark.parametrize("wait", WAITS, ids=lambda wait: f"{wait}")
async def test_a_deadline_is_kept(app: TimedApp, wait: timedelta) -> None:
    """However long a wait is, and over a restart in its midst, it ends within a minute."""
    run = await app.begin(a_flow(expires_after=wait))
    standing = (await app.story(run)).round
    assert standing is not None
    await app.advance(wait / 2)
    await app.restart()
    await app.until(standing.expires_at + HOUR)
    assert on_time([app.ended_at(run)], [standing.expires_at])


@pytest.mark.parametrize("wait", WAITS, ids=lambda wait: f"{wait}")
async def test_the_last_minute_counts(app: TimedApp, wait: timedelta) -> None:
    """A signature a second before the deadline posts, and no timer keeps the run open."""
    run = await app.begin(a_flow(expires_after=wait))
    standing = (await app.story(run)).round
    assert standing is not None
    await app.until(standing.expires_at - timedelta(seconds=1))
    signed_at = app.clock.now()
    answered = await app.answer(run, ADELE)
    assert answered.signed_digest() == digest(TEXT)
    assert on_time([app.ended_at(run)], [signed_at])
    assert len(app.teams.channel) == 1


async def test_a_host_that_was_down_makes_up_for_it(app: TimedApp) -> None:
    """A deadline that passed while the host was down is kept as soon as it is back."""
    run = await app.begin(a_flow(expires_after=30 * DAY, reminders=DAY))
    before = len(told(app, ADELE))
    await app.stop()
    app.clock.advance(40 * DAY)
    back_at = app.clock.now()
    await app.start()
    assert on_time([app.ended_at(run)], [back_at])
    assert len(told(app, ADELE)) == before
