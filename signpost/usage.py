"""Owns what was used of the model: what a prompt will take, what it cost, who used how much."""

from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec

from signpost.allowances import Allowances
from signpost.ledger import Ledger


class Cost(msgspec.Struct, frozen=True):
    """An amount of money, as an exact decimal such as `0.0004`."""

    amount: str
    currency: str


def estimate(messages: Iterable[Mapping[str, object]]) -> int:
    """Give about how many tokens a prompt has, rather too many than too few."""
    raise NotImplementedError


def cost(allowances: Allowances, prompt_tokens: int, completion_tokens: int) -> Cost | None:
    """Give what so many tokens cost; None where no prices are set."""
    raise NotImplementedError


async def count_run(
    ledger: Ledger,
    allowances: Allowances,
    who: str | None,
    now: datetime,
    run: str | None = None,
) -> None:
    """Count a run that somebody starts, once for each `run` id. Raises TooMany."""
    raise NotImplementedError


async def spend(
    ledger: Ledger, allowances: Allowances, who: str | None, tokens: int, now: datetime
) -> None:
    """Count the tokens that a call of the model took for somebody."""
    raise NotImplementedError


async def check_tokens(
    ledger: Ledger, allowances: Allowances, who: str | None, now: datetime
) -> None:
    """Raise TooMany when somebody's tokens of the day are used up."""
    raise NotImplementedError


async def forget_days(ledger: Ledger, now: datetime) -> int:
    """Delete the counts of the days before today, and say how many; for the sweep."""
    raise NotImplementedError
