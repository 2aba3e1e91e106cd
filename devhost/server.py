"""Owns HTTP: requests to HTTP triggers and their responses, as the Functions host converts them."""

import logging
import os
from typing import TYPE_CHECKING, Any

from aiohttp import web
from azure.functions.meta import Datum
from multidict import CIMultiDict

from devhost import cookies
from devhost.clock import Clock
from devhost.invoke import Result, TraceContext, Worker
from devhost.keys import Keys
from devhost.loader import App
from devhost.management import MOUNTS, Management
from devhost.routes import Route, compile_route
from devhost.traces import handed, of_headers
from devhost.tracing import Request, Tracing
from devhost.window import MOUNT, Window

if TYPE_CHECKING:
    from devhost.loader import Function

_log = logging.getLogger("devhost.server")
MAX_BODY = 100 * 2**20  # bytes; the limit of the Functions host
_NO_BODY = (204, 304)


class Server:
    """Answers every request of the host."""

    def __init__(
        self,
        app: App,
        worker: Worker,
        management: Management,
        keys: Keys,
        prefix: str,
        *,
        window: Window,
        tracing: Tracing,
        clock: Clock,
    ) -> None:
        self._window, self._tracing, self._clock = window, tracing, clock
        self._app, self._worker, self._management, self._keys = app, worker, management, keys
        self.routes = [compile_route(f, prefix) for f in app.functions if f.kind == "httpTrigger"]
        # Literal parts win over parameters, constrained ones over others, long over short.
        self.routes.sort(key=_precedence)

    def application(self) -> web.Application:
        """Return the aiohttp application."""
        application = web.Application(client_max_size=MAX_BODY)
        application.router.add_route("*", "/{path:.*}", self.handle)
        return application

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer a request."""
        path = request.path
        for mount in MOUNTS:
            if path.startswith(mount):
                return await self._management.handle(request, path.removeprefix(mount))
        if path.startswith("/admin/"):
            return await self._admin(request, path.removeprefix("/admin/").strip("/"))
        if path == MOUNT or path.startswith(MOUNT + "/"):
            return self._window.show(request, self.routes)
        others: list[str] = []
        for route in self.routes:
            parameters = route.match(path.rstrip("/"))
            if parameters is None:
                continue
            if not route.methods or request.method in route.methods:
                return await self._trigger(request, route, parameters)
            others += route.methods
        if path == "/":
            return _home()
        if others:
            _log.warning(
                "%s %s: 404, as in Azure. The route exists for %s only: name the method in "
                "its decorator.", request.method, path, ", ".join(sorted(others)),
            )  # fmt: skip
        return web.Response(status=404)

    async def _trigger(
        self, request: web.Request, route: Route, parameters: dict[str, str]
    ) -> web.Response:
        if not self._keys.admits(request, route.level):
            return web.Response(status=401)
        try:
            data = await _request_datum(request, parameters)
        except web.HTTPRequestEntityTooLarge:
            return web.Response(status=413)
        given = of_headers(request.headers)
        mine, began = self._tracing.serve(given), self._clock.now()
        response = await self._run(route, data, handed(mine, request.headers))
        told = Request(request.method, route.template, route.function.name, response.status)
        self._tracing.request(told, mine, given, began, self._clock.now())
        return response

    async def _run(self, route: Route, data: Datum, trace: tuple[str, str]) -> web.Response:
        binding = self._management.binding()
        try:
            result = await self._worker.call(route.function, data, binding, TraceContext(*trace))
            return _response(_answer(route.function, result))
        except Exception:  # noqa: BLE001 - whatever user code raises is a 500
            _log.exception("Function '%s' failed.", route.function.name)
            return web.Response(status=500)

    async def _admin(self, request: web.Request, path: str) -> web.Response:
        if not self._keys.admits(request, "admin"):
            return web.Response(status=401)
        match request.method, *path.split("/"):
            case "GET", "host", "status":
                return web.json_response({"state": "Running", "processUptime": 0})
            case "GET" | "POST", "host", "ping":
                return web.Response()
            case "GET", "functions":
                listed = [_described(f) for f in self._app.functions]
                return web.json_response(listed)
        return web.Response(status=404)


def _precedence(route: Route) -> tuple[int, int, int, int]:
    text = route.template
    return text.count("{*"), text.count("{"), -len(route.checks), -len(text)


def _described(function: "Function") -> dict[str, Any]:
    return {"name": function.name, "config": {"bindings": list(function.bindings)}}


async def _request_datum(request: web.Request, parameters: dict[str, str]) -> Datum:
    """Convert a request as host and worker do between them.

    Header names are lower-cased, repeated headers and query values joined by commas, empty query
    values dropped; the body is bytes, and taken only when the request says how long it is.
    """
    headers: dict[str, str] = {}
    for name, value in request.headers.items():
        key = name.lower()
        headers[key] = f"{headers[key]},{value}" if key in headers else value
    query: dict[str, str] = {}
    for name, value in request.query.items():
        query[name] = f"{query[name]},{value}" if name in query else value
    return Datum(
        {
            "method": Datum(request.method, "string"),
            "url": Datum(str(request.url), "string"),
            "headers": {n: Datum(v, "string") for n, v in headers.items()},
            "query": {n: Datum(v, "string") for n, v in query.items() if v},
            "params": {n: Datum(v, "string") for n, v in parameters.items()},
            "body": Datum(await _body(request), "bytes"),
        },
        "http",
    )


async def _body(request: web.Request) -> bytes:
    if request.content_length is None and request.can_read_body:
        _log.warning(
            "%s %s: its body has no Content-Length; Azure hands Python functions none of it.",
            request.method, request.path,
        )  # fmt: skip
        return b""
    return await request.read()


def _answer(function: "Function", result: Result) -> Datum | None:
    """Return what the caller gets: the return value, or what an output of type http was set to."""
    set_to = (result.outputs.get(b["name"]) for b in function.bindings if b["type"] == "http")
    return result.value or next((datum for datum in set_to if datum), None)


def _home() -> web.Response:
    """Answer at the root, where no function does, with a page of its own as Azure."""
    if os.environ.get("AzureWebJobsDisableHomepage", "").lower() == "true":  # noqa: SIM112 - Azure's name
        return web.Response(status=204)
    page = f'<!doctype html><title>devhost</title><a href="{MOUNT}">Functions and instances</a>'
    return web.Response(text=page, content_type="text/html")


def _response(value: Datum | None) -> web.Response:
    """Convert what a function returned: nothing, text, or an HttpResponse."""
    if value is None:
        return web.Response(status=204)
    if value.type != "http":
        return web.Response(text=str(value.value))
    headers: CIMultiDict[str] = CIMultiDict()
    for name, datum in value.value["headers"].items():
        headers.add(name, datum.value)
    for cookie in value.value["cookies"] or ():
        for morsel in cookie.values():
            headers.add("Set-Cookie", cookies.header_of(morsel))
    status = int(value.value["status_code"].value)
    body = None if status in _NO_BODY else value.value["body"].value
    for name in ("Content-Length", "Transfer-Encoding"):  # the server's own business
        headers.popall(name, None)
    return web.Response(status=status, body=body, headers=headers)
