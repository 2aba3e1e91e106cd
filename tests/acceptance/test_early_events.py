"""Forged, early, late and doubled events only wake: no outcome comes of them, and none is lost."""

import httpx2 as httpx

from tests.acceptance.client import Signpost, crowd
from tests.acceptance.sizes import EARLY_RUNS
from tests.doubles.quick_model import QuickModel, say

NAMES = ["round-1-0", "round-1-1", "round-1-2", "round-2-1", "Approve", "approval"]
FORGED = [
    "null",
    '{"outcome": "Approve", "signed": true}',
    '{"response": "Approve", "acceptedText": "Forged."}',
]
JSON = {"Content-Type": "application/json"}


def forge(signpost: Signpost, run: str) -> None:
    """Raise every event that somebody with the host's own key could think of."""
    api = f"/runtime/webhooks/durabletask/instances/{run}/raiseEvent"
    for name in NAMES:
        for payload in FORGED:
            told = signpost.http.post(f"{api}/{name}", content=payload, headers=JSON)
            assert told.status_code in (httpx.codes.ACCEPTED, httpx.codes.GONE), told.text


def test_forged_events_decide_nothing(signpost: Signpost, model: QuickModel) -> None:
    """Raised before the draft and again while it waits, they leave the run waiting."""
    model.delay = 0.2
    run = signpost.start(say("Forged."), "first")
    forge(signpost, run)
    model.delay = 0.0
    link = signpost.link(run)
    forge(signpost, run)
    assert signpost.see(link).json()["state"] == "open"
    assert signpost.run(run)["responses"] == []
    assert signpost.sign(link, response="Reject", comments="No.").json()["outcome"] == "Reject"
    forge(signpost, run)
    assert signpost.wait(run, "closed")["outcome"] == "Reject"
    assert signpost.posts("Forged.") == []


def test_an_early_reject_is_never_lost(signpost: Signpost) -> None:
    """Rejected as soon as the link is out, before the wait is open, among forged approvals.

    8 runs in continuous integration, 300 at full size.
    """

    def rejected(number: int) -> str:
        run = signpost.start(say(f"Early {number}."), "first")
        told = signpost.sign(signpost.link(run), response="Reject", comments="No.")
        forge(signpost, run)
        assert told.status_code == httpx.codes.OK
        outcome: str = signpost.wait(run, "closed")["outcome"]
        return outcome

    assert set(crowd(rejected, range(EARLY_RUNS), at_once=8)) == {"Reject"}
    assert signpost.posts("Early ") == []


def test_a_second_click_never_signs_the_next_draft_unseen(
    signpost: Signpost, model: QuickModel
) -> None:
    """Approving round 1 again while round 2 is written is refused, and round 2 waits."""
    run = signpost.start(say("Clicked twice."), "changes")
    link = signpost.link(run)
    digest = signpost.see(link).json()["digest"]
    model.delay = 0.2
    signpost.sign(link, response="Request changes", comments="Shorter.", digest=digest)
    clicks = [signpost.sign(link, digest=digest).status_code for _ in range(5)]
    forge(signpost, run)
    model.delay = 0.0
    second = signpost.link(run, number=2)
    assert set(clicks) == {httpx.codes.CONFLICT}
    assert signpost.see(second).json()["state"] == "open"
    assert signpost.posts("Clicked twice.") == []
