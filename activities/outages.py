"""Owns what every activity answers while the ledger can't be reached: that it decided nothing."""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any

from signpost.contracts import Away, pack
from signpost.ledger import LedgerAway
from signpost.telemetry import logs

Activity = Callable[..., Awaitable[Any]]

log = logs.logger(__name__)


def patient(activity: Activity) -> Activity:
    """Turn an outage of the ledger into an answer, after which the orchestrator waits.

    Where the ledger is and what is wrong with it goes to the log, not to the run's history.
    """

    @wraps(activity)
    async def run(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - passed through
        try:
            return await activity(*args, **kwargs)
        except LedgerAway as error:
            log.warning("The ledger is away: %s", error, extra={"action": activity.__name__})
            return pack(Away(away="The ledger can't be reached."))

    return run
