"""A loopback stand-in for Key Vault: one secret, its API version, and how it refuses."""

from aiohttp import web

from tests.doubles.listening import Listening

SECRET = "canary-of-the-vault"


class VaultDouble(Listening):
    """Answers with the secret, or with a status, a code and an inner one that a test sets."""

    def __init__(self) -> None:
        super().__init__()
        self.refuses: tuple[int, str, str] | None = None
        self.asked: list[str] = []

    def routes(self) -> list[web.RouteDef]:
        """Give what it answers."""
        return [web.get("/secrets/{name}", self._answer)]

    def reference(self, name: str = "teams-channel-webhook-url") -> str:
        """Give what a setting holds that refers to a secret of this vault."""
        return f"@Microsoft.KeyVault(SecretUri={self.url}/secrets/{name})"

    async def _answer(self, request: web.Request) -> web.Response:
        self.asked.append(request.headers.get("Authorization", ""))
        if request.query.get("api-version") != "7.4":
            return web.json_response({"error": {"code": "BadParameter"}}, status=400)
        if self.refuses is None:
            return web.json_response({"value": SECRET, "id": str(request.url)})
        status, code, inner = self.refuses
        error = {"code": code, "message": SECRET, "innererror": {"code": inner}}
        return web.json_response({"error": error}, status=status)
