"""A loopback stand-in for an OpenAI-compatible server that lists one model to who has its key."""

from typing import Self

from aiohttp import web

KEY = "canary-of-the-model"


class ModelsDouble:
    """Answers `/v1/models`, and counts how often; without `key` it believes everybody."""

    def __init__(self) -> None:
        self.key: str | None = None
        self.asked = 0
        self.url = ""
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_get("/v1/models", self._models)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _models(self, request: web.Request) -> web.Response:
        self.asked += 1
        if self.key and request.headers.get("Authorization") != f"Bearer {self.key}":
            return web.json_response({"error": self.key}, status=401)
        return web.json_response({"object": "list", "data": [{"id": "gpt", "object": "model"}]})
