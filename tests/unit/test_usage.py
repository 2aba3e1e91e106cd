"""What is used is counted for each person and day, priced exactly, and estimated safely."""

import asyncio
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signpost.allowances import Allowances
from signpost.ledger.sqlite import SqliteLedger
from signpost.problems import TooMany
from signpost.usage import (
    PARTITION,
    UNDER_WAY,
    Cost,
    check_tokens,
    cost,
    count_run,
    estimate,
    forget_days,
    reserve,
    spend,
    total,
)
from tests.builders import ADELE, ALEX, NOW, RUN
from tests.doubles.memory_ledger import MemoryLedger

NO_LIMIT = Allowances()
TWO_RUNS = Allowances(day_runs=2)
TOKENS = Allowances(day_tokens=100)
PRICED = Allowances(price_input=Decimal("0.0025"), price_output=Decimal("0.01"))
MIDNIGHT = datetime(2026, 11, 23, tzinfo=UTC)

# Texts, and how many tokens they have by o200k_base and by cl100k_base (tiktoken 0.14).
KNOWN = {
    "English": ("The terrace opens on Monday, and coffee is free until noon.", 13, 13),
    "German": ("Die Terrasse öffnet am Montag; Kaffee gibt es bis mittags kostenlos.", 15, 19),
    "Finnish": ("Työntekijöiden kahvihuone avataan maanantaina.", 15, 20),
    "Russian": ("Терраса открывается в понедельник, кофе бесплатный до полудня.", 19, 30),  # noqa: RUF001 - letters of that script
    "Greek": ("Η βεράντα ανοίγει τη Δευτέρα και ο καφές είναι δωρεάν.", 23, 45),  # noqa: RUF001 - letters of that script
    "Hebrew": ("המרפסת נפתחת ביום שני והקפה חינם עד הצהריים.", 19, 48),
    "Arabic": ("تفتح الشرفة يوم الاثنين والقهوة مجانية حتى الظهر.", 13, 36),
    "Hindi": ("छत सोमवार को खुलती है और दोपहर तक कॉफ़ी मुफ़्त है।", 20, 54),
    "Thai": ("ระเบียงเปิดวันจันทร์และกาแฟฟรีจนถึงเที่ยง", 17, 40),
    "Chinese": ("露台星期一开放,咖啡免费供应到中午。", 15, 23),
    "Japanese": ("テラスは月曜日に開き、コーヒーは正午まで無料です。", 20, 24),
    "Korean": ("테라스는 월요일에 열리며 커피는 정오까지 무료입니다.", 19, 30),
    "Amharic": ("በረንዳው ሰኞ ይከፈታል ቡና እስከ ቀትር ድረስ ነፃ ነው።", 64, 84),
    "Cherokee": ("ᎣᏏᏲ ᏙᎯᏧ ᎠᏂᏴᏫᏯ", 35, 33),
    "hieroglyphs": ("𓀀𓀁𓀂𓀃𓀄𓀅", 24, 24),
    "emoji": ("🎉😀👍🏽👨\u200d👩\u200d👧\u200d👦🇩🇪☕️🔥", 25, 41),
    "a table": ("4711,0.1538,Item 7,2026-11-22", 18, 18),
    "code": ("def f(x):\n    return {'a': [x ** 2, -1]}\n", 18, 18),
    "symbols": ("~`!@#$%^&*()_+-={}[]|:;<>?,./", 19, 19),
    "a key": ("Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsu", 31, 32),
}


async def refusal(attempt: Awaitable[None]) -> TooMany:
    """Give the problem that an attempt ends in."""
    with pytest.raises(TooMany) as error:
        await attempt
    return error.value


async def test_without_shares_nothing_is_counted() -> None:
    """The ledger isn't asked, and keeps nothing about anybody."""
    ledger = MemoryLedger(Random(0))
    for run in ("one", "two", "three"):
        await count_run(ledger, NO_LIMIT, ADELE, NOW, run)
    await spend(ledger, NO_LIMIT, ADELE, 10**9, NOW)
    await check_tokens(ledger, NO_LIMIT, ADELE, NOW)
    assert await ledger.rows(PARTITION) == {}
    assert ledger.tried == 0


async def test_a_days_runs_are_used_up(ledger: SqliteLedger) -> None:
    """The third of two runs is refused until midnight of UTC, with a sentence."""
    for run in ("one", "two"):
        await count_run(ledger, TWO_RUNS, ADELE, NOW, run)
    error = await refusal(count_run(ledger, TWO_RUNS, ADELE, NOW, "three"))
    assert error.status == 429
    assert error.retry_after == timedelta(hours=14)
    assert error.detail.startswith("Only 2 runs may be started a day, and today's share is used")


async def test_there_is_more_at_midnight(ledger: SqliteLedger) -> None:
    """Each day of UTC has its own share, wherever the clock that asks stands."""
    last = MIDNIGHT - timedelta(microseconds=1)
    one = Allowances(day_runs=1)
    await count_run(ledger, one, ADELE, last.astimezone(timezone(timedelta(hours=9))), "one")
    error = await refusal(count_run(ledger, one, ADELE, last, "two"))
    assert error.retry_after == timedelta(microseconds=1)
    await count_run(ledger, one, ADELE, MIDNIGHT, "two")


async def test_each_person_has_a_share(ledger: SqliteLedger) -> None:
    """Names are compared without their case; those without a name share one."""
    one = Allowances(day_runs=1)
    for who in (ADELE, ALEX, None, "none", "-"):
        await count_run(ledger, one, who, NOW, "one")
    for who in (ADELE.upper(), ALEX, None):
        await refusal(count_run(ledger, one, who, NOW, "two"))


async def test_a_repeated_start_counts_once(ledger: SqliteLedger) -> None:
    """The same run is let through again, also when the share is used up by then."""
    for run in (RUN, RUN, "another", RUN):
        await count_run(ledger, TWO_RUNS, ADELE, NOW, run)
    await refusal(count_run(ledger, TWO_RUNS, ADELE, NOW, "a third"))


async def test_no_number_of_requests_gets_past_a_share() -> None:
    """Of 50 starts at once exactly the share is let through."""
    ledger, ten = MemoryLedger(Random(0)), Allowances(day_runs=10)

    async def start(run: int) -> bool:
        try:
            await count_run(ledger, ten, ADELE, NOW, str(run))
        except TooMany:
            return False
        return True

    started = await asyncio.gather(*(start(run) for run in range(50)))
    assert sum(started) == 10


async def test_a_days_tokens_are_used_up(ledger: SqliteLedger) -> None:
    """As long as some are left a draft is begun; then there are more at midnight."""
    await spend(ledger, TOKENS, ADELE, 99, NOW)
    await check_tokens(ledger, TOKENS, ADELE, NOW)
    await spend(ledger, TOKENS, ADELE, 500, NOW)
    error = await refusal(check_tokens(ledger, TOKENS, ADELE, NOW))
    assert error.retry_after == timedelta(hours=14)
    assert error.detail.startswith("Only 100 tokens may be used a day")
    await check_tokens(ledger, TOKENS, ALEX, NOW)
    await check_tokens(ledger, TOKENS, ADELE, MIDNIGHT)


async def test_of_tests_at_once_only_those_with_tokens_left_begin() -> None:
    """Each counts with all it may take until it is over; drafts are begun all the same."""
    ledger = MemoryLedger(Random(0))
    asked = (reserve(ledger, TOKENS, ADELE, 60, NOW) for _ in range(20))
    refused = [each for each in await asyncio.gather(*asked, return_exceptions=True) if each]
    assert [str(each) for each in refused] == [UNDER_WAY] * 18
    await check_tokens(ledger, TOKENS, ADELE, NOW)
    await spend(ledger, TOKENS, ADELE, 50, NOW, reserved=60)
    await refusal(reserve(ledger, TOKENS, ADELE, 60, NOW))
    await spend(ledger, TOKENS, ADELE, 0, NOW, reserved=60)
    await reserve(ledger, TOKENS, ADELE, 60, NOW)


async def test_no_tokens_are_lost_when_many_are_spent_at_once() -> None:
    """Counts of runs that end together add up, and runs count beside tokens."""
    ledger, both = MemoryLedger(Random(0)), Allowances(day_runs=9, day_tokens=51)
    await asyncio.gather(
        *(spend(ledger, both, ADELE, 1, NOW) for _ in range(50)),
        *(count_run(ledger, both, ADELE, NOW, str(run)) for run in range(9)),
    )
    await check_tokens(ledger, both, ADELE, NOW)
    await spend(ledger, both, ADELE, 1, NOW)
    await refusal(check_tokens(ledger, both, ADELE, NOW))
    await refusal(count_run(ledger, both, ADELE, NOW, "10"))


async def test_nobodys_name_is_kept(ledger: SqliteLedger) -> None:
    """The rows tell days, hashes, ids and numbers."""
    await count_run(ledger, TWO_RUNS, ADELE, NOW, RUN)
    [(row, entry)] = (await ledger.rows(PARTITION)).items()
    assert row.startswith("20261122-")
    assert b"adele" not in row.encode() + entry.body


async def test_old_days_are_forgotten(ledger: SqliteLedger) -> None:
    """The sweep deletes what is older than yesterday, however much it is, and no more."""
    one = Allowances(day_runs=1)
    for days in (0, 1, 2, 40):
        for n in range(30):
            await count_run(ledger, one, f"person{n}@contoso.com", NOW - timedelta(days=days), RUN)
    assert await forget_days(ledger, NOW) == 60
    assert await forget_days(ledger, NOW) == 0
    assert {row[:8] for row in await ledger.rows(PARTITION)} == {"20261122", "20261121"}


@pytest.mark.parametrize(
    "asked,written,amount",
    [
        (0, 0, "0"),
        (1, 0, "0.0000025"),
        (1000, 1000, "0.0125"),
        (400_000, 0, "1"),
        (333, 7, "0.0009025"),
    ],
)
def test_costs_are_exact(asked: int, written: int, amount: str) -> None:
    """Money is decimal, without an exponent, never rounded."""
    assert cost(PRICED, asked, written) == Cost(amount, "USD")


def test_without_prices_there_is_no_cost() -> None:
    """Nothing is made up."""
    assert cost(NO_LIMIT, 1000, 1000) is None


@given(
    st.decimals(0, 9_999_999, places=12),
    st.decimals(0, 9_999_999, places=12),
    st.integers(0, 10**12),
)
def test_every_cost_adds_up(one: Decimal, other: Decimal, tokens: int) -> None:
    """The costs of two calls are together that of both, to the last digit."""
    priced = Allowances(price_input=one, price_output=other)
    both = [cost(priced, tokens, 0), cost(priced, 0, tokens)]
    assert total(both) == cost(priced, tokens, tokens)


def test_totals_are_of_one_currency() -> None:
    """What has no cost adds nothing, and dollars are not added to euros."""
    dollars, euros = Cost("0.1", "USD"), Cost("0.1", "EUR")
    assert total([dollars, None, dollars, dollars]) == Cost("0.3", "USD")
    assert total([dollars, euros]) is None
    assert total([None]) is None
    assert total([]) is None


@pytest.mark.parametrize("text,newer,older", KNOWN.values(), ids=KNOWN.keys())
def test_an_estimate_is_never_far_too_low(text: str, newer: int, older: int) -> None:
    """Of no script, table, key or smiley is it less than 0.6 of the tokens, or 5 times as many."""
    told = estimate([{"role": "user", "content": text * 20}])
    assert 20 * 0.6 * max(newer, older) < told < 20 * 5 * min(newer, older)


def test_an_estimate_counts_all_messages() -> None:
    """Each message has a frame, and an empty prompt is nothing."""
    message = {"role": "user", "content": "The terrace"}
    assert estimate([]) == 0
    assert estimate([message, message]) == 2 * estimate([message]) == 2 * (8 + 4)


@given(st.text(), st.text())
def test_a_longer_prompt_is_never_estimated_lower(text: str, more: str) -> None:
    """Whatever the characters are, and no character counts for more than it has bytes."""
    one = estimate([{"role": "user", "content": text}])
    both = estimate([{"role": "user", "content": text + more}])
    assert one <= both <= one + len(more.encode()) + 1


def test_half_a_character_is_estimated_too() -> None:
    """A surrogate on its own, which JSON lets through, breaks nothing."""
    assert estimate([{"role": "user", "content": "\ud83d"}]) == 8 + 2
