"""Made-up orchestrations: what is sound ends, and the divergence detector has nothing to say."""

import asyncio
import copy
import itertools
from datetime import timedelta
from typing import Any

import aiohttp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devhost import divergence
from tests.engine.conftest import open_running

NUMBERS = st.integers(1, 2)
PARTS = st.fixed_dictionaries(
    {"do": st.sampled_from(["activity", "timer", "event", "retry", "child"]), "n": NUMBERS}
)
# A retry in a task_any is a trap, and not sound.
RACERS = st.fixed_dictionaries(
    {"do": st.sampled_from(["activity", "timer", "event", "child"]), "n": NUMBERS}
)
STEPS = st.one_of(
    st.fixed_dictionaries({"how": st.just("all"), "of": st.lists(PARTS, min_size=1, max_size=4)}),
    st.fixed_dictionaries({"how": st.just("any"), "of": st.lists(RACERS, min_size=1, max_size=4)}),
    st.fixed_dictionaries({"how": st.just("one"), "of": st.lists(PARTS, min_size=1, max_size=1)}),
    st.just({"how": "one", "of": [{"do": "failure", "n": 1}]}),
    st.just({"how": "one", "of": [{"do": "retry", "n": 9}]}),
)


async def run(steps: list[dict[str, Any]]) -> list[Any]:
    """Run a program, raise each event it may wait for, and let its timers fire."""
    names = itertools.count()
    parts = [part for step in steps for part in step["of"]]
    for part in parts:
        part["name"] = f"name-{next(names)}"
    async with aiohttp.ClientSession() as session:
        app = await open_running(session, "programs")
        key = await app.start("program", steps)
        for part in parts:
            await app.advance(timedelta(minutes=25))
            if part["do"] == "event" and (await app.raise_event(key, part["name"])) == 410:
                break
        await app.advance(timedelta(days=2))
        output: list[Any] = await app.output(key)
        await app.host.stop()
        return output


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(STEPS, max_size=5))
def test_sound_programs_end_and_the_detector_is_silent(steps: list[dict[str, Any]]):
    """Any mixture of activities, retries, timers, events and children comes to its end."""
    divergence.forget()
    assert len(asyncio.run(run(copy.deepcopy(steps)))) == len(steps)
    assert divergence._said == set()
