"""A loopback stand-in for the HTTP API that the Durable extension gives its clients."""

import json
from typing import Any

from aiohttp import web
from azure.durable_functions.models.utils import http_utils

from tests.doubles.listening import Listening


class DurableDouble(Listening):
    """Keeps the status of each instance, and what it was told: starts and events, in order."""

    path = "/"

    def __init__(self) -> None:
        super().__init__()
        self.instances: dict[str, dict[str, Any]] = {}
        self.told: list[str] = []
        self.down = False

    def routes(self) -> list[web.RouteDef]:
        """Give what it answers."""
        return [
            web.post("/orchestrators/{name}/{id}", self._start),
            web.get("/instances/{id}", self._status),
            web.post("/instances/{id}/raiseEvent/{event}", self._raise),
        ]

    async def __aexit__(self, *_: object) -> None:
        await http_utils._close_session()  # the SDK keeps one session a process
        await super().__aexit__()

    def client(self) -> str:
        """Give the binding that the host passes for a client, as JSON."""
        binding = {
            "taskHubName": "Signpost",
            "creationUrls": {},
            "managementUrls": {"id": "INSTANCEID"},
            "rpcBaseUrl": self.url,
        }
        return json.dumps(binding)

    def put(self, instance: str, status: str = "Running", state: str | None = None) -> None:
        """Have an instance in this runtime status, with a custom status of this state."""
        said = {"state": state, "detail": f"Said while {state}."} if state else None
        self.instances[instance] = {
            "name": "sign_and_post",
            "instanceId": instance,
            "runtimeStatus": status,
            "customStatus": said,
            "createdTime": "2026-11-22T10:00:00Z",
            "lastUpdatedTime": "2026-11-22T10:00:00Z",
        }

    async def _start(self, request: web.Request) -> web.Response:
        instance = request.match_info["id"]
        standing = self.instances.get(instance, {}).get("runtimeStatus")
        if self.down or standing == "Running":  # one that ended would be overwritten
            return web.json_response({"ExceptionMessage": "refused"}, status=500)
        self.put(instance)
        self.told.append(f"start {instance}")
        return web.json_response({"id": instance, "statusQueryGetUri": "?code=secret"}, status=202)

    async def _status(self, request: web.Request) -> web.Response:
        found = self.instances.get(request.match_info["id"])
        return web.json_response(found) if found else web.Response(status=404)

    async def _raise(self, request: web.Request) -> web.Response:
        if self.down:
            return web.Response(status=500)
        if request.match_info["id"] not in self.instances:
            return web.Response(status=404)
        self.told.append(request.match_info["event"])
        return web.Response(status=202)
