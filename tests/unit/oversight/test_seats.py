"""Who is asked, who answers for whom, and that nobody signs what they asked for."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from signpost.oversight import Case, seats
from signpost.people import Delegate, Directory, Person
from signpost.policy import CUSTOM_ALL, EVERYONE, FIRST, QUORUM, SEQUENTIAL, Stage
from signpost.problems import Decided, Invalid, NotYours
from tests.builders import ADELE, ALEX, MEGAN, NOW, a_flow, a_run
from tests.unit.oversight.signing import (
    DAY,
    DIEGO,
    EVE,
    FAY,
    HOUR,
    MINUTE,
    MOMENT,
    Signing,
    away,
    delegating,
)

MEGANS_ID = "33333333-3333-3333-3333-333333333333"
KNOWN = Directory(
    [
        Person(email=MEGAN, aliases=["m.bowen@contoso.com"], id=UUID(MEGANS_ID)),
        Person(email=ADELE),
        Person(email=ALEX),
    ],
    {"Editors": [MEGAN, ADELE, ALEX]},
)


def asked(people: Directory | None = None, **fields: Any) -> list[str]:
    """List who is asked when a round is opened."""
    return [seat.person for seat in Signing(people, **fields).round.seats]


def impossible(people: Directory | None = None, **fields: Any) -> Invalid:
    """Give the problem that opening a round ends in."""
    with pytest.raises(Invalid) as error:
        Signing(people, **fields)
    return error.value


def test_everybody_is_asked_once() -> None:
    """Who is listed twice, in whatever case, has one place, in the order of the flow."""
    assert asked(assigned_to=[ADELE, ALEX, ADELE.upper(), f"{DIEGO}; {ALEX}"]) == [
        ADELE,
        ALEX,
        DIEGO,
    ]


def test_a_list_and_a_person_on_it_are_asked_once() -> None:
    """Whoever is named beside a list that they are on has one place."""
    assert asked(KNOWN, requestor=None, assigned_to=[ALEX, "Editors"]) == [ALEX, MEGAN, ADELE]


def test_inputs_name_people() -> None:
    """A flow can leave it to who asks to say who signs, also several."""
    named = asked(assigned_to="{{ Tone }}", inputs={"Tone": f" {DIEGO} ;{EVE};"})
    assert named == [DIEGO, EVE]


@pytest.mark.parametrize("value,told", [("a@b@c", "no e-mail address"), ("Boss", "is no list")])
def test_inputs_that_name_nobody_are_refused(value: str, told: str) -> None:
    """The input at fault is named."""
    problem = impossible(assigned_to="{{ Tone }}", inputs={"Tone": value})
    assert problem.field == "inputs.Tone"
    assert told in problem.detail


@pytest.mark.parametrize("value", [None, "", " ; "])
def test_an_empty_input_leaves_nobody(value: str | None) -> None:
    """Without a single approver no round is opened."""
    assert "Nobody is left" in impossible(assigned_to="{{ Tone }}", inputs={"Tone": value}).detail


def test_a_list_that_went_away_is_a_problem_and_no_crash() -> None:
    """people.yaml may have lost a list since the flow was read; it is named."""
    assert "'Editors' is no list" in impossible(assigned_to=["Editors"]).detail


def test_fifty_people_can_be_asked() -> None:
    """One more, over all stages, is refused."""
    people = [f"a{n}@contoso.com" for n in range(50)]
    assert len(asked(assigned_to=people)) == 50
    stages = [Stage(assigned_to=people), Stage(assigned_to=ADELE)]
    assert "At most 50" in impossible(type=SEQUENTIAL, stages=stages).detail


SELVES = [MEGAN, MEGAN.upper(), "m.bowen@contoso.com", "M.Bowen@Contoso.com", MEGANS_ID]


@pytest.mark.parametrize("name", SELVES)
def test_who_asks_has_no_place(name: str) -> None:
    """However the flow names who asks, they are taken off."""
    assert asked(KNOWN, assigned_to=[name, ADELE]) == [ADELE]


@pytest.mark.parametrize("name", SELVES)
def test_who_asks_under_another_name_has_no_place(name: str) -> None:
    """However the run names who asks, it is the same person."""
    assert asked(KNOWN, requestor=name, assigned_to=[MEGAN, ADELE]) == [ADELE]


def test_who_asks_is_taken_off_lists_and_inputs() -> None:
    """Being on a list, or being named in an input, gives no place either."""
    assert asked(KNOWN, assigned_to=["Editors"]) == [ADELE, ALEX]
    both = asked(KNOWN, assigned_to="{{ Tone }}", inputs={"Tone": f"m.bowen@contoso.com;{ADELE}"})
    assert both == [ADELE]


def test_who_asks_is_taken_off_each_stage() -> None:
    """No stage asks the requester, and a stage of nobody else can't be passed."""
    stages = [Stage(assigned_to=[MEGAN, ADELE]), Stage(assigned_to=[ALEX, MEGAN])]
    assert asked(type=SEQUENTIAL, stages=stages) == [ADELE, ALEX]
    alone = [Stage(assigned_to=ADELE), Stage(assigned_to=MEGAN)]
    assert impossible(type=SEQUENTIAL, stages=alone).field == "requestor"


def test_who_asks_may_sign_where_the_flow_says_so() -> None:
    """A flow can allow signing one's own text."""
    signing = Signing(requestor=ADELE, allow_self_approval=True)
    assert signing.answer(ADELE).signers == [ADELE]


def test_who_asks_answers_for_nobody() -> None:
    """Being somebody's delegate does not let the requester sign."""
    signing = Signing(away((ADELE, MEGAN)))
    assert signing.waiting() == [ADELE, ALEX]
    assert isinstance(signing.refused(MEGAN), NotYours)


STRANGERS_ID = "99999999-9999-9999-9999-999999999999"


def test_who_may_be_the_one_who_asks_has_no_place() -> None:
    """Who asks is known by an object id alone, so an address of nobody known could be theirs."""
    known = Directory([Person(email=ADELE, id=UUID(MEGANS_ID))])
    assert asked(known, requestor=STRANGERS_ID, assigned_to=[ADELE, ALEX, EVE]) == [ADELE]
    assert impossible(known, requestor=STRANGERS_ID, assigned_to=[ALEX]).field == "requestor"


def test_who_asks_is_not_escalated_to() -> None:
    """An escalation that names the requester asks the others only."""
    signing = Signing(KNOWN, escalate_to=["m.bowen@contoso.com", DIEGO], escalate_after=HOUR)
    assert signing.waiting(HOUR) == [ADELE, ALEX, DIEGO]
    assert isinstance(signing.refused(MEGAN, after=HOUR), NotYours)


@pytest.mark.parametrize("name", SELVES[:2])
def test_nothing_is_handed_to_who_asks(name: str) -> None:
    """A place can't be handed to the requester."""
    with pytest.raises(Invalid, match="can't sign it"):
        Signing(KNOWN).reassign(ADELE, name)


@pytest.mark.parametrize("kind,needed", [(QUORUM, 3), (QUORUM, 2)])
def test_a_quorum_needs_people_enough(kind: str, needed: int) -> None:
    """Without the requester too few are left: that is said before anybody is asked."""
    problem = impossible(type=kind, approvals=needed, assigned_to=[MEGAN, ADELE])
    assert f"{needed} must approve, but only 1 may sign" in problem.detail


@pytest.mark.parametrize("kind", [FIRST, EVERYONE, CUSTOM_ALL])
def test_other_types_pass_with_whoever_is_left(kind: str) -> None:
    """All but the quorum go on with those who remain."""
    assert asked(type=kind, assigned_to=[MEGAN, ADELE]) == [ADELE]


BERLIN_LEAVE = delegating(ADELE, DIEGO, date(2026, 12, 20), date(2026, 12, 21), "Europe/Berlin")
LEAVE_BEGINS = datetime(2026, 12, 19, 23, 0, tzinfo=UTC) - NOW
LEAVE_ENDS = datetime(2026, 12, 21, 23, 0, tzinfo=UTC) - NOW


@pytest.mark.parametrize(
    "after,answers",
    [
        (LEAVE_BEGINS - MOMENT, False),
        (LEAVE_BEGINS, True),
        (LEAVE_ENDS - MOMENT, True),
        (LEAVE_ENDS, False),
    ],
)
def test_delegates_answer_on_their_days(after: timedelta, *, answers: bool) -> None:
    """Both days are included, and begin and end where the person lives."""
    signing = Signing(BERLIN_LEAVE)
    assert signing.waiting(after) == [ADELE, ALEX] + [DIEGO] * answers
    if answers:
        assert signing.answer(DIEGO, after=after).responses[0].on_behalf_of == ADELE
    else:
        assert isinstance(signing.refused(DIEGO, after=after), NotYours)


def test_who_is_away_may_answer_all_the_same() -> None:
    """A delegate takes nobody's right away."""
    signing = Signing(away((ADELE, DIEGO)))
    assert signing.answer(ADELE).responses[0].on_behalf_of is None


def test_a_delegates_delegate_is_not_asked() -> None:
    """It goes one step: nobody asked those further on."""
    signing = Signing(away((ADELE, DIEGO), (DIEGO, EVE)))
    assert signing.waiting() == [ADELE, ALEX, DIEGO]
    assert isinstance(signing.refused(EVE), NotYours)


def test_a_delegate_counts_as_one_person() -> None:
    """Who stands in for two answers for one of them, and both places are not filled by it."""
    signing = Signing(away((ADELE, DIEGO), (ALEX, DIEGO)), type=EVERYONE)
    assert signing.answer(DIEGO).outcome is None
    assert isinstance(signing.refused(DIEGO), Decided)
    assert signing.waiting() == [ALEX]


def test_who_has_a_place_answers_for_nobody_else() -> None:
    """Approvers who stand in for each other are two people, and stay so."""
    signing = Signing(away((ADELE, ALEX), (ALEX, ADELE)), type=EVERYONE)
    assert signing.answer(ADELE).responses[0].on_behalf_of is None
    assert isinstance(signing.refused(ADELE), Decided)
    assert signing.waiting() == [ALEX]


def test_who_answered_in_a_stage_is_no_delegate_later() -> None:
    """A delegate answers once in a round, whatever stage it is."""
    stages = [Stage(assigned_to=DIEGO), Stage(assigned_to=[ADELE])]
    signing = Signing(away((ADELE, DIEGO)), type=SEQUENTIAL, stages=stages)
    signing.answer(DIEGO)
    assert isinstance(signing.refused(DIEGO), Decided)
    assert signing.waiting() == [ADELE]


def test_a_delegate_of_a_later_stage_has_to_wait() -> None:
    """Standing in for somebody whose turn has not come is known, but too early."""
    signing = Signing(away((EVE, FAY)), type=SEQUENTIAL)
    assert isinstance(signing.refused(FAY), NotYours)


def test_a_delegate_may_ask_for_changes() -> None:
    """Who stands in for somebody has all the answers that they have."""
    signing = Signing(away((ADELE, DIEGO)), allow_request_changes=True)
    assert signing.answer(DIEGO, "Request changes").outcome == "Request changes"


def escalated(**fields: Any) -> Signing:
    """Open a round in which Diego and Eve are asked, too, after an hour."""
    return Signing(escalate_to=[DIEGO, EVE], escalate_after=HOUR, **fields)


def test_escalation_asks_more_people_in_time() -> None:
    """Up to the moment they are strangers, and from it on they may answer."""
    signing = escalated()
    assert isinstance(signing.refused(DIEGO, after=HOUR - MOMENT), NotYours)
    assert signing.waiting(HOUR) == [ADELE, ALEX, DIEGO, EVE]
    response = signing.answer(DIEGO, after=HOUR).responses[0]
    assert (response.on_behalf_of, response.request_date) == (ADELE, NOW)


def test_escalated_people_answer_for_one_each() -> None:
    """Each fills one of the places that are still open, and never two."""
    signing = escalated(type=EVERYONE)
    signing.answer(ADELE)
    signing.answer(DIEGO, after=2 * HOUR)
    assert [each.on_behalf_of for each in signing.round.responses] == [None, ALEX]
    assert signing.round.outcome == "Approve"


def test_an_escalated_person_does_not_answer_twice() -> None:
    """One who answered for one silent person leaves the next place to somebody else."""
    signing = escalated(type=EVERYONE)
    signing.answer(DIEGO, after=HOUR)
    assert isinstance(signing.refused(DIEGO, after=HOUR), Decided)
    assert signing.answer(EVE, after=HOUR).outcome == "Approve"


def test_an_escalated_approver_keeps_one_place() -> None:
    """Who is asked already gets no second voice by an escalation."""
    signing = Signing(type=EVERYONE, escalate_to=[ADELE, DIEGO], escalate_after=HOUR)
    assert signing.waiting(HOUR) == [ADELE, ALEX, DIEGO]
    signing.answer(ADELE, after=HOUR)
    assert isinstance(signing.refused(ADELE, after=HOUR), Decided)


def test_escalated_people_are_asked_in_later_stages_too() -> None:
    """A stage that begins after the escalation knows them as well."""
    signing = escalated(type=SEQUENTIAL, stages=[Stage(assigned_to=p) for p in (ADELE, ALEX)])
    signing.answer(ADELE, after=2 * HOUR)
    assert signing.waiting(2 * HOUR) == [ALEX, DIEGO, EVE]


def test_an_escalation_to_nobody_stops_nothing() -> None:
    """A list that went away in mid-run leaves the others able to answer; the receipt says why."""
    signing = Signing(Directory([], {"Bosses": [EVE]}), escalate_to="Bosses", escalate_after=HOUR)
    signing.case = signing.case._replace(people=Directory())
    assert signing.waiting(HOUR) == [ADELE, ALEX]
    assert "'Bosses' is no list" in signing.round.notes[-1].detail


def involved(signing: Signing, who: str, after: timedelta = MINUTE) -> bool:
    """Say whether a person may see the text."""
    return seats.is_involved(signing.case, signing.round, who, NOW + after)


def test_those_who_were_asked_may_see_the_text() -> None:
    """Who is, was or will be asked sees the text; who asks for it and strangers do not."""
    signing = Signing(away((ADELE, DIEGO)), enable_reassignment=True)
    signing.tell(ADELE)
    signing.reassign(ADELE, EVE)
    signing.reassign(EVE, FAY)
    seen = [who for who in (ADELE, ALEX, EVE, FAY, DIEGO, MEGAN) if involved(signing, who)]
    assert seen == [ADELE, ALEX, EVE, FAY]
    assert involved(Signing(type=SEQUENTIAL), FAY)


def test_a_delegate_of_later_days_does_not_see_what_is_over() -> None:
    """Who stands in from the day after the end was never asked."""
    signing = Signing(delegating(ADELE, DIEGO, date(2026, 12, 1), date(2026, 12, 9)))
    signing.answer(ADELE)
    assert not involved(signing, DIEGO, 10 * DAY)


def test_nobody_is_waited_for_in_a_round_that_is_over() -> None:
    """After the end nobody may answer, and nobody is listed, escalated people neither."""
    signing = Signing(away((ADELE, DIEGO)), escalate_to=EVE, escalate_after=HOUR)
    signing.answer(ALEX, after=2 * HOUR)
    assert signing.waiting(2 * HOUR) == []
    assert escalated().waiting(31 * DAY) == []


@pytest.mark.parametrize("name", ["Editors", "{{ Tone }}", "", "a b@contoso.com"])
def test_one_person_is_named_by_address_or_id(name: str) -> None:
    """A list, or what is no name at all, can't take one person's place."""
    with pytest.raises(Invalid) as error:
        seats.person_named(Case(a_run(flow=a_flow()), KNOWN), name, "to")
    assert error.value.field == "to"


def test_one_person_is_known_under_all_names() -> None:
    """Whoever is named by object id or alias is written as the directory does."""
    case = Case(a_run(flow=a_flow()), KNOWN)
    assert {seats.person_named(case, name, "to") for name in SELVES} == {MEGAN}
    assert seats.person_named(case, FAY, "to") == FAY


def test_a_delegation_that_ends_takes_the_right_with_it() -> None:
    """Who was told as a delegate and is none any more is told that it is not their turn."""
    signing = Signing(BERLIN_LEAVE)
    signing.tell(ADELE, ALEX, DIEGO, after=LEAVE_BEGINS)
    problem = signing.refused(DIEGO, after=LEAVE_ENDS + HOUR)
    assert "You are not asked now" in problem.detail


def test_a_new_address_is_not_asked_beside_the_old() -> None:
    """When people.yaml renames in mid-run whoever also stands in, they are asked once."""
    signing = Signing(type=EVERYONE)
    new = "a.vance@contoso.com"
    leave = Delegate(to=new, from_=date(2026, 1, 1), until=date(2027, 12, 31))
    renamed = [Person(email=new, aliases=[ADELE]), Person(email=ALEX, delegates=[leave])]
    signing.case = signing.case._replace(people=Directory(renamed))
    assert signing.waiting() == [ADELE, ALEX]


@pytest.mark.parametrize(
    "topic,title",
    [
        ("The terrace", "Sign: The terrace!"),
        ("Two\n  lines", "Sign: Two lines!"),
        ("", "Sign: \u2026!"),
        ("x" * 200, "Sign: " + "x" * 114 + " \u2026"),
        (r"\1 {{ Tone }}", r"Sign: \1 {{ Tone }}!"),
    ],
)
def test_a_title_is_filled_in_from_the_run(topic: str, title: str) -> None:
    """Inputs stand in the heading on one line, once, and never make it long."""
    run = a_run(flow=a_flow(title="Sign: {{ Topic }}!"), inputs={"Topic": topic})
    assert Case(run, Directory()).title == title
