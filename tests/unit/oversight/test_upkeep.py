"""What time does to a round: it ends or escalates to the millisecond, and people are told."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from signpost.oversight import upkeep
from signpost.policy import CUSTOM_ALL, EVERYONE, SEQUENTIAL
from signpost.problems import Over
from signpost.reminders import Reminders
from signpost.text import digest
from tests.builders import ADELE, ALEX, NOW, a_draft
from tests.unit.oversight.signing import (
    DAY,
    DEADLINE,
    DIEGO,
    EVE,
    FAY,
    HOUR,
    MINUTE,
    MOMENT,
    Signing,
    delegating,
)


def test_a_round_knows_its_draft() -> None:
    """The digest under review is that of the draft's exact text."""
    opened = upkeep.open_round(Signing().case, a_draft("Draft."), 1, NOW)
    assert opened.draft_digest == digest("Draft.")


@pytest.mark.parametrize("rejects,outcome", [(None, "Expired"), ("Reject", "Reject")])
@pytest.mark.parametrize("kind", [EVERYONE, CUSTOM_ALL, SEQUENTIAL])
def test_a_round_is_over_at_its_deadline(kind: str, rejects: str | None, outcome: str) -> None:
    """Looked at later it was over then all the same, unsigned and decided by nobody."""
    signing = Signing(type=kind, on_expiry=rejects)
    assert signing.settle(DEADLINE - MOMENT).outcome is None
    over = signing.settle(DEADLINE + DAY)
    assert (over.outcome, over.signed, over.closed_at) == (outcome, False, NOW + DEADLINE)
    assert over.decision is None


def test_what_was_answered_before_the_deadline_is_kept() -> None:
    """Half an approval is none, but the receipt knows who gave it."""
    signing = Signing(type=EVERYONE)
    signing.answer(ADELE)
    over = signing.settle(DEADLINE)
    assert (over.outcome, over.decision, over.signers) == ("Expired", None, [])
    assert [each.responder.name for each in over.responses] == [ADELE]


def test_a_silent_rejection_says_why() -> None:
    """Where silence rejects, the run tells that it was the deadline."""
    assert "deadline passed" in (Signing(on_expiry="Reject").settle(DEADLINE).failure or "")


def test_a_decision_outlives_the_deadline() -> None:
    """After the deadline a decided round is still decided, and not changed by looking."""
    signing = Signing()
    decided = signing.answer()
    assert signing.settle(DEADLINE + DAY) is decided


def test_failing_leaves_a_decision_alone() -> None:
    """What was decided stays, whatever fails afterwards."""
    decided = Signing().answer()
    assert upkeep.fail(NOW, "Too large.", decided) is decided
    assert upkeep.fail(NOW, "Too large.", Signing().round).outcome == "Failed"


def test_each_wait_has_its_slot() -> None:
    """An open round notes the slot of the next wait."""
    assert Signing().settle(slot=2).slot == 2


@pytest.mark.parametrize("fields", [{}, {"escalate_to": DIEGO, "escalate_after": HOUR}])
def test_settling_twice_changes_nothing(fields: dict[str, Any]) -> None:
    """An activity that the host runs again, or late, leaves slot and escalation as they are."""
    signing = Signing(**fields)
    third = signing.settle(2 * HOUR, slot=3)
    assert signing.settle(2 * HOUR, slot=3) is third
    assert signing.settle(2 * HOUR, slot=2) is third


def test_escalation_is_noted_for_its_time() -> None:
    """Seen late, it happened when the flow says, once, and the deadline stays."""
    signing = Signing(escalate_to=[DIEGO, EVE], escalate_after=HOUR)
    assert signing.settle(HOUR - MOMENT).escalated_at is None
    late = signing.settle(5 * HOUR)
    assert (late.escalated_at, late.escalate_at) == (NOW + HOUR, None)
    assert late.expires_at == NOW + DEADLINE
    assert [(n.at, n.detail) for n in late.notes[1:]] == [(NOW + HOUR, f"{DIEGO}, {EVE}")]


def at_the_deadline() -> Signing:
    """Open a round that goes to Diego at its deadline, for a day as for those before."""
    return Signing(escalate_to=DIEGO, on_expiry="escalate", expires_after=DAY)


def test_escalation_at_the_deadline_moves_it_once() -> None:
    """Those who were silent may still answer, too; after the second deadline it is over."""
    signing = at_the_deadline()
    assert signing.settle(DAY).expires_at == NOW + 2 * DAY
    assert signing.waiting(2 * DAY - MOMENT) == [ADELE, ALEX, DIEGO]
    assert signing.settle(2 * DAY).outcome == "Expired"


@pytest.mark.parametrize("who", [ADELE, DIEGO])
def test_the_deadline_that_moves_is_none(who: str) -> None:
    """An answer at the first deadline counts, also before anybody noted that it moved."""
    assert at_the_deadline().answer(who, after=DAY).outcome == "Approve"


def test_a_round_slept_through_is_over() -> None:
    """Looked at after both deadlines it was escalated, and is over since the second."""
    signing = at_the_deadline()
    assert isinstance(signing.refused(after=2 * DAY), Over)
    over = signing.settle(9 * DAY)
    assert (over.escalated_at, over.closed_at) == (NOW + DAY, NOW + 2 * DAY)


def test_a_deadline_that_moves_is_told_to_all() -> None:
    """Links outlive the deadline by days only, so everybody gets a new one."""
    signing = at_the_deadline()
    signing.tell(ADELE, ALEX)
    signing.settle(DAY)
    assert signing.untold(DAY) == [ADELE, ALEX, DIEGO]


def test_an_escalation_before_the_deadline_tells_those_who_join() -> None:
    """Who was told already is not told again for it."""
    signing = Signing(escalate_to=DIEGO, escalate_after=HOUR)
    signing.tell(ADELE, ALEX)
    signing.settle(HOUR)
    assert signing.untold(HOUR) == [DIEGO]


def test_everybody_is_told_at_first() -> None:
    """A new round is told to all who may sign it."""
    assert Signing().untold() == [ADELE, ALEX]


def test_only_the_stage_that_is_on_is_told() -> None:
    """Later stages are told when it is their turn, also who was in an earlier one."""
    signing = Signing(type=SEQUENTIAL)
    assert signing.untold() == [ADELE, ALEX]
    signing.tell(ADELE, ALEX)
    for people in ([ADELE], [DIEGO, EVE]):
        for person in people:
            signing.answer(person)
    assert signing.untold() == [ADELE, DIEGO, FAY]


def test_who_was_missed_is_told_again() -> None:
    """Only those whom the first notice did not reach get a second."""
    signing = Signing()
    signing.tell(ALEX)
    assert signing.untold() == [ADELE]


def test_who_answered_is_not_told_again() -> None:
    """A reminder goes to those who are waited for."""
    signing = Signing(type=EVERYONE, reminders=DAY)
    signing.tell(ADELE, ALEX)
    signing.answer(ADELE)
    assert signing.untold(DAY - MOMENT) == []
    assert signing.untold(DAY) == [ALEX]


def test_missed_reminders_are_not_made_up_for() -> None:
    """After a long standstill there is one reminder, and the next in due time."""
    late = Signing(reminders=DAY).tell(ADELE, ALEX, after=3.5 * DAY)
    assert (late.next_reminder, late.reminders_sent) == (NOW + 4 * DAY, 1)


def test_reminders_come_to_an_end() -> None:
    """After the most that a flow may ask for none is planned."""
    signing = Signing(reminders=2 * HOUR)
    for n in range(1, 402):
        signing.tell(ADELE, ALEX, after=n * 2 * HOUR)
    assert (signing.round.reminders_sent, signing.round.next_reminder) == (400, None)


def test_a_reminder_at_a_time_of_day_waits_for_it() -> None:
    """The flow's time zone says when it is half past six."""
    evening = Reminders(at=1110, time_zone="Europe/Berlin")
    assert Signing(reminders=evening).round.next_reminder == NOW + 7.5 * HOUR


def test_a_flow_that_tells_nobody_tells_nobody() -> None:
    """Neither a notice nor a reminder goes out, and nobody is noted as missed."""
    signing = Signing(enable_notifications=False, reminders=DAY)
    assert signing.untold() == signing.untold(9 * DAY) == []
    assert signing.round.next_reminder is None


def test_silence_wakes_nobody() -> None:
    """Without notices the run sleeps as long as it may, also past the times of reminders."""
    signing = Signing(enable_notifications=False, reminders=2 * HOUR)
    assert signing.wakes() == timedelta(days=5)
    assert signing.wakes(3 * HOUR) == timedelta(days=5, hours=3)


def test_a_reminder_that_nobody_can_get_does_not_wake_for_ever() -> None:
    """A time that has passed is not waited for, or the run would spin."""
    signing = Signing(reminders=2 * HOUR)
    signing.tell(ADELE, ALEX)
    assert signing.wakes(3 * HOUR) > 3 * HOUR


def test_no_note_is_made_on_a_decided_round() -> None:
    """A notice that went out while somebody answered leaves the decision alone."""
    signing = Signing()
    decided = signing.answer()
    assert signing.tell(ADELE) is decided


def told(**fields: Any) -> Signing:
    """Open a round and tell everybody of it."""
    signing = Signing(**fields)
    signing.tell(ADELE, ALEX)
    return signing


WAKES = [
    (told(), timedelta(days=5)),
    (told(expires_after=DAY + MOMENT), DAY + MOMENT),
    (told(reminders=DAY), DAY),
    (told(escalate_to=DIEGO, escalate_after=HOUR), HOUR),
    (told(escalate_to=DIEGO, on_expiry="escalate", expires_after=DAY), DAY),
    (Signing(), MINUTE),
]


@pytest.mark.parametrize("signing,wakes", WAKES)
def test_a_round_is_looked_after_in_time(signing: Signing, wakes: timedelta) -> None:
    """The next look is at deadline, reminder, escalation or another notice, 5 days at most."""
    assert signing.wakes() == wakes


@pytest.mark.parametrize("days", [0, 1, 24.9, 25, 29])
def test_no_wait_is_too_long_for_the_sdk(days: float) -> None:
    """A timer over 6 days is split into pieces that can't be cancelled; the deadline is kept."""
    wakes = told().wakes(days * DAY)
    assert wakes == min(days * DAY + timedelta(days=5), DEADLINE)


def test_lost_notices_are_tried_ever_more_rarely() -> None:
    """The pauses double from a minute, up to four tries a day for as long as it takes."""
    signing, pauses = Signing(), []
    for _ in range(60):
        pauses.append(signing.wakes() // MINUTE)
        signing.tell()
    assert pauses[:10] == [1, 2, 4, 8, 16, 32, 64, 128, 256, 360]
    assert set(pauses[10:]) == {360}


def test_one_who_is_missed_keeps_the_pauses_growing() -> None:
    """It does not matter that the others were reached."""
    signing = Signing()
    signing.tell(ALEX)
    assert signing.wakes() == 2 * MINUTE
    signing.tell()
    assert signing.wakes() == 4 * MINUTE


def test_whoever_joins_is_tried_anew() -> None:
    """Reminders that went well do not make somebody new wait for hours."""
    signing = told(reminders=DAY, escalate_to=DIEGO, escalate_after=8.5 * DAY)
    for day in range(1, 9):
        signing.tell(ADELE, ALEX, after=day * DAY)
    signing.settle(8.5 * DAY)
    assert signing.wakes(8.5 * DAY) == 8.5 * DAY + MINUTE


def test_a_notice_that_reached_nobody_is_none() -> None:
    """What is kept as the last time somebody was told is true."""
    assert Signing().tell().notified_at is None
    assert Signing().tell(ADELE).notified_at == NOW


LEAVE = delegating(ADELE, DIEGO, date(2026, 11, 24), date(2026, 11, 25), "Europe/Berlin")
BEGINS = datetime(2026, 11, 23, 23, 0, tzinfo=UTC) - NOW


def test_a_delegate_hears_soon_after_the_leave_begins() -> None:
    """The run wakes within the hour in which somebody starts, and stops, standing in."""
    signing = Signing(LEAVE)
    signing.tell(ADELE, ALEX)
    assert BEGINS <= signing.wakes() < BEGINS + HOUR
    assert signing.untold(signing.wakes()) == [DIEGO]
    signing.tell(DIEGO, after=BEGINS)
    assert BEGINS + 2 * DAY <= signing.wakes(BEGINS) < BEGINS + 2 * DAY + HOUR


def test_a_leave_of_who_answered_wakes_nobody() -> None:
    """Only those matter who are waited for."""
    signing = Signing(LEAVE, type=EVERYONE)
    signing.tell(ADELE, ALEX)
    signing.answer(ADELE)
    assert signing.wakes() == timedelta(days=5)


def test_a_round_that_is_over_tells_nobody() -> None:
    """After the end no notice is due."""
    signing = Signing(reminders=2 * HOUR)
    signing.settle(DEADLINE)
    assert signing.untold(DEADLINE) == []
