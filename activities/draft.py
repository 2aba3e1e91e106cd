"""Owns the activity that calls the model."""

from typing import Any

import azure.durable_functions as df

from activities.clock import at_hand
from activities.outages import patient
from activities.tracing import traced
from signpost.contracts import Work, pack, unpack
from signpost.ledger import open_ledger
from signpost.settings import settings
from signpost.telemetry.names import DRAFT

bp = df.Blueprint()


@bp.activity_trigger(input_name="work")
@traced(DRAFT)
@patient
async def draft(work: Any) -> Any:  # noqa: ANN401 - the worker takes plain types only
    """Have the draft written; run twice, it calls the model at most twice and keeps the first."""
    from signpost.drafting import write_draft  # noqa: PLC0415 - only drafts pay for loading it

    config = settings()
    asked = at_hand(unpack(work, Work))
    return pack(await write_draft(open_ledger(config.ledger), config, asked))
