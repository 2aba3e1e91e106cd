"""Owns reading requests to the management API and writing its answers."""

import json
import math
from datetime import datetime

from aiohttp import web
from multidict import CIMultiDict

from devhost.history import moment_of
from devhost.replay import compact


class BadRequestError(Exception):
    """The request can't be met; the text becomes ExceptionMessage, `message` Message."""

    def __init__(
        self, text: str, message: str = "One or more of the arguments submitted is incorrect"
    ) -> None:
        super().__init__(text)
        self.message = message


def query_of(request: web.Request) -> CIMultiDict[str]:
    """Return the query parameters, whose names .NET reads in any case."""
    return CIMultiDict(request.query)


def reply(status: int, value: object = None, **headers: str) -> web.Response:
    """Answer with JSON."""
    names = {name.replace("_", "-"): text for name, text in headers.items()}
    return web.Response(
        status=status, text=compact(value), content_type="application/json", headers=names
    )


def failure(status: int, error: str, message: str = "", kind: str = "") -> web.Response:
    """Answer with an error in the extension's shape."""
    return reply(
        status,
        {
            "Message": message or error,
            "ExceptionMessage": error,
            "ExceptionType": kind or "System.ArgumentException",
            "StackTrace": "",
        },
    )


def empty(status: int) -> web.Response:
    """Answer without a body."""
    return web.Response(status=status)


async def json_body(request: web.Request) -> str | None:
    """Return the body, which must be JSON, in the compact form; None when there is none."""
    text = await request.text()
    if not text:
        return None
    try:
        return compact(json.loads(text))
    except ValueError as error:
        raise BadRequestError(f"Invalid JSON content: {error}", "Invalid JSON content") from error


def flag(request: web.Request, name: str, *, default: bool = False) -> bool:
    """Return a query parameter that is true or false; anything else counts as absent."""
    return {"true": True, "false": False}.get(query_of(request).get(name, "").lower(), default)


def number(request: web.Request, name: str) -> float | None:
    """Return a query parameter that is a number, None when it is absent or none."""
    try:
        value = float(query_of(request)[name])
    except (KeyError, ValueError):
        return None
    return value if math.isfinite(value) else None


def moment(request: web.Request, name: str) -> datetime | None:
    """Return a query parameter that is a time (UTC unless it says so), None as above."""
    text = query_of(request).get(name, "").replace(" ", "+")
    try:
        return moment_of(text)
    except ValueError:
        return None
