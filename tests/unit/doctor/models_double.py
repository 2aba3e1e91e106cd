"""A loopback stand-in for an OpenAI-compatible server that lists one model to who has its key."""

from aiohttp import web

from tests.doubles.listening import Listening

KEY = "canary-of-the-model"


class ModelsDouble(Listening):
    """Answers `/v1/models`, and counts how often; without `key` it believes everybody."""

    def __init__(self) -> None:
        super().__init__()
        self.key: str | None = None
        self.asked = 0

    def routes(self) -> list[web.RouteDef]:
        """Give what it answers."""
        return [web.get("/v1/models", self._models)]

    async def _models(self, request: web.Request) -> web.Response:
        self.asked += 1
        if self.key and request.headers.get("Authorization") != f"Bearer {self.key}":
            return web.json_response({"error": self.key}, status=401)
        return web.json_response({"object": "list", "data": [{"id": "gpt", "object": "model"}]})
