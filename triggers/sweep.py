"""Owns the timer that does what was left: wake-ups that were not taken, texts that are due."""

from datetime import UTC, datetime

import azure.durable_functions as df
import azure.functions as func

from signpost import retention, usage
from signpost.ledger import Ledger, LedgerAway, open_ledger
from signpost.problems import Misconfigured
from signpost.settings import settings
from signpost.telemetry import exporters, logs, metrics
from triggers import durable

bp = df.Blueprint()
log = logs.logger(__name__)
ACTION = {"action": "sweep"}


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
        await _count(ledger, now)
    except LedgerAway as error:
        log.warning("Nothing can be swept while the ledger is away: %s", error, extra=ACTION)
    except Misconfigured as error:
        log.error("%s", error.detail, extra=ACTION)  # noqa: TRY400 - the sentence says it all
    else:
        if woken:
            told = ACTION | {"woken": woken}
            log.info("%d runs were woken, whose wake-up was not taken before.", woken, extra=told)
        if purged:
            told = ACTION | {"purged": len(purged)}
            log.info(
                "The texts of %d runs were deleted, as their flows say.", len(purged), extra=told
            )


async def _count(ledger: Ledger, now: datetime) -> None:
    """Tell how many runs wait, where somebody listens: it reads each of their rounds."""
    if exporters.is_on():
        from signpost import backlog  # noqa: PLC0415 - every cold start would pay

        found = await backlog.count(ledger, now)
        metrics.waiting(found.waiting, found.overdue)
