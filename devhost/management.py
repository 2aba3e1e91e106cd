"""Owns the client and management API: what the SDK's durable client and other tools call.

Answers follow HttpApiHandler of the durable extension (see README for its version).
"""

import asyncio
import logging
import re
import sqlite3
import uuid
from typing import Any
from urllib.parse import quote

from aiohttp import web

from devhost import entities
from devhost.answers import (
    BadRequestError,
    empty,
    failure,
    flag,
    json_body,
    moment,
    number,
    query_of,
    reply,
)
from devhost.engine import ConflictError, Engine
from devhost.history import EventType, stamp
from devhost.keys import Keys
from devhost.replay import compact
from devhost.status import history_of, status_of, value_of
from devhost.store import ACTIVE, Instance, Query
from devhost.traces import of_headers

_log = logging.getLogger("devhost.management")
MOUNTS = ("/durabletask/", "/runtime/webhooks/durabletask/")
_PUBLIC = MOUNTS[1].rstrip("/")
_MESSAGES = {
    "terminate": (EventType.EXECUTION_TERMINATED, "Input"),
    "suspend": (EventType.EXECUTION_SUSPENDED, "Reason"),
    "resume": (EventType.EXECUTION_RESUMED, "Reason"),
}
_WRONG_STATES = {"suspend": ("Suspended",), "resume": ("Pending", "Running")}
_TOKEN = "x-ms-continuation-token"  # noqa: S105 - the name of a header
_EXISTS = "DurableTask.Core.Exceptions.OrchestrationAlreadyExistsException"
_MAX_ID = 256
_MOST = 2**31
_PAGE = 1000  # instances, unless the request says top=
_BAD_ID = re.compile(r"[/\\#?\x00-\x1f\x7f-\x9f]")


class Management:
    """Answers the calls below a mount point."""

    def __init__(self, engine: Engine, keys: Keys) -> None:
        self._engine, self._store, self._keys = engine, engine.store, keys
        self.origin = ""  # where clients reach this host; known once it listens

    # Links

    @property
    def _query(self) -> str:
        hub = quote(self._engine.config.task_hub)
        return f"taskHub={hub}&connection=Storage&code={quote(self._keys.system)}"

    def links(self, key: str, origin: str) -> dict[str, str]:
        """Return the management addresses of an instance."""
        base = f"{origin}{_PUBLIC}/instances/{quote(key, safe='')}"
        query = self._query
        found = {"id": key, "statusQueryGetUri": f"{base}?{query}"}
        found["sendEventPostUri"] = f"{base}/raiseEvent/{{eventName}}?{query}"
        found["purgeHistoryDeleteUri"] = f"{base}?{query}"
        found["restartPostUri"] = f"{base}/restart?{query}"
        for operation in ("terminate", "rewind", "suspend", "resume"):
            found[f"{operation}PostUri"] = f"{base}/{operation}?reason={{text}}&{query}"
        return found

    def binding(self) -> str:
        """Return what a durable client parameter is given (JSON)."""
        create = f"{self.origin}{_PUBLIC}/orchestrators/{{functionName}}[/{{instanceId}}]?"
        code = f"code={quote(self._keys.system)}"
        wait = "timeout={timeoutInSeconds}&pollingInterval={intervalInSeconds}&"
        return compact(
            {
                "taskHubName": self._engine.config.task_hub,
                "connectionName": "Storage",
                "creationUrls": {
                    "createNewInstancePostUri": create + code,
                    "createAndWaitOnNewInstancePostUri": create + wait + code,
                },
                "managementUrls": self.links("INSTANCEID", self.origin),
                "baseUrl": self.origin + _PUBLIC,
                "requiredQueryStringParameters": code,
                "rpcBaseUrl": f"{self.origin}{MOUNTS[0]}",
                "httpBaseUrl": self.origin + _PUBLIC,
            }
        )

    # Routing

    async def handle(self, request: web.Request, path: str) -> web.Response:
        """Answer a call; `path` is what follows the mount point, decoded."""
        # The app's own client comes without a key, and only from this machine.
        local = request.path.startswith(MOUNTS[0]) and request.remote in ("127.0.0.1", "::1")
        if not local and not self._keys.admits(request, "system"):
            return empty(401)
        try:
            return await self._route(request, path.strip("/").split("/"))
        except BadRequestError as error:
            return failure(400, str(error), error.message)
        except ConflictError as error:
            return failure(409, str(error), kind=_EXISTS)
        except sqlite3.Error as error:
            _log.error(
                "The state can't be written (%s): free disk space, or make it writable.", error
            )
            return failure(
                500, f"The state can't be written: {error}", kind="System.IO.IOException"
            )

    async def _route(self, request: web.Request, parts: list[str]) -> web.Response:  # noqa: C901, PLR0911 - one line for each route
        parts[0] = parts[0].lower()
        match request.method, *parts:
            case "POST", "orchestrators", name:
                return await self._start(request, name, "")
            case "POST", "orchestrators", name, key:
                return await self._start(request, name, key)
            case "GET", "instances":
                return self._list(request)
            case "DELETE", "instances":
                return self._purge_many(request)
            case "GET", "instances", key:
                return self._status(request, key)
            case "DELETE", "instances", key:
                return self._purge(key)
            case "POST", "instances", key, verb, name if verb.lower() == "raiseevent":
                return await self._raise_event(request, key, name)
            case "POST", "instances", key, operation:
                return await self._operate(request, key, operation.lower())
            case "GET", "entities", *rest:
                return self._entities(request, rest)
            case "POST" | "DELETE", "entities", name, *rest:
                return await self._signal(request, name, rest)
        return empty(404)

    # Starting

    async def _start(self, request: web.Request, name: str, key: str) -> web.Response:
        text = await json_body(request)
        key = key or uuid.uuid4().hex
        _check_id(key)
        if self._engine.app.find("orchestrator", name) is None:
            raise BadRequestError(self._engine.app.unknown("orchestrator", name))
        config = self._engine.config
        version = query_of(request).get("version", config.default_version)
        self._engine.begin(
            name, key, text, version, of_headers(request.headers),
            replace_active=config.any_state_is_overridable,
        )  # fmt: skip
        return await self._started(request, key)

    async def _started(self, request: web.Request, key: str) -> web.Response:
        seconds = [number(request, name) for name in ("timeout", "pollingInterval")]
        if seconds[0] is not None and seconds[1] is not None:
            if seconds[1] > seconds[0]:
                raise BadRequestError(
                    f"Total timeout {seconds[0]:g} should be bigger than retry timeout "
                    f"{seconds[1]:g}"
                )
            instance = await self._ended(key, seconds[0])
            if instance is not None:
                if instance.status == "Completed":
                    return reply(200, value_of(instance.output))
                return self._status(request, key)
        links = self.links(key, str(request.url.origin()))
        del links["rewindPostUri"]
        return reply(202, links, Location=links["statusQueryGetUri"], Retry_After="10")

    async def _ended(self, key: str, seconds: float) -> Instance | None:
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while True:
            instance = self._store.instance(key)
            if instance is None or not instance.active:
                return instance
            if loop.time() >= until:
                return None
            await self._engine.until_changed(key, until - loop.time())

    # Reading

    def _status(self, request: web.Request, key: str) -> web.Response:
        instance = self._store.instance(key)
        if instance is None:
            return empty(404)
        show_input = flag(request, "showInput", default=True)
        status = status_of(instance, show_input=show_input)
        if flag(request, "showHistory") and instance.status != "Pending":
            outputs = flag(request, "showHistoryOutput")
            events = self._store.history(key)
            status["historyEvents"] = history_of(events, outputs=outputs, inputs=show_input)
        if instance.active:
            return reply(202, status, Location=str(request.url), Retry_After="5")
        hurt = instance.status == "Failed" and flag(request, "returnInternalServerErrorOnFailure")
        return reply(500 if hurt else 200, status)

    def _list(self, request: web.Request) -> web.Response:
        wanted = number(request, "top") or 0
        top = int(wanted) if 1 <= wanted < _MOST else _PAGE
        token = request.headers.get(_TOKEN, "")
        found = self._store.query(_query_of(request, after=token, top=top + 1))
        more = found[top - 1].id if len(found) > top else ""
        show_input = flag(request, "showInput", default=True)
        shown = [status_of(i, show_input=show_input) for i in found[:top]]
        response = reply(200, shown)
        response.headers[_TOKEN] = more
        return response

    # Purging

    def _purge(self, key: str) -> web.Response:
        instance = self._store.instance(key)
        if instance is None and self._store.entity(key) is None:
            return empty(404)
        if instance is not None and instance.active:
            return reply(
                412,
                "Only orchestrations in a terminal state can be purged, but the orchestration "
                f"with instance ID {key} has status {instance.status}",
            )
        self._store.purge([key])
        return reply(200, {"instancesDeleted": 1})

    def _purge_many(self, request: web.Request) -> web.Response:
        if moment(request, "createdTimeFrom") is None:
            return reply(400, "Please provide value for 'createdTimeFrom' parameter.")
        found = self._store.query(_query_of(request, after="", top=_MOST))
        ids = [i.id for i in found if not i.active]
        if not ids:
            return empty(404)
        self._store.purge(ids)
        return reply(200, {"instancesDeleted": len(ids)})

    # Operations on an instance

    async def _raise_event(self, request: web.Request, key: str, name: str) -> web.Response:
        if refused := self._refused(key):
            return refused
        if request.content_type != "application/json":
            return failure(400, "Only application/json request content is supported")
        text = await json_body(request)
        began = self._engine.clock.now()
        self._engine.send(key, EventType.EVENT_RAISED, Name=name, Input=text or "null")
        ended = self._engine.clock.now()
        self._engine.tracing.raised(name, key, of_headers(request.headers), began, ended)
        return empty(202)

    def _refused(self, key: str) -> web.Response | None:
        instance = self._store.instance(key)
        if instance is None:
            return empty(404)
        return None if instance.active else empty(410)

    async def _operate(self, request: web.Request, key: str, operation: str) -> web.Response:
        reason = query_of(request).get("reason", "")
        if operation == "restart":
            return await self._restart(request, key)
        if operation == "rewind":
            return self._rewind(key, reason)
        if operation not in _MESSAGES:
            return empty(404)
        if refused := self._refused(key) or self._in_wrong_state(key, operation):
            return refused
        kind, field = _MESSAGES[operation]
        self._engine.send(key, kind, **{field: reason})
        return empty(202)

    def _in_wrong_state(self, key: str, verb: str) -> web.Response | None:
        instance = self._store.instance(key)
        if instance is None or instance.status not in _WRONG_STATES.get(verb, ()):
            return None
        state = f"{instance.status} state."
        _log.warning("%s: Cannot %s orchestration instance in the %s", key, verb, state)
        return failure(
            500,
            f"Cannot {verb} the orchestration instance {key} because instance is in the {state}",
            "Something went wrong while processing your request",
            "System.InvalidOperationException",
        )

    def _rewind(self, key: str, reason: str) -> web.Response:
        instance = self._store.instance(key)
        if instance is None:
            return reply(404, f'No orchestration with instance ID "${key}" found.')
        if instance.status != "Failed":
            return reply(
                412,
                f"This orchestration has status {instance.status}, but only orchestrations in the "
                '"Failed" state can be rewound.',
            )
        self._engine.rewind(instance, reason)
        return empty(202)

    async def _restart(self, request: web.Request, key: str) -> web.Response:
        old = self._store.instance(key)
        if old is None:
            return failure(
                400,
                f"An orchestrationInstanceId with the name '{key}' was not found.",
                "InstanceId does not match a valid orchestration instance.",
            )
        fresh = flag(request, "restartWithNewInstanceId", default=True)
        new = uuid.uuid4().hex if fresh else key
        self._engine.begin(
            old.name, new, old.input, old.version, of_headers(request.headers), replace_active=False
        )
        return await self._started(request, new)

    # Entities

    def _entities(self, request: web.Request, parts: list[str]) -> web.Response:
        if len(parts) == 2 and parts[1]:  # noqa: PLR2004 - name and key
            found = self._store.entity(entities.entity_id(*parts))
            return empty(404) if found is None else reply(200, value_of(found[0]))
        prefix = f"@{parts[0].lower()}@" if parts and parts[0] else "@"
        fetch = flag(request, "fetchState")
        listed = []
        for key, state, updated in self._store.entities(prefix):
            _, name, rest = key.split("@", 2)
            entry: dict[str, Any] = {"entityId": {"name": name, "key": rest}}
            entry["lastOperationTime"] = updated[:19] + "Z"
            listed.append(entry | ({"state": value_of(state)} if fetch else {}))
        return reply(200, listed)

    async def _signal(self, request: web.Request, name: str, rest: list[str]) -> web.Response:
        if self._engine.app.find("entity", name) is None:
            raise BadRequestError(self._engine.app.unknown("entity", name))
        operation = "delete" if request.method == "DELETE" else query_of(request).get("op", "")
        body = await request.text()
        if body and request.content_type == "application/json":
            body = await json_body(request) or ""
        elif body:
            body = compact(body)
        key = rest[0] if rest else ""
        self._engine.signal(entities.entity_id(name, key), operation, body or None)
        return empty(202)


def _check_id(key: str) -> None:
    if key.startswith("@"):
        raise BadRequestError("Orchestration instance ids must not start with @.")
    if _BAD_ID.search(key):
        raise BadRequestError(
            "Orchestration instance ids must not contain /, \\, #, ?, or control characters."
        )
    if len(key) > _MAX_ID:
        raise BadRequestError(f"Instance ID lengths must not exceed {_MAX_ID} characters.")


def _query_of(request: web.Request, *, after: str, top: int) -> Query:
    wanted = ",".join(query_of(request).getall("runtimeStatus", [])).split(",")
    known = (*ACTIVE, "Completed", "Failed", "Terminated", "Canceled")
    first, last = moment(request, "createdTimeFrom"), moment(request, "createdTimeTo")
    return Query(
        prefix=query_of(request).get("instanceIdPrefix", ""),
        created_from=stamp(first) if first else "",
        created_to=stamp(last) if last else "9",
        statuses=tuple(s for s in map(str.strip, wanted) if s in known),  # others are passed over
        after=after,
        top=top,
    )
