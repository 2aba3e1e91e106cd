"""A loopback stand-in for Microsoft Teams: takes what the webhooks send and shows the cards."""

import argparse
import asyncio
import contextlib
import ipaddress
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

import msgspec
from aiohttp import web

# A delayed answer must not hold up the end; aiohttp reads 0 as "wait for ever".
GRACE_SECONDS = 0.01
LIMIT = 28 * 1024  # bytes of one webhook body; Teams refuses larger ones with 413
PAGES = Path(__file__).with_suffix("")
ADAPTIVE_CARDS = (
    Path(__file__).parents[1] / "console/node_modules/adaptivecards/dist/adaptivecards.min.js"
)
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

Place = Literal["channel", "chat"]
_T = TypeVar("_T")


class Fault(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How one request is answered instead of 202.

    `delay` is in seconds and comes before the answer, `close` drops the connection without one.
    A message answered with a `status` other than 202 is not received; all others are.
    """

    status: Annotated[int, msgspec.Meta(ge=200, le=599)] = 202
    delay: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    close: bool = False


class _Faults(msgspec.Struct, forbid_unknown_fields=True):
    channel: list[Fault] = []
    chat: list[Fault] = []


class _Card(msgspec.Struct):
    type: Literal["AdaptiveCard"]
    version: str
    body: list[dict[str, Any]] = []


class _Attachment(msgspec.Struct):
    content_type: Literal["application/vnd.microsoft.card.adaptive"] = msgspec.field(
        name="contentType"
    )
    content: _Card


class _Message(msgspec.Struct):
    """The body of a Workflows webhook: a message with exactly one Adaptive Card."""

    type: Literal["message"]
    attachments: Annotated[list[_Attachment], msgspec.Meta(min_length=1, max_length=1)]


class _ChatMessage(_Message):
    recipient: Annotated[str, msgspec.Meta(pattern=r"^[^@\s]+@[^@\s]+$")]


class Received(msgspec.Struct, frozen=True):
    """A message as it came in, and when."""

    received_at: datetime = msgspec.field(name="receivedAt")
    message: dict[str, Any]


class _Entry(msgspec.Struct, frozen=True):
    """One line of the journal; without a recipient it went to the channel."""

    recipient: str | None
    received: Received


def _utc_now() -> datetime:
    return datetime.now(UTC)


class LocalTeams:
    """One loopback Teams: the messages it received and the faults still to come.

    `journal` is a file that keeps the messages over restarts; without one they end with it.
    """

    def __init__(
        self,
        *,
        channel_faults: Iterable[Fault] = (),
        chat_faults: Iterable[Fault] = (),
        now: Callable[[], datetime] = _utc_now,
        journal: Path | None = None,
    ) -> None:
        self.channel: list[Received] = []
        self.chats: dict[str, list[Received]] = {}
        self.url = ""
        self._faults: dict[Place, deque[Fault]] = {
            "channel": deque(channel_faults),
            "chat": deque(chat_faults),
        }
        self._now = now
        self._born = now()
        self._runner: web.AppRunner | None = None
        self._journal = journal
        if journal is not None and journal.exists():
            for line in journal.read_bytes().splitlines():
                with contextlib.suppress(msgspec.DecodeError):  # cut off by a full disk or a kill
                    self._show(msgspec.json.decode(line, type=_Entry))

    async def start(self, port: int = 0) -> str:
        """Listen on 127.0.0.1 and return the base URL; port 0 takes a free one."""
        self._runner = web.AppRunner(self.app(), access_log=None, shutdown_timeout=GRACE_SECONDS)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self.url

    async def stop(self) -> None:
        """Stop listening; what was received stays readable."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def app(self) -> web.Application:
        """Return the web application: two webhooks, their record, the faults and the page."""
        app = web.Application(client_max_size=LIMIT, middlewares=[_guard])
        app.router.add_post("/channel", self._take_channel)
        app.router.add_post("/chat", self._take_chat)
        app.router.add_get("/messages", self._messages)
        app.router.add_post("/faults", self._set_faults)
        app.router.add_get("/", _page)
        app.router.add_get("/assets/{name}", _asset)
        return app

    async def _take_channel(self, request: web.Request) -> web.Response:
        _, message = await _read(request, _Message)
        return await self._answer(request, "channel", message, None)

    async def _take_chat(self, request: web.Request) -> web.Response:
        shape, message = await _read(request, _ChatMessage)
        return await self._answer(request, "chat", message, shape.recipient)

    async def _answer(
        self, request: web.Request, place: Place, message: dict[str, Any], recipient: str | None
    ) -> web.Response:
        faults = self._faults[place]
        fault = faults.popleft() if faults else Fault()
        if fault.status == Fault().status:
            self._keep(_Entry(recipient, Received(self._now(), message)))
        if fault.delay:
            await asyncio.sleep(fault.delay)
        if fault.close and request.transport is not None:
            request.transport.abort()
        return web.Response(status=fault.status)

    def _keep(self, entry: _Entry) -> None:
        self._show(entry)
        if self._journal is not None:
            with self._journal.open("ab") as journal:
                journal.write(b"\n" + msgspec.json.encode(entry))  # ends a line that was cut off

    def _show(self, entry: _Entry) -> None:
        into = self.chats.setdefault(entry.recipient, []) if entry.recipient else self.channel
        into.append(entry.received)

    async def _messages(self, request: web.Request) -> web.Response:
        count = len(self.channel) + sum(map(len, self.chats.values()))
        headers = {"ETag": f'"{self._born.timestamp()}-{count}"', "Cache-Control": "no-cache"}
        if request.headers.get("If-None-Match") == headers["ETag"]:
            return web.Response(status=304, headers=headers)
        body = msgspec.json.encode({"channel": self.channel, "chats": self.chats})
        return web.Response(body=body, content_type="application/json", headers=headers)

    async def _set_faults(self, request: web.Request) -> web.Response:
        faults, _ = await _read(request, _Faults)
        self._faults = {"channel": deque(faults.channel), "chat": deque(faults.chat)}
        return web.Response(status=204)


async def _read(request: web.Request, shape: type[_T]) -> tuple[_T, dict[str, Any]]:
    """Read a JSON body of a given shape; anything else is answered 400."""
    raw = await request.read()
    try:
        return msgspec.json.decode(raw, type=shape), msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise web.HTTPBadRequest(text=f"body: {error}") from error


@web.middleware
async def _guard(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Keep other sites out: a foreign name bound to 127.0.0.1, a form on another page."""
    host = request.url.host or ""
    if host != "localhost" and not _is_loopback(host):
        raise web.HTTPForbidden(text="Open this page as http://localhost.")
    if request.method == "POST" and request.content_type != "application/json":
        raise web.HTTPBadRequest(text="content-type: send application/json.")
    response = await handler(request)
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


async def _page(_: web.Request) -> web.FileResponse:
    return web.FileResponse(PAGES / "index.html", headers={"Cache-Control": "no-cache"})


async def _asset(request: web.Request) -> web.FileResponse:
    name = request.match_info["name"]
    files = {file.name: file for file in (*PAGES.iterdir(), ADAPTIVE_CARDS)}
    if name not in files or not files[name].is_file():
        raise web.HTTPNotFound(
            text=f"{name} is not here; run 'npm ci' in console/ if it should be."
        )
    return web.FileResponse(files[name], headers={"Cache-Control": "no-cache"})


def main() -> None:
    """Serve until interrupted."""
    options = argparse.ArgumentParser(prog="python -m local.teams", description=__doc__)
    options.add_argument("--port", type=int, default=7072)
    options.add_argument("--journal", type=Path, help="file that keeps the messages over restarts")
    chosen = options.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    logging.getLogger(__name__).info("Local Teams: http://localhost:%d", chosen.port)
    web.run_app(
        LocalTeams(journal=chosen.journal).app(),
        host="127.0.0.1",
        port=chosen.port,
        print=None,
        access_log=None,
        shutdown_timeout=GRACE_SECONDS,
    )


if __name__ == "__main__":
    main()
