"""Owns the lists of approvals and runs: rows that point to them, newest first.

A list is a hint for finding things. It may run a moment behind, so whoever reads it looks at the
run itself before showing anything of it.
"""

import hashlib
from collections.abc import Iterable
from datetime import datetime

import msgspec

from signpost.ledger import Ledger
from signpost.people import Directory
from signpost.records import Round, Run

EVERYTHING = "all"
WAITING = "waiting"  # open rounds of everybody, oldest first
END_OF_TIME = 9_999_999_999  # seconds since 1970; what is left until then sorts newest first


class Pointer(msgspec.Struct, frozen=True):
    """Where a listed thing is; `round` is 0 for a run as a whole."""

    run: str
    round: int


class Waiting(msgspec.Struct, frozen=True):
    """An open round, and the flow of its run."""

    run: str
    round: int
    flow: str


class Page(msgspec.Struct, frozen=True):
    """Some of a list; `after` is where the next page begins, None at the end."""

    pointers: list[Pointer]
    after: str | None


def received(person: str) -> str:
    """Name the list of rounds that wait for a person."""
    return f"received-{_key(person)}"


def history(person: str) -> str:
    """Name the list of rounds that are over and that a person was asked in."""
    return f"history-{_key(person)}"


def sent(person: str) -> str:
    """Name the list of runs that a person asked for."""
    return f"sent-{_key(person)}"


async def started(ledger: Ledger, run: Run) -> None:
    """List a new run."""
    row, body = _row(run.created_at, run.id), msgspec.json.encode(Pointer(run.id, 0))
    await ledger.insert(EVERYTHING, row, body)
    if run.requestor:
        await ledger.insert(sent(run.requestor), row, body)


async def asked(ledger: Ledger, run: str, standing: Round, people: Iterable[str]) -> None:
    """List an open round for those who are asked in it."""
    for person in people:
        await _insert(ledger, received(person), run, standing)


async def opened(ledger: Ledger, run: Run, standing: Round) -> None:
    """List a round that waits for somebody, for who counts them."""
    body = msgspec.json.encode(Waiting(run.id, standing.number, run.flow.name))
    await ledger.insert(WAITING, _oldest_first(run.id, standing), body)


async def over(
    ledger: Ledger, run: str, standing: Round, directory: Directory, now: datetime
) -> None:
    """Move a round that is over from what waits for its people to what they did.

    Delegates were listed without a place of their own, so they are looked up.
    """
    await ledger.delete(WAITING, _oldest_first(run, standing))
    named = [seat.person for seat in standing.seats] + standing.notified
    named += [seat.instead_of for seat in standing.seats if seat.instead_of]
    named += [each.responder.name for each in standing.responses]
    named += [directory.stand_in(seat.person, now) or seat.person for seat in standing.seats]
    for person in {name.casefold() for name in named}:
        await _insert(ledger, history(person), run, standing)
        await ledger.delete(received(person), _row(standing.request_date, run, standing.number))


async def page(ledger: Ledger, partition: str, after: str, limit: int) -> Page:
    """Read up to `limit` entries of a list, newest first, from where `after` ended."""
    rows = await ledger.page(partition, after, limit)
    pointers = [msgspec.json.decode(entry.body, type=Pointer) for _, entry in rows]
    return Page(pointers, rows[-1][0] if len(rows) == limit else None)


async def waiting(ledger: Ledger, limit: int) -> list[Waiting]:
    """Read which rounds wait, up to so many of the oldest."""
    rows = await ledger.page(WAITING, "", limit)
    return [msgspec.json.decode(entry.body, type=Waiting) for _, entry in rows]


async def _insert(ledger: Ledger, partition: str, run: str, standing: Round) -> None:
    row = _row(standing.request_date, run, standing.number)
    await ledger.insert(partition, row, msgspec.json.encode(Pointer(run, standing.number)))


def _row(at: datetime, run: str, number: int = 0) -> str:
    return f"{END_OF_TIME - int(at.timestamp()):010d}-{run}-{number}"


def _oldest_first(run: str, standing: Round) -> str:
    return f"{int(standing.request_date.timestamp()):010d}-{run}-{standing.number}"


def _key(person: str) -> str:
    """Hash a name, since keys of Azure Tables can't hold all letters of one."""
    return hashlib.sha256(person.casefold().encode()).hexdigest()[:32]
