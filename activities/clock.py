"""Owns the time that an activity goes by: its call's, which may be long after it was asked for."""

from datetime import UTC, datetime

from msgspec.structs import replace

from signpost.contracts import Work


def at_hand(asked: Work) -> Work:
    """Give the work with the time of now, or of the orchestration where that is ahead.

    A host may keep an activity queued for long. What was asked for together would call the model
    together, and a claim on a post would be old when it is made.
    """
    return replace(asked, now=max(asked.now, datetime.now(UTC)))
