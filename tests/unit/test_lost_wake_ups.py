"""A run whose wake-up was lost is woken when the ledger failed half way, or at the next look."""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from signpost.ledger import change
from signpost.oversight import upkeep
from signpost.oversight.answers import respond
from signpost.policy import Stage
from signpost.records import Round, round_row
from tests.builders import ADELE, ALEX, RUN, a_case, a_run, put, said
from tests.routed import DIEGO, HOUR, Site, switched, token_for, waiting
from triggers import sweep

SWEEP: Any = sweep.sweep._function.get_user_function()
SECOND = timedelta(seconds=1)
STAGES: dict[str, Any] = {
    "type": "Sequential approval",
    "assigned_to": None,
    "stages": [Stage(assigned_to=[ADELE]), Stage(assigned_to=[ALEX])],
    "allow_edits": False,
}


@pytest.mark.parametrize("name", ["answer", "handOn", "cancelRun", "extend", "reassign"])
async def test_a_change_that_may_have_counted_wakes_the_run(site: Site, name: str) -> None:
    """It is not known at 503, and who tries again hears 409 or 410, which wakes nobody."""
    site.mode("local")
    await site.prepare(name)
    site.durable.put(RUN)
    site.ledger._db.execute("PRAGMA query_only=ON")  # type: ignore[attr-defined]  # it is SQLite's
    who = token_for(ADELE) if name in ("answer", "handOn") else switched(DIEGO)
    assert (await site.send(name, who)).status_code == 503
    assert site.durable.told == ["round-1-1"]


async def test_a_cancel_in_doubt_keeps_the_waits_for_the_model(site: Site) -> None:
    """If it did not count, the draft is still asked for at the times that were planned."""
    site.mode("local")
    await put(site.ledger, "run", a_run())
    site.durable.put(RUN)
    site.ledger._db.execute("PRAGMA query_only=ON")  # type: ignore[attr-defined]  # it is SQLite's
    assert (await site.send("cancelRun", switched(DIEGO))).status_code == 503
    assert site.durable.told == []


@pytest.mark.parametrize("ago,tried,woken", [(HOUR, 0, True), (HOUR, 1, False), (SECOND, 0, False)])
async def test_a_new_stage_that_nobody_was_told_of_wakes_the_run(
    site: Site, ago: timedelta, tried: int, *, woken: bool
) -> None:
    """Not while the wake-up may be on its way, and not after a try that reached nobody."""
    site.mode("local")
    await waiting(site.ledger, 2 * HOUR, **STAGES)
    case, then = a_case(**STAGES), datetime.now(UTC) - ago
    decisions = [partial(respond, case, then, said())]
    decisions += [partial(upkeep.notified, case, then, [])] * tried
    for decide in decisions:
        await change(site.ledger, RUN, round_row(1), Round, decide)
    site.durable.put(RUN, state="waiting")
    await site.send("followRun", switched(DIEGO))
    assert bool(site.durable.told) is woken


async def test_a_wake_up_that_was_not_taken_is_sent_again(site: Site) -> None:
    """The signature counted while Durable was down; the sweep wakes the run, once."""
    site.mode("off")
    await waiting(site.ledger)
    site.durable.down = True
    assert (await site.send("answer", token_for(ADELE))).status_code == 200
    site.durable.down = False
    site.durable.put(RUN, state="waiting")
    for _ in range(2):
        await SWEEP(None, client=site.durable.client())
    assert site.durable.told == ["round-1-1"]


async def test_a_run_is_woken_until_it_is_taken(site: Site) -> None:
    """A sweep while Durable is still down leaves it to the next."""
    site.mode("local")
    await put(site.ledger, "run", a_run())
    site.durable.down = True
    await site.send("cancelRun", switched(DIEGO))
    await SWEEP(None, client=site.durable.client())
    site.durable.down = False
    site.durable.put(RUN)
    await SWEEP(None, client=site.durable.client())
    assert site.durable.told == ["round-1-0"]
