"""Owns the activity that calls the model."""

from datetime import UTC, datetime
from typing import Any

import azure.durable_functions as df
from msgspec.structs import replace

from activities.outages import patient
from signpost.contracts import Work, pack, unpack
from signpost.ledger import open_ledger
from signpost.settings import settings

bp = df.Blueprint()


@bp.activity_trigger(input_name="work")
@patient
async def draft(work: Any) -> Any:  # noqa: ANN401 - the worker takes plain types only
    """Have the draft written; run twice, it calls the model at most twice and keeps the first.

    A host may keep an activity queued for long: who may call the model goes by the time of the
    call, so that drafts which waited together don't call together.
    """
    from signpost.drafting import write_draft  # noqa: PLC0415 - only drafts pay for loading it

    config, asked = settings(), unpack(work, Work)
    at_hand = replace(asked, now=max(asked.now, datetime.now(UTC)))
    return pack(await write_draft(open_ledger(config.ledger), config, at_hand))
