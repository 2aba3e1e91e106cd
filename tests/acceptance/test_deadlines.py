"""Answers at the deadline: in time or late, never both, and everybody is told the same."""

import random
import time
from datetime import UTC, datetime

import httpx2 as httpx

from tests.acceptance.client import Json, Signpost, crowd
from tests.acceptance.sizes import DEADLINE_RUNS
from tests.doubles.quick_model import say

CLOSED_WITHIN_SECONDS = 5


def test_an_answer_at_the_deadline_counts_or_is_late(signpost: Signpost) -> None:
    """At up to 50 ms before or after: one outcome, which client, ledger and channel agree on.

    30 runs in continuous integration, 1,000 at full size. A few more answer in good time, so that
    a slow machine sees both outcomes.
    """
    runs = range(DEADLINE_RUNS + DEADLINE_RUNS // 5)
    told = crowd(lambda number: answered_at_deadline(signpost, number), runs, 18)
    assert {outcome for outcome, _, _ in told} == {"Approve", "Expired"}
    assert all(outcome == story["outcome"] for outcome, story, _ in told)
    assert max(late for _, _, late in told) <= CLOSED_WITHIN_SECONDS
    posted = [story["round"]["text"] for outcome, story, _ in told if outcome == "Approve"]
    assert sorted(signpost.posts("At the deadline ")) == sorted(posted)


def answered_at_deadline(signpost: Signpost, number: int) -> tuple[str, Json, float]:
    """Approve about when the time is over; give what was told, the run's end, and its delay."""
    run = signpost.start(say(f"At the deadline {number}."), "short")
    link = signpost.link(run)
    seen = signpost.see(link).json()
    deadline = datetime.fromisoformat(seen["expiresAt"]).timestamp()
    early = 0 if number < DEADLINE_RUNS else 1
    wait_until(deadline - early + random.Random(number).uniform(-0.05, 0.05))
    told = signpost.sign(link, digest=seen["digest"])
    assert told.status_code in (httpx.codes.OK, httpx.codes.GONE), told.text
    wait_until(deadline)
    assert signpost.see(link).json()["state"] == "over"
    story = signpost.wait(run, "closed")
    return told.json()["outcome"], story, datetime.now(UTC).timestamp() - deadline


def wait_until(instant: float) -> None:
    """Return at an instant, in seconds since 1970."""
    while (left := instant - time.time()) > 0:
        time.sleep(min(left, 0.02))
