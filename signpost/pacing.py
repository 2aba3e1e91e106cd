"""Owns the line in front of the model: who may call it when, at the deployment's rate."""

from datetime import datetime, timedelta

from signpost.allowances import Allowances
from signpost.ledger import Ledger


async def join(
    ledger: Ledger, allowances: Allowances, tokens: int, now: datetime
) -> float | None:
    """Take a place at the end of the line for one draft; None when no rate is set.

    `tokens` are those of the prompt and of the largest answer. A place is a whole number, and
    stays its draft's own: each later try of the draft is asked for with it.
    """
    raise NotImplementedError


async def wait_for(
    ledger: Ledger, allowances: Allowances, place: float, tokens: int, now: datetime
) -> timedelta:
    """Say how long a place has to wait before it is asked for again; zero: call now, once.

    Zero is noted as a call. `now` is the time just before the call.
    """
    raise NotImplementedError


async def hold(ledger: Ledger, place: float | None, until: datetime, now: datetime) -> None:
    """Let nobody call before `until`, since the service asked so; this place comes first then."""
    raise NotImplementedError
