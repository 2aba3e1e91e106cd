"""Many drafts at once at a model that takes ten a minute: all end, and the rate is kept."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from signpost.contracts import MAX_ATTEMPTS
from tests.acceptance.azure_stand import AzureStand, azure_stand
from tests.acceptance.sizes import STORM_DRAFTS, UNPACED_DRAFTS

# What the SDK says once in a process is no fault of the app.
pytestmark = pytest.mark.filterwarnings("ignore:azure.functions:DeprecationWarning")

RATE = 10
MOST = 1.2 * RATE
SLOT = 6.3  # seconds from one draft to the next at this rate: see `signpost.pacing`
MINUTES_5 = timedelta(minutes=5)
FAILED = (
    "The model is at its capacity. Signpost tried 5 times; start the run again later. "
    "Nothing was posted."
)


@asynccontextmanager
async def storm(
    folder: Path, drafts: int, **settings: str
) -> AsyncIterator[tuple[AzureStand, list[str]]]:
    """Start so many runs at once; the model takes ten drafts a minute and refuses the rest."""
    async with azure_stand(folder, **settings) as stand:
        stand.model.per_minute = RATE
        yield stand, await asyncio.gather(*(stand.begin() for _ in range(drafts)))


def fullest_minute(stand: AzureStand, after: float = 0) -> int:
    """Count the most requests in any minute that begins so many seconds after the first one."""
    came = stand.model.arrivals
    begins = [at for at in came if at >= came[0] + after]
    return max(sum(begin <= at < begin + 60 for at in came) for begin in begins)


async def ends(stand: AzureStand, runs: list[str]) -> list[dict[str, Any]]:
    """Give all runs as their requesters see them, of which none may be drafting any more."""
    shown = [await stand.view(run) for run in runs]
    assert {each["state"] for each in shown} <= {"waiting", "closed"}
    return shown


async def calls(stand: AzureStand, runs: list[str]) -> Counter[int]:
    """Count how many drafts took how many calls, also of those that failed."""
    stories = [await stand.app.story(run) for run in runs]
    spent = [(story.drafts, story.calls) for story in stories]
    return Counter(drafts[1].calls if drafts else made[1].made for drafts, made in spent)


async def test_a_storm_keeps_to_the_rate_that_is_set(tmp_path: Path) -> None:
    """Every draft is there after one call, none is refused, and a restart changes nothing."""
    settings = {"MODEL_REQUESTS_PER_MINUTE": str(RATE)}
    async with storm(tmp_path, STORM_DRAFTS, **settings) as (stand, runs):
        await stand.app.advance(MINUTES_5)
        await stand.app.restart()
        await stand.app.advance(timedelta(hours=1))
        assert {each["round"]["text"] for each in await ends(stand, runs)} == {"Hello."}
        assert await calls(stand, runs) == {1: STORM_DRAFTS}
        assert len(stand.model.requests) == STORM_DRAFTS
        assert fullest_minute(stand) <= RATE
        last = stand.model.arrivals[-1] - stand.model.arrivals[0]
        assert last <= STORM_DRAFTS * SLOT + 1
        assert max(len(stand.app.history(run)) for run in runs) <= 30


async def test_a_storm_keeps_to_the_rate_that_the_service_has(tmp_path: Path) -> None:
    """Where too high a rate is set, each refusal stops all, and every draft is there in the end."""
    settings = {"MODEL_REQUESTS_PER_MINUTE": str(3 * RATE)}
    async with storm(tmp_path, UNPACED_DRAFTS, **settings) as (stand, runs):
        await stand.app.advance(timedelta(hours=1))
        assert {each["round"]["text"] for each in await ends(stand, runs)} == {"Hello."}
        assert fullest_minute(stand, after=60) <= MOST
        assert max(await calls(stand, runs)) <= MAX_ATTEMPTS
        assert max(len(stand.app.history(run)) for run in runs) <= 150


async def test_a_storm_without_a_rate_ends(tmp_path: Path) -> None:
    """Each draft waits for itself: those that had no luck five times say so, and none hangs."""
    async with storm(tmp_path, UNPACED_DRAFTS) as (stand, runs):
        await stand.app.advance(timedelta(hours=1))
        shown = await ends(stand, runs)
        drafted = [each for each in shown if each["state"] == "waiting"]
        assert len(drafted) >= 4 * RATE
        assert {each["detail"] for each in shown if each not in drafted} <= {FAILED}
        took = await calls(stand, runs)
        assert sum(made * many for made, many in took.items()) == len(stand.model.requests)
        assert max(took) <= MAX_ATTEMPTS
        assert max(len(stand.app.history(run)) for run in runs) <= 60
