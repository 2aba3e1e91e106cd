"""The rules of signing: who may answer, what counts, and that a round has one outcome."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signpost import oversight
from signpost.oversight import may_sign, notified, settle, to_notify, wake_at
from signpost.problems import Decided, Invalid, NotYours, Over, Problem
from signpost.records import Round
from signpost.text import digest
from tests.builders import (
    ADELE,
    ALEX,
    MEGAN,
    NOW,
    TEXT,
    a_draft,
    a_flow,
    a_round,
    a_run,
    an_answer,
)

DAY = timedelta(days=1)
MOMENT = timedelta(microseconds=1)
DEADLINE = NOW + timedelta(days=30)


def respond(standing: Round, **fields: Any) -> Round:
    """Answer as Adele does, with the policy of the default flow unless another is given."""
    policy = fields.pop("policy", a_flow().approval)
    who, at = fields.pop("who", ADELE), fields.pop("at", NOW)
    return oversight.respond(at, who, an_answer(**fields), policy, standing)


def refused(standing: Round, **fields: Any) -> Problem:
    """Give the problem that an answer ends in."""
    with pytest.raises(Problem) as error:
        respond(standing, **fields)
    return error.value


def test_an_approval_signs_the_draft() -> None:
    """Whoever approves without editing has signed the draft's own bytes."""
    decided = respond(a_round())
    assert decided.outcome == "Approve"
    assert decided.signed_text(TEXT) == TEXT
    assert decided.signed_digest() == digest(TEXT)


def test_an_edit_is_what_is_signed() -> None:
    """Whoever approves an own version has signed that and not the draft."""
    decided = respond(a_round(), accepted_text="Mine.\n")
    assert decided.signed_text(TEXT) == "Mine.\n"
    assert decided.signed_digest() == digest("Mine.\n")


def test_an_unchanged_text_is_no_edit() -> None:
    """Sending the draft back to the letter counts as signing it, not as editing it."""
    decided = respond(a_round(), accepted_text=TEXT)
    assert decided.responses[0].accepted_text is None


def test_a_rejection_signs_nothing() -> None:
    """A rejected round has a decision but no signed text."""
    decided = respond(a_round(), response="Reject")
    assert decided.outcome == "Reject"
    assert decided.signed_text(TEXT) is None
    assert decided.signed_digest() is None


def test_the_decision_says_who_and_when() -> None:
    """The response records the approver, the instant, and the comment without its blanks."""
    decision = respond(a_round(), at=NOW + DAY, comments=" Fine. ").decision
    assert decision is not None
    assert (decision.responder, decision.response_date) == (ADELE, NOW + DAY)
    assert decision.comments == "Fine."


def test_the_second_answer_hears_of_the_first() -> None:
    """The first answer counts; the next approver is told whose it was."""
    error = refused(respond(a_round()), who=ALEX, response="Reject")
    assert isinstance(error, Decided)
    assert error.more["decision"].responder == ADELE


def test_answering_twice_changes_nothing() -> None:
    """Also the same person's second answer is told that it came second."""
    assert isinstance(refused(respond(a_round())), Decided)


@pytest.mark.parametrize("who", [MEGAN, "eve@contoso.com", "", ADELE.upper()])
def test_only_who_was_asked_may_answer(who: str) -> None:
    """An approver who is not on this round's list opens nothing, decided or not."""
    assert isinstance(refused(a_round(), who=who), NotYours)
    assert isinstance(refused(respond(a_round()), who=who), NotYours)


REFUSED: list[tuple[dict[str, Any], str, str]] = [
    ({"digest": digest("Another text.")}, "digest", "not the text under review"),
    ({"digest": ""}, "digest", "not the text under review"),
    ({"response": "Reject", "comments": ""}, "comments", "needs a comment"),
    ({"response": "Reject", "comments": " \n"}, "comments", "needs a comment"),
    ({"comments": "pay\u202eroll"}, "comments", "U+202E"),
    ({"response": "Reject", "accepted_text": "Mine."}, "acceptedText", "only be approved"),
    ({"accepted_text": ""}, "acceptedText", "is empty"),
    ({"accepted_text": " \n\t"}, "acceptedText", "is empty"),
    ({"accepted_text": "pay\u200broll"}, "acceptedText", "U+200B"),
    ({"accepted_text": "line\r\nend"}, "acceptedText", "U+000D"),
]


@pytest.mark.parametrize("fields,field,said", REFUSED)
def test_answers_that_can_not_count_are_refused(
    fields: dict[str, Any], field: str, said: str
) -> None:
    """The field at fault is named, and how to mend it."""
    error = refused(a_round(), **fields)
    assert isinstance(error, Invalid)
    assert error.field == field
    assert said in error.detail


def test_edits_need_the_flows_leave() -> None:
    """Where the flow forbids edits, an own version is refused."""
    policy = a_flow(allow_edits=False).approval
    error = refused(a_round(), policy=policy, accepted_text="Mine.")
    assert error.field == "acceptedText"


def test_comments_are_asked_for_as_the_flow_says() -> None:
    """A flow may want a comment with an approval too."""
    policy = a_flow(require_comment=["Approve"]).approval
    assert refused(a_round(), policy=policy).field == "comments"


def test_comments_may_have_the_line_ends_of_windows() -> None:
    """A comment is no signed text, so how its lines end does not matter."""
    assert respond(a_round(), comments="One.\r\nTwo.").outcome == "Approve"


def test_the_last_moment_counts() -> None:
    """An answer just before the deadline decides."""
    assert respond(a_round(), at=DEADLINE - MOMENT).outcome == "Approve"


@pytest.mark.parametrize("late", [timedelta(), MOMENT, DAY])
def test_from_the_deadline_on_it_is_over(late: timedelta) -> None:
    """An answer at the deadline is too late, whether the expiry was noted down or not."""
    error = refused(a_round(), at=DEADLINE + late)
    assert isinstance(error, Over)
    assert error.more["outcome"] == "Expired"


def test_a_canceled_round_is_over() -> None:
    """Who answers after the requester canceled is told so."""
    error = refused(oversight.cancel(NOW, a_round()))
    assert isinstance(error, Over)
    assert error.more["outcome"] == "Canceled"


def test_a_decided_round_can_not_be_canceled() -> None:
    """The requester is told who decided first."""
    with pytest.raises(Decided):
        oversight.cancel(NOW, respond(a_round()))


def test_failing_leaves_a_decision_alone() -> None:
    """What was decided stays, whatever fails afterwards."""
    decided = respond(a_round())
    assert oversight.fail(NOW, "Too large.", decided) is decided
    assert oversight.fail(NOW, "Too large.", a_round()).outcome == "Failed"


@pytest.mark.parametrize("asking", [ADELE, ADELE.upper(), "Adele@Contoso.com"])
def test_who_asks_may_not_sign(asking: str) -> None:
    """The requester is taken off the list, however the address is written."""
    assert may_sign(a_flow().approval, asking) == [ALEX]


def test_who_asks_may_sign_where_the_flow_says_so() -> None:
    """A flow can allow signing one's own text."""
    assert may_sign(a_flow(allow_self_approval=True).approval, ADELE) == [ADELE, ALEX]


def test_everybody_signs_once() -> None:
    """An approver who is listed twice is asked once."""
    assert may_sign(a_flow(assigned_to=[ADELE, ALEX, ADELE]).approval, None) == [ADELE, ALEX]


def test_a_round_expires_at_its_deadline() -> None:
    """Looked at later, it was over at the deadline all the same."""
    expired = settle(DEADLINE + DAY, 2, a_round())
    assert (expired.outcome, expired.closed_at) == ("Expired", DEADLINE)


def test_each_wait_has_its_slot() -> None:
    """An open round notes the slot of the next wait."""
    assert settle(NOW, 2, a_round()).slot == 2


def test_settling_twice_changes_nothing() -> None:
    """An activity that the host runs again, or late, leaves the slot where it is."""
    third = settle(NOW, 3, a_round())
    assert settle(NOW, 3, third) is third
    assert settle(NOW, 2, third) is third


def test_settling_leaves_a_decision_alone() -> None:
    """After the deadline a decided round is still decided."""
    decided = respond(a_round())
    assert settle(DEADLINE + DAY, 2, decided) is decided


def test_everybody_is_told_at_first() -> None:
    """A new round is told to all who may sign it."""
    assert to_notify(a_round(), NOW) == [ADELE, ALEX]


def test_who_was_missed_is_told_again() -> None:
    """Only those whom the first notice did not reach get a second."""
    assert to_notify(notified(NOW, [ALEX], a_round()), NOW) == [ADELE]


def test_a_reminder_goes_to_all() -> None:
    """When the time comes, everybody is told again."""
    told = notified(NOW, [ADELE, ALEX], a_round(reminders=DAY))
    assert to_notify(told, NOW + DAY - MOMENT) == []
    assert to_notify(told, NOW + DAY) == [ADELE, ALEX]


def test_missed_reminders_are_not_made_up_for() -> None:
    """After a long standstill there is one reminder, and the next in due time."""
    late = notified(NOW + 3.5 * DAY, [ADELE], a_round(reminders=DAY))
    assert late.next_reminder == NOW + 4 * DAY


def test_no_note_is_made_on_a_decided_round() -> None:
    """A notice that went out while somebody answered leaves the decision alone."""
    decided = respond(a_round())
    assert notified(NOW, [ADELE], decided) is decided


WAKES = [
    (a_round(expires_after=DAY), NOW + timedelta(minutes=1)),
    (notified(NOW, [ADELE], a_round()), NOW + timedelta(minutes=2)),
    (notified(NOW, [ADELE, ALEX], a_round(expires_after=DAY)), NOW + DAY),
    (notified(NOW, [ADELE, ALEX], a_round(reminders=DAY)), NOW + DAY),
    (notified(NOW, [ADELE, ALEX], a_round()), NOW + oversight.LONGEST_WAIT),
]


@pytest.mark.parametrize("standing,instant", WAKES)
def test_a_round_is_looked_after_in_time(standing: Round, instant: Any) -> None:
    """The next look is at the retry of a notice, a reminder or the deadline, 5 days at most."""
    assert wake_at(standing, NOW) == instant


def test_lost_notices_are_tried_ever_more_rarely() -> None:
    """Even after many failures it is tried four times a day."""
    standing = a_round()
    for _ in range(20):
        standing = notified(NOW, [], standing)
    assert wake_at(standing, NOW) == NOW + timedelta(hours=6)


def test_no_wait_is_too_long_for_the_sdk() -> None:
    """A timer over 6 days is split into pieces that can't be cancelled."""
    assert timedelta(days=6) > oversight.LONGEST_WAIT


def test_a_round_knows_its_draft() -> None:
    """The digest under review is that of the draft's exact text."""
    opened = oversight.open_round(a_run(), a_draft("Draft."), 1, NOW)
    assert opened.draft_digest == digest("Draft.")


MOVES = st.lists(
    st.tuples(
        st.sampled_from(["Approve", "Reject", "settle", "cancel", "fail", "notified"]),
        st.sampled_from([ADELE, ALEX, MEGAN]),
        st.integers(-5, 5),
    ),
    max_size=20,
)


def move(standing: Round, what: str, who: str, hours: int) -> Round:
    """Do one thing to a round around its deadline; what is refused changes nothing."""
    at = DEADLINE + timedelta(hours=hours)
    moves: dict[str, Any] = {
        "settle": lambda: settle(at, standing.slot + 1, standing),
        "cancel": lambda: oversight.cancel(at, standing),
        "fail": lambda: oversight.fail(at, "Broken.", standing),
        "notified": lambda: notified(at, [who], standing),
    }
    try:
        after: Round = moves.get(what, lambda: respond(standing, who=who, at=at, response=what))()
    except Problem:
        return standing
    return after


@given(MOVES)
def test_a_round_has_one_outcome(moves: list[tuple[str, str, int]]) -> None:
    """Whatever happens in whatever order, the first ending stays, with at most one response."""
    standing, outcomes = a_round(), set()
    for what, who, hours in moves:
        standing = move(standing, what, who, hours)
        outcomes.add((standing.outcome, standing.closed_at, standing.decision))
    assert len(outcomes - {(None, None, None)}) <= 1
    assert len(standing.responses) <= 1
    assert standing.decision is None or standing.decision.response_date < DEADLINE
