"""Owns reading how long a service asks to be left alone (RFC 9110, section 10.2.3)."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

LONGEST_RETRY = timedelta(days=5)  # no timer is longer: see upkeep.LONGEST_TIMER


def retry_after(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """Read `retry-after-ms`, then `Retry-After` in seconds or as a date; None without one.

    The first is Azure OpenAI's own. Never less than was asked, unless that is above 5 days.
    """
    if millis := _number(headers.get("retry-after-ms")):
        return min(timedelta(milliseconds=millis), LONGEST_RETRY)
    after = headers.get("retry-after", "")
    if seconds := _number(after):
        return min(timedelta(seconds=seconds), LONGEST_RETRY)
    try:
        wait = parsedate_to_datetime(after).astimezone(UTC) - now
    except (ValueError, OverflowError):
        return None
    return min(wait, LONGEST_RETRY) if wait > timedelta() else None


def _number(text: str | None) -> int | None:
    """Read a number, rounded up; anything else is None, and what no clock can hold a lot."""
    whole = re.fullmatch(r"(\d{1,30})(\.\d+)?", text or "", re.ASCII)
    return min(int(whole[1]) + bool(whole[2]), 10**9) if whole else None
