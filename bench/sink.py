"""A loopback Teams that only keeps time: it tells when a notice or a post came in."""

import asyncio
import time
from collections import defaultdict
from typing import Self

from aiohttp import web


class Sink:
    """Takes `/chat` and `/channel`; whoever waits for a text gets the instant it arrived."""

    def __init__(self) -> None:
        self._arrivals: dict[str, asyncio.Future[float]] = defaultdict(
            asyncio.get_running_loop().create_future
        )
        self.links: dict[str, str] = {}
        self.url = ""

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_post("/chat", self._notice)
        app.router.add_post("/channel", self._post)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    async def link(self, run: str) -> str:
        """Wait until an approver of a run was told, and give the link."""
        await self._arrivals[run]
        return self.links[run]

    async def posted(self, text: str) -> float:
        """Wait until a text is posted, and give the instant in seconds of `perf_counter`."""
        return await self._arrivals[text]

    async def _notice(self, request: web.Request) -> web.Response:
        card = (await request.json())["attachments"][0]["content"]
        link = card["actions"][0]["url"]
        run = link.partition("#")[0].rsplit("/", 1)[1].partition("-")[0]
        self.links[run] = link
        self._arrived(run)
        return web.Response(status=202)

    async def _post(self, request: web.Request) -> web.Response:
        now = time.perf_counter()
        card = (await request.json())["attachments"][0]["content"]
        self._arrived(card["body"][1]["items"][0]["inlines"][0]["text"], now)
        return web.Response(status=202)

    def _arrived(self, what: str, now: float = 0.0) -> None:
        if not self._arrivals[what].done():
            self._arrivals[what].set_result(now)
