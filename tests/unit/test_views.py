"""What is shown of runs and approvals is true at every moment of a run."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from signpost import views
from signpost.flows import load_all
from signpost.oversight import cancel, fail, notified, respond, settle
from signpost.records import Post, Receipt, Round
from signpost.runs import Story
from signpost.teams.cards import text_of
from signpost.text import digest
from tests.builders import ADELE, ALEX, NOW, RUN, TEXT, a_draft, a_flow, a_round, a_run, an_answer

LATE = NOW + timedelta(days=30)


def decided(response: str = "Approve", **fields: Any) -> Round:
    """Build a round that Adele decided."""
    return respond(NOW, ADELE, an_answer(response, **fields), a_flow().approval, a_round())


def told() -> Round:
    """Build an open round that everybody was told about."""
    return notified(NOW, [ADELE, ALEX], a_round())


def a_story(standing: Round | None = None, post: Any = None, **run: Any) -> Story:
    """Build the story of a run up to this round, and its post in this state."""
    sent = Post(digest=digest(TEXT), target="Teams", state=post, detail="", at=NOW)
    return Story(
        a_run(**run), a_draft() if standing else None, standing, sent if post else None, None
    )


MOMENTS: list[tuple[Story, str, str]] = [
    (a_story(), "drafting", "The draft is being written."),
    (a_story(told()), "waiting", f"Waiting for {ADELE} or {ALEX}."),
    (
        a_story(notified(NOW, [ADELE], a_round())),
        "waiting",
        f"Waiting for {ADELE} or {ALEX}. {ALEX} could not be told yet; it is tried again.",
    ),
    (a_story(decided()), "posting", "The signed text is being posted."),
    (a_story(decided(), "claimed"), "posting", "The signed text is being posted."),
    (a_story(decided("Reject")), "waiting", f"Rejected by {ADELE}; nothing was posted."),
    (
        a_story(settle(LATE, 2, told())),
        "waiting",
        "The time to answer is over: nobody signed by the deadline. Nothing was posted.",
    ),
    (a_story(cancel(NOW, told())), "waiting", "The run was canceled. Nothing was posted."),
    (
        a_story(cancel(NOW, told()), cancel_reason="Too late"),
        "waiting",
        "The run was canceled (Too late); nothing was posted.",
    ),
    (a_story(fail(NOW, "Too large.", told())), "waiting", "Too large. Nothing was posted."),
]


@pytest.mark.parametrize("story,state,detail", MOMENTS)
def test_each_moment_is_told(story: Story, state: str, detail: str) -> None:
    """State and sentence fit, also between a decision and the receipt."""
    view = views.run_view(story)
    assert (view["state"], view["detail"]) == (state, detail)


def test_the_orchestrations_own_word_comes_first() -> None:
    """A step that takes long says itself what it waits for."""
    assert views.run_view(a_story(), "Next try at 10:05 UTC.")["detail"] == "Next try at 10:05 UTC."


@pytest.mark.parametrize("story", [story for story, *_ in MOMENTS])
def test_every_view_can_be_sent(story: Story) -> None:
    """Whatever the moment, the view is JSON with all its members."""
    view = msgspec.json.decode(msgspec.json.encode(views.run_view(story)))
    assert view["id"] == RUN
    assert len(view) == 15


def test_a_run_shows_what_was_signed() -> None:
    """The signed text is the approver's, with its own digest."""
    view = views.run_view(a_story(decided(accepted_text="Mine.")))
    assert (view["signedText"], view["signedDigest"]) == ("Mine.", digest("Mine."))


def test_nothing_is_shown_as_signed_before() -> None:
    """An open or rejected round has no signed text."""
    for story in (a_story(), a_story(told()), a_story(decided("Reject"))):
        view = views.run_view(story)
        assert (view["signedText"], view["signedDigest"], view["delivery"]) == (None, None, None)


@pytest.mark.parametrize("state", ["claimed", "released"])
def test_a_post_under_way_is_no_delivery(state: str) -> None:
    """Nothing is claimed about a post before it is known."""
    assert views.run_view(a_story(decided(), state))["delivery"] is None


def test_the_approval_shows_what_would_be_posted() -> None:
    """The card holds exactly the text under review, and who would have signed it."""
    view = views.approval_view(a_story(told()), ADELE, NOW)
    assert text_of(view["card"]) == view["text"] == TEXT
    assert view["digest"] == digest(TEXT)
    assert ADELE in str(view["card"]["body"][-1])


@pytest.mark.parametrize("now,state,outcome", [(NOW, "open", None), (LATE, "over", "Expired")])
def test_an_approval_is_over_at_its_deadline(now: Any, state: str, outcome: str | None) -> None:
    """Also before the expiry is noted down."""
    view = views.approval_view(a_story(told()), ADELE, now)
    assert (view["state"], view["outcome"]) == (state, outcome)


def test_who_comes_late_sees_the_decision() -> None:
    """The other approver is shown whose answer counted."""
    view = views.approval_view(a_story(decided()), ALEX, NOW)
    assert (view["state"], view["decision"].responder, view["you"]) == ("over", ADELE, ALEX)


def test_a_flow_shows_what_it_needs() -> None:
    """A caller learns the inputs with their limits."""
    view = views.flow_view(load_all()["topic-post"])
    assert view["inputs"][0]["name"] == "Topic"
    assert view["inputs"][0]["maxLength"] == 4000


def test_receipts_have_no_field_for_texts() -> None:
    """The record that outlives the texts has no place for them."""
    assert not {"text", "draft", "inputs", "signed_text"} & set(Receipt.__struct_fields__)
