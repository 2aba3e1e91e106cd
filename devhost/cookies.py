"""Owns how a cookie of a response is written: as worker and Functions host do between them."""

from datetime import UTC
from email.utils import format_datetime, parsedate_to_datetime
from http.cookies import Morsel
from urllib.parse import quote

_SAME_SITE = ("lax", "strict", "none")


def header_of(cookie: Morsel[str]) -> str:
    """Return a Set-Cookie header as ASP.NET writes it: value escaped, domain and path always there.

    Raises ValueError for times that can't be read, on which the worker fails too.
    """
    parts = [f"{cookie.key}={quote(cookie.value, safe='')}"]
    if cookie["expires"]:
        expires = parsedate_to_datetime(cookie["expires"]).astimezone(UTC)
        parts.append(f"expires={format_datetime(expires, usegmt=True)}")
    if cookie["max-age"]:
        parts.append(f"max-age={float(cookie['max-age']):.0f}")
    parts += [f"domain={cookie['domain']}", f"path={cookie['path']}"]
    parts += ["secure"] if cookie["secure"] else []
    if cookie["samesite"].lower() in _SAME_SITE:
        parts.append(f"samesite={cookie['samesite'].lower()}")
    parts += ["httponly"] if cookie["httponly"] else []
    return "; ".join(parts)
