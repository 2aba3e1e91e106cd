"""A loopback stand-in for Key Vault: one secret, its API version, and how it refuses."""

from typing import Self

from aiohttp import web

SECRET = "canary-of-the-vault"


class VaultDouble:
    """Answers with the secret, or with a status, a code and an inner one that a test sets."""

    def __init__(self) -> None:
        self.refuses: tuple[int, str, str] | None = None
        self.asked: list[str] = []
        self.url = ""
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_get("/secrets/{name}", self._answer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

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
