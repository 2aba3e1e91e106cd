"""Limits and prices are checked when the app starts, and each mistake names its setting."""

from decimal import Decimal

import pytest
from msgspec.structs import asdict

from signpost import settings
from signpost.allowances import MOST, MOST_DAY_RUNS, Allowances, read
from signpost.problems import Misconfigured
from tests.unit.test_settings import GOOD

COUNTS = {
    "MODEL_REQUESTS_PER_MINUTE": "requests_per_minute",
    "MODEL_TOKENS_PER_MINUTE": "tokens_per_minute",
    "SIGNPOST_RUN_INPUT_TOKENS": "run_input_tokens",
    "SIGNPOST_RUN_OUTPUT_TOKENS": "run_output_tokens",
    "SIGNPOST_DAILY_RUNS": "day_runs",
    "SIGNPOST_DAILY_TOKENS": "day_tokens",
}
PRICES = ("MODEL_PRICE_INPUT", "MODEL_PRICE_OUTPUT")
NO_NUMBERS = ["-1", "+5", "NaN", "inf", "1e999", "ten", "1,000", "1_000", "0x10", "٣", "²", "1 0"]
NO_COUNTS = [*NO_NUMBERS, "0", "00", "1.5", "1e3", str(MOST + 1), "9" * 5000]
NO_PRICES = [*NO_NUMBERS, "1e-3", ".5", "5.", "0,01", "12345678", "0.1234567890123", "$1"]


def refused(env: dict[str, str]) -> Misconfigured:
    """Give the problem that reading these limits ends in."""
    with pytest.raises(Misconfigured) as error:
        read(env)
    return error.value


def test_nothing_is_limited_unless_told() -> None:
    """Without settings there is no line, no price and no share; an empty one is none."""
    assert read({}) == read(dict.fromkeys([*COUNTS, *PRICES], " ")) == Allowances()


@pytest.mark.parametrize("name,field", COUNTS.items())
def test_each_limit_has_its_setting(name: str, field: str) -> None:
    """A limit is a whole number, with blanks around it or not."""
    assert asdict(read({name: " 42 "})) == asdict(Allowances()) | {field: 42}


@pytest.mark.parametrize("name", COUNTS)
@pytest.mark.parametrize("value", NO_COUNTS, ids=ascii)
def test_what_is_no_limit_is_refused(name: str, value: str) -> None:
    """The sentence names the setting, what it takes, and how to have no limit."""
    error = refused({name: value})
    assert error.field == name
    assert error.detail.startswith(f"{name} must be a whole number from 1 to ")
    assert "For no limit remove the setting." in error.detail


def test_a_days_runs_fit_in_a_row() -> None:
    """Their ids are listed in one row of the ledger, which has its limit."""
    assert read({"SIGNPOST_DAILY_RUNS": str(MOST_DAY_RUNS)}).day_runs == MOST_DAY_RUNS
    assert str(MOST_DAY_RUNS) in refused({"SIGNPOST_DAILY_RUNS": str(MOST_DAY_RUNS + 1)}).detail


def test_prices_are_exact() -> None:
    """They are the decimals that were written, and zero is a price."""
    found = read({"MODEL_PRICE_INPUT": "0.00015", "MODEL_PRICE_OUTPUT": "0"})
    assert (found.price_input, found.price_output) == (Decimal("0.00015"), Decimal(0))
    assert found.currency == "USD"


@pytest.mark.parametrize("name", PRICES)
@pytest.mark.parametrize("value", NO_PRICES, ids=ascii)
def test_what_is_no_price_is_refused(name: str, value: str) -> None:
    """The sentence names the setting, and shows a price."""
    error = refused(dict.fromkeys(PRICES, "1") | {name: value})
    assert error.field == name
    assert "such as 0.0025" in error.detail


@pytest.mark.parametrize("there,missing", [PRICES, PRICES[::-1]])
def test_one_price_needs_the_other(there: str, missing: str) -> None:
    """A cost without half of the tokens would be told as if it were all of it."""
    error = refused({there: "0.01"})
    assert error.field == missing
    assert error.detail.startswith(f"{missing} is missing, while {there} is set")


@pytest.mark.parametrize("value", ["usd", "EURO", "€", "US", "U S"])
def test_currencies_are_codes(value: str) -> None:
    """A currency is told as ISO 4217 does."""
    assert refused({"MODEL_PRICE_CURRENCY": value}).field == "MODEL_PRICE_CURRENCY"
    assert read({"MODEL_PRICE_CURRENCY": " EUR "}).currency == "EUR"


def test_the_app_reads_them_with_all_settings() -> None:
    """They are part of what an installation is told, and their mistakes stop it."""
    assert settings.read(GOOD).allowances == Allowances()
    found = settings.read(GOOD | {"MODEL_REQUESTS_PER_MINUTE": "10"})
    assert found.allowances.requests_per_minute == 10
    with pytest.raises(Misconfigured, match="MODEL_TOKENS_PER_MINUTE"):
        settings.read(GOOD | {"MODEL_TOKENS_PER_MINUTE": "0"})
