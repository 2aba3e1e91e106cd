"""Where a run stands is told in one sentence that is true at that moment."""

from datetime import timedelta
from typing import Any

import pytest

from signpost.contracts import REQUEST_CHANGES
from signpost.oversight import steering, upkeep
from signpost.oversight.answers import respond
from signpost.policy import CUSTOM_ALL, ResponseOption, Stage
from signpost.records import Post, Round
from signpost.runs import Closed, Story
from signpost.sentences import story_in_a_sentence
from tests.builders import (
    ADELE,
    ALEX,
    MEGAN,
    NOW,
    a_case,
    a_draft,
    a_flow,
    a_round,
    a_run,
    said,
)

MINUTE, LATE = timedelta(minutes=1), NOW + timedelta(days=30)
EVERYONE: dict[str, Any] = {"type": "Approve/Reject - Everyone must approve", "allow_edits": False}
DIEGO = "diego@contoso.com"
IN_TURN: dict[str, Any] = {
    "type": "Sequential approval",
    "assigned_to": None,
    "allow_edits": False,
    "stages": [Stage(assigned_to=[ADELE]), Stage(assigned_to=[ALEX, DIEGO])],
}
CUSTOM: dict[str, Any] = {
    "type": "Custom Responses - Wait for one response",
    "response_options": [ResponseOption(name="Print it", posts=True), ResponseOption(name="Bin")],
    "require_comment": [],
}


def told(case: Any = None, standing: Round | None = None) -> Round:
    """Build an open round that everybody was told about."""
    return upkeep.notified(case or a_case(), NOW, [ADELE, ALEX, DIEGO], standing or a_round())


def answered(*answers: tuple[str, str], **approval: Any) -> Round:
    """Build a round with these answers, each a person and what they chose."""
    case, standing = a_case(**approval), told(standing=a_round(**approval))
    for person, response in answers:
        standing = respond(case, NOW, said(person, response), standing)
    return standing


def sentence(
    standing: Round | None = None,
    post: Any = None,
    *,
    closed: str | None = None,
    word: str | None = None,
    at: Any = NOW,
    approval: dict[str, Any] | None = None,
    failure: str | None = None,
    **run: Any,
) -> str:
    """Say where a run with this round stands."""
    story = Story(
        run=a_run(flow=a_flow(**approval or {}), **run),
        drafts={1: a_draft()} if standing else {},
        calls={},
        rounds=[standing] if standing else [],
        posts={1: Post(digest="", target="Teams", state=post, detail="", at=NOW)} if post else {},
        receipt=Closed(closed, NOW, failure) if closed else None,
    )
    return story_in_a_sentence(story, at, word)


def test_a_run_without_a_round_is_being_drafted() -> None:
    """There is nothing to sign yet."""
    assert sentence() == "The draft is being written."


def test_the_orchestrations_own_word_comes_first() -> None:
    """A step that takes long says itself what it waits for."""
    assert sentence(word="Next try at 10:05 UTC.") == "Next try at 10:05 UTC."


def test_a_word_is_not_the_last() -> None:
    """What the orchestration said before its end is not what a closed run shows."""
    assert "Next try" not in sentence(answered((ADELE, "Reject")), closed="Reject", word="Next try")


def test_a_canceled_run_that_still_drafts_says_so() -> None:
    """Whoever canceled sees it at once, before the orchestration has noticed."""
    said_so = "The run was canceled; its end is being noted."
    assert sentence(canceled_at=NOW, word="Next try at 10:05 UTC.") == said_so
    between = answered((ALEX, REQUEST_CHANGES), allow_request_changes=True)
    assert sentence(between, canceled_at=NOW) == said_so


WAITING: list[tuple[Round, dict[str, Any], str]] = [
    (told(), {}, f"Waiting for {ADELE} or {ALEX}."),
    (told(standing=a_round(**EVERYONE)), EVERYONE, f"Waiting for {ADELE} and {ALEX}."),
    (answered((ADELE, "Approve"), **EVERYONE), EVERYONE, f"Waiting for {ALEX}."),
    (told(standing=a_round(**IN_TURN)), IN_TURN, f"Waiting for {ADELE} (stage 1 of 2)."),
    (
        answered((ADELE, "Approve"), **IN_TURN),
        IN_TURN,
        f"Waiting for {ALEX} or {DIEGO} (stage 2 of 2).",
    ),
    (
        upkeep.notified(a_case(), NOW, [ADELE], a_round()),
        {},
        f"Waiting for {ADELE} or {ALEX}. {ALEX} could not be told yet; it is tried again.",
    ),
]


@pytest.mark.parametrize("standing,approval,told_so", WAITING)
def test_it_is_said_who_is_waited_for(
    standing: Round, approval: dict[str, Any], told_so: str
) -> None:
    """One of them or all of them, in which stage, and whom no message reached."""
    assert sentence(standing, approval=approval) == told_so


def test_who_was_escalated_to_is_waited_for() -> None:
    """Whoever may answer since the escalation is named, before it is noted down."""
    approval: dict[str, Any] = {
        "escalate_to": DIEGO,
        "escalate_after": MINUTE,
        "enable_notifications": False,
    }
    waiting = sentence(a_round(**approval), approval=approval, at=NOW + MINUTE)
    assert waiting == f"Waiting for {ADELE} or {ALEX} or {DIEGO}."


def test_between_two_rounds_it_is_said_who_wants_changes() -> None:
    """The next draft is being written, and why."""
    between = answered((ALEX, REQUEST_CHANGES), allow_request_changes=True)
    assert sentence(between) == f"Draft 2 is being written, since {ALEX} asked for changes."


def test_a_signed_text_is_being_posted() -> None:
    """Between the signature and the end."""
    assert sentence(answered((ADELE, "Approve"))) == "The signed text is being posted."


CANCELED = steering.cancel(a_case(), NOW, MEGAN, told())
EXPIRED = upkeep.current(a_case(), LATE, told())
LATE_REJECT = upkeep.current(a_case(on_expiry="Reject"), LATE, told())
UNPOSTED: list[tuple[Round, str, str]] = [
    (answered((ADELE, "Reject")), "Reject", f"Rejected by {ADELE}; nothing was posted."),
    (
        answered((ALEX, "Bin"), **CUSTOM),
        "Bin",
        f"Bin, answered by {ALEX}; nothing was posted.",
    ),
    (
        EXPIRED,
        "Expired",
        "The time to answer is over: nobody signed by the deadline. Nothing was posted.",
    ),
    (
        LATE_REJECT,
        "Reject",
        "The deadline passed, which counts as Reject. Nothing was posted.",
    ),
    (CANCELED, "Canceled", "The run was canceled. Nothing was posted."),
    (upkeep.fail(NOW, "Too large.", told()), "Failed", "Too large. Nothing was posted."),
]


@pytest.mark.parametrize("standing,outcome,told_so", UNPOSTED)
def test_nothing_was_posted_and_why(standing: Round, outcome: str, told_so: str) -> None:
    """The reason is the same before and after the receipt is written."""
    assert sentence(standing) == told_so
    assert sentence(standing, closed=outcome, failure=standing.failure) == told_so


def test_all_whose_answers_made_the_outcome_are_named() -> None:
    """Of several answers none is left out, and who approved did not reject."""
    everybody = CUSTOM | {"type": CUSTOM_ALL, "allow_edits": False}
    mixed = answered((ADELE, "Bin"), (ALEX, "Print it"), **everybody)
    assert "Bin, Print it, answered by" in sentence(mixed, approval=everybody)
    assert f"by {ADELE} and {ALEX};" in sentence(mixed, approval=everybody)
    rejected = answered((ADELE, "Approve"), (ALEX, "Reject"), **EVERYONE)
    assert sentence(rejected, approval=EVERYONE) == f"Rejected by {ALEX}; nothing was posted."


def test_the_reason_of_a_cancel_is_told() -> None:
    """Who canceled may say why."""
    assert "(Too late)" in sentence(CANCELED, cancel_reason="Too late")
    assert "(Too late)" in sentence(cancel_reason="Too late", closed="Canceled")


def test_a_reason_that_came_too_late_is_not_told() -> None:
    """A cancel that lost against an answer did not end the run."""
    rejected = answered((ADELE, "Reject"))
    run: dict[str, Any] = {"canceled_at": NOW, "cancel_reason": "Too late"}
    assert sentence(rejected, closed="Reject", **run) == f"Rejected by {ADELE}; nothing was posted."


DELIVERED = [
    ("posted", "Posted to Teams"),
    ("handed over", "Handed over to Teams"),
    ("unknown", "It is not known whether the post reached Teams"),
    ("failed", "The post did not reach Teams"),
    ("claimed", "Being posted again"),
]


@pytest.mark.parametrize("state,told_so", DELIVERED)
def test_a_signed_run_ends_with_its_delivery(state: str, told_so: str) -> None:
    """What is known of the post, and who signed."""
    ended = sentence(answered((ADELE, "Approve")), state, closed="Approve")
    assert ended == f"{told_so}; signed by {ADELE}."


def test_a_claim_that_nobody_finished_is_unknown() -> None:
    """An app that was stopped while it posted again does not post for ever."""
    ended = sentence(answered((ADELE, "Approve")), "claimed", closed="Approve", at=NOW + 6 * MINUTE)
    assert ended.startswith("It is not known")


def test_all_signers_are_named() -> None:
    """Where everybody had to sign, everybody did."""
    both = answered((ADELE, "Approve"), (ALEX, "Approve"), **EVERYONE)
    ended = sentence(both, "posted", closed="Approve", approval=EVERYONE)
    assert ended == f"Posted to Teams; signed by {ADELE} and {ALEX}."


def test_deleted_texts_are_said_to_be_deleted() -> None:
    """What happened and when the texts went is all that is left to say."""
    ended = sentence(None, "posted", closed="Approve", purged_at=NOW)
    assert ended == "Approve. The texts were deleted on 22 Nov 2026."
