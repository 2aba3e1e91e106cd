"""A start counts towards the day of who asks, once: over HTTP, repeated, and swept in the end."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from signpost import lists, runs, usage
from signpost.problems import TooMany
from signpost.records import RUN as RUN_ROW
from signpost.settings import settings
from tests.builders import ADELE, NOW, a_flow, json_of
from tests.routed import DIEGO, Site, signed_in
from triggers import sweep as trigger

SWEEP: Any = trigger.sweep._function.get_user_function()
TIMER: Any = None  # the handler reads nothing of it
DAY = timedelta(days=1)


async def start(site: Site, who: str = DIEGO, key: str = "", **body: Any) -> Any:
    """Start a run of the shipped flow, with a key where there is one."""
    sent = {"inputs": {"Topic": "Tea"}} | body
    return await site.send("startRun", signed_in(who) | {"Idempotency-Key": key}, body=sent)


async def test_a_day_has_its_runs(site: Site) -> None:
    """One more is 429 until midnight: no run, no orchestration, nothing in any list."""
    site.mode("on", SIGNPOST_DAILY_RUNS="2")
    assert [(await start(site)).status_code for _ in range(3)] == [202, 202, 429]
    answer = await start(site)
    assert 1 <= int(answer.headers["Retry-After"]) <= DAY.total_seconds()
    assert "2 runs may be started a day" in json_of(answer)["detail"]
    assert len(site.durable.told) == 2
    assert len((await lists.page(site.ledger, lists.EVERYTHING, "", 9)).pointers) == 2


async def test_each_person_has_their_own_day(site: Site) -> None:
    """Whoever asks next is not held up by who asked before, and keys have a day of their own."""
    site.mode("on", SIGNPOST_DAILY_RUNS="1")
    assert [(await start(site, who)).status_code for who in (DIEGO, ADELE, DIEGO)] == [
        202, 202, 429,
    ]  # fmt: skip
    site.mode("off", SIGNPOST_DAILY_RUNS="1")
    assert [(await start(site)).status_code for _ in range(2)] == [202, 429]
    assert (await start(site, requestor="alex@contoso.com")).status_code == 202


async def test_a_refused_start_counts_nothing(site: Site) -> None:
    """A mistake does not cost a run."""
    site.mode("on", SIGNPOST_DAILY_RUNS="1")
    assert (await start(site, inputs={})).status_code == 422
    assert (await start(site)).status_code == 202


async def test_a_repeated_start_counts_once(site: Site) -> None:
    """The run that there is comes back, though the day's are used up meanwhile."""
    site.mode("on", SIGNPOST_DAILY_RUNS="2")
    answers = [await start(site, key=key) for key in ("a", "b", "a", "c", "b")]
    assert [each.status_code for each in answers] == [202, 202, 202, 429, 202]
    assert json_of(answers[0]) == json_of(answers[2])


async def test_a_start_that_was_too_much_runs_under_its_key_later(site: Site) -> None:
    """With more room the same key starts it, once."""
    site.mode("on", SIGNPOST_DAILY_RUNS="1")
    assert (await start(site, key="a")).status_code == 202
    assert (await start(site, key="b")).status_code == 429
    site.mode("on", SIGNPOST_DAILY_RUNS="2")
    answers = [json_of(await start(site, key="b"))["id"] for _ in range(2)]
    assert len(set(answers)) == 1
    assert len(site.durable.told) == 2
    assert await site.ledger.get(answers[0], RUN_ROW)


async def test_a_start_of_yesterday_is_repeated_today(site: Site) -> None:
    """It is there, so it needs nothing of today; what was refused yesterday does."""
    site.mode("on", SIGNPOST_DAILY_RUNS="1")
    share, body = settings().allowances, runs.Start(inputs={"Topic": "Tea"})

    async def again(key: str | None, when: datetime) -> tuple[str, bool]:
        return await runs.start(site.ledger, a_flow(), body, key, when, allowances=share)

    run, _ = await again("a", NOW)
    with pytest.raises(TooMany):
        await again("b", NOW)
    assert (await again("b", NOW + DAY))[1]
    assert await again("a", NOW + DAY) == (run, False)
    with pytest.raises(TooMany):
        await again(None, NOW + DAY)


async def test_sweeping_forgets_days_that_are_over(site: Site) -> None:
    """Who used how much is kept for today and yesterday, and nothing else goes."""
    site.mode("on", SIGNPOST_DAILY_RUNS="9", SIGNPOST_DAILY_TOKENS="9")
    await start(site)
    now, share = datetime.now(UTC), settings().allowances
    for days in range(5):
        await usage.spend(site.ledger, share, ADELE, 5, now - days * DAY)
    await SWEEP(TIMER, client=site.durable.client())
    rows = await site.ledger.rows(usage.PARTITION)
    kept = {f"{now - days * DAY:%Y%m%d}" for days in (0, 1)}
    assert sorted({row[:8] for row in rows}) == sorted(kept)
    assert len(rows) == 3
    assert len((await lists.page(site.ledger, lists.EVERYTHING, "", 9)).pointers) == 1
