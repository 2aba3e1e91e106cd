"""Each type of approval ends exactly when its answers are enough, and no answer later."""

from typing import Any

import pytest

from signpost.contracts import REQUEST_CHANGES
from signpost.oversight.verdicts import still_needed
from signpost.policy import (
    CUSTOM_ALL,
    CUSTOM_ONE,
    EVERYONE,
    FIRST,
    QUORUM,
    SEQUENTIAL,
)
from signpost.problems import Decided, Invalid
from signpost.text import digest
from tests.builders import ADELE, ALEX, NOW, TEXT, a_draft
from tests.unit.oversight.signing import DIEGO, EVE, FAY, HOUR, Signing

PEOPLE = [ADELE, ALEX, DIEGO, EVE, FAY]
WORDS = {
    "y": "Approve", "n": "Reject", "c": REQUEST_CHANGES,
    "s": "Ship", "l": "Ship later", "h": "Hold",
}  # fmt: skip


def play(kind: str, count: int, letters: str, **policy: Any) -> Signing:
    """Have as many people asked, and answer one after another as the letters say."""
    signing = Signing(type=kind, assigned_to=PEOPLE[:count], **policy)
    for person, letter in zip(PEOPLE, letters, strict=False):
        assert signing.round.outcome is None, "it ended before its last answer"
        signing.answer(person, WORDS[letter])
    return signing


# The type, how many are asked and must approve, the answers, and what they come to.
COURSES: list[tuple[str, int, int | None, str, str | None]] = [
    (FIRST, 2, None, "", None),
    (FIRST, 2, None, "y", "Approve"),
    (FIRST, 2, None, "n", "Reject"),
    (FIRST, 1, None, "n", "Reject"),
    (EVERYONE, 1, None, "y", "Approve"),
    (EVERYONE, 3, None, "yy", None),
    (EVERYONE, 3, None, "yyy", "Approve"),
    (EVERYONE, 3, None, "n", "Reject"),
    (EVERYONE, 3, None, "yn", "Reject"),
    (EVERYONE, 3, None, "yyn", "Reject"),
    (QUORUM, 3, 1, "y", "Approve"),
    (QUORUM, 3, 1, "nn", None),
    (QUORUM, 3, 1, "nny", "Approve"),
    (QUORUM, 3, 1, "nnn", "Reject"),
    (QUORUM, 3, 2, "y", None),
    (QUORUM, 3, 2, "yy", "Approve"),
    (QUORUM, 3, 2, "n", None),
    (QUORUM, 3, 2, "nn", "Reject"),
    (QUORUM, 3, 2, "nyy", "Approve"),
    (QUORUM, 3, 2, "yny", "Approve"),
    (QUORUM, 3, 2, "ynn", "Reject"),
    (QUORUM, 3, 3, "n", "Reject"),
    (QUORUM, 3, 3, "yyy", "Approve"),
    (QUORUM, 5, 3, "nnyy", None),
    (QUORUM, 5, 3, "nnyyy", "Approve"),
    (QUORUM, 5, 3, "nnyyn", "Reject"),
    (QUORUM, 1, 1, "y", "Approve"),
]


@pytest.mark.parametrize("kind,asked,needed,letters,outcome", COURSES)
def test_approvals_end_when_it_is_certain(
    kind: str, asked: int, needed: int | None, letters: str, outcome: str | None
) -> None:
    """It ends with the answer that settles it: enough approvals, or too few left."""
    decided = play(kind, asked, letters, approvals=needed).round
    assert decided.outcome == outcome
    assert decided.signed == (outcome == "Approve")


CUSTOM: list[tuple[str, int, str, str | None, bool]] = [
    (CUSTOM_ONE, 3, "s", "Ship", True),
    (CUSTOM_ONE, 3, "l", "Ship later", True),
    (CUSTOM_ONE, 3, "h", "Hold", False),
    (CUSTOM_ALL, 2, "s", None, False),
    (CUSTOM_ALL, 2, "h", None, False),
    (CUSTOM_ALL, 2, "ss", "Ship", True),
    (CUSTOM_ALL, 2, "hh", "Hold", False),
    (CUSTOM_ALL, 2, "sl", "Ship, Ship later", True),
    (CUSTOM_ALL, 2, "sh", "Ship, Hold", False),
    (CUSTOM_ALL, 2, "hs", "Hold, Ship", False),
    (CUSTOM_ALL, 3, "sls", "Ship, Ship later, Ship", True),
    (CUSTOM_ALL, 3, "ssh", "Ship, Ship, Hold", False),
    (CUSTOM_ALL, 1, "s", "Ship", True),
]


@pytest.mark.parametrize("kind,asked,letters,outcome,signed", CUSTOM)
def test_own_options_sign_as_the_flow_says(
    kind: str, asked: int, letters: str, outcome: str | None, *, signed: bool
) -> None:
    """One answer or all; it is signed only if each answer is one that posts."""
    decided = play(kind, asked, letters).round
    assert (decided.outcome, decided.signed) == (outcome, signed)


ALL_TYPES: list[dict[str, Any]] = [
    {"type": FIRST},
    {"type": EVERYONE},
    {"type": QUORUM, "approvals": 1},
    {"type": CUSTOM_ONE},
    {"type": CUSTOM_ALL},
    {"type": SEQUENTIAL},
]


@pytest.mark.parametrize("policy", ALL_TYPES, ids=lambda policy: policy["type"])
def test_a_request_for_changes_ends_any_round(policy: dict[str, Any]) -> None:
    """Whatever the type, the first who wants changes ends the round, and nothing is signed."""
    decided = Signing(allow_request_changes=True, **policy).answer(response=REQUEST_CHANGES)
    assert (decided.outcome, decided.signed) == (REQUEST_CHANGES, False)
    assert decided.decision is not None
    assert decided.signed_digest() is None


@pytest.mark.parametrize("kind,letters", [(EVERYONE, "yyc"), (CUSTOM_ALL, "ssc")])
def test_a_late_request_for_changes_outweighs_approvals(kind: str, letters: str) -> None:
    """Approvals that came before count for nothing in a round that is sent back."""
    assert play(kind, 4, letters, allow_request_changes=True).round.outcome == REQUEST_CHANGES


@pytest.mark.parametrize("policy", ALL_TYPES, ids=lambda policy: policy["type"])
def test_the_last_round_takes_no_request_for_changes(policy: dict[str, Any]) -> None:
    """In the last round that the flow allows one can only sign or turn down."""
    last = Signing(number=2, max_rounds=2, allow_request_changes=True, **policy)
    problem = last.refused(response=REQUEST_CHANGES)
    assert isinstance(problem, Invalid)
    assert (problem.field, last.round.responses) == ("response", [])


def test_changes_can_be_asked_for_until_the_last_round() -> None:
    """The round before the last still takes a request for changes."""
    before = Signing(number=2, max_rounds=3, allow_request_changes=True)
    assert before.answer(response=REQUEST_CHANGES).outcome == REQUEST_CHANGES


@pytest.mark.parametrize("policy", ALL_TYPES, ids=lambda policy: policy["type"])
def test_changes_need_the_flows_leave(policy: dict[str, Any]) -> None:
    """Where the flow doesn't offer it, nobody can send a draft back."""
    assert Signing(**policy).refused(response=REQUEST_CHANGES).field == "response"


@pytest.mark.parametrize("comments", ["", " ", "\n\t"])
def test_changes_need_a_word_on_which(comments: str) -> None:
    """A request for changes says what to change, whatever the flow asks comments for."""
    signing = Signing(allow_request_changes=True, require_comment=[])
    assert signing.refused(response=REQUEST_CHANGES, comments=comments).field == "comments"


@pytest.mark.parametrize(
    "response", ["approve", "APPROVE", "Approve ", "Ship", "Expired", "Cancel"]
)
def test_answers_are_taken_to_the_letter(response: str) -> None:
    """An answer that only looks like one of the options is no answer."""
    assert Signing().refused(response=response).field == "response"


def test_stages_follow_one_another() -> None:
    """Each stage has its own type and people, and the last one signs."""
    signing = Signing(type=SEQUENTIAL)
    stages = []
    for person in (ALEX, EVE, DIEGO, FAY, ADELE):
        stages.append(signing.round.stage)
        signing.answer(person)
    assert stages == [1, 2, 2, 3, 3]
    assert (signing.round.outcome, signing.round.signed) == ("Approve", True)
    assert [each.stage for each in signing.round.responses] == stages


@pytest.mark.parametrize(
    "approving,rejecting",
    [([], [ADELE]), ([ADELE], [EVE]), ([ADELE, EVE], [DIEGO]), ([ADELE, EVE, DIEGO], [FAY, ADELE])],
)
def test_a_rejection_in_any_stage_ends_all(approving: list[str], rejecting: list[str]) -> None:
    """What a stage turns down never reaches the next."""
    signing = Signing(type=SEQUENTIAL)
    for person in approving:
        signing.answer(person)
    for person in rejecting:
        signing.answer(person, "Reject")
    assert (signing.round.outcome, signing.round.signed) == ("Reject", False)


def test_rejections_of_one_stage_do_not_weigh_on_the_next() -> None:
    """A quorum's outvoted rejection stays in its own stage."""
    stages = [Signing(type=SEQUENTIAL).case.policy.stages[n] for n in (2, 2)]
    signing = Signing(type=SEQUENTIAL, stages=stages)
    signing.answer(FAY, "Reject")
    for person in (ADELE, DIEGO, ADELE, DIEGO):
        signing.answer(person)
    assert signing.round.outcome == "Approve"
    assert signing.round.signers == [ADELE, DIEGO]


def test_who_is_asked_later_is_asked_since_then() -> None:
    """The request of a later stage dates from when the stage before it was passed."""
    signing = Signing(type=SEQUENTIAL)
    signing.answer(ALEX, after=HOUR)
    signing.answer(EVE, after=2 * HOUR)
    first, second = signing.round.responses
    assert (first.request_date, second.request_date) == (NOW, NOW + HOUR)


def test_the_outvoted_are_no_signers() -> None:
    """Who rejected is not named under a text that the others approved."""
    assert play(QUORUM, 3, "yny", approvals=2).round.signers == [ADELE, DIEGO]


def test_nobody_signs_what_is_turned_down() -> None:
    """Who approved a text that was rejected in the end signed nothing."""
    assert play(EVERYONE, 3, "yyn").round.signers == []


def test_a_quorum_signs_the_draft() -> None:
    """Several people sign the draft's own bytes."""
    decided = play(QUORUM, 3, "yy", approvals=2).round
    assert decided.signed_text(a_draft()) == TEXT
    assert decided.signed_digest() == digest(TEXT)


def test_after_the_end_no_answer_counts() -> None:
    """Who was asked too, but came after the quorum was met, hears whose answer settled it."""
    signing = play(QUORUM, 3, "yy", approvals=2)
    problem = signing.refused(DIEGO, "Reject")
    assert isinstance(problem, Decided)
    assert problem.more["decision"].responder.name == ALEX
    assert len(signing.round.responses) == 2


@pytest.mark.parametrize(
    "kind,needed,letters,missing",
    [
        (FIRST, None, "", 1),
        (EVERYONE, None, "", 3),
        (EVERYONE, None, "y", 2),
        (QUORUM, 2, "", 2),
        (QUORUM, 2, "n", 2),
        (QUORUM, 2, "ny", 1),
    ],
)
def test_what_is_still_needed_is_counted(
    kind: str, needed: int | None, letters: str, missing: int
) -> None:
    """Answers in favour count down; one against leaves as many to be found."""
    signing = play(kind, 3, letters, approvals=needed)
    assert still_needed(signing.case.policy, signing.round) == missing


def test_of_all_custom_responses_the_open_ones_are_needed() -> None:
    """Whatever the others chose, everybody answers; one response is enough where one is."""
    signing = play(CUSTOM_ALL, 3, "h")
    assert still_needed(signing.case.policy, signing.round) == 2
    alone = play(CUSTOM_ONE, 3, "")
    assert still_needed(alone.case.policy, alone.round) == 1
