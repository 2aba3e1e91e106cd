"""What may be done to an open round without answering: cancel, remind, reassign, extend."""

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from functools import partial
from typing import Any

import msgspec
import pytest

from signpost.ledger import LARGEST_BODY
from signpost.oversight import steering
from signpost.people import Directory, Person
from signpost.policy import EVERYONE, QUORUM, SEQUENTIAL
from signpost.problems import Decided, Invalid, NotYours, Over, TooSoon
from tests.builders import ADELE, ALEX, MEGAN, NOW
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
    away,
)

YEAR = timedelta(days=365)


def cancel(signing: Signing, after: timedelta = MINUTE) -> None:
    """Cancel as the requester does."""
    signing.round = steering.cancel(signing.case, NOW + after, MEGAN, signing.round)


def remind(signing: Signing, after: timedelta = HOUR) -> None:
    """Ask for a reminder as the requester does."""
    signing.round = steering.remind(signing.case, NOW + after, signing.round)


def test_a_canceled_round_is_over() -> None:
    """Who answers after the requester canceled is told so."""
    signing = Signing()
    cancel(signing)
    assert (signing.round.closed_by, signing.round.closed_at) == (MEGAN, NOW + MINUTE)
    problem = signing.refused(after=HOUR)
    assert isinstance(problem, Over)
    assert problem.more == {"outcome": "Canceled"}


def test_canceling_wins_over_half_an_approval() -> None:
    """A round that some have approved can be canceled; nobody has signed it."""
    signing = Signing(type=EVERYONE)
    signing.answer(ADELE)
    cancel(signing)
    assert (signing.round.decision, signing.round.signers) == (None, [])


def test_a_canceled_run_is_between_two_rounds() -> None:
    """While a new draft is written the old round stays as it ended; the run's note cancels."""
    signing = Signing(allow_request_changes=True)
    sent_back = signing.answer(response="Request changes")
    cancel(signing)
    assert signing.round is sent_back


def test_canceling_what_opens_at_the_same_time_leaves_an_end_alone() -> None:
    """A round that ended before its opener saw the cancel keeps its outcome."""
    signing = Signing()
    decided = signing.answer()
    assert steering.cancel_if_open(signing.case, NOW, decided) is decided
    opened = steering.cancel_if_open(signing.case, NOW, Signing().round)
    assert opened.outcome == "Canceled"


STEER: list[Callable[[Signing, timedelta], Any]] = [
    cancel,
    remind,
    lambda signing, after: signing.extend(YEAR, after),
    lambda signing, after: signing.reassign(ALEX, DIEGO, after),
]


@pytest.mark.parametrize("steer", STEER)
def test_nothing_is_done_to_a_decided_round(steer: Callable[[Signing, timedelta], Any]) -> None:
    """Whoever steers hears who decided first."""
    signing = Signing()
    decided = signing.answer()
    with pytest.raises(Decided, match=f"{ADELE} answered Approve first"):
        steer(signing, HOUR)
    assert signing.round is decided


@pytest.mark.parametrize("steer", STEER)
def test_nothing_is_done_after_the_deadline(steer: Callable[[Signing, timedelta], Any]) -> None:
    """A round that expired a moment ago can't be extended or canceled, noted or not."""
    with pytest.raises(Over) as error:
        steer(Signing(), DEADLINE)
    assert error.value.more == {"outcome": "Expired"}


def test_a_reminder_goes_to_all_who_are_waited_for() -> None:
    """It is due at once, also in a flow without reminders, and once."""
    signing = Signing()
    signing.tell(ADELE, ALEX)
    remind(signing)
    assert signing.untold(HOUR) == [ADELE, ALEX]
    signing.tell(ADELE, ALEX, after=HOUR)
    assert signing.untold(2 * HOUR) == []


def test_a_reminder_in_between_keeps_the_cadence() -> None:
    """The next reminder comes when it would have come anyhow."""
    signing = Signing(reminders=DAY)
    signing.tell(ADELE, ALEX)
    remind(signing)
    assert signing.tell(ADELE, ALEX, after=HOUR).next_reminder == NOW + DAY


def test_reminders_keep_ten_minutes_apart() -> None:
    """Sooner is refused, with how long to wait; at the tenth minute it goes."""
    signing = Signing()
    signing.tell(ADELE, ALEX, after=HOUR)
    with pytest.raises(TooSoon) as error:
        remind(signing, HOUR + 4 * MINUTE)
    assert error.value.retry_after == 6 * MINUTE
    remind(signing, HOUR + 10 * MINUTE)


def test_the_opening_counts_as_told() -> None:
    """Minutes after it was opened a round needs no reminder."""
    with pytest.raises(TooSoon):
        remind(Signing(), 10 * MINUTE - MOMENT)


def test_a_reminder_that_reached_nobody_counts_as_asked_for() -> None:
    """Where no notice gets through, a requester can't keep the run busy with reminders."""
    signing = Signing()
    remind(signing)
    signing.tell(after=HOUR)
    with pytest.raises(TooSoon):
        remind(signing, HOUR + 10 * MINUTE - MOMENT)
    remind(signing, HOUR + 10 * MINUTE)


def test_reminding_comes_to_an_end() -> None:
    """After 400 reminders it is refused, whoever asked for them."""
    signing = Signing()
    for n in range(1, 401):
        remind(signing, n * HOUR)
        signing.tell(ADELE, ALEX, after=n * HOUR)
    with pytest.raises(Invalid, match="400 times"):
        remind(signing, 401 * HOUR)


def test_a_year_of_reminders_to_fifty_people_fits_a_row() -> None:
    """Their notes leave the row room for what people say, however long names are."""
    people = [f"{n:02d}{'x' * 99}@contoso.com" for n in range(50)]
    signing = Signing(type=EVERYONE, assigned_to=people, reminders=2 * HOUR)
    for n in range(1, 401):
        signing.tell(*people, after=2 * n * HOUR)
    assert len(msgspec.json.encode(signing.round)) < LARGEST_BODY / 4


def test_flows_that_tell_nobody_send_no_reminder() -> None:
    """The field of the flow that is in the way is named."""
    with pytest.raises(Invalid, match="enableNotifications"):
        remind(Signing(enable_notifications=False))


@pytest.mark.parametrize("until", [DEADLINE + MOMENT, YEAR, YEAR + MINUTE])
def test_the_deadline_moves_back(until: timedelta) -> None:
    """From a moment after the old one up to a year from now."""
    signing = Signing()
    signing.extend(until, after=MINUTE)
    assert signing.settle(until - MOMENT).outcome is None
    assert signing.settle(until).outcome == "Expired"


@pytest.mark.parametrize("until", [-DAY, DAY, DEADLINE - MOMENT, DEADLINE, YEAR + 2 * MINUTE])
def test_the_deadline_moves_no_other_way(until: timedelta) -> None:
    """Not to the past, not sooner, and not beyond a year."""
    with pytest.raises(Invalid) as error:
        Signing().extend(until, after=MINUTE)
    assert error.value.field == "expiresAt"


def test_a_deadline_needs_an_offset() -> None:
    """A time without one could mean any of a day's hours."""
    naive = datetime(2026, 12, 31, 12, 0)  # noqa: DTZ001 - the very thing that is refused
    signing = Signing()
    with pytest.raises(Invalid, match="offset"):
        steering.extend(steering.Extension(MEGAN, naive), signing.case, NOW, signing.round)


def test_a_deadline_of_any_offset_is_told_in_utc() -> None:
    """What later messages call UTC is UTC."""
    berlin = datetime(2026, 12, 31, 12, 0, tzinfo=timezone(timedelta(hours=1)))
    signing = Signing()
    moved = steering.Extension(MEGAN, berlin)
    signing.round = steering.extend(moved, signing.case, NOW, signing.round)
    with pytest.raises(Invalid, match="after 2026-12-31T11:00:00Z"):
        signing.extend(DAY)


def test_an_extension_is_noted_and_told_to_all() -> None:
    """Links outlive a deadline by days only, so everybody gets a new one."""
    signing = Signing()
    signing.tell(ADELE, ALEX)
    note = signing.extend(2 * DEADLINE, after=HOUR).notes[-1]
    assert (note.what, note.who, note.at) == ("extended", MEGAN, NOW + HOUR)
    assert signing.untold(HOUR) == [ADELE, ALEX]


def test_extending_comes_to_an_end() -> None:
    """Each extension tells everybody and lengthens the history, so 20 a round are enough."""
    signing = Signing()
    for n in range(1, 21):
        signing.extend(DEADLINE + n * MINUTE)
    with pytest.raises(Invalid, match="20 times"):
        signing.extend(2 * DEADLINE)


def test_an_escalation_at_the_deadline_moves_with_it() -> None:
    """It comes at the new deadline, and not at the old."""
    signing = Signing(escalate_to=DIEGO, on_expiry="escalate")
    signing.extend(DEADLINE + DAY)
    assert signing.settle(DEADLINE).escalated_at is None
    assert signing.settle(DEADLINE + DAY).escalated_at == NOW + DEADLINE + DAY


def test_an_escalation_after_a_time_stays() -> None:
    """More time for an answer is no more time for the silent."""
    signing = Signing(escalate_to=DIEGO, escalate_after=DAY)
    signing.extend(2 * DEADLINE)
    assert signing.settle(DAY).escalated_at == NOW + DAY


def test_a_place_is_handed_on() -> None:
    """The heir is asked from now on, and the holder is told that they are not."""
    signing = Signing(type=EVERYONE)
    signing.reassign(ADELE, DIEGO, after=HOUR, by=ADELE)
    assert signing.waiting() == [DIEGO, ALEX]
    assert isinstance(signing.refused(ADELE), NotYours)
    response = signing.answer(DIEGO, after=DAY).responses[0]
    assert (response.request_date, response.on_behalf_of) == (NOW + HOUR, None)


def test_handing_on_is_noted() -> None:
    """The receipt knows who handed whose place to whom, and the seat where it came from."""
    signing = Signing()
    opened = signing.reassign(ADELE, DIEGO, by=MEGAN)
    note, seat = opened.notes[-1], opened.seats[0]
    assert (note.what, note.who, note.detail) == ("reassigned", MEGAN, f"{ADELE} to {DIEGO}")
    assert (seat.source, seat.instead_of) == ("reassigned", ADELE)


@pytest.mark.parametrize("holder", [MEGAN, DIEGO, EVE, "nobody"])
def test_only_a_holder_has_something_to_hand_on(holder: str) -> None:
    """Delegates, escalated people and strangers have no place of their own."""
    signing = Signing(away((ADELE, DIEGO)), escalate_to=EVE, escalate_after=HOUR)
    with pytest.raises(NotYours):
        signing.reassign(holder, FAY, after=HOUR)


def test_a_place_is_handed_on_once_by_each() -> None:
    """Who gave it away has none any more; who got it may pass it on."""
    signing = Signing()
    signing.reassign(ADELE, DIEGO)
    with pytest.raises(NotYours):
        signing.reassign(ADELE, EVE)
    signing.reassign(DIEGO, EVE)
    assert signing.waiting() == [EVE, ALEX]


def test_a_place_can_come_back() -> None:
    """Handed back, the first holder is asked again, and told again."""
    signing = Signing(assigned_to=[ADELE])
    signing.tell(ADELE)
    signing.reassign(ADELE, DIEGO)
    signing.reassign(DIEGO, ADELE)
    assert signing.untold() == [ADELE]
    assert signing.answer(ADELE).outcome == "Approve"


def test_who_answered_has_no_place_left() -> None:
    """An answer can't be handed on."""
    signing = Signing(type=EVERYONE)
    signing.answer(ADELE)
    with pytest.raises(NotYours, match="no open place"):
        signing.reassign(ADELE, DIEGO)


@pytest.mark.parametrize("heir", [ADELE, ALEX, ALEX.upper(), DIEGO])
def test_nobody_gets_a_second_place(heir: str) -> None:
    """Neither who holds one nor who answered already, in their own place or another's."""
    signing = Signing(
        away((ALEX, DIEGO)), type=QUORUM, approvals=3, assigned_to=[ADELE, ALEX, FAY, EVE]
    )
    signing.answer(ADELE)
    signing.answer(DIEGO)
    with pytest.raises(Invalid, match="counts once"):
        signing.reassign(EVE, heir)


def test_a_later_place_is_no_second_one() -> None:
    """Who signs in a later stage may take over a place in this one."""
    signing = Signing(type=SEQUENTIAL)
    signing.reassign(ADELE, DIEGO)
    assert signing.answer(DIEGO).stage == 2
    assert signing.waiting() == [DIEGO, EVE]


def test_later_stages_hand_on_in_their_turn() -> None:
    """Before it is their turn there is no open place."""
    signing = Signing(type=SEQUENTIAL)
    with pytest.raises(NotYours):
        signing.reassign(EVE, FAY)
    signing.answer(ADELE)
    signing.reassign(EVE, FAY)
    assert signing.waiting() == [DIEGO, FAY]


@pytest.mark.parametrize("heir", ["Editors", "", "{{ Tone }}"])
def test_a_place_is_handed_to_one_person(heir: str) -> None:
    """A list is not a person."""
    known = Directory([Person(email=ADELE), Person(email=ALEX)], {"Editors": [ADELE, ALEX]})
    with pytest.raises(Invalid, match="Name one person"):
        Signing(known).reassign(ADELE, heir)


def test_all_places_can_be_handed_on() -> None:
    """With everybody replaced it is the new people who decide."""
    signing = Signing(type=EVERYONE)
    signing.reassign(ADELE, DIEGO)
    signing.reassign(ALEX, EVE)
    assert signing.answer(DIEGO).outcome is None
    assert signing.answer(EVE).signers == [DIEGO, EVE]


def test_handing_on_comes_to_an_end() -> None:
    """After 50 times it is refused, so that no row grows without bound."""
    signing = Signing(assigned_to=[ADELE])
    hand = partial(signing.reassign, ADELE, DIEGO), partial(signing.reassign, DIEGO, ADELE)
    for n in range(50):
        hand[n % 2]()
    with pytest.raises(Invalid, match="50 times"):
        hand[0]()


def test_the_heirs_delegate_answers_too() -> None:
    """A delegate comes with the person, and goes with them."""
    signing = Signing(away((ADELE, EVE), (DIEGO, FAY)))
    assert signing.waiting() == [ADELE, ALEX, EVE]
    signing.reassign(ADELE, DIEGO)
    assert signing.waiting() == [DIEGO, ALEX, FAY]
