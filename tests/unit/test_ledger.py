"""Every ledger keeps these promises; the stores differ only in how one is opened."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from functools import partial
from inspect import isawaitable
from pathlib import Path
from uuid import uuid4

import msgspec
import pytest
from azure.data.tables.aio import TableClient

from signpost.ledger import LARGEST_BODY, Ledger, change, open_ledger, read, write_once
from signpost.ledger.sqlite import SqliteLedger
from signpost.ledger.tables import TablesLedger
from tests.doubles.azurite import Azurite

Store = SqliteLedger | TablesLedger
Opener = Callable[[], Store]
SEEDS = (0, 3, 38)  # each of these found leftovers in a simpler layout of the file


class Tally(msgspec.Struct, frozen=True):
    """A row for tests."""

    count: int


@pytest.fixture(scope="session")
def azurite() -> Iterator[Azurite]:
    """Run one Azurite for all tests."""
    with Azurite(service="table") as running:
        yield running


async def shut(store: Store) -> None:
    """Close a store of either kind."""
    closing = store.close()
    if isawaitable(closing):
        await closing


@pytest.fixture(params=["sqlite", "tables"])
async def opener(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Opener]:
    """Open the same empty store as often as a test likes, as several processes would."""
    make: Opener = partial(SqliteLedger, str(tmp_path / "ledger.db"))
    if request.param == "tables":
        connection = request.getfixturevalue("azurite").connection
        make = partial(TablesLedger, connection, f"t{uuid4().hex}")
    opened: list[Store] = []

    def open_it() -> Store:
        opened.append(make())
        return opened[-1]

    yield open_it
    for one in opened:
        await shut(one)


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
    for partition, row in [("a", "r"), ("a", "R"), ("b", "r"), ("a'%", "r"), ("a", "a'b c")]:
        assert await store.insert(partition, row, row.encode())
    assert (await store.rows("a")).keys() == {"r", "R", "a'b c"}
    assert (await store.rows("a'%")).keys() == {"r"}
    assert await store.get("a", "a'b c") is not None


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
    await store.insert("run", "other", b"1")
    etag = (await store.rows("run"))["other"].etag
    assert not await store.replace("run", "row", b"1", etag)
    assert await store.get("run", "row") is None


async def test_a_deleted_row_is_gone(store: Ledger) -> None:
    """Deleting takes one row away, and is no error when it is not there."""
    await store.insert("run", "row", b"1")
    await store.insert("run", "rows", b"2")
    for _ in range(2):
        await store.delete("run", "row")
    assert (await store.rows("run")).keys() == {"rows"}


async def test_an_etag_dies_with_its_row(store: Ledger) -> None:
    """Who saw a row before it was deleted can't change the one that came after it."""
    await store.insert("run", "row", b"1")
    seen = (await store.rows("run"))["row"]
    await store.delete("run", "row")
    assert not await store.replace("run", "row", b"2", seen.etag)
    assert await store.insert("run", "row", b"1")
    assert not await store.replace("run", "row", b"2", seen.etag)


async def test_nothing_is_deleted_from_an_empty_store(store: Ledger) -> None:
    """Deleting in a store that was never written to is no error either."""
    await store.delete("run", "row")


# aiohttp warns of a large body, since it takes a while to send
@pytest.mark.filterwarnings("ignore:Sending a large body directly:ResourceWarning")
@pytest.mark.parametrize("size", [0, 1, 59_999, 60_000, 60_001, 200_000, LARGEST_BODY])
async def test_bodies_of_all_sizes_come_back(store: Ledger, size: int) -> None:
    """What is read is what was written, however it had to be cut."""
    body = random.Random(size).randbytes(size)
    assert await store.insert("run", "row", body)
    entry = await store.get("run", "row")
    assert entry is not None
    assert entry.body == body
    assert (await store.rows("run"))["row"] == entry


@pytest.mark.parametrize("sizes", [(200_000, 10), (10, 200_000), (200_000, 0)])
async def test_a_replaced_body_leaves_nothing_behind(store: Ledger, sizes: tuple[int, int]) -> None:
    """A shorter body does not end in what the longer one held, nor the other way round."""
    before, after = (random.Random(size).randbytes(size) for size in sizes)
    await store.insert("run", "row", before)
    assert await store.replace("run", "row", after, (await store.rows("run"))["row"].etag)
    assert (await store.rows("run"))["row"].body == after


async def test_bodies_are_bytes(store: Ledger) -> None:
    """Text of any script, broken UTF-8 and zeros come back as they are."""
    body = "Grüße, 你好 👋 \u202e\0'\"<&".encode() + bytes(range(256))
    await store.insert("run", "row", body)
    assert (await store.rows("run"))["row"].body == body


async def test_a_body_that_no_table_holds_is_refused(store: Ledger) -> None:
    """The limit is told before anything is written, by both stores."""
    too_large = bytes(LARGEST_BODY + 1)
    with pytest.raises(ValueError, match="has 900001 bytes, but 900000 is the most"):
        await store.insert("run", "row", too_large)
    with pytest.raises(ValueError, match="has 900001 bytes"):
        await store.replace("run", "row", too_large, "1")


@pytest.mark.parametrize("name", ["a/b", "a\\b", "a#b", "a?b", "a\tb", "a\x7f", "ä", "", "a" * 257])
async def test_a_name_that_no_table_takes_is_refused(store: Ledger, name: str) -> None:
    """A name that one store could not keep is a mistake in both."""
    with pytest.raises(ValueError, match="can't name a row"):
        await store.insert("run", name, b"1")
    with pytest.raises(ValueError, match="can't name a row"):
        await store.get(name, "row")


async def page_names(store: Ledger, after: str, limit: int) -> list[str]:
    """Return the names of one page of the partition `run`."""
    return [name for name, _ in await store.page("run", after, limit)]


async def test_a_page_is_in_the_order_of_code_points(store: Ledger) -> None:
    """Names are neither compared as numbers nor without their case."""
    names = ["10", "9", "A", "B", "a", "a-1", "a1", "aa", "b"]
    for name in random.Random(1).sample(names, len(names)):
        await store.insert("run", name, name.encode())
    await store.insert("other", "A", b"")
    assert await page_names(store, "", 100) == names
    assert [entry.body.decode() for _, entry in await store.page("run", "", 9)] == names


async def test_pages_join_without_a_gap(store: Ledger) -> None:
    """Each page goes on after the last name of the one before, until there is no more."""
    for n in range(7):
        await store.insert("run", f"row-{n}", b"")
    pages = [await page_names(store, after, 3) for after in ("", "row-2", "row-5", "row-6")]
    assert pages == [
        ["row-0", "row-1", "row-2"],
        ["row-3", "row-4", "row-5"],
        ["row-6"],
        [],
    ]
    assert await page_names(store, "row-10", 1) == ["row-2"]


async def test_an_entry_of_a_page_can_be_replaced(store: Ledger) -> None:
    """Its etag is that of the row."""
    await store.insert("run", "row", b"1")
    [(name, entry)] = await store.page("run", "", 1)
    assert await store.replace("run", name, b"2", entry.etag)


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


async def race(opener: Opener, write: Callable[[Ledger, int], Awaitable[bool]]) -> list[bool]:
    """Let 50 writers write at once, in five threads with a store and a loop each."""

    async def ten(first: int) -> list[bool]:
        store = opener()
        try:
            return await asyncio.gather(*(write(store, n) for n in range(first, first + 10)))
        finally:
            await shut(store)

    threads = [asyncio.to_thread(asyncio.run, ten(first)) for first in range(0, 50, 10)]
    return [won for ten_won in await asyncio.gather(*threads) for won in ten_won]


async def test_fifty_inserts_have_one_winner(opener: Opener) -> None:
    """Of 50 concurrent claims exactly one counts, even while the store is being set up."""
    won = await race(opener, lambda store, n: store.insert("run", "row", b"%d" % n))
    assert won.count(True) == 1
    assert (await opener().rows("run"))["row"].body == b"%d" % won.index(True)


async def test_fifty_replacements_have_one_winner(opener: Opener) -> None:
    """Of 50 concurrent changes to what all saw exactly one counts."""
    await opener().insert("run", "row", b"")
    entry = (await opener().rows("run"))["row"]
    won = await race(opener, lambda store, n: store.replace("run", "row", b"%d" % n, entry.etag))
    assert won.count(True) == 1
    assert (await opener().rows("run"))["row"].body == b"%d" % won.index(True)


async def test_writers_may_erase_at_once(opener: Opener) -> None:
    """Stores that empty their common log at the same time do not disturb each other."""

    async def come_and_go(store: Ledger, n: int) -> bool:
        for _ in range(4):
            await store.insert("run", f"row-{n}", bytes(9000))
            await store.delete("run", f"row-{n}")
            await store.scrub()
        return True

    assert all(await race(opener, come_and_go))
    assert await opener().rows("run") == {}


async def test_no_change_is_lost(opener: Opener) -> None:
    """Concurrent increments through `change` add up."""
    await write_once(opener(), "run", "row", Tally(0))
    stores = [opener() for _ in range(4)]

    async def add(store: Ledger) -> None:
        for _ in range(5):
            await change(store, "run", "row", Tally, lambda tally: Tally(tally.count + 1))

    await asyncio.gather(*(add(store) for store in stores))
    assert await read(stores[0], "run", "row", Tally) == Tally(20)


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


@pytest.mark.parametrize(
    "where,kind",
    [("sqlite:ledger.db", SqliteLedger), ("tables:UseDevelopmentStorage=true", TablesLedger)],
)
def test_a_process_opens_its_ledger_once(where: str, kind: type) -> None:
    """All callers of one process share what the setting names."""
    opened = open_ledger(where)
    assert isinstance(opened, kind)
    assert open_ledger(where) is opened


async def test_more_rows_than_one_answer_holds(azurite: Azurite) -> None:
    """Tables give 1,000 rows at a time; all of them are read."""
    table = f"t{uuid4().hex}"
    client = TableClient.from_connection_string(azurite.connection, table)
    rows = [{"PartitionKey": "run", "RowKey": f"{n:04}"} for n in range(1001)]
    async with client:
        await client.create_table()
        for first in range(0, len(rows), 100):
            await client.submit_transaction([("create", row) for row in rows[first : first + 100]])
    store = TablesLedger(azurite.connection, table)
    assert list(await store.rows("run")) == [row["RowKey"] for row in rows]
    assert [name for name, _ in await store.page("run", "0998", 5)] == ["0999", "1000"]
    assert len(await store.page("run", "", 2000)) == 1001
    await store.close()


def bytes_of(folder: Path) -> bytes:
    """Return all that SQLite keeps of the ledger; its index of the log holds no contents."""
    return b"".join(f.read_bytes() for f in folder.iterdir() if f.suffix != ".db-shm")


def canary(n: int) -> bytes:
    """Return a text that stands for a content to be erased."""
    return b"<canary-%d>" % n


async def write_over(store: Ledger, row: str, body: bytes) -> None:
    """Insert a row, or replace it."""
    if not await store.insert("run", row, body):
        assert await store.replace("run", row, body, (await store.rows("run"))[row].etag)


@pytest.mark.parametrize("seed", SEEDS)
async def test_erased_contents_are_in_no_byte_of_the_files(tmp_path: Path, seed: int) -> None:
    """What was replaced or deleted, of any size and among other rows, can't be dug up."""
    store, rolls = SqliteLedger(str(tmp_path / "ledger.db")), random.Random(seed)
    for n in range(400):
        row = f"row-{rolls.randrange(160)}"
        if rolls.random() < 0.3:
            await store.delete("run", row)
        else:
            await write_over(store, row, canary(n) * rolls.choice([1, 3, 10, 80, 400]))
    await store.scrub()
    kept = b"".join(entry.body for entry in (await store.rows("run")).values())
    found = bytes_of(tmp_path)
    assert [n for n in range(400) if canary(n) in found and canary(n) not in kept] == []
    assert len([n for n in range(400) if canary(n) in found]) > 20
    store.close()
