"""Plays a round as people and time change it, with defaults for all that a test is not about."""

from datetime import date, timedelta
from typing import Any

import pytest

from signpost.oversight import Case, answers, steering, upkeep
from signpost.oversight.seats import awaited
from signpost.people import Delegate, Directory, Person
from signpost.policy import CUSTOM_ALL, CUSTOM_ONE, FIRST, SEQUENTIAL, ResponseOption, Stage
from signpost.problems import Problem
from signpost.records import DraftText, Round
from tests.builders import ADELE, ALEX, MEGAN, NOW, a_draft, a_flow, a_run, said

DIEGO, EVE, FAY = "diego@contoso.com", "eve@contoso.com", "fay@contoso.com"
MOMENT, MINUTE = timedelta(milliseconds=1), timedelta(minutes=1)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
DEADLINE = timedelta(days=30)  # that of a flow that names none, from NOW on
AT_ONCE = timedelta()

SHIP = [
    ResponseOption("Ship", posts=True),
    ResponseOption("Ship later", posts=True),
    ResponseOption("Hold"),
]
STAGES = [
    Stage(assigned_to=[ADELE, ALEX]),
    Stage(assigned_to=[DIEGO, EVE], type="Approve/Reject - Everyone must approve"),
    Stage(assigned_to=[ADELE, DIEGO, FAY], type="Approve/Reject - Quorum", approvals=2),
]


class Signing:
    """One round under a policy with the fields given; what is refused leaves it as it was."""

    def __init__(
        self,
        people: Directory | None = None,
        number: int = 1,
        draft: DraftText | None = None,
        **fields: Any,
    ) -> None:
        asked = {name: fields.pop(name) for name in ("requestor", "inputs") if name in fields}
        kind = fields.get("type", FIRST)
        defaults: dict[str, Any] = {"allow_edits": kind in (FIRST, CUSTOM_ONE)}
        if kind in (CUSTOM_ONE, CUSTOM_ALL):
            defaults |= {"response_options": SHIP, "require_comment": []}
        if kind == SEQUENTIAL:
            defaults |= {"stages": STAGES, "assigned_to": None}
        self.case = Case(a_run(flow=a_flow(**defaults | fields), **asked), people or Directory())
        self.round = upkeep.open_round(self.case, draft or a_draft(), number, NOW)

    def answer(
        self, who: str = ADELE, response: str = "Approve", after: timedelta = AT_ONCE, **fields: Any
    ) -> Round:
        """Answer some time after the round was opened."""
        by = said(who, response, **fields)
        self.round = answers.respond(self.case, NOW + after, by, self.round)
        return self.round

    def refused(
        self, who: str = ADELE, response: str = "Approve", after: timedelta = AT_ONCE, **fields: Any
    ) -> Problem:
        """Give the problem that an answer ends in."""
        with pytest.raises(Problem) as error:
            self.answer(who, response, after, **fields)
        return error.value

    def waiting(self, after: timedelta = AT_ONCE) -> list[str]:
        """List who may answer now."""
        self.round = upkeep.current(self.case, NOW + after, self.round)
        return [each.person for each in awaited(self.case, self.round, NOW + after)]

    def tell(self, *people: str, after: timedelta = AT_ONCE) -> Round:
        """Note that these people were told."""
        self.round = upkeep.notified(self.case, NOW + after, list(people), self.round)
        return self.round

    def untold(self, after: timedelta = AT_ONCE) -> list[str]:
        """List who is to be told now."""
        return upkeep.to_notify(self.case, self.round, NOW + after)

    def settle(self, after: timedelta = AT_ONCE, slot: int = 2) -> Round:
        """Bring the round up to date."""
        self.round = upkeep.settle(self.case, NOW + after, slot, self.round)
        return self.round

    def wakes(self, after: timedelta = AT_ONCE) -> timedelta:
        """Say how long after its opening the round is looked at next."""
        return upkeep.wake_at(self.case, self.round, NOW + after) - NOW

    def reassign(
        self, came: str, to: str, after: timedelta = AT_ONCE, by: str | None = None
    ) -> Round:
        """Hand a place on; nobody by name does it unless a test says who."""
        handover = steering.Handover(by, came, to)
        self.round = steering.reassign(handover, self.case, NOW + after, self.round)
        return self.round

    def extend(self, until: timedelta, after: timedelta = AT_ONCE) -> Round:
        """Move the deadline."""
        moved = steering.Extension(MEGAN, NOW + until)
        self.round = steering.extend(moved, self.case, NOW + after, self.round)
        return self.round


def delegating(person: str, to: str, first: date, last: date, zone: str = "UTC") -> Directory:
    """Build a directory in which one person has a delegate from the first day to the last."""
    absent = Person(
        email=person, time_zone=zone, delegates=[Delegate(to=to, from_=first, until=last)]
    )
    return Directory([absent, Person(email=to)])


def away(*pairs: tuple[str, str]) -> Directory:
    """Build a directory in which people have delegates all year."""
    year = (date(2026, 1, 1), date(2027, 12, 31))
    days = {who: [Delegate(to=to, from_=year[0], until=year[1])] for who, to in pairs}
    return Directory([Person(email=who, delegates=days[who]) for who in days])
