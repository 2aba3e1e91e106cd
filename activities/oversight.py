"""Owns the activities that call the ledger and the approvers."""

from typing import Any

import azure.durable_functions as df

from activities.outages import patient
from activities.tracing import traced
from signpost import receipts, rounds
from signpost.contracts import Ending, Work, pack, unpack
from signpost.ledger import open_ledger
from signpost.settings import settings
from signpost.telemetry.names import CLOSE_RUN, OPEN_ROUND, SETTLE_ROUND

bp = df.Blueprint()


@bp.activity_trigger(input_name="work")
@traced(OPEN_ROUND)
@patient
async def open_round(work: Any) -> Any:  # noqa: ANN401 - the worker takes plain types only
    """Put the draft under review and tell the approvers; run twice, it tells whom it missed."""
    config = settings()
    return pack(await rounds.open_up(open_ledger(config.ledger), config, unpack(work, Work)))


@bp.activity_trigger(input_name="work")
@traced(SETTLE_ROUND)
@patient
async def settle_round(work: Any) -> Any:  # noqa: ANN401 - as above
    """Say where the round stands; expire it or remind its approvers when it is time."""
    config = settings()
    return pack(await rounds.settle(open_ledger(config.ledger), config, unpack(work, Work)))


@bp.activity_trigger(input_name="ending")
@traced(CLOSE_RUN)
@patient
async def close_run(ending: Any) -> Any:  # noqa: ANN401 - as above
    """Write the receipt; run twice, the first stays."""
    config = settings()
    return pack(await receipts.write(open_ledger(config.ledger), config, unpack(ending, Ending)))
