"""Owns the timer that does what was left: wake-ups that were not taken, texts that are due."""

import logging
from datetime import UTC, datetime

import azure.durable_functions as df
import azure.functions as func

from signpost import retention, usage
from signpost.ledger import LedgerAway, open_ledger
from signpost.problems import Misconfigured
from signpost.settings import settings
from triggers import durable

bp = df.Blueprint()
log = logging.getLogger(__name__)


@bp.timer_trigger(arg_name="timer", schedule="0 */15 * * * *")
@bp.durable_client_input(client_name="client")
async def sweep(timer: func.TimerRequest, client: df.DurableOrchestrationClient) -> None:
    """Wake who was not woken, and delete what is due. What is missed is done the next time."""
    try:
        ledger = open_ledger(settings().ledger)
        woken = await durable.mend(client, ledger)
        now = datetime.now(UTC)
        purged = await retention.purge_due(ledger, now)
        await usage.forget_days(ledger, now)
    except LedgerAway as error:
        log.warning("Nothing can be swept while the ledger is away: %s", error)
    except Misconfigured as error:
        log.error("%s", error.detail)  # noqa: TRY400 - the sentence says it all
    else:
        if woken:
            log.info("%d runs were woken, whose wake-up was not taken before.", woken)
        if purged:
            log.info("The texts of %d runs were deleted, as their flows say.", len(purged))
