"""Owns the ledger: rows with compare-and-set, which decide what happened.

A ledger is dumb on purpose. It knows partitions, rows, bytes and etags; every rule about who
may sign what lives in `signpost.oversight`, once, for all stores.
"""

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import NamedTuple, Protocol, TypeVar

import msgspec

LARGEST_BODY = 900_000  # bytes; Azure Tables takes 1 MiB with names and all
NAME = r"[^/\\#?\x00-\x1f\x7f-\U0010ffff]{1,256}"  # what a key of Azure Tables may be


class LedgerAway(Exception):  # noqa: N818 - it says what is the case
    """The store can't be reached or can't write now; the message says why.

    What was asked may or may not have been written: only reading it again tells.
    """


class Entry(NamedTuple):
    """A row's bytes, and the etag that a replacement must name."""

    body: bytes
    etag: str


class Ledger(Protocol):
    """A durable store of small rows, in which every write is conditional.

    What `check` refuses raises ValueError. Everything raises LedgerAway while the store is away.
    """

    async def get(self, partition: str, row: str) -> Entry | None:
        """Give one row, or None."""
        ...

    async def rows(self, partition: str) -> Mapping[str, Entry]:
        """Give all rows of a partition, by name."""
        ...

    async def insert(self, partition: str, row: str, body: bytes) -> bool:
        """Write a row that must not exist yet; False when it does."""
        ...

    async def replace(self, partition: str, row: str, body: bytes, etag: str) -> bool:
        """Write a row that must still have this etag; False when it has not."""
        ...

    async def page(self, partition: str, after: str, limit: int) -> list[tuple[str, Entry]]:
        """Give up to `limit` rows whose names come after `after`, in the order of code points."""
        ...

    async def delete(self, partition: str, row: str) -> None:
        """Take a row away, whether it is there or not."""
        ...

    async def scrub(self) -> None:
        """Leave nothing behind of what was deleted or replaced, as far as the store can."""
        ...


def check(partition: str, row: str, body: bytes = b"") -> None:
    """Raise ValueError for what one of the stores could not keep: odd names, huge bodies."""
    for name in (partition, row):
        if not re.fullmatch(NAME, name):
            raise ValueError(f"{name!r} can't name a row: use ASCII without / \\ # ? or controls")
    if len(body) > LARGEST_BODY:
        raise ValueError(f"row {row} has {len(body)} bytes, but {LARGEST_BODY} is the most")


R = TypeVar("R", bound=msgspec.Struct)


async def read(ledger: Ledger, partition: str, row: str, kind: type[R]) -> R | None:
    """Give a row as its type, or None."""
    entry = await ledger.get(partition, row)
    return msgspec.json.decode(entry.body, type=kind) if entry else None


async def write_once(ledger: Ledger, partition: str, row: str, record: R) -> R:
    """Write a row unless it exists, and give what stands there now."""
    if await ledger.insert(partition, row, msgspec.json.encode(record)):
        return record
    standing = await read(ledger, partition, row, type(record))
    if standing is None:
        raise LookupError(f"the row {row} was there and is gone")
    return standing


async def put(ledger: Ledger, partition: str, row: str, record: msgspec.Struct) -> None:
    """Write a row whatever stood there; only for rows that have one writer at a time."""
    body = msgspec.json.encode(record)
    while not await ledger.insert(partition, row, body):
        entry = await ledger.get(partition, row)
        if entry and await ledger.replace(partition, row, body, entry.etag):
            return


async def change(
    ledger: Ledger, partition: str, row: str, kind: type[R], decide: Callable[[R], R]
) -> R:
    """Apply a decision to a row, again on what another writer left, until the write counts.

    `decide` gives the row as it shall be, the very same object when nothing changes, or raises
    what the caller shall hear. Raises LookupError when there is no such row.
    """
    while True:
        entry = await ledger.get(partition, row)
        if entry is None:
            raise LookupError(f"there is no row {row}")
        before = msgspec.json.decode(entry.body, type=kind)
        after = decide(before)
        if after is before:
            return before
        if await ledger.replace(partition, row, msgspec.json.encode(after), entry.etag):
            return after


@cache
def open_ledger(where: str) -> Ledger:
    """Give the ledger that SIGNPOST_LEDGER names, one a process; it connects when it is used."""
    kind, _, place = where.partition(":")
    if kind == "tables":
        from signpost.ledger.tables import TablesLedger  # noqa: PLC0415 - only the store in use

        return TablesLedger(place)
    from signpost.ledger.sqlite import SqliteLedger  # noqa: PLC0415 - only the store in use

    return SqliteLedger(place)
