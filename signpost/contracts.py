"""Owns the types that cross between orchestrator and activities, and the names of the events.

Everything here ends up in a Durable history, so it holds ids, states and instants and never a
text, a link or a secret.
"""

from datetime import datetime, timedelta
from typing import Any, Literal, TypeVar

import msgspec

ORCHESTRATOR = "sign_and_post"
MAX_ATTEMPTS = 5
LONGEST_PAUSE = timedelta(minutes=15)  # between two tries to reach a ledger that is away
DRAFTING = 0  # the slot of the waits between two tries to draft, which only a cancel ends early
STOPPED = "The run stopped before its end; the app's log says why."

REQUEST_CHANGES = "Request changes"

# `Approve`, `Reject`, custom options, `Expired`, `Canceled`, `Failed`; of a round `Request changes`
Outcome = str
DeliveryState = Literal["posted", "handed over", "unknown", "failed"]
PostState = Literal["claimed", "released"] | DeliveryState


class Contract(msgspec.Struct, frozen=True, rename="camel"):
    """The base of every type that is written to a history or to the ledger."""


class Work(Contract, kw_only=True, frozen=True):
    """What every activity is given: which round of which run, and when the host says it is.

    `attempt` counts the tries of a step, or the waits of a round.
    """

    run: str
    round: int
    attempt: int
    now: datetime


class Drafted(Contract, kw_only=True, frozen=True):
    """The end of one drafting attempt; without an `outcome` the draft is in the ledger.

    `failure` is a sentence for the requester; `retry_after` is set when the model may be asked
    again, and not before that time has passed since the answer. `calls` counts how often the
    model was asked: not at all while other drafts are ahead of this one.
    """

    outcome: Literal["Canceled", "Failed"] | None = None
    failure: str | None = None
    retry_after: timedelta | None = None
    calls: int = 1


class Standing(Contract, kw_only=True, frozen=True):
    """Where a round stands: over with an `outcome`, or open until an event or `wake_at`.

    `signed` says that the outcome is in favour of posting.
    """

    outcome: Outcome | None = None
    signed: bool = False
    failure: str | None = None
    slot: int = 0
    wake_at: datetime | None = None


class Away(Contract, kw_only=True, frozen=True):
    """What an activity answers instead when the ledger can't be reached: nothing was decided."""

    away: str


class Posted(Contract, kw_only=True, frozen=True):
    """The end of one attempt to post; `retry_after` is set when it was `released`: not out."""

    delivery: PostState
    retry_after: timedelta | None = None


class Ending(Contract, kw_only=True, frozen=True):
    """What the receipt is closed with."""

    work: Work
    outcome: Outcome
    failure: str | None = None


def next_round(work: Work) -> Work:
    """Give the work of the round that follows."""
    return msgspec.structs.replace(work, round=work.round + 1)


def away_for(tried: int) -> timedelta:
    """Say how long to leave a ledger alone that was away so often: 5 seconds up to 15 minutes."""
    return min(timedelta(seconds=5 << min(tried - 1, 10)), LONGEST_PAUSE)


def wake_up(round_number: int, slot: int) -> str:
    """Name the event of one wait: lower case, and never used by two waits.

    The SDK hands an early event to every later wait of its name (azure-functions-durable-python
    issue 507), and it compares names by case where the host does not.
    """
    return f"round-{round_number}-{slot}"


C = TypeVar("C", bound=Contract)


def pack(contract: Contract) -> Any:  # noqa: ANN401 - the shape that JSON has, whatever it is
    """Turn a contract into plain JSON values, as the SDK writes them."""
    return msgspec.to_builtins(contract)


def unpack(value: Any, kind: type[C]) -> C:  # noqa: ANN401 - the shape that JSON has
    """Read a contract back from plain JSON values.

    Raises msgspec.ValidationError when the value has another shape.
    """
    return msgspec.convert(value, kind)


def is_away(value: Any) -> bool:  # noqa: ANN401 - the shape that JSON has
    """Say whether an activity answered that the ledger is away."""
    return isinstance(value, dict) and "away" in value
