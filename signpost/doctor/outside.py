"""Owns the requests that the doctor sends: each once, bounded, and what came of it in words."""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple
from urllib.parse import urlsplit

import msgspec

ANSWER_SECONDS = 8.0  # less than a check has, so that it can still say who was slow
LARGEST_ANSWER = 256 * 1024  # bytes

Why = Literal["name", "network", "certificate", "slow"]


class Reply(NamedTuple):
    """An answer: its status, the names that the service gives its error, and its body."""

    status: int
    codes: frozenset[str]
    headers: Mapping[str, str]
    body: bytes


class Unreached(Exception):  # noqa: N818 - it says what is the case
    """No answer came; the message is a clause about the host: `there is no host of the name x`."""

    def __init__(self, why: Why, clause: str) -> None:
        self.why = why
        super().__init__(clause)


async def send(
    method: str,
    url: str,
    token: str | None = None,
    headers: Mapping[str, str] | None = None,
    body: Any = None,  # noqa: ANN401 - any JSON
    *,
    seconds: float = ANSWER_SECONDS,
) -> Reply:
    """Send one request, follow no redirect, and read the first 256 KiB. Raises Unreached."""
    import aiohttp  # noqa: PLC0415 - only a check needs it: cold start

    given = dict(headers or {})
    if token is not None:
        given["Authorization"] = f"Bearer {token}"
    if body is not None:
        given |= {"Content-Type": "application/json"}
    data = None if body is None else msgspec.json.encode(body)
    limit = aiohttp.ClientTimeout(total=seconds)
    try:
        async with (
            aiohttp.ClientSession(timeout=limit, cookie_jar=aiohttp.DummyCookieJar()) as session,
            session.request(method, url, headers=given, data=data, allow_redirects=False) as got,
        ):
            read = bytearray()
            async for part in got.content.iter_chunked(LARGEST_ANSWER):
                read += part
                if len(read) > LARGEST_ANSWER:
                    break
            return Reply(got.status, _codes(got.headers, read), got.headers, bytes(read))
    except (TimeoutError, aiohttp.ClientError, OSError) as error:
        raise unreached(error, urlsplit(url).hostname or "", seconds) from error


def unreached(error: Exception, host: str, seconds: float = ANSWER_SECONDS) -> Unreached:
    """Say for a person why a connection gave no answer."""
    import socket  # noqa: PLC0415 - as above
    import ssl  # noqa: PLC0415 - as above

    cause = getattr(error, "os_error", error)
    if isinstance(error, TimeoutError):
        return Unreached("slow", f"{host} gave no answer in {seconds:g} seconds")
    if isinstance(cause, socket.gaierror):
        return Unreached("name", f"there is no host of the name {host}")
    if isinstance(cause, ssl.SSLError) or isinstance(
        getattr(error, "certificate_error", None), Exception
    ):
        return Unreached("certificate", f"{host} proves no TLS certificate that can be trusted")
    return Unreached("network", f"{host} can't be reached over the network")


def _codes(headers: Mapping[str, str], body: bytes | bytearray) -> frozenset[str]:
    """Find the names of an error where storage, vaults and models put them."""
    try:
        said = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        said = None
    places = [{"code": headers.get("x-ms-error-code")}]
    while isinstance(said, dict):
        places.append(said)
        said = next((said[k] for k in ("error", "odata.error", "innererror") if k in said), None)
    return frozenset(code for each in places if isinstance(code := each.get("code"), str))
