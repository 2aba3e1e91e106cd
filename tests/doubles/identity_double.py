"""A loopback stand-in for the managed identity endpoint of App Service (api-version 2019-08-01)."""

import time

from aiohttp import web

from tests.doubles.listening import Listening


class IdentityDouble(Listening):
    """Gives out made-up tokens, the last of them again and again, or the status that a test sets.

    `resources` are what tokens were asked for.
    """

    path = "/msi/token"

    def __init__(self) -> None:
        super().__init__()
        self.status = 200
        self.tokens = ["made-up"]
        self.resources: list[str] = []

    def routes(self) -> list[web.RouteDef]:
        """Give what it answers."""
        return [web.get(self.path, self._token)]

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
