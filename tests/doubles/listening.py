"""Owns how a double listens: on loopback, at a port of its own, until its block ends."""

import asyncio
import threading
from typing import Self

from aiohttp import web


class Listening:
    """A server while its block lasts. `url` is where it listens, and ends with `path`."""

    path = ""

    def __init__(self) -> None:
        self.url = ""
        self._runner: web.AppRunner | None = None

    def routes(self) -> list[web.RouteDef]:
        """Give what it answers."""
        raise NotImplementedError

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.add_routes(self.routes())
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}{self.path}"
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._runner is not None:
            await self._runner.cleanup()


class ListeningApart(Listening):
    """The same in a thread of its own, for tests that wait for other processes."""

    def __init__(self) -> None:
        super().__init__()
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self.__aenter__())
        self._ready.set()
        self._loop.run_forever()
        for left in asyncio.all_tasks(self._loop):  # who was never answered
            left.cancel()
        self._loop.run_until_complete(self.__aexit__())
        self._loop.close()
