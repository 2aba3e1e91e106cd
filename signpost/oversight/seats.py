"""Owns who is asked to sign, and who may answer in whose place."""

import re
from datetime import datetime
from typing import Any

import msgspec

from signpost.flows import REFERENCE
from signpost.oversight import Case
from signpost.people import is_address, is_object_id
from signpost.policy import EVERYONE, FIRST, People, Stage, listed
from signpost.problems import Invalid
from signpost.records import Round, Seat

MOST_SEATS = 50


class Awaited(msgspec.Struct, frozen=True, rename="camel"):
    """Somebody who may answer now; `on_behalf_of` is set for a delegate."""

    person: str
    since: datetime
    on_behalf_of: str | None = None


def plan(case: Case, now: datetime) -> list[Seat]:
    """Lay out the places of all stages. Raises Invalid when a stage can't be passed."""
    seats = []
    for number, stage in enumerate(case.policy.all_stages, start=1):
        assigned = named(case, stage.assigned_to)
        _refuse_impossible(stage, assigned)
        seats += [Seat(person=person, since=now, stage=number) for person in assigned]
    if len(seats) > MOST_SEATS:
        raise Invalid(f"At most {MOST_SEATS} people can be asked; these are {len(seats)}.")
    return seats


def named(case: Case, people: People | None) -> list[str]:
    """Give the people that a policy names, each once, without the one who may not sign.

    Raises Invalid for what an input names that is nobody, and for a list that went away.
    """
    found: list[str] = []
    for name in listed(people):
        reference = re.match(REFERENCE, name)
        found += _from_input(case, reference["input"]) if reference else _members(case, name)
    unique: dict[str, str] = {}
    for person in found:
        unique.setdefault(person.casefold(), person)
    return [person for person in unique.values() if not case.is_barred(person)]


def _members(case: Case, name: str) -> list[str]:
    try:
        return case.people.members(name)
    except LookupError as error:  # people.yaml said other things when the flow was read
        raise Invalid(str(error)) from error


def _from_input(case: Case, name: str) -> list[str]:
    value: Any = case.run.inputs.get(name) or ""
    found = []
    for person in listed(value):
        if "@" in person and not is_address(person):
            raise Invalid(f"{person!r} is no e-mail address.", field=f"inputs.{name}")
        try:
            found += case.people.members(person)
        except LookupError as error:
            raise Invalid(str(error), field=f"inputs.{name}") from error
    return found


def person_named(case: Case, name: str, field: str) -> str:
    """Give one person by address or object id, as the directory writes them. Raises Invalid."""
    if not is_address(name) and not is_object_id(name):
        raise Invalid("Name one person by e-mail address or Entra object id.", field=field)
    return case.people.canonical(name)


def places(standing: Round) -> list[Seat]:
    """Give the places of the stage that is on."""
    return [seat for seat in standing.seats if seat.stage == standing.stage]


def free(standing: Round) -> list[Seat]:
    """Give the places of this stage in which nobody answered yet."""
    taken = {
        each.on_behalf_of or each.responder.name
        for each in standing.responses
        if each.stage == standing.stage
    }
    return [seat for seat in places(standing) if seat.person not in taken]


def place_of(case: Case, standing: Round, person: str, now: datetime) -> Seat | None:
    """Find the place in which this person may answer now: their own, or another's.

    Nobody answers for others who answered already or has a place of their own: a number of
    approvals is a number of people, also when people.yaml says only now that two names are one.
    """
    own = [seat for seat in places(standing) if case.people.same(seat.person, person)]
    if case.is_barred(person) or has_answered(case, standing, person, stage=standing.stage):
        return None
    open_places = free(standing)
    for seat in open_places:
        if seat in own:
            return seat
    if own or has_answered(case, standing, person):
        return None
    for seat in open_places:
        delegate = case.people.stand_in(seat.person, now)
        if delegate and case.people.same(delegate, person):
            return seat
    escalated = any(case.people.same(seat.person, person) for seat in _escalated(standing))
    return open_places[0] if escalated and open_places else None


def has_answered(case: Case, standing: Round, person: str, stage: int | None = None) -> bool:
    """Say whether this person answered in this round or stage, in whatever place."""
    return any(
        case.people.same(each.responder.name, person)
        for each in standing.responses
        if stage in (None, each.stage)
    )


def is_involved(case: Case, standing: Round, person: str, now: datetime) -> bool:
    """Say whether this person is, was or will be asked, so that they may see the text."""
    if case.is_barred(person):
        return False
    known = [name for seat in standing.seats for name in (seat.person, seat.instead_of) if name]
    known += [each.responder.name for each in standing.responses] + standing.notified
    at = min(now, standing.closed_at or now)  # who stands in later was not asked
    known += [case.people.stand_in(seat.person, at) or "" for seat in standing.seats]
    return any(case.people.same(name, person) for name in known if name)


def awaited(case: Case, standing: Round, now: datetime) -> list[Awaited]:
    """List who may answer now, each once: holders of open places, delegates, escalated people."""
    if standing.outcome:
        return []
    found: dict[str, Awaited] = {}
    open_places = free(standing)
    for seat in open_places:
        if place_of(case, standing, seat.person, now) is seat:
            found[seat.person.casefold()] = Awaited(seat.person, seat.since)
    for seat in open_places:
        delegate = case.people.stand_in(seat.person, now)
        if delegate and place_of(case, standing, delegate, now) is seat:
            waiting = Awaited(delegate, seat.since, on_behalf_of=seat.person)
            found.setdefault(delegate.casefold(), waiting)
    for seat in _escalated(standing):
        if place_of(case, standing, seat.person, now) is not None:
            found.setdefault(seat.person.casefold(), Awaited(seat.person, seat.since))
    return list(found.values())


def _escalated(standing: Round) -> list[Seat]:
    return [seat for seat in standing.seats if seat.source == "escalated"]


def _refuse_impossible(stage: Stage, assigned: list[str]) -> None:
    if not assigned:
        raise Invalid(
            "Nobody is left to sign: who asks may not, and no one else is assigned. Where an object"
            " id asks that people.yaml does not have, those without `id` there may not either.",
            field="requestor",
        )
    needed = stage.approvals or 1
    if stage.type not in (FIRST, EVERYONE) and needed > len(assigned):
        raise Invalid(
            f"{needed} must approve, but only {len(assigned)} may sign.", field="requestor"
        )
