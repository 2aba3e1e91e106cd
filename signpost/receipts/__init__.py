"""Owns the receipt: the record of a run that outlives its texts."""

from datetime import datetime
from functools import partial

import msgspec
from msgspec.structs import replace

from signpost import oversight, posting, records, runs
from signpost.contracts import Ending, Outcome
from signpost.ledger import Ledger, change, write_once
from signpost.records import Receipt, Round, Run
from signpost.text import digest
from signpost.views import delivery_view


async def write(ledger: Ledger, ending: Ending) -> Receipt:
    """Close a run with its receipt; one that is there stays.

    The ledger decides here too: what is still open is ended first, so that nobody signs or
    posts afterwards, and what the round or the run says wins over `ending`.
    """
    run, now = ending.work.run, ending.work.now
    outcome, failure = await _end(ledger, ending)
    await posting.end(ledger, await runs.story(ledger, run), now)
    ended = replace(ending, outcome=outcome, failure=failure)
    receipt = _receipt(await runs.story(ledger, run), ended)
    return await write_once(ledger, run, records.RECEIPT, receipt)


async def _end(ledger: Ledger, ending: Ending) -> tuple[Outcome, str | None]:
    """End the round, or the run that has none, and say how it ended."""
    run, now, failure = ending.work.run, ending.work.now, ending.failure
    if (await runs.story(ledger, run)).round is None:
        record = await change(ledger, run, records.RUN, Run, partial(_fail, now))
        return ("Canceled", None) if record.canceled_at else ("Failed", failure)
    fail = partial(oversight.fail, now, failure or oversight.OVER["Failed"])
    standing = await change(ledger, run, records.round_row(1), Round, fail)
    return standing.outcome or ending.outcome, standing.failure


def _fail(now: datetime, run: Run) -> Run:
    return run if run.canceled_at or run.failed_at else replace(run, failed_at=now)


def _receipt(story: runs.Story, ending: Ending) -> Receipt:
    run, draft, standing = story.run, story.draft, story.round
    return Receipt(
        run=run.id,
        flow=run.flow.name,
        outcome=ending.outcome,
        failure=ending.failure,
        requestor=run.requestor,
        inputs_digest=digest(msgspec.json.encode(run.inputs, order="sorted").decode()),
        instructions=draft.instructions if draft else None,
        instructions_digest=draft.instructions_digest if draft else None,
        model=draft.model if draft else None,
        parameters=draft.parameters if draft else run.parameters,
        prompt_tokens=draft.prompt_tokens if draft else 0,
        completion_tokens=draft.completion_tokens if draft else 0,
        finish_reason=draft.finish_reason if draft else None,
        draft_digest=standing.draft_digest if standing else None,
        signed_digest=standing.signed_digest() if standing else None,
        decision=standing.decision if standing else None,
        delivery=delivery_view(story.post) if story.post else None,
        created_at=run.created_at,
        closed_at=ending.work.now,
    )
