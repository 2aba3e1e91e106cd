"""What waits is counted by the sweep: open rounds alone, and those that are late or untold."""

from datetime import timedelta
from functools import partial
from typing import Any

from msgspec.structs import replace

from signpost import backlog, lists, receipts, records, rounds
from signpost.contracts import Ending
from signpost.flows import load_all
from signpost.ledger import change
from signpost.ledger.sqlite import SqliteLedger
from signpost.records import Round
from signpost.settings import Settings
from tests.builders import ADELE, NOW, RUN, a_config, work
from tests.doubles.durable_double import DurableDouble
from tests.unit.opened_rounds import DAY, answer, opened
from tests.unit.telemetry.conftest import Sent
from triggers import sweep as trigger

SWEEP: Any = trigger.sweep._function.get_user_function()
HOUR = timedelta(hours=1)
NOBODY = dict.fromkeys(load_all(), 0)


async def test_an_open_round_waits(ledger: SqliteLedger, config: Settings) -> None:
    """Under its flow; flows without one are told as 0, so that a gauge goes down again."""
    await opened(ledger, config)
    assert await backlog.count(ledger, NOW + HOUR) == (NOBODY | {"news": 1}, 0)


async def test_an_answered_round_waits_no_more(ledger: SqliteLedger, config: Settings) -> None:
    """At once, though the list holds it until the run closes."""
    await opened(ledger, config)
    await answer(ledger, ADELE)
    assert await backlog.count(ledger, NOW + HOUR) == (NOBODY, 0)
    assert len(await lists.waiting(ledger, 10)) == 1


async def test_a_closed_run_leaves_the_list(ledger: SqliteLedger, config: Settings) -> None:
    """So that the sweep reads no more than what waits."""
    await opened(ledger, config)
    await answer(ledger, ADELE)
    await receipts.write(ledger, config, Ending(work=work(after=HOUR), outcome="Approve"))
    assert await lists.waiting(ledger, 10) == []


async def test_a_request_for_changes_leaves_the_list(
    ledger: SqliteLedger, config: Settings
) -> None:
    """The run may go on for long; its next round is listed when it is open."""
    await opened(ledger, config, allow_request_changes=True, max_rounds=2)
    await answer(ledger, ADELE, "Request changes", comments="Shorter.")
    await rounds.settle(ledger, config, work(2))
    assert await lists.waiting(ledger, 10) == []


async def test_a_deadline_that_nobody_noticed_is_overdue(
    ledger: SqliteLedger, config: Settings
) -> None:
    """A minute is left to the timer."""
    await opened(ledger, config, expires_after=DAY)
    in_time, late = (NOW + DAY + timedelta(seconds=seconds) for seconds in (59, 61))
    assert (await backlog.count(ledger, in_time)).overdue == 0
    assert (await backlog.count(ledger, late)).overdue == 1


async def test_approvers_who_could_not_be_told_are_overdue(ledger: SqliteLedger) -> None:
    """Their chat's webhook is away; once they are told, the round just waits."""
    await opened(ledger, a_config())
    assert (await backlog.count(ledger, NOW)).overdue == 1

    told = partial(replace, notice_attempts=0)
    await change(ledger, RUN, records.round_row(1), Round, told)
    assert (await backlog.count(ledger, NOW)).overdue == 0


async def test_the_sweep_tells_the_gauges(
    app_ledger: SqliteLedger, durable_double: DurableDouble, sent: Sent
) -> None:
    """Every quarter of an hour, for who listens."""
    await opened(app_ledger, a_config())
    await SWEEP(None, client=durable_double.client())
    gauges = sent().gauges
    assert gauges["runs.waiting", "news"] == 1
    assert gauges["runs.waiting", "topic-post"] == 0
    assert gauges["runs.overdue",] == 1
