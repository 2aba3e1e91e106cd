"""Whatever people and time do in whatever order, a round keeps to a second, plain account of it."""

from datetime import timedelta
from functools import cache
from itertools import product
from typing import Any, NamedTuple

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from signpost.oversight import seats, steering, upkeep
from signpost.people import Delegate, Directory, Person
from signpost.policy import Stage
from signpost.problems import Invalid, Problem
from signpost.records import Round
from tests.builders import MEGAN, NOW
from tests.unit.oversight.signing import DAY, DEADLINE, HOUR, Signing

FIRST, EVERYONE = "Approve/Reject - First to respond", "Approve/Reject - Everyone must approve"
QUORUM, SEQUENTIAL = "Approve/Reject - Quorum", "Sequential approval"
ONE = "Custom Responses - Wait for one response"
ALL = "Custom Responses - Wait for all responses"
CHANGES = "Request changes"
OWN, USUAL = ("Ship", "Ship later", "Hold"), ("Approve", "Reject")
IN_FAVOUR = {"Approve", "Ship", "Ship later"}
POOL = [f"p{n}@contoso.com" for n in range(5)]
ESCALATE_AFTER = 5 * DAY

End = tuple[str, bool]


@cache
def end_of(kind: str, needed: int | None, answers: tuple[str, ...]) -> End:
    """Say what the answers of all who are asked come to, as the type is defined."""
    if kind in (FIRST, ONE):
        return answers[0], answers[0] in IN_FAVOUR
    if kind == ALL:
        outcome = answers[0] if len(set(answers)) == 1 else ", ".join(answers)
        return outcome, set(answers) <= IN_FAVOUR
    approved = answers.count("Approve") >= (needed or len(answers))
    return ("Approve" if approved else "Reject"), approved


@cache
def certain(kind: str, needed: int | None, asked: int, answers: tuple[str, ...]) -> End | None:
    """Say how a stage ends if it ends so whatever the others answer."""
    possible = OWN if kind in (ONE, ALL) else USUAL
    rest = product(possible, repeat=asked - len(answers))
    ends = {end_of(kind, needed, answers + others) for others in rest}
    return ends.pop() if len(ends) == 1 else None


class Plan(NamedTuple):
    """A policy: the stages' types, numbers and people, and what else a flow may say."""

    stages: list[tuple[str, int | None, list[int]]]
    delegates: dict[int, tuple[int, int, int]]  # who, to whom, first day, last day
    requestor: int
    allow_self: bool
    escalate_to: list[int]
    how: str | None

    def open(self) -> Signing:
        """Open a round under this policy. Raises Invalid when nobody could pass it."""
        fields: dict[str, Any] = {"allow_request_changes": True, "require_comment": []}
        kind, needed, people = self.stages[0]
        if len(self.stages) > 1:
            stages: list[Any] = self.stages
            parts = [Stage(type=k, approvals=n, assigned_to=names(p)) for k, n, p in stages]
            fields |= {"type": SEQUENTIAL, "stages": parts}
        else:
            fields |= {"type": kind, "approvals": needed, "assigned_to": names(people)}
        if self.how:
            fields["escalate_to"] = names(self.escalate_to)
            late = self.how == "escalate"
            fields |= {"on_expiry": self.how} if late else {"escalate_after": ESCALATE_AFTER}
        fields |= {"requestor": POOL[self.requestor], "allow_self_approval": self.allow_self}
        return Signing(self.directory(), **fields)

    def directory(self) -> Directory:
        """Build the directory: everybody has an alias, and some have a delegate."""
        start = NOW.date()
        days = {
            who: [Delegate(to=POOL[to], from_=start + a * DAY, until=start + b * DAY)]
            for who, (to, a, b) in self.delegates.items()
        }
        known = [
            Person(email=name, aliases=[f"alias-{name}"], delegates=days.get(n, []))
            for n, name in enumerate(POOL)
        ]
        return Directory(known)


def names(people: list[int]) -> list[str]:
    """Give the addresses of people."""
    return [POOL[n] for n in people]


class Account:
    """The second account of a round: who holds which place, who answered, and until when."""

    def __init__(self, plan: Plan) -> None:
        self.plan, self.barred = plan, set() if plan.allow_self else {plan.requestor}
        self.holders = [[n for n in people if n not in self.barred] for *_, people in plan.stages]
        self.asked = [len(holders) for holders in self.holders]
        self.answers: list[tuple[int, int, int, str]] = []  # stage, who, whose place, answer
        self.deadline, self.escalated = DEADLINE, False
        self.ended: str | None = None

    def pass_time(self, now: timedelta) -> None:
        """Let escalation and deadline come."""
        if self.ended or self.course() is not None:
            return
        at = {"escalate": self.deadline, "after": ESCALATE_AFTER}.get(self.plan.how or "")
        if at is not None and not self.escalated and now >= at:
            self.escalated = True
            self.deadline += DEADLINE if self.plan.how == "escalate" else 0 * DAY
        if now >= self.deadline:
            self.ended = "Expired"

    def course(self) -> End | None:
        """Say how the answers so far end the round, None while they do not."""
        for stage, (kind, needed, _) in enumerate(self.plan.stages):
            given_here = tuple(said for at, _, _, said in self.answers if at == stage)
            if CHANGES in given_here:
                return CHANGES, False
            end = certain(kind, needed, self.asked[stage], given_here)
            if end is None or not end[1] or stage == len(self.plan.stages) - 1:
                return end
        raise AssertionError("the last stage returns")

    @property
    def stage(self) -> int:
        """Count the stages that are passed."""
        for stage, (kind, needed, _) in enumerate(self.plan.stages):
            given_here = tuple(said for at, _, _, said in self.answers if at == stage)
            if certain(kind, needed, self.asked[stage], given_here) is None:
                return stage
        return len(self.plan.stages) - 1

    def open_places(self) -> list[int]:
        """List the holders of this stage's places in which nobody answered."""
        taken = {whose for at, _, whose, _ in self.answers if at == self.stage}
        return [n for n in self.holders[self.stage] if n not in taken]

    def place(self, who: int, now: timedelta) -> int | None:
        """Say in whose place a person may answer at this time."""
        here = {n for at, n, _, _ in self.answers if at == self.stage}
        if self.ended or self.course() is not None or who in self.barred or who in here:
            return None
        if who in self.holders[self.stage]:
            return who if who in self.open_places() else None
        if who in {n for _, n, _, _ in self.answers}:
            return None
        day = (NOW + now).date() - NOW.date()
        for holder in self.open_places():
            to, first, last = self.plan.delegates.get(holder, (None, 0, 0))
            if to == who and first * DAY <= day <= last * DAY:
                return holder
        escalated = self.escalated and who in self.plan.escalate_to
        return self.open_places()[0] if escalated else None


people = st.integers(0, len(POOL) - 1)
several = st.lists(people, min_size=1, max_size=4, unique=True)
quora = several.flatmap(lambda p: st.tuples(st.just(QUORUM), st.integers(1, len(p)), st.just(p)))
stages = st.tuples(st.sampled_from([FIRST, EVERYONE]), st.none(), several) | quora
customs = st.tuples(st.sampled_from([ONE, ALL]), st.none(), several)
days = st.tuples(st.integers(0, 20), st.integers(0, 20)).map(sorted)
plans = st.builds(
    Plan,
    stages=st.lists(stages, min_size=1, max_size=3) | st.lists(customs, min_size=1, max_size=1),
    delegates=st.dictionaries(people, st.tuples(people, days).map(lambda d: (d[0], *d[1]))),
    requestor=people,
    allow_self=st.booleans(),
    escalate_to=several,
    how=st.sampled_from([None, "after", "escalate"]),
)
kinds = st.sampled_from(["answer"] * 20 + ["reassign"] * 3 + ["settle", "extend", "cancel"])
moves = st.lists(
    st.tuples(kinds, people, people, st.integers(0, 9), st.sampled_from([0, 0, 1, 30, 200])),
    min_size=6,
    max_size=40,
)


def answer(signing: Signing, account: Account, who: int, pick: int, now: timedelta) -> None:
    """Answer under any name and with any option; it counts exactly when the account says so."""
    name = (POOL[who], POOL[who].upper(), f"alias-{POOL[who]}")[pick % 3]
    possible = OWN if account.plan.stages[0][0] in (ONE, ALL) else USUAL
    response = CHANGES if pick == 9 else possible[pick % len(possible)]
    stage, place = account.stage, account.place(who, now)
    if place is None:
        signing.refused(name, response, now)
        return
    signing.answer(name, response, now, comments="Why.")
    account.answers.append((stage, who, place, response))
    counted = signing.round.responses[-1]
    known = signing.case.people.same
    assert known(counted.responder.name, POOL[who])
    assert known(counted.on_behalf_of or counted.responder.name, POOL[place])


def reassign(signing: Signing, account: Account, came: int, to: int, now: timedelta) -> None:
    """Hand a place on; it goes exactly when the account says so."""
    answered = {who for _, who, _, _ in account.answers}
    holders = account.holders[account.stage]
    over = account.ended or account.course() is not None
    if over or came not in account.open_places() or to in {*holders, *answered, *account.barred}:
        with pytest.raises(Problem):
            signing.reassign(POOL[came], POOL[to], now)
        return
    signing.reassign(POOL[came], POOL[to], now)
    holders[holders.index(came)] = to


def steer(signing: Signing, account: Account, what: str, now: timedelta) -> None:
    """Settle, extend or cancel; only an open round takes the last two."""
    if what == "settle":
        signing.settle(now, signing.round.slot + 1)
        return
    try:
        if what == "extend":
            signing.extend(account.deadline + 2 * DAY, now)
            account.deadline += 2 * DAY
        else:
            signing.round = steering.cancel(signing.case, NOW + now, MEGAN, signing.round)
            ended = account.ended or account.course()
            account.ended = account.ended if ended else "Canceled"
    except Problem:
        assert account.ended or account.course() is not None


def check(signing: Signing, account: Account, now: timedelta) -> None:
    """Compare a round with the account of it."""
    standing = upkeep.current(signing.case, NOW + now, signing.round)
    end = account.course() or ((account.ended, False) if account.ended else (None, False))
    assert (standing.outcome, standing.signed) == end
    assert (standing.signed_digest() is not None) == end[1]
    here = [each for each in standing.responses if each.stage == standing.stage]
    assert len(seats.free(standing)) + len(here) == account.asked[standing.stage - 1]
    who = [(stage, who) for stage, who, _, _ in account.answers]
    assert len(standing.responses) == len(who) == len(set(who))
    assert not {who for _, who in who} & account.barred
    said = [each.approver_response for each in standing.responses]
    assert said == [said for *_, said in account.answers]
    if standing.outcome is None:
        woken = upkeep.wake_at(signing.case, standing, NOW + now)
        assert timedelta() < woken - (NOW + now) <= timedelta(days=5)
    check_who_may(signing, account, standing, now)


def check_who_may(signing: Signing, account: Account, standing: Round, now: timedelta) -> None:
    """Compare who may answer."""
    allowed = {POOL[n] for n in range(len(POOL)) if account.place(n, now) is not None}
    awaited = seats.awaited(signing.case, standing, NOW + now)
    assert {each.person for each in awaited} == allowed


def move(
    signing: Signing, account: Account, step: tuple[str, int, int, int, int], now: timedelta
) -> None:
    """Let time pass, and do one thing to a round and to the account of it."""
    what, one, other, pick, _ = step
    account.pass_time(now)
    if what == "answer":
        answer(signing, account, one, pick, now)
    elif what == "reassign":
        reassign(signing, account, one, other, now)
    else:
        steer(signing, account, what, now)


def opened(plan: Plan) -> Signing:
    """Open a round, if anybody could pass it."""
    try:
        return plan.open()
    except Invalid:
        reject()


@settings(max_examples=250, derandomize=True)
@given(plans, moves)
def test_any_course_is_as_the_rules_say(
    plan: Plan, steps: list[tuple[str, int, int, int, int]]
) -> None:
    """Who may answer, who counts and how it ends agree with a brute-force account, at each step."""
    signing, account, now = opened(plan), Account(plan), timedelta()
    over = None
    for step in steps:
        now += step[4] * HOUR
        move(signing, account, step, now)
        check(signing, account, now)
        assert over is None or signing.round is over
        over = signing.round if signing.round.outcome else None
