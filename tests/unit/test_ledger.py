"""Every ledger keeps these promises; the stores differ only in how one is opened."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from signpost.ledger import Ledger, change, open_ledger, read, write_once
from signpost.ledger.sqlite import SqliteLedger

Opener = Callable[[], Ledger]


class Tally(msgspec.Struct, frozen=True):
    """A row for tests."""

    count: int


@pytest.fixture
def opener(tmp_path: Path) -> Iterator[Opener]:
    """Open the same store as often as a test likes, as several processes would."""
    opened: list[SqliteLedger] = []

    def open_it() -> Ledger:
        opened.append(SqliteLedger(str(tmp_path / "new folder" / "ledger.db")))
        return opened[-1]

    yield open_it
    for one in opened:
        one.close()


@pytest.fixture
def store(opener: Opener) -> Ledger:
    """Open an empty store."""
    return opener()


async def test_nothing_is_there_at_first(store: Ledger) -> None:
    """A row that nobody wrote is None, and a partition without rows is empty."""
    assert await store.get("run", "row") is None
    assert await store.rows("run") == {}


async def test_what_is_inserted_is_there(store: Ledger) -> None:
    """Bytes come back as they were given, of any kind."""
    assert await store.insert("run", "row", b"\x00\xff")
    entry = await store.get("run", "row")
    assert entry is not None
    assert entry.body == b"\x00\xff"


async def test_insert_does_not_overwrite(store: Ledger) -> None:
    """The first insert stays, and the second is told."""
    assert await store.insert("run", "row", b"1")
    assert not await store.insert("run", "row", b"2")
    assert (await store.rows("run"))["row"].body == b"1"


async def test_partitions_and_rows_are_apart(store: Ledger) -> None:
    """The same row in another partition is another row, by exact letters."""
    for partition, row in [("a", "r"), ("a", "R"), ("b", "r"), ("a%", "r"), ("a\0", "r")]:
        assert await store.insert(partition, row, row.encode())
    assert (await store.rows("a")).keys() == {"r", "R"}


async def test_replace_needs_the_etag(store: Ledger) -> None:
    """A row changes only for who saw it as it is."""
    await store.insert("run", "row", b"1")
    first = await store.get("run", "row")
    assert first is not None
    assert await store.replace("run", "row", b"2", first.etag)
    assert not await store.replace("run", "row", b"3", first.etag)
    assert (await store.rows("run"))["row"].body == b"2"


async def test_replace_does_not_insert(store: Ledger) -> None:
    """A row that is not there can't be replaced."""
    assert not await store.replace("run", "row", b"1", "1")
    assert await store.get("run", "row") is None


async def test_the_same_bytes_make_a_new_etag(store: Ledger) -> None:
    """A row that changed and changed back is not the row that was seen."""
    await store.insert("run", "row", b"1")
    first = (await store.rows("run"))["row"].etag
    await store.replace("run", "row", b"1", first)
    assert not await store.replace("run", "row", b"2", first)


async def test_two_connections_share_one_store(opener: Opener) -> None:
    """What one process writes, the other sees, and its stale etag is refused."""
    here, there = opener(), opener()
    await here.insert("run", "row", b"1")
    seen = await there.get("run", "row")
    assert seen is not None
    assert await here.replace("run", "row", b"2", seen.etag)
    assert not await there.replace("run", "row", b"3", seen.etag)


async def test_rows_survive_a_reopening(opener: Opener) -> None:
    """A new process finds what was written, under the same etag."""
    before = opener()
    await before.insert("run", "row", b"1")
    assert await opener().rows("run") == await before.rows("run")


def in_threads(writers: list[Coroutine[Any, Any, bool]]) -> Awaitable[list[bool]]:
    """Let every writer run in a thread of its own, at once."""
    return asyncio.gather(*(asyncio.to_thread(asyncio.run, each) for each in writers))


async def test_fifty_inserts_have_one_winner(opener: Opener) -> None:
    """Of 50 concurrent claims over 5 connections exactly one counts."""
    stores = [opener() for _ in range(5)]
    writers = [stores[n % 5].insert("run", "row", b"%d" % n) for n in range(50)]
    assert sorted(await in_threads(writers)) == [False] * 49 + [True]


async def test_fifty_replacements_have_one_winner(opener: Opener) -> None:
    """Of 50 concurrent changes to what all saw exactly one counts."""
    stores = [opener() for _ in range(5)]
    await stores[0].insert("run", "row", b"")
    entry = await stores[0].get("run", "row")
    assert entry is not None
    writers = [stores[n % 5].replace("run", "row", b"x", entry.etag) for n in range(50)]
    assert sorted(await in_threads(writers)) == [False] * 49 + [True]


async def test_no_change_is_lost(opener: Opener) -> None:
    """50 concurrent increments through `change` add up to 50."""
    stores = [opener() for _ in range(5)]
    await write_once(stores[0], "run", "row", Tally(0))

    async def add(store: Ledger) -> bool:
        after = await change(store, "run", "row", Tally, lambda tally: Tally(tally.count + 1))
        return after.count > 0

    await in_threads([add(stores[n % 5]) for n in range(50)])
    assert await read(stores[0], "run", "row", Tally) == Tally(50)


async def test_an_unchanged_row_is_not_written(store: Ledger) -> None:
    """A decision that gives the row back as it is keeps its etag."""
    await write_once(store, "run", "row", Tally(0))
    before = await store.rows("run")
    await change(store, "run", "row", Tally, lambda tally: tally)
    assert await store.rows("run") == before


async def test_a_refused_change_writes_nothing(store: Ledger) -> None:
    """What the decision raises reaches the caller, and the row stays."""
    await write_once(store, "run", "row", Tally(0))
    with pytest.raises(ZeroDivisionError):
        await change(store, "run", "row", Tally, lambda tally: Tally(1 // tally.count))
    assert await read(store, "run", "row", Tally) == Tally(0)


async def test_a_missing_row_is_not_changed(store: Ledger) -> None:
    """Changing what is not there is an error of the caller."""
    with pytest.raises(LookupError):
        await change(store, "run", "row", Tally, lambda tally: tally)


async def test_write_once_gives_what_stands(store: Ledger) -> None:
    """The second writer learns what the first wrote; the first gets its own object back."""
    first = Tally(1)
    assert await write_once(store, "run", "row", first) is first
    assert await write_once(store, "run", "row", Tally(2)) == first


def test_a_process_opens_its_ledger_once(tmp_path: Path) -> None:
    """All callers of one process share a connection."""
    where = f"sqlite:{tmp_path}/ledger.db"
    opened = open_ledger(where)
    assert open_ledger(where) is opened
    assert isinstance(opened, SqliteLedger)
    opened.close()
