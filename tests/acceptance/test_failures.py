"""A model or a Teams that fails ends in a state that says so, and never in two posts."""

from typing import Any

import pytest

from tests.acceptance.client import Signpost
from tests.doubles.quick_model import QuickModel, completion


@pytest.mark.parametrize(
    "status, body, reason",
    [
        (200, completion(""), "empty"),
        (200, completion("Half a text", finish_reason="content_filter"), "content policy"),
        (400, {"error": {"code": "content_filter", "message": "no"}}, "content policy"),
        (401, {"error": {"message": "no"}}, "MODEL_API_KEY"),
        (404, {"error": {"code": "DeploymentNotFound", "message": "no"}}, "MODEL_NAME"),
        (200, completion("x" * 28_000), "too large"),
        (200, {"choices": []}, "without a text"),
    ],
)
def test_a_draft_that_cannot_be_had_fails_the_run(
    signpost: Signpost, model: QuickModel, status: int, body: Any, reason: str
) -> None:
    """The run closes as Failed and says why in a sentence."""
    model.script = [(status, body)]
    story = signpost.wait(signpost.start(topic="Fails"), "closed")
    assert story["outcome"] == "Failed"
    assert reason in story["detail"]


def test_a_truncated_draft_says_so(signpost: Signpost, model: QuickModel) -> None:
    """A draft that ran out of room, and of twice the room, is shown with its finish reason."""
    model.script = [(200, completion("This stops in the mid", finish_reason="length"))] * 2
    _, link = signpost.drafted(topic="Truncated")
    assert signpost.see(link).json()["finishReason"] == "length"


@pytest.mark.parametrize(
    "fault, delivery",
    [
        ({"status": 500}, "unknown"),
        ({"close": True}, "unknown"),
        ({"status": 404}, "failed"),
        ({"status": 413}, "failed"),
        ({"status": 302}, "failed"),
    ],
)
def test_a_post_that_fails_is_told_honestly(signpost: Signpost, fault, delivery) -> None:
    """What may be out is unknown, what was refused has failed, and neither is sent again."""
    text = f"Honest about {fault}"
    run, link = signpost.drafted(topic="Honest")
    signpost.teams.post("/faults", json={"channel": [fault]})
    signpost.sign(link, acceptedText=text)
    story = signpost.wait(run, "closed")
    assert (story["outcome"], story["delivery"]["state"]) == ("Approve", delivery)
    assert len(signpost.posts(text)) <= 1
