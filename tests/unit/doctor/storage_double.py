"""A loopback stand-in for an account's blobs, queues and tables, as strict about tokens."""

from typing import Any

from aiohttp import web

from tests.doubles.listening import Listening

TOKEN = "made-up"
JSON = "application/json"


class StorageDouble(Listening):
    """Holds rows of the table `signpost` and blobs; `fault` is the refusal of one method.

    Tables say the code of an error in their body, the other services in a header.
    """

    def __init__(self) -> None:
        super().__init__()
        self.has_table = True
        self.fault: dict[str, tuple[int, str]] = {}
        self.rows: dict[str, Any] = {}
        self.asked: list[str] = []

    def routes(self) -> list[web.RouteDef]:
        """Give what it answers."""
        return [web.route("*", "/{path:.*}", self._answer)]

    async def _answer(self, request: web.Request) -> web.Response:
        self.asked.append(f"{request.method} {request.path_qs.partition('(')[0]}")
        missing = {"x-ms-version", "x-ms-date"} - {name.lower() for name in request.headers}
        if missing or request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return _refuse(401, "InvalidAuthenticationInfo")
        if request.method in self.fault:
            return _refuse(*self.fault[request.method])
        of_tables = request.path.startswith(("/signpost(", "/Tables"))
        if of_tables and request.headers.get("Accept") != JSON:
            return _refuse(415, "AtomFormatNotSupported")
        if request.path.startswith("/signpost("):
            return await self._row(request)
        if request.path == "/Tables" and request.method == "POST":
            self.has_table = (await _json(request)) == {"TableName": "signpost"}
        return web.json_response({"value": []}, status=200 if request.method == "GET" else 201)

    async def _row(self, request: web.Request) -> web.Response:
        if not self.has_table:
            return _refuse(404, "TableNotFound")
        if request.method == "PUT":
            return self._put(request.path, await _json(request))
        if request.path not in self.rows:
            return _refuse(404, "ResourceNotFound")
        if request.method == "GET":
            return web.json_response(self.rows[request.path])
        if request.headers.get("If-Match") != "*":
            return _refuse(400, "MissingRequiredHeader")
        del self.rows[request.path]
        return web.Response(status=204)

    def _put(self, path: str, row: dict[str, str]) -> web.Response:
        keys = f"(PartitionKey='{row.get('PartitionKey')}',RowKey='{row.get('RowKey')}')"
        if path != f"/signpost{keys}":
            return _refuse(400, "PropertiesNeedValue")
        self.rows[path] = row
        return web.Response(status=204)


async def _json(request: web.Request) -> Any:
    """Read a body that says what it is."""
    assert request.content_type == JSON
    return await request.json()


def _refuse(status: int, code: str) -> web.Response:
    body = {"odata.error": {"code": code, "message": {"lang": "en-US", "value": "It failed."}}}
    return web.json_response(body, status=status, headers={"x-ms-error-code": code})
