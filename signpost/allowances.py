"""Owns the limits that an installation sets: the model's rate and price, and everybody's share."""

import re
from collections.abc import Mapping
from decimal import Decimal

import msgspec

from signpost.problems import Misconfigured

MOST = 1_000_000_000  # of anything that is counted: more than any deployment is given
MOST_DAY_RUNS = 10_000  # a day's runs of one person are listed in one row of the ledger
DIGITS = f"[0-9]{{1,{len(str(MOST))}}}"
PRICES = ("MODEL_PRICE_INPUT", "MODEL_PRICE_OUTPUT")
PRICE = r"[0-9]{1,7}(\.[0-9]{1,12})?"
CURRENCY = r"[A-Z]{3}"


class Allowances(msgspec.Struct, frozen=True):
    """How much of the model may be used; None is no limit, or no price.

    The rates are per minute and for all instances together. Prices are per 1,000 tokens, and
    both are set or neither. `run_*` are the most tokens of one run, `day_*` the most of one
    person a day of UTC.
    """

    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    price_input: Decimal | None = None
    price_output: Decimal | None = None
    currency: str = "USD"
    run_input_tokens: int | None = None
    run_output_tokens: int | None = None
    day_runs: int | None = None
    day_tokens: int | None = None

    @property
    def is_paced(self) -> bool:
        """Whether calls of the model stand in line, at a rate."""
        return self.requests_per_minute is not None or self.tokens_per_minute is not None


NO_LIMITS = Allowances()


def read(env: Mapping[str, str]) -> Allowances:
    """Check the limits in an environment. Raises Misconfigured, which names the setting."""
    price_input, price_output = _prices(env)
    return Allowances(
        requests_per_minute=_count(env, "MODEL_REQUESTS_PER_MINUTE"),
        tokens_per_minute=_count(env, "MODEL_TOKENS_PER_MINUTE"),
        price_input=price_input,
        price_output=price_output,
        currency=_currency(env),
        run_input_tokens=_count(env, "SIGNPOST_RUN_INPUT_TOKENS"),
        run_output_tokens=_count(env, "SIGNPOST_RUN_OUTPUT_TOKENS"),
        day_runs=_count(env, "SIGNPOST_DAILY_RUNS", MOST_DAY_RUNS),
        day_tokens=_count(env, "SIGNPOST_DAILY_TOKENS"),
    )


def _count(env: Mapping[str, str], name: str, most: int = MOST) -> int | None:
    """Read a limit; no limit is told by leaving it out, never by a zero."""
    given = env.get(name, "").strip()
    if not given:
        return None
    if re.fullmatch(DIGITS, given) and 1 <= int(given) <= most:
        return int(given)
    raise Misconfigured(
        f"{name} must be a whole number from 1 to {most}, without separators. "
        "For no limit remove the setting.",
        field=name,
    )


def _prices(env: Mapping[str, str]) -> tuple[Decimal | None, Decimal | None]:
    """Read both prices, or none: a cost needs both."""
    given = {name: price for name in PRICES if (price := _price(env, name)) is not None}
    if len(given) == 1:
        [there] = given
        [missing] = {*PRICES} - {there}
        raise Misconfigured(
            f"{missing} is missing, while {there} is set: a cost needs both prices. "
            "Set both, or remove both.",
            field=missing,
        )
    return given.get(PRICES[0]), given.get(PRICES[1])


def _price(env: Mapping[str, str], name: str) -> Decimal | None:
    """Read a price; zero is one, as of a model that runs on a machine of one's own."""
    given = env.get(name, "").strip()
    if not given:
        return None
    if re.fullmatch(PRICE, given):
        return Decimal(given)
    raise Misconfigured(
        f"{name} must be the price of 1,000 tokens as a number with a point, such as 0.0025, "
        "with at most 12 decimals. Without prices no cost is shown: then remove the setting.",
        field=name,
    )


def _currency(env: Mapping[str, str]) -> str:
    name = "MODEL_PRICE_CURRENCY"
    given = env.get(name, "").strip() or "USD"
    if re.fullmatch(CURRENCY, given):
        return given
    raise Misconfigured(f"{name} must be three capital letters, such as USD or EUR.", field=name)
