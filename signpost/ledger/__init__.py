"""Owns the ledger: rows with compare-and-set, which decide what happened.

A ledger is dumb on purpose. It knows partitions, rows, bytes and etags; every rule about who
may sign what lives in `signpost.oversight`, once, for all stores.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import NamedTuple, Protocol, TypeVar

import msgspec


class Entry(NamedTuple):
    """A row's bytes, and the etag that a replacement must name."""

    body: bytes
    etag: str


class Ledger(Protocol):
    """A durable store of small rows, in which every write is conditional."""

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
        raise LookupError(f"the row {row} was there and is gone, but rows are never deleted")
    return standing


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
    """Open the ledger that the settings name (`sqlite:/path/ledger.db`), once a process."""
    from signpost.ledger.sqlite import SqliteLedger  # noqa: PLC0415 - only the store in use is loaded

    return SqliteLedger(where.removeprefix("sqlite:"))
