"""Owns forgetting: when a flow says so, a closed run's texts are deleted and its receipt stays."""

from datetime import UTC, datetime

import msgspec
from msgspec.structs import replace

from signpost import records
from signpost.ledger import Ledger, change
from signpost.records import Run
from signpost.telemetry import logs

log = logs.logger(__name__)

DUE = "purge"
BATCH = 50


async def schedule(ledger: Ledger, run: Run, closed_at: datetime) -> None:
    """Note when a closed run's texts are to go, if its flow says so."""
    if run.flow.purge_after is not None:
        due = closed_at + run.flow.purge_after
        await ledger.insert(DUE, _row(due, run.id), run.id.encode())


async def purge_due(ledger: Ledger, now: datetime) -> list[str]:
    """Delete the texts of all runs whose time has come; give the ids of these runs.

    A run without a receipt is left alone: what happened must be on record before it is deleted.
    So is one that can't be read, which must not keep others from being deleted.
    """
    purged: list[str] = []
    after, last = "", _row(now, "g")  # ids are hexadecimal, so "g" sorts behind all of them
    while rows := await ledger.page(DUE, after, BATCH):
        for after, entry in rows:
            if after > last:
                return purged
            run = entry.body.decode()
            try:
                is_purged = await _purge(ledger, run, now)
            except (LookupError, msgspec.MsgspecError) as error:
                told = {"action": "purge", "run": run}
                log.warning("Run %s is due, but can't be read: %s", run, error, extra=told)
                continue
            if is_purged:
                await ledger.delete(DUE, after)
                purged.append(run)
    return purged


async def _purge(ledger: Ledger, run: str, now: datetime) -> bool:
    """Empty the run's own row and delete its drafts, calls and rounds; twice does no harm."""
    if await ledger.get(run, records.RECEIPT) is None:
        return False
    record = await change(ledger, run, records.RUN, Run, lambda before: _emptied(now, before))
    for number in range(1, record.flow.approval.max_rounds + 1):
        await ledger.delete(run, records.draft_row(number))
        await ledger.delete(run, records.calls_row(number))
        await ledger.delete(run, records.round_row(number))
    await ledger.scrub()
    return True


def _emptied(now: datetime, run: Run) -> Run:
    if run.purged_at:
        return run
    return replace(run, inputs={}, cancel_reason="", purged_at=now)


def _row(at: datetime, run: str) -> str:
    return f"{at.astimezone(UTC):%Y%m%d%H%M%S}-{run}"
