"""A loopback stand-in for Azure Resource Manager: real paths, API versions and error bodies."""

from typing import Any
from urllib.parse import unquote

from aiohttp import web

from tests.doubles.listening import Listening

TOKEN = "made-up-arm-token"
# Which versions each provider takes here; the longest matching part of the path counts.
VERSIONS = {
    "/subscriptions": "2022-12-01",
    "/resourcegroups/": "2024-11-01",
    "/microsoft.resources/": "2024-11-01",
    "/microsoft.web/": "2024-11-01",
    "/microsoft.authorization/": "2022-04-01",
    "/microsoft.cognitiveservices/": "2025-06-01",
    "/microsoft.durabletask/": "2026-02-01",
    "/microsoft.keyvault/": "2024-11-01",
}


def error(status: int, code: str, message: str) -> web.Response:
    """Answer as Azure words a refusal."""
    return web.json_response({"error": {"code": code, "message": message}}, status=status)


class ArmDouble(Listening):
    """Answers what was put into it, lists in pages of `page`; `asked` is what it was asked for.

    Paths are compared without case, as Azure compares them.
    """

    def __init__(self) -> None:
        super().__init__()
        self.page = 100
        self.asked: list[tuple[str, str]] = []
        self._answers: dict[str, Any] = {}

    def routes(self) -> list[web.RouteDef]:
        """Give what it answers."""
        return [web.route("*", "/{path:.*}", self._answer)]

    def put(self, path: str, body: Any) -> None:
        """Answer a path with a thing, or with a list."""
        self._answers[path.lower()] = body

    def at(self, path: str) -> Any:
        """Give what a path is answered with, to be changed."""
        return self._answers[path.lower()]

    def drop(self, path: str) -> None:
        """Answer a path as one that does not exist."""
        del self._answers[path.lower()]

    def refuse(self, path: str, status: int, code: str, message: str) -> None:
        """Refuse a path."""
        self._answers[path.lower()] = (status, code, message)

    def deny(self, path: str, action: str) -> None:
        """Refuse a path as Azure does where a role is missing."""
        message = (
            f"The client 'adele@contoso.com' with object id '0' does not have authorization to "
            f"perform action '{action}' over scope '{path}' or the scope is invalid."
        )
        self.refuse(path, 403, "AuthorizationFailed", message)

    async def _answer(self, request: web.Request) -> web.Response:
        path = unquote(request.path)
        self.asked.append((request.method, path))
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return error(401, "InvalidAuthenticationToken", "The access token is invalid.")
        if wrong := _wrong_version(request):
            return wrong
        found = self._answers.get(path.lower())
        if isinstance(found, tuple):
            return error(*found)
        lists_secrets = path.lower().endswith("/appsettings/list")
        if found is None or (request.method == "POST") != lists_secrets:
            return error(404, "ResourceNotFound", f"The Resource '{path}' was not found.")
        if not isinstance(found, list):
            return web.json_response(found)
        return self._page(request, found)

    def _page(self, request: web.Request, found: list[Any]) -> web.Response:
        start = int(request.query.get("$skiptoken", "0"))
        body: dict[str, Any] = {"value": found[start : start + self.page]}
        if start + self.page < len(found):
            version = request.query["api-version"]
            more = f"api-version={version}&$skiptoken={start + self.page}"
            body["nextLink"] = f"{self.url}{request.path}?{more}"
        return web.json_response(body)


def _wrong_version(request: web.Request) -> web.Response | None:
    asked = request.query.get("api-version")
    if not asked:
        what = "The api-version query parameter (?api-version=) is required for all requests."
        return error(400, "MissingApiVersionParameter", what)
    path = request.path.lower()
    last = max((path.rfind(part), version) for part, version in VERSIONS.items() if part in path)
    if asked != last[1]:
        return error(400, "NoRegisteredProviderFound", f"The api-version '{asked}' is not one.")
    return None
