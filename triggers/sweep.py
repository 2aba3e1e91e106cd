"""Owns the timer that lets go of texts whose flow does not keep them for ever."""

import logging
from datetime import UTC, datetime

import azure.durable_functions as df
import azure.functions as func

from signpost import retention
from signpost.ledger import LedgerAway, open_ledger
from signpost.problems import Misconfigured
from signpost.settings import settings

bp = df.Blueprint()
log = logging.getLogger(__name__)


@bp.timer_trigger(arg_name="timer", schedule="0 */15 * * * *")
async def sweep(timer: func.TimerRequest) -> None:
    """Delete the texts that are due. What is missed or cut off is done the next time."""
    try:
        purged = await retention.purge_due(open_ledger(settings().ledger), datetime.now(UTC))
    except LedgerAway as error:
        log.warning("Nothing can be deleted while the ledger is away: %s", error)
    except Misconfigured as error:
        log.error("%s", error.detail)  # noqa: TRY400 - the sentence says it all
    else:
        if purged:
            log.info("The texts of %d runs were deleted, as their flows say.", len(purged))
