"""Whatever callers do, the line keeps the rate, the order, and everybody's turn."""

from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from signpost.allowances import Allowances
from tests.doubles.memory_ledger import MemoryLedger
from tests.unit.storm import Storm

TEN = Allowances(requests_per_minute=10)
MONTH = 30 * 24 * 3600.0


def a_storm(allowances: Allowances = TEN, seed: int = 0, **behaviour: object) -> Storm:
    """Prepare a storm on a ledger whose callers get in each other's way."""
    random = Random(seed)
    return Storm(MemoryLedger(random), allowances, random, **behaviour)  # type: ignore[arg-type] # each by its name


def at_once(count: int) -> list[tuple[float, int]]:
    """Let so many come at the same moment."""
    return [(0.0, 1000)] * count


async def test_a_storm_of_drafts_goes_at_the_rate() -> None:
    """200 drafts at 10 a minute take 20 minutes, and each is told once when to come back."""
    storm = a_storm()
    await storm.play(at_once(200))
    assert sorted(storm.order) == list(range(200))
    assert storm.fullest_minute() == 10
    assert 19.8 * 60 < storm.calls[-1].at < 21 * 60
    assert max(storm.waits.values()) == 1


async def test_who_comes_first_is_served_first() -> None:
    """Timers that are late by up to two seconds change nothing about the order."""
    storm = a_storm(late=lambda random, _: 1.9 * random.random())
    await storm.play([(n / 2 + 0.1, 1) for n in range(100)])
    places = [storm.places[caller] or 0 for caller in storm.order]
    assert places == sorted(places)
    assert max(storm.waits.values()) <= 3


async def test_a_quiet_hour_is_not_saved_up() -> None:
    """Drafts after a pause come as far apart as all others."""
    storm = a_storm()
    await storm.play([(0.0, 1), *[(3600.0, 1)] * 30])
    assert min(b.at - a.at for a, b in pairwise(storm.calls)) > 4
    assert storm.fullest_minute() == 10


async def test_a_stall_is_not_followed_by_a_burst() -> None:
    """When nothing ran for 10 minutes and all come back at once, each waits for its turn."""
    storm = a_storm(stall=(100, 700))
    await storm.play(at_once(100))
    assert sorted(storm.order) == list(range(100))
    assert storm.fullest_minute() == 10
    assert min(b.at - a.at for a, b in pairwise(storm.calls)) > 4
    assert max(storm.waits.values()) <= 4


async def test_an_hour_of_timers_that_are_late_by_all_kinds() -> None:
    """Late timers cost time and some order, and nobody is asked often or passed over."""
    storm = a_storm(late=lambda random, _: random.expovariate(0.5))
    await storm.play(at_once(150))
    assert sorted(storm.order) == list(range(150))
    assert storm.fullest_minute() <= 10
    assert max(storm.waits.values()) <= 8


async def test_who_is_always_late_gets_a_turn() -> None:
    """Those whose timers are late by 20 seconds each time are not passed over by the punctual."""
    storm = a_storm(late=lambda _, caller: 0.1 if caller % 10 else 20.0)
    await storm.play(at_once(60))
    assert set(storm.order[-6:]) != {0, 10, 20, 30, 40, 50}
    assert max(storm.waits[caller] for caller in range(0, 60, 10)) <= 4


async def test_a_place_that_is_given_up_costs_one_turn() -> None:
    """Whoever is behind it calls when they were told."""
    storm = a_storm(gives_up=0.3)
    await storm.play(at_once(100))
    assert len(storm.gone) > 20
    assert len(storm.calls) + len(storm.gone) == 100
    assert storm.calls[-1].at <= 100 * 6.3
    assert max(storm.waits.values()) == 1


async def test_nobody_calls_while_the_service_asks_to_wait() -> None:
    """A 429 stops all others too; then the refused one comes before those who came later."""
    storm = a_storm(refused=0.1)
    await storm.play(at_once(100))
    assert len(storm.holds) > 5
    assert storm.during_holds() == []
    last = {caller: place for place, caller in enumerate(storm.order)}
    places = [storm.places[caller] or 0 for caller in sorted(last, key=last.__getitem__)]
    assert places == sorted(places)


async def test_a_high_rate_is_used_in_spite_of_late_timers() -> None:
    """At 10 calls a second nobody waits for one that is half a second late."""
    storm = a_storm(Allowances(requests_per_minute=600))
    await storm.play([(n / 20, 1) for n in range(600)])
    assert storm.calls[-1].at < 66
    assert storm.fullest_minute() <= 600


async def test_tokens_have_a_rate_of_their_own() -> None:
    """A minute's tokens are never more than the limit, and small calls don't pass large ones."""
    storm = a_storm(Allowances(tokens_per_minute=10_000))
    sizes = [storm.random.choice([100, 500, 2000, 5000]) for _ in range(120)]
    await storm.play([(0.0, size) for size in sizes])
    assert len(storm.calls) == 120
    assert storm.most_tokens() <= 10_000
    places = [storm.places[caller] or 0 for caller in storm.order]
    moved = [abs(places.index(place) - turn) for turn, place in enumerate(sorted(places))]
    assert max(moved) <= 3


async def test_a_call_larger_than_a_minute_goes_alone() -> None:
    """It would never fit; so it gets a minute of its own, and those behind it come after."""
    storm = a_storm(Allowances(tokens_per_minute=1000))
    await storm.play([(0.0, 300), (1.0, 50_000), (2.0, 300), (3.0, 300)])
    assert storm.order == [0, 1, 2, 3]
    first, large, after, _ = (call.at for call in storm.calls)
    assert large - first >= 60
    assert 60 <= after - large < 66


@examples(max_examples=60)
@given(
    seed=st.integers(0, 10**6),
    rate=st.sampled_from([1, 2, 7, 10, 60, 300]),
    tokens=st.sampled_from([None, 2000, 30_000]),
    lateness=st.sampled_from([0.0, 0.3, 1.0, 5.0, 20.0]),
    chances=st.tuples(*[st.sampled_from([0.0, 0.05, 0.2])] * 3),
    stall=st.sampled_from([(0, 0), (20, 400)]),
)
async def test_the_rate_holds_whatever_callers_do(
    *,
    seed: int,
    rate: int,
    tokens: int | None,
    lateness: float,
    chances: tuple[float, float, float],
    stall: tuple[int, int],
) -> None:
    """No minute is too full, no hold is broken, and each caller is through or gave up."""
    gives_up, refused, fails = chances
    storm = a_storm(
        Allowances(requests_per_minute=rate, tokens_per_minute=tokens),
        seed,
        late=lambda random, _: random.expovariate(1 / lateness) if lateness else 0.0,
        gives_up=gives_up,
        refused=refused,
        fails=fails,
        stall=stall,
    )
    await storm.play((storm.random.uniform(0, 60), storm.random.randrange(3000)) for _ in range(40))
    assert storm.fullest_minute() <= rate
    assert storm.most_tokens() <= (tokens or 10**9)
    assert storm.during_holds() == []
    assert set(storm.order) | storm.gone == set(range(40))
    assert max(storm.waits.values(), default=0) <= 40


@pytest.mark.parametrize("seconds", [0.0, MONTH, 120 * MONTH])
async def test_the_clock_does_not_wear_out(seconds: float) -> None:
    """After ten years the rate is kept as on the first day."""
    storm = a_storm()
    await storm.play([(0.0, 1), *[(seconds, 1)] * 20])
    assert storm.fullest_minute() == 10
