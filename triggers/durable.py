"""Owns the calls to the Durable client, and mending what a crash between two stores left.

The ledger is written first and Durable is told second. Who is stopped in between leaves a run
without an orchestration, or an answer without its wake-up; the next look at the run mends it. A
wake-up that Durable did not take is noted, and the sweep sends it again.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from typing import Any

import azure.durable_functions as df

from signpost import receipts, runs
from signpost.contracts import (
    DRAFTING,
    ORCHESTRATOR,
    REQUEST_CHANGES,
    STOPPED,
    Ending,
    Work,
    wake_up,
)
from signpost.ledger import Ledger, LedgerAway, open_ledger
from signpost.oversight import Case, seats, upkeep
from signpost.people import people
from signpost.problems import Unknown
from signpost.records import Round
from signpost.runs import Story
from signpost.settings import settings
from signpost.telemetry import logs

log = logs.logger(__name__)

BROKEN = ("Failed", "Terminated", "Canceled")
MISSED = "missed"  # the partition that names runs whose wake-up was not taken
MOST_MENDED = 100  # at a time
LOST_AFTER = timedelta(seconds=5)


async def start(client: df.DurableOrchestrationClient, run: str, *, new: bool) -> None:
    """Start the orchestration of a run; one that is there stays."""
    if not new and await client.get_status(run):
        return
    try:
        await client.start_new(ORCHESTRATOR, run, {"run": run})
    except Exception:
        # The host refuses an id that runs already, and the SDK has no type for that.
        if not await client.get_status(run):
            raise


async def wake(client: df.DurableOrchestrationClient, run: str, standing: Round) -> None:
    """Wake the wait of a round that was just changed.

    The change counts already, so a wake-up that can't be sent fails nobody: the sweep, the run's
    next timer or `look_after` finds it.
    """
    await _raise(client, run, wake_up(standing.number, standing.slot))


async def stop(client: df.DurableOrchestrationClient, run: str, standing: Round | None) -> None:
    """Wake whatever a canceled run waits for: an answer, or the model."""
    if standing is None or standing.outcome == REQUEST_CHANGES:
        before = standing.number if standing else 0
        await _raise(client, run, wake_up(before + 1, DRAFTING))
    else:
        await wake(client, run, standing)


@asynccontextmanager
async def waking_in_doubt(
    client: df.DurableOrchestrationClient, story: Story
) -> AsyncIterator[None]:
    """Wake a run also when the ledger went away in the middle of a change that may have counted.

    Who tries again is told that it did, and would wake nobody. Waits for the model end only by a
    cancel that counted: they share a name, so one event would end all of them.
    """
    try:
        yield
    except LedgerAway:
        if story.round and story.state != "drafting":
            await wake(client, story.run.id, story.round)
        raise


async def _raise(client: df.DurableOrchestrationClient, run: str, event: str) -> None:
    try:
        await client.raise_event(run, event)
    except Exception as error:  # noqa: BLE001 - the SDK raises nothing narrower
        told = {"action": "wake", "run": run, "event": event}
        log.warning("The wake-up of run %s was not taken: %s", run, error, extra=told)
        with suppress(LedgerAway):
            await open_ledger(settings().ledger).insert(MISSED, run, b"")


async def mend(client: df.DurableOrchestrationClient, ledger: Ledger) -> int:
    """Wake the runs whose wake-up was not taken, and count them; what fails is noted again."""
    missed = await ledger.page(MISSED, "", MOST_MENDED)
    for run, _ in missed:
        await ledger.delete(MISSED, run)
        with suppress(Unknown):
            await _wake_again(client, await runs.story(ledger, run))
    return len(missed)


async def _wake_again(client: df.DurableOrchestrationClient, story: Story) -> None:
    if story.receipt is None and story.round:
        await wake(client, story.run.id, story.round)
    if story.receipt is None and story.run.canceled_at:
        await stop(client, story.run.id, story.round)


async def look_after(
    client: df.DurableOrchestrationClient, ledger: Ledger, story: Story, now: datetime
) -> str | None:
    """Mend what was lost, and give the orchestration's own word on a step that takes long."""
    run, standing = story.run, story.round
    status = await client.get_status(run.id)
    if not status:
        if now - run.created_at > LOST_AFTER:
            await start(client, run.id, new=False)
        return None
    if status.runtime_status.name in BROKEN:
        await receipts.write(ledger, settings(), _broken(run.id, now))
        return STOPPED
    if standing and _is_waiting(status) and _is_overdue(Case(run, people()), standing, now):
        await wake(client, run.id, standing)
    return _word(status.custom_status, story.state)


def _broken(run: str, now: datetime) -> Ending:
    """End a run whose orchestration stopped by an error or by an operator's hand."""
    work = Work(run=run, round=1, attempt=1, now=now)
    return Ending(work=work, outcome="Failed", failure=STOPPED)


def _is_overdue(case: Case, standing: Round, now: datetime) -> bool:
    """Say whether a run should have gone on by now, or have tried to tell those who may answer."""
    if standing.closed_at:
        return now - standing.closed_at > LOST_AFTER
    untold = [] if standing.notice_attempts else upkeep.to_notify(case, standing, now)
    waiting = seats.awaited(case, standing, now)
    return any(each.person in untold and now - each.since > LOST_AFTER for each in waiting)


def _is_waiting(status: Any) -> bool:  # noqa: ANN401 - the SDK's status, untyped
    return bool((status.custom_status or {}).get("state") == "waiting")


def _word(custom_status: Any, state: str) -> str | None:  # noqa: ANN401 - as the orchestrator set it
    if not custom_status or custom_status["state"] != state or state == "waiting":
        return None
    detail: str = custom_status["detail"]
    return detail
