"""Owns what every activity answers while the ledger can't be reached: that it decided nothing."""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any

from signpost.contracts import Away, pack
from signpost.ledger import LedgerAway

Activity = Callable[..., Awaitable[Any]]


def patient(activity: Activity) -> Activity:
    """Turn an outage of the ledger into an answer, after which the orchestrator waits."""

    @wraps(activity)
    async def run(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - passed through
        try:
            return await activity(*args, **kwargs)
        except LedgerAway as error:
            return pack(Away(away=str(error)))

    return run
