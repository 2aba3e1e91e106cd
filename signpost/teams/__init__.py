"""Owns what is sent to Microsoft Teams: cards, and the ways of sending them."""

from datetime import datetime, timedelta
from typing import Any, Protocol

import msgspec

from signpost.contracts import DeliveryState

MAX_BYTES = 28_000  # Workflows takes about 28 KB; a message is refused before approval, never cut


class Sent(msgspec.Struct, frozen=True):
    """What is known after one attempt to send.

    `delivery` is None when it certainly did not go out and may be tried after `retry_after`.
    """

    delivery: DeliveryState | None
    detail: str
    retry_after: timedelta | None = None


class Teams(Protocol):
    """A way into Teams."""

    target: str

    async def post(self, message: dict[str, Any], now: datetime) -> Sent:
        """Post a message where the signed text belongs."""
        ...

    async def notify(self, person: str, message: dict[str, Any], now: datetime) -> Sent:
        """Tell one person, alone."""
        ...


def size_of(message: dict[str, Any]) -> int:
    """Count the bytes of a message on the wire."""
    return len(msgspec.json.encode(message))
