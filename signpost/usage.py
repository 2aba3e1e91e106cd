"""Owns what was used of the model: what a prompt will take, what it cost, who used how much.

Who used how much is counted in the ledger for each day of UTC, by compare-and-set, so that no
number of requests at once gets past a share. A row's name holds a hash and no name.
"""

import hashlib
import string
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal, localcontext

import msgspec
from msgspec.structs import replace

from signpost.allowances import Allowances
from signpost.ledger import Ledger, change, read
from signpost.problems import TooMany

PARTITION = "usage"
BATCH = 50
PRICED_TOKENS = 1000
EXACT_DIGITS = 60  # more than any price times any number of tokens has
LETTERS = f"{string.ascii_letters} ".encode()
LETTERS_OF_A_TOKEN = 3
UNDER_WAY = "Your tests that are under way may use up today's tokens: wait for them."
AGAIN_AFTER = timedelta(seconds=10)
FRAME_TOKENS = 8  # what a chat format puts around a message, and before the answer


class Cost(msgspec.Struct, frozen=True):
    """An amount of money, as an exact decimal such as `0.0004`."""

    amount: str
    currency: str


class Day(msgspec.Struct, frozen=True):
    """What one person used on one day: the ids of the runs that were started, and tokens.

    `reserved` is what the tests that are under way may take.
    """

    runs: list[str] = []
    tokens: int = 0
    reserved: int = 0


def estimate(messages: Iterable[Mapping[str, object]]) -> int:
    """Give about how many tokens a prompt has, rather too many than too few.

    No tokenizer: each model has its own, and loading one takes a download. Three ASCII letters
    or blanks are a token, as is every other ASCII character; any other character is as many
    tokens as it has bytes in UTF-8, less one. Compared with o200k_base and cl100k_base that is
    1.2 to 1.8 times the tokens of English and German, 1.2 to 3.5 of Chinese, Japanese, Korean,
    Russian and Arabic, at most 5 of other scripts (Thai); and never less than half, not even
    of random letters.
    """
    return sum(FRAME_TOKENS + _tokens(str(message["content"])) for message in messages)


def _tokens(text: str) -> int:
    plain = text.encode("ascii", "ignore")
    signs = len(plain.translate(None, delete=LETTERS))
    foreign = len(text) - len(plain)
    foreign_bytes = len(text.encode("utf-8", "surrogatepass")) - len(plain)
    return -(-(len(plain) - signs) // LETTERS_OF_A_TOKEN) + signs + foreign_bytes - foreign


def cost(allowances: Allowances, prompt_tokens: int, completion_tokens: int) -> Cost | None:
    """Give exactly what so many tokens cost; None where no prices are set."""
    if allowances.price_input is None or allowances.price_output is None:
        return None
    with localcontext(prec=EXACT_DIGITS):
        amount = prompt_tokens * allowances.price_input
        amount += completion_tokens * allowances.price_output
        return Cost(_plain(amount / PRICED_TOKENS), allowances.currency)


def total(costs: Iterable[Cost | None]) -> Cost | None:
    """Add up costs; None where there is none, or where their currencies differ."""
    known = [cost for cost in costs if cost is not None]
    currencies = {cost.currency for cost in known}
    if len(currencies) != 1:
        return None
    with localcontext(prec=EXACT_DIGITS):
        return Cost(_plain(sum(map(Decimal, (c.amount for c in known)), Decimal())), *currencies)


def _plain(amount: Decimal) -> str:
    """Write a decimal without an exponent and without zeros at its end."""
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


async def count_run(
    ledger: Ledger, allowances: Allowances, who: str | None, now: datetime, run: str
) -> None:
    """Count a run that somebody starts. Raises TooMany when the day's runs are used up.

    Told the same `run` again on the same day, as when a start is repeated with its
    Idempotency-Key, it counts nothing and refuses nothing. `who` is one name for one person, in
    any case of letters; None is all who have no name.
    """
    limit = allowances.day_runs
    if limit is None:
        return

    def counted(day: Day) -> Day:
        if run in day.runs:
            return day
        if len(day.runs) >= limit:
            raise _too_many(f"{limit} run{'s' * (limit != 1)}", "started", now)
        return replace(day, runs=[*day.runs, run])

    await _change(ledger, who, now, counted)


async def spend(
    ledger: Ledger,
    allowances: Allowances,
    who: str | None,
    tokens: int,
    now: datetime,
    *,
    reserved: int = 0,
) -> None:
    """Count the tokens that a call of the model took; nothing is kept where no limit is set.

    What was `reserved` for the call is given back.
    """
    if allowances.day_tokens is None or not (tokens or reserved):
        return

    def counted(day: Day) -> Day:
        left = max(day.reserved - reserved, 0)
        return replace(day, tokens=day.tokens + tokens, reserved=left)

    await _change(ledger, who, now, counted)


async def reserve(
    ledger: Ledger, allowances: Allowances, who: str | None, tokens: int, now: datetime
) -> None:
    """Reserve what a test may take, so that of many at once not all get through.

    The last may go over the day's tokens. What a crash leaves reserved holds up tests alone, until
    midnight. Raises TooMany.
    """
    limit = allowances.day_tokens
    if limit is None:
        return

    def reserved(day: Day) -> Day:
        if day.tokens >= limit:
            raise _too_many(f"{limit} tokens", "used", now)
        if day.tokens + day.reserved >= limit:
            raise TooMany(UNDER_WAY, AGAIN_AFTER)
        return replace(day, reserved=day.reserved + tokens)

    await _change(ledger, who, now, reserved)


async def check_tokens(
    ledger: Ledger, allowances: Allowances, who: str | None, now: datetime
) -> None:
    """Raise TooMany when the day's tokens are used up.

    What a call takes is known after it only, so calls at the same time may go over it together.
    """
    limit = allowances.day_tokens
    if limit is None:
        return
    day = await read(ledger, PARTITION, _row(who, now), Day)
    if day is not None and day.tokens >= limit:
        raise _too_many(f"{limit} tokens", "used", now)


async def forget_days(ledger: Ledger, now: datetime) -> int:
    """Delete the counts of all days before yesterday, and say how many; for the sweep.

    Yesterday's stay, since an instance whose clock is behind may still be counting there.
    """
    forgotten, last = 0, f"{now.astimezone(UTC) - timedelta(days=1):%Y%m%d}"
    while rows := await ledger.page(PARTITION, "", BATCH):
        for row, _ in rows:
            if row >= last:
                return forgotten
            await ledger.delete(PARTITION, row)
            forgotten += 1
    return forgotten


async def _change(
    ledger: Ledger, who: str | None, now: datetime, decide: Callable[[Day], Day]
) -> None:
    row = _row(who, now)
    while True:
        try:
            await change(ledger, PARTITION, row, Day, decide)
        except LookupError:
            await ledger.insert(PARTITION, row, msgspec.json.encode(Day()))
        else:
            return


def _row(who: str | None, now: datetime) -> str:
    """Name the row of a person's day; nobody can be called what stands for no name."""
    name = b"-" if who is None else b"=" + who.casefold().encode()
    return f"{now.astimezone(UTC):%Y%m%d}-{hashlib.sha256(name).hexdigest()}"


def _too_many(share: str, done: str, now: datetime) -> TooMany:
    """Say when there is more: at midnight of UTC."""
    today = now.astimezone(UTC)
    midnight = datetime.combine(today.date(), time(), UTC) + timedelta(days=1)
    wait = midnight - today
    told = f"Only {share} may be {done} a day, and today's share is used up."
    return TooMany(f"{told} There is more after midnight UTC.", wait)
