"""Many runs, one after another and some at once: all end, and none leaves anything behind."""

import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.acceptance.client import Json, Signpost, crowd
from tests.acceptance.conftest import serving
from tests.acceptance.sizes import SOAK_RUNS
from tests.doubles.quick_model import QuickModel, say

WARM_UP_RUNS = 300  # caches and pools fill up, which is no leak
AT_ONCE = 4
MB = 1024 * 1024


@pytest.fixture(scope="module")
def own(model: QuickModel, all_types: Path, tmp_path_factory) -> Iterator[Signpost]:
    """Start a Signpost that no other test uses, since its memory is weighed."""
    with serving(tmp_path_factory.mktemp("soaked"), model.url, all_types) as signpost:
        yield signpost


def straight_run(signpost: Signpost, number: int) -> tuple[str, str, list[float]]:
    """Go from topic to post; give the outcome, the delivery and the seconds that looks took."""
    run = signpost.start(say(f"Soaked {number}."), "first")
    signpost.sign(signpost.link(run))
    took: list[float] = []
    story: Json = {}
    while story.get("state") != "closed":
        began = time.perf_counter()
        story = signpost.run(run)
        took.append(time.perf_counter() - began)
        time.sleep(0.01)
    return story["outcome"], story["delivery"]["state"], took


def test_a_soak_loses_nothing_and_leaks_nothing(own: Signpost) -> None:
    """Started are ended, none failed; p99 of status under 200 ms; memory under 1 MB a 1,000 runs.

    200 runs in continuous integration, where 1 MB is allowed for them; 5,000 at full size.
    """
    process = psutil.Process(own.child.process.pid if own.child.process else None)
    crowd(lambda number: straight_run(own, -number), range(1, 1 + WARM_UP_RUNS), AT_ONCE)
    before = process.memory_info().rss
    told = crowd(lambda number: straight_run(own, number), range(SOAK_RUNS), AT_ONCE)
    grown = (process.memory_info().rss - before) / MB
    took = sorted(seconds for _, _, looks in told for seconds in looks)
    assert {(outcome, delivery) for outcome, delivery, _ in told} == {("Approve", "handed over")}
    assert len(set(own.posts())) == len(own.posts()) == WARM_UP_RUNS + SOAK_RUNS
    assert took[int(len(took) * 0.99)] < 0.2
    assert grown < max(1, SOAK_RUNS / 1000)
