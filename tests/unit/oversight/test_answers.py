"""What an answer may be, what of it is kept, and what those hear whose answer can't count."""

from typing import Any

import pytest

from signpost import views
from signpost.contracts import REQUEST_CHANGES
from signpost.people import Directory, Person
from signpost.policy import CUSTOM_ONE, EVERYONE, FIRST, QUORUM, SEQUENTIAL
from signpost.problems import Decided, Invalid, NotYours, Over
from signpost.text import digest
from tests.builders import ADELE, ALEX, MEGAN, NOW, TEXT, a_draft
from tests.unit.oversight.signing import (
    DAY,
    DEADLINE,
    DIEGO,
    EVE,
    FAY,
    HOUR,
    MOMENT,
    Signing,
    away,
)


def test_an_approval_signs_the_draft() -> None:
    """Whoever approves without editing has signed the draft's own bytes."""
    decided = Signing().answer()
    assert decided.outcome == "Approve"
    assert decided.signed_text(a_draft()) == TEXT
    assert decided.signed_digest() == digest(TEXT)


@pytest.mark.parametrize("kind,response", [(FIRST, "Approve"), (CUSTOM_ONE, "Ship")])
def test_an_edit_is_what_is_signed(kind: str, response: str) -> None:
    """Whoever approves an own version has signed that and not the draft."""
    decided = Signing(type=kind).answer(response=response, accepted_text="Mine.\n")
    assert decided.signed_text(a_draft()) == "Mine.\n"
    assert decided.signed_digest() == digest("Mine.\n")


def test_an_unchanged_text_is_no_edit() -> None:
    """Sending the draft back to the letter counts as signing it, not as editing it."""
    assert Signing().answer(accepted_text=TEXT).responses[0].accepted_text is None


def test_a_rejection_signs_nothing() -> None:
    """A rejected round has a decision but no signed text."""
    decided = Signing().answer(response="Reject")
    assert decided.decision is not None
    assert decided.signed_text(a_draft()) is None
    assert decided.signed_digest() is None


def test_the_decision_says_who_and_when() -> None:
    """The response records the approver, the instant, and the comment without its blanks."""
    decision = Signing().answer(after=DAY, comments=" Fine. ").decision
    assert decision is not None
    assert (decision.responder.name, decision.response_date) == (ADELE, NOW + DAY)
    assert (decision.comments, decision.on_behalf_of) == ("Fine.", None)


REFUSED: list[tuple[dict[str, Any], str, str]] = [
    ({"digest": digest("Another text.")}, "digest", "not the text under review"),
    ({"digest": ""}, "digest", "not the text under review"),
    ({"response": "Reject", "comments": ""}, "comments", "needs a comment"),
    ({"response": "Reject", "comments": " \n"}, "comments", "needs a comment"),
    ({"comments": "pay\u202eroll"}, "comments", "U+202E"),
    ({"response": "Reject", "accepted_text": "Mine."}, "acceptedText", "only be signed"),
    ({"response": REQUEST_CHANGES, "accepted_text": "Mine."}, "acceptedText", "only be signed"),
    ({"accepted_text": ""}, "acceptedText", "is empty"),
    ({"accepted_text": " \n\t"}, "acceptedText", "is empty"),
    ({"accepted_text": "pay\u200broll"}, "acceptedText", "U+200B"),
    ({"accepted_text": "line\r\nend"}, "acceptedText", "U+000D"),
]


@pytest.mark.parametrize("fields,field,told", REFUSED)
def test_answers_that_can_not_count_are_refused(
    fields: dict[str, Any], field: str, told: str
) -> None:
    """The field at fault is named, and how to mend it."""
    problem = Signing(allow_request_changes=True).refused(**fields)
    assert isinstance(problem, Invalid)
    assert problem.field == field
    assert told in problem.detail


def test_turning_down_by_an_own_option_takes_no_edit() -> None:
    """An edited text is signed or nothing, also where the flow brings its own answers."""
    signing = Signing(type=CUSTOM_ONE)
    assert signing.refused(response="Hold", accepted_text="Mine.").field == "acceptedText"


@pytest.mark.parametrize("policy", [{}, {"type": EVERYONE}, {"type": QUORUM, "approvals": 1}])
def test_edits_need_the_flows_leave(policy: dict[str, Any]) -> None:
    """Where the flow has no edits, as where several sign one text, an own version is refused."""
    signing = Signing(**{"allow_edits": False} | policy)
    assert signing.refused(accepted_text="Mine.").field == "acceptedText"


def test_comments_are_asked_for_as_the_flow_says() -> None:
    """A flow may want a comment with an approval, and none with a rejection."""
    signing = Signing(require_comment=["Approve"])
    assert signing.refused().field == "comments"
    assert signing.answer(response="Reject", comments="").outcome == "Reject"


def test_comments_may_have_the_line_ends_of_windows() -> None:
    """A comment is no signed text, so how its lines end does not matter."""
    assert Signing().answer(comments="One.\r\nTwo.").outcome == "Approve"


def test_the_second_answer_hears_of_the_first() -> None:
    """The first answer counts; the next approver is told whose it was, and which."""
    signing = Signing()
    signing.answer()
    problem = signing.refused(ALEX, "Reject")
    assert isinstance(problem, Decided)
    assert problem.detail == f"{ADELE} answered Approve first."
    assert problem.more == {"outcome": "Approve", "decision": signing.round.decision}


def test_who_answered_hears_of_the_own_answer() -> None:
    """While others are still asked, a second answer is told that the first was recorded."""
    signing = Signing(type=EVERYONE)
    signing.answer()
    problem = signing.refused(ADELE, "Reject")
    assert isinstance(problem, Decided)
    assert problem.detail == "Your answer Approve was recorded already."
    assert problem.more == {"outcome": None, "decision": signing.round.responses[0]}


def test_who_was_answered_for_hears_by_whom() -> None:
    """A person back from leave is told what the delegate answered in the meantime."""
    signing = Signing(away((ADELE, DIEGO)), type=EVERYONE)
    signing.answer(DIEGO)
    problem = signing.refused(ADELE, "Reject")
    assert isinstance(problem, Decided)
    assert problem.detail == f"{DIEGO} answered Approve in your place."


@pytest.mark.parametrize("who", [MEGAN, EVE, "", "Adele", "adele@contoso.com.example"])
def test_only_who_was_asked_may_answer(who: str) -> None:
    """Who was not asked hears that, and nothing of what the others decided."""
    signing = Signing()
    assert isinstance(signing.refused(who), NotYours)
    signing.answer()
    assert isinstance(signing.refused(who), NotYours)


def test_a_later_stage_has_to_wait() -> None:
    """Who is asked in a later stage is known, but it is not their turn."""
    problem = Signing(type=SEQUENTIAL).refused(EVE)
    assert isinstance(problem, NotYours)
    assert "somebody else's turn" in problem.detail


def test_a_passed_stage_takes_no_more_answers() -> None:
    """Whom the first answer of a stage spared is told so, and changes nothing."""
    signing = Signing(type=SEQUENTIAL)
    signing.answer(ADELE)
    assert isinstance(signing.refused(ALEX, "Reject"), NotYours)
    assert signing.round.stage == 2


def test_nobody_answers_twice_in_a_stage() -> None:
    """The one who passed the first stage does not answer in the second by being eager."""
    signing = Signing(type=SEQUENTIAL)
    signing.answer(ADELE)
    assert isinstance(signing.refused(ADELE), Decided)


@pytest.mark.parametrize("spelled", [ADELE.upper(), "Adele@Contoso.com"])
def test_the_spelling_of_a_name_makes_no_second_person(spelled: str) -> None:
    """An address in other case takes the same place, under the name that the flow gives it."""
    signing = Signing(type=QUORUM, approvals=2)
    signing.answer(spelled)
    assert signing.round.responses[0].responder.name == ADELE
    assert isinstance(signing.refused(ADELE), Decided)
    assert isinstance(signing.refused(spelled), Decided)
    assert signing.waiting() == [ALEX]


def test_an_alias_makes_no_second_person() -> None:
    """Signed in under another address, it is the same place and the same person."""
    known = Directory([Person(email=ADELE, aliases=["a.vance@contoso.com"])])
    signing = Signing(known, type=QUORUM, approvals=2)
    signing.answer("a.vance@contoso.com")
    assert isinstance(signing.refused(ADELE), Decided)
    assert signing.waiting() == [ALEX]


def test_names_that_turn_out_to_be_one_person_count_once() -> None:
    """When people.yaml says in mid-run that two of the asked are one, they answer once."""
    signing = Signing(type=QUORUM, approvals=2)
    merged = Directory([Person(email="a.vance@contoso.com", aliases=[ADELE, ALEX])])
    signing.case = signing.case._replace(people=merged)
    signing.answer(ALEX)
    assert signing.waiting() == []
    assert isinstance(signing.refused(ADELE), Decided)


def test_a_new_address_keeps_what_was_answered() -> None:
    """When people.yaml renames somebody in mid-run, their place stays taken."""
    signing = Signing(type=EVERYONE)
    signing.answer(ADELE)
    renamed = Directory([Person(email="a.vance@contoso.com", aliases=[ADELE])])
    signing.case = signing.case._replace(people=renamed)
    assert isinstance(signing.refused("a.vance@contoso.com"), Decided)
    assert signing.waiting() == [ALEX]
    assert signing.answer(ALEX).outcome == "Approve"


def test_who_turns_out_to_ask_may_not_sign() -> None:
    """When people.yaml says in mid-run that an approver is who asks, the place stays open."""
    signing = Signing(type=EVERYONE)
    known = Directory([Person(email=MEGAN, aliases=[ADELE])])
    signing.case = signing.case._replace(people=known)
    assert isinstance(signing.refused(ADELE), NotYours)
    assert signing.waiting() == [ALEX]


def test_the_last_moment_counts() -> None:
    """An answer just before the deadline decides."""
    assert Signing().answer(after=DEADLINE - MOMENT).outcome == "Approve"


@pytest.mark.parametrize("late", [0 * MOMENT, MOMENT, HOUR])
def test_from_the_deadline_on_it_is_over(late: Any) -> None:
    """An answer at the deadline is too late, whether the expiry was noted down or not."""
    problem = Signing().refused(after=DEADLINE + late)
    assert isinstance(problem, Over)
    assert problem.more["outcome"] == "Expired"


def test_who_is_late_hears_that_it_counts_as_a_rejection() -> None:
    """Where silence rejects, whoever comes late is told, and no decision is made up."""
    problem = Signing(on_expiry="Reject").refused(after=DEADLINE)
    assert isinstance(problem, Over)
    assert "counts as Reject" in problem.detail
    assert problem.more == {"outcome": "Reject"}


def test_strangers_hear_nothing_of_how_it_ended() -> None:
    """After the deadline, too, who was not asked hears just that."""
    assert isinstance(Signing().refused(FAY, after=DEADLINE), NotYours)


def test_a_refused_answer_leaves_the_round_alone() -> None:
    """What can't count leaves no trace in the round."""
    signing = Signing(type=EVERYONE)
    before = signing.round
    signing.refused(digest="")
    signing.refused(ADELE, "Maybe")
    signing.refused(EVE)
    assert signing.round is before


def test_an_answer_is_shown_to_whoever_gave_it() -> None:
    """Who signed in under another spelling sees the own answer, under the name of the flow."""
    signing = Signing()
    signing.answer(ADELE.upper())
    shown = views.answer_view(signing.case.run, signing.round, ADELE.upper())
    assert shown.decision.responder.email == ADELE
