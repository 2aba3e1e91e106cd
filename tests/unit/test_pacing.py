"""A place in the line is a promise of a time; storms of them are played elsewhere."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from random import Random
from uuid import uuid4

import msgspec
import pytest

from signpost import pacing
from signpost.allowances import Allowances
from signpost.ledger import Ledger, read
from signpost.ledger.sqlite import SqliteLedger
from signpost.ledger.tables import TablesLedger
from signpost.pacing import PARTITION, ROW, Line, Waiting, hold, join, step_in, wait_for
from tests.builders import NOW
from tests.doubles.azurite import Azurite
from tests.doubles.memory_ledger import MemoryLedger

NO_LIMIT = Allowances()
TEN = Allowances(requests_per_minute=10)
SLOT = 6.3  # seconds: a minute, the slack and the margin, divided by ten
SECOND = timedelta(seconds=1)


@pytest.fixture
def line() -> MemoryLedger:
    """Open an empty ledger."""
    return MemoryLedger(Random(0))


async def placed(ledger: Ledger, now: datetime = NOW, allowances: Allowances = TEN) -> float:
    """Join, and give the place."""
    place = await join(ledger, allowances, 1000, now)
    assert place is not None
    return place


async def wait(ledger: Ledger, place: float, at: float = 0, allowances: Allowances = TEN) -> float:
    """Ask for a turn so many seconds later, and give the seconds to wait."""
    now = NOW + timedelta(seconds=at)
    return (await wait_for(ledger, allowances, place, 1000, now)).total_seconds()


async def standing(ledger: Ledger) -> Line:
    """Read the row."""
    found = await read(ledger, PARTITION, ROW, Line)
    assert found is not None
    return found


async def test_without_a_rate_there_is_no_line(line: MemoryLedger) -> None:
    """Nobody waits, and the ledger isn't asked."""
    assert await join(line, NO_LIMIT, 10**9, NOW) is None
    assert not await wait_for(line, NO_LIMIT, 7.0, 10**9, NOW)
    assert not await step_in(line, NO_LIMIT, 10**9, NOW)
    await hold(line, None, NOW + SECOND, NOW)
    assert line.tried == 0
    assert await line.get(PARTITION, ROW) is None


async def test_the_first_calls_at_once(line: MemoryLedger) -> None:
    """Who finds nobody waiting is told zero; the second comes a slot later, less the slack."""
    first, second = await placed(line), await placed(line)
    assert await wait(line, first) == 0
    assert await wait(line, second) == pytest.approx(SLOT - 2)


async def test_places_are_in_the_order_of_joining(line: MemoryLedger) -> None:
    """Also of those who join in the same moment, or by a clock that is behind."""
    moments = [NOW, NOW, NOW - 5 * SECOND, NOW + SECOND]
    places = [await placed(line, now) for now in moments]
    assert places == sorted(set(places))


async def test_a_place_survives_json(line: MemoryLedger) -> None:
    """It is a whole number that a double holds exactly, for the next 200 years."""
    place = await placed(line, NOW.replace(year=2226))
    assert msgspec.json.decode(msgspec.json.encode(place), type=float) == place
    assert place + 1 != place == int(place)


async def test_nobody_calls_before_who_is_expected(line: MemoryLedger) -> None:
    """The second in line waits while the first may still come."""
    places = [await placed(line) for _ in range(3)]
    waits = [await wait(line, place) for place in places]
    assert await wait(line, places[2], waits[1]) == pytest.approx(SLOT)
    assert await wait(line, places[1], waits[1] + 1) == 0


async def test_who_does_not_come_is_not_waited_for(line: MemoryLedger) -> None:
    """The third calls at its own time, whatever became of the second."""
    places = [await placed(line) for _ in range(3)]
    waits = [await wait(line, place) for place in places]
    assert await wait(line, places[2], waits[2]) == 0
    assert await wait(line, places[1], waits[2] + 1) == pytest.approx(SLOT - 3)


async def test_a_late_return_shifts_nobody_when_nobody_waits(line: MemoryLedger) -> None:
    """A draft that comes back after a day calls at once."""
    places = [await placed(line) for _ in range(2)]
    assert [await wait(line, place) > 0 for place in places] == [False, True]
    assert await wait(line, places[1], 86_400) == 0


async def test_the_same_place_calls_again_in_its_turn(line: MemoryLedger) -> None:
    """A draft's second try is a call like any other, and comes before those behind it."""
    first, second = await placed(line), await placed(line)
    assert await wait(line, first) == 0
    assert await wait(line, first, 1) > 0
    assert await wait(line, second, 1) == pytest.approx(2 * SLOT - 3)


async def test_a_refused_place_comes_first_after_the_hold(line: MemoryLedger) -> None:
    """The service's wait is everybody's, and the order stays."""
    first, second = await placed(line), await placed(line)
    await wait(line, first)
    await hold(line, first, NOW + 30 * SECOND, NOW + SECOND)
    assert await wait(line, second, 2) == pytest.approx(28 + SLOT)
    assert await wait(line, second, 29.9) > 0
    assert await wait(line, first, 30) == 0
    assert await wait(line, second, 30) > 0


async def test_a_shorter_hold_does_not_end_a_longer_one(line: MemoryLedger) -> None:
    """Of two waits that the service asks for the later end counts."""
    place = await placed(line)
    await hold(line, place, NOW + 60 * SECOND, NOW)
    await hold(line, place, NOW + SECOND, NOW)
    assert await wait(line, place, 59.9) == pytest.approx(0.1)
    assert await wait(line, place, 60) == 0


async def test_a_hold_ends_after_a_day(line: MemoryLedger) -> None:
    """An absurd Retry-After doesn't stop the app for good."""
    place = await placed(line)
    await hold(line, place, NOW.replace(year=9999), NOW)
    assert await wait(line, place) == 86_400
    assert await wait(line, place, 86_400) == 0


async def test_a_lost_row_keeps_the_order(line: MemoryLedger) -> None:
    """Those who stood in line keep their order among each other, before all who come later."""
    first, second = await placed(line), await placed(line)
    await line.delete(PARTITION, ROW)
    third = await placed(line, NOW + SECOND)
    assert third > second
    waits = [await wait(line, place, 1) for place in (first, second, third)]
    assert waits == pytest.approx([0, SLOT - 2, 2 * SLOT - 2])


async def test_a_first_call_may_reach_the_service_late(line: MemoryLedger) -> None:
    """Of a rate of ten the eleventh comes a second after the minute that begins with the first."""
    places = [await placed(line) for _ in range(11)]
    assert [await wait(line, place) for place in places][10] == pytest.approx(61)


async def test_new_limits_count_from_the_next_call(line: MemoryLedger) -> None:
    """A place from before a restart is kept, at the rate that is set now."""
    faster = Allowances(requests_per_minute=62)
    places = [await placed(line) for _ in range(3)]
    assert await wait(line, places[0]) == 0
    assert await wait(line, places[1], SLOT, faster) == 0
    assert await wait(line, places[2], SLOT, faster) == 0
    assert await wait(line, places[0], 2 * SLOT, NO_LIMIT) == 0


async def test_the_wait_of_one_ahead_is_waited_for(line: MemoryLedger) -> None:
    """Who is behind a call for which a minute has no room is told a time after it."""
    narrow = Allowances(tokens_per_minute=10_000)
    first, second, third = [await placed(line, allowances=narrow) for _ in range(3)]
    assert not await wait_for(line, Allowances(tokens_per_minute=100_000), first, 9500, NOW)
    assert await wait(line, second, 5, narrow) == 56
    assert await wait(line, third, 5, narrow) == pytest.approx(56 + SLOT)


async def test_a_huge_call_stops_the_line_for_a_minute_only(line: MemoryLedger) -> None:
    """A limit that was set too small by mistake leaves nothing behind that lasts."""
    tiny = Allowances(tokens_per_minute=1)
    place = await placed(line, allowances=tiny)
    assert await wait(line, place, 0, tiny) == 0
    assert await wait(line, await placed(line), 62) == 0


async def test_a_trial_steps_in_where_nobody_waits(line: MemoryLedger) -> None:
    """It counts as a call; and where it has to wait, nothing is noted and nobody is behind it."""
    assert not await step_in(line, TEN, 1000, NOW)
    before = await standing(line)
    assert (await step_in(line, TEN, 1000, NOW)).total_seconds() == pytest.approx(SLOT - 2)
    assert await standing(line) == before
    await wait(line, await placed(line))
    assert (await step_in(line, TEN, 1000, NOW)).total_seconds() == pytest.approx(2 * SLOT - 2)


async def test_the_row_forgets_who_is_gone(line: MemoryLedger) -> None:
    """Places that were given up are off the row two minutes later, tokens as well."""
    both = Allowances(requests_per_minute=60, tokens_per_minute=100_000)
    for n in range(50):
        place = await placed(line, NOW + n * SECOND, both)
        if n % 2:
            await wait(line, place, n, both)
    assert len((await standing(line)).waiting) == 25
    await wait(line, await placed(line, NOW + 300 * SECOND, both), 300, both)
    row = await standing(line)
    assert row.waiting == []
    assert len(row.spent) == 1


async def test_a_line_too_long_for_its_row_is_served(line: MemoryLedger) -> None:
    """Who is not listed any more is told the same wait, and the row stays small enough."""
    start = pacing._micros(NOW)
    many = [Waiting(start + n, 6_300_000, start + 6_300_000 * n) for n in range(10_000)]
    full = msgspec.json.encode(Line(last=start + 10_000, ready=start, waiting=many))
    assert await line.insert(PARTITION, ROW, full)
    place = await placed(line)
    assert await wait(line, place) == pytest.approx(10_000 * SLOT)
    assert len((await standing(line)).waiting) == 10_000
    assert await wait(line, place, 11_000 * SLOT) == 0


async def test_a_clock_that_ran_ahead_stops_nobody(line: MemoryLedger) -> None:
    """A call a year ahead of its time is forgotten when time is told rightly again."""
    year = 365 * 24 * 3600
    ahead = await placed(line, NOW + year * SECOND)
    assert await wait(line, ahead, year) == 0
    assert await wait(line, await placed(line)) == 0
    assert await wait(line, await placed(line)) == pytest.approx(SLOT - 2)


@pytest.mark.parametrize("body", [b"{", b'{"ready": "now"}', b"\xff"])
async def test_a_line_that_cannot_be_read_begins_anew(line: MemoryLedger, body: bytes) -> None:
    """One broken row does not fail every run."""
    assert await line.insert(PARTITION, ROW, body)
    assert await wait(line, await placed(line)) == 0


async def test_fifty_at_once_get_through(line: MemoryLedger) -> None:
    """Each write that another's got ahead of is tried again, on average less than ten times."""
    places = await asyncio.gather(*(placed(line) for _ in range(50)))
    waits = await asyncio.gather(*(wait(line, place) for place in places))
    assert sorted(waits) == pytest.approx([max(n * SLOT - 2, 0) for n in range(50)], abs=0.001)
    assert line.lost < 10 * 100


@pytest.fixture(params=["sqlite", "tables"])
async def stores(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[list[Ledger]]:
    """Open one store five times, as five instances would."""
    if request.param == "sqlite":
        yield [SqliteLedger(str(tmp_path / "ledger.db")) for _ in range(5)]
        return
    with Azurite(service="table") as azurite:
        table = f"t{uuid4().hex}"
        opened = [TablesLedger(azurite.connection, table) for _ in range(5)]
        yield list(opened)
        for store in opened:
            await store.close()


async def test_drafts_of_five_instances_share_a_rate(stores: list[Ledger]) -> None:
    """In both stores each gets a time of its own, a slot apart."""
    turn = count()

    async def draft() -> float:
        store = stores[next(turn) % 5]
        return await wait(store, await placed(store))

    waits = sorted(await asyncio.gather(*(draft() for _ in range(20))))
    assert waits[0] == 0
    assert waits[1:] == pytest.approx([n * SLOT - 2 for n in range(1, 20)], abs=0.001)
