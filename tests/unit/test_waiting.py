"""A service that asks to be left alone is left alone for that long."""

from datetime import timedelta

import pytest

from signpost.waiting import retry_after
from tests.builders import NOW

WAITS = [
    ({"retry-after-ms": "1500"}, 1.5),
    ({"retry-after-ms": "1500.2"}, 1.501),
    ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
    ({"retry-after-ms": "x", "retry-after": "9"}, 9),
    ({"retry-after-ms": "0", "retry-after": "9"}, 9),
    ({"retry-after": "121"}, 121),
    ({"retry-after": "0.4"}, 1),
    ({"retry-after": "Sun, 22 Nov 2026 10:00:30 GMT"}, 30),
    ({"retry-after": "Sun, 22 Nov 2026 12:00:30 +0200"}, 30),
    ({"retry-after": "99999999"}, 5 * 86400),
    ({"retry-after": "9" * 30}, 5 * 86400),
    ({"retry-after": "Fri, 31 Dec 9999 23:59:59 GMT"}, 5 * 86400),
]
NO_WAITS = [
    "", "0", "-5", "soon", "1e9", "NaN", "1 2", "0x10", "9" * 31, "\u0663", "1.2.3",
    "Sat, 21 Nov 2026 10:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 -2300", "Mon, 99 Foo 2026",
    "Mon, 01 Jan 0001 00:00:00 +2300",
]  # fmt: skip


@pytest.mark.parametrize("headers,seconds", WAITS)
def test_waits_are_read(headers: dict[str, str], seconds: float) -> None:
    """Milliseconds, seconds and dates are understood, never as less, and capped at 5 days."""
    assert retry_after(headers, NOW) == timedelta(seconds=seconds)


@pytest.mark.parametrize("value", NO_WAITS)
def test_nonsense_is_no_wait(value: str) -> None:
    """What is no time ahead leaves the wait to the caller."""
    assert retry_after({"retry-after": value}, NOW) is None


def test_no_header_is_no_wait() -> None:
    """A service need not say how long."""
    assert retry_after({}, NOW) is None
