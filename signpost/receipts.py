"""Owns the receipt: the record of a run that outlives its texts."""

import msgspec

from signpost import records, runs
from signpost.contracts import Ending
from signpost.ledger import Ledger, write_once
from signpost.records import Receipt
from signpost.text import digest
from signpost.views import delivery_view


async def write(ledger: Ledger, ending: Ending) -> Receipt:
    """Close a run with its receipt; one that is there stays."""
    story = await runs.story(ledger, ending.work.run)
    return await write_once(ledger, ending.work.run, records.RECEIPT, _receipt(story, ending))


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
