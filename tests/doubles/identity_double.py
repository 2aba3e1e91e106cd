"""A loopback stand-in for the managed identity endpoint of App Service (api-version 2019-08-01)."""

import time
from typing import Self

from aiohttp import web


class IdentityDouble:
    """Gives out made-up tokens, the last of them again and again, or the status that a test sets.

    `resources` are what tokens were asked for.
    """

    def __init__(self) -> None:
        self.status = 200
        self.tokens = ["made-up"]
        self.resources: list[str] = []
        self.url = ""
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_get("/msi/token", self._token)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/msi/token"
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _token(self, request: web.Request) -> web.Response:
        if self.status != web.HTTPOk.status_code:
            return web.json_response({"error": "invalid_request"}, status=self.status)
        self.resources.append(request.query["resource"])
        body = {
            "access_token": self.tokens.pop(0) if len(self.tokens) > 1 else self.tokens[0],
            "expires_on": str(int(time.time()) + 3600),
            "resource": request.query["resource"],
            "token_type": "Bearer",
        }
        return web.json_response(body)
