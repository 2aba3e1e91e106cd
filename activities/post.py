"""Owns the activity that calls Teams."""

from typing import Any

import azure.durable_functions as df

from activities.clock import at_hand
from activities.outages import patient
from activities.tracing import traced
from signpost.contracts import Work, pack, unpack
from signpost.ledger import open_ledger
from signpost.posting import post_signed_text
from signpost.settings import settings
from signpost.teams.workflows import Workflows
from signpost.telemetry.names import POST

bp = df.Blueprint()


@bp.activity_trigger(input_name="work")
@traced(POST)
@patient
async def post(work: Any) -> Any:  # noqa: ANN401 - the worker takes plain types only
    """Post the signed text; run twice, the second finds the claim and sends nothing."""
    config = settings()
    ledger, asked = open_ledger(config.ledger), at_hand(unpack(work, Work))
    return pack(await post_signed_text(ledger, Workflows(config), asked))
