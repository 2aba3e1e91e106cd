"""Owns the line in front of the model: who may call it when, at the deployment's rate.

Exact across instances, since one row that is changed by compare-and-set decides: no minute,
wherever it begins, has more calls than the rate, nor more tokens (as estimated), and none is
called before a hold's end. Clocks that are s seconds apart let the same in 60 - s seconds, and
what passes between `wait_for` and the request is not seen: it may differ by MARGIN from call to
call. Order is kept among all who come back within SLACK of the time they were told; who comes
later is let in next, before all behind it.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import msgspec
from msgspec.structs import replace

from signpost.allowances import Allowances
from signpost.ledger import Ledger, change

PARTITION, ROW = "pacing", "line"
MICROSECOND, SECOND = timedelta(microseconds=1), 1_000_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# How late a call may be without making a minute too full or anybody wait: the calls of a minute
# are spread over so much more.
SLACK = 2 * SECOND
MINUTE = 60 * SECOND
MARGIN = SECOND  # how much longer one call may take to reach the service than another
LONGEST_GRACE = 64 * SECOND
LONGEST_HOLD = timedelta(days=1)
FURTHEST = LONGEST_HOLD // MICROSECOND + 2 * MINUTE  # ahead of now; beyond it a clock was wrong
MOST_WAITING = 10_000  # the rest wait unlisted, since a row holds no more than 900,000 bytes


class Waiting(msgspec.Struct, frozen=True, array_like=True):
    """Who was told to come back at `due`, for a slot of the length `cost`.

    All numbers are microseconds, of a time since 1970: whole, so nothing is ever rounded.
    """

    place: int
    cost: int
    due: int
    grace: int = SLACK

    def is_expected(self, now: int) -> bool:
        """Say whether it may still come, so that who is behind waits for it."""
        return now <= self.due + self.grace

    def next_grace(self, now: int) -> int:
        """Give twice the time that it is late by: who is late always gets a turn as well."""
        return max(SLACK, min(2 * (now - self.due), LONGEST_GRACE))


class Line(msgspec.Struct, frozen=True):
    """The row: who waits, in order, and from when on the next one may call.

    `last` is the last place that was given; `cost` the length of the last slot; `spent` the
    tokens of the last minute by the second, and is empty where tokens have no limit.
    """

    last: int = 0
    ready: int = 0
    cost: int = 0
    waiting: list[Waiting] = []
    spent: list[tuple[int, int]] = []


async def join(ledger: Ledger, allowances: Allowances, tokens: int, now: datetime) -> float | None:
    """Take a place at the end of the line; None when no rate is set.

    `tokens` are those of the prompt and of the largest answer. A place is a whole number, and
    nobody else's. It is the instant of joining, so that the order outlives a row that is lost.
    """
    if (cost := _cost(allowances, tokens)) is None:
        return None
    at = _micros(now)

    def joined(line: Line) -> Line:
        place = max(line.last + 1, at)
        return _noted(replace(line, last=place), Waiting(place, cost, at), at)

    return (await _change(ledger, at, joined)).last


async def wait_for(
    ledger: Ledger, allowances: Allowances, place: float, tokens: int, now: datetime
) -> timedelta:
    """Say how long a place has to wait before it asks again; zero: call now, once.

    Zero counts as a call. `now` is to be the time of the call itself. A place that was given up
    costs its slot at most, and one that was let in may ask again: it comes first then.
    """
    if (cost := _cost(allowances, tokens)) is None:
        return timedelta()
    at, due = _micros(now), 0

    def asked(line: Line) -> Line:
        nonlocal due
        due = _due(line, int(place), tokens, allowances.tokens_per_minute, at)
        if due <= at:
            return _let_in(line, Waiting(int(place), cost, at), tokens, allowances)
        grace = next((w.next_grace(at) for w in line.waiting if w.place == place), SLACK)
        return _noted(line, Waiting(int(place), cost, due, grace), at)

    await _change(ledger, at, asked)
    return max(due - at, 0) * MICROSECOND


async def step_in(ledger: Ledger, allowances: Allowances, tokens: int, now: datetime) -> timedelta:
    """Call at once where nobody has to wait for it, without a place; else say how long it is.

    Zero counts as a call, and what has to wait is not noted: it may be given up.
    """
    if (cost := _cost(allowances, tokens)) is None:
        return timedelta()
    at, due = _micros(now), 0

    def asked(line: Line) -> Line:
        nonlocal due
        place = max(line.last + 1, at)
        due = _due(line, place, tokens, allowances.tokens_per_minute, at)
        if due > at:
            return line
        return _let_in(replace(line, last=place), Waiting(place, cost, at), tokens, allowances)

    await _change(ledger, at, asked)
    return max(due - at, 0) * MICROSECOND


async def hold(ledger: Ledger, place: float | None, until: datetime, now: datetime) -> None:
    """Let nobody call before `until`, since the service asked so; this place comes first then.

    The hold lasts a day at most. Without a place there is no line, and nothing to hold.
    """
    if place is None:
        return
    at, end = _micros(now), _micros(min(until, now + LONGEST_HOLD))

    def held(line: Line) -> Line:
        line = replace(line, ready=max(line.ready, end))
        return _noted(line, Waiting(int(place), line.cost, end), at)

    await _change(ledger, at, held)


def _cost(allowances: Allowances, tokens: int) -> int | None:
    """Give the slot that a call takes: its share of a minute, and never more than all of it."""
    shares = [
        (part, whole)
        for part, whole in (
            (1, allowances.requests_per_minute),
            (tokens, allowances.tokens_per_minute),
        )
        if whole is not None
    ]
    return max((-(-(MINUTE + SLACK + MARGIN) * min(p, w) // w) for p, w in shares), default=None)


def _due(line: Line, place: int, tokens: int, limit: int | None, now: int) -> int:
    """Give the time at which a place may call; it may now unless that is later."""
    turn = _turn(line, place, now)
    if turn > now or limit is None:
        return turn
    return _room(line, tokens, limit, now)


def _turn(line: Line, place: int, now: int) -> int:
    """Give the time at which all who are ahead will have called."""
    turn = max(line.ready, now - SLACK)
    for ahead in line.waiting:
        if ahead.place >= place:
            break
        if ahead.is_expected(now):
            turn = (max(turn, ahead.due) if ahead.due > now else turn) + ahead.cost
    return turn


def _room(line: Line, tokens: int, limit: int, now: int) -> int:
    """Give the time at which the last minute has room for so many tokens.

    A call that is larger than a whole minute's goes as well, in a minute of its own.
    """
    total = sum(spent for _, spent in line.spent)
    for second, spent in line.spent:
        if total + tokens <= limit:
            break
        now = max(now, second + SECOND + MINUTE)
        total -= spent
    return now


def _let_in(line: Line, caller: Waiting, tokens: int, allowances: Allowances) -> Line:
    now = caller.due
    spent = {second: n for second, n in line.spent if second + SECOND + MINUTE > now}
    if allowances.tokens_per_minute is not None:
        second = now - now % SECOND
        spent[second] = spent.get(second, 0) + tokens
    return replace(
        line,
        ready=max(line.ready, now - SLACK) + caller.cost,
        cost=caller.cost,
        waiting=_others(line, caller, now),
        spent=sorted(spent.items()),
    )


def _noted(line: Line, caller: Waiting, now: int) -> Line:
    """Put a caller in its order; the last of too many are not listed, and may ask all the same."""
    waiting = sorted([*_others(line, caller, now), caller], key=lambda w: w.place)
    return replace(line, waiting=waiting[:MOST_WAITING])


def _others(line: Line, caller: Waiting, now: int) -> list[Waiting]:
    listed = (w for w in line.waiting if w.place != caller.place)
    return [w for w in listed if now <= w.due + LONGEST_GRACE]


async def _change(ledger: Ledger, now: int, decide: Callable[[Line], Line]) -> Line:
    """Change the line; one that was lost or can't be believed begins anew, so nothing stops it."""

    def decided(line: Line) -> Line:
        return decide(Line() if max(line.last, line.ready) > now + FURTHEST else line)

    while True:
        try:
            return await change(ledger, PARTITION, ROW, Line, decided)
        except LookupError:
            await ledger.insert(PARTITION, ROW, msgspec.json.encode(Line()))
        except (msgspec.DecodeError, UnicodeDecodeError):
            await ledger.delete(PARTITION, ROW)


def _micros(at: datetime) -> int:
    return (at - EPOCH) // MICROSECOND
