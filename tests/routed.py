"""Calls the app's HTTP routes as the host does, each by the name of its operation."""

import json
from base64 import b64encode
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

import azure.functions as func
import msgspec
from msgspec.structs import replace

from function_app import app
from signpost import lists, openapi, receipts, records
from signpost.contracts import Ending
from signpost.ledger import Ledger
from signpost.links import sign_link
from signpost.openapi import Operation
from signpost.oversight import Case
from signpost.oversight.answers import respond
from signpost.oversight.upkeep import notified, open_round
from signpost.people import people
from signpost.records import DraftText, Post
from signpost.settings import settings
from signpost.text import digest
from tests.builders import (
    ADELE,
    ALEX,
    NOW,
    RUN,
    TEXT,
    a_case,
    a_draft,
    a_flow,
    a_run,
    get_round,
    said,
    work,
)
from tests.doubles.durable_double import DurableDouble
from triggers.operations import OPERATIONS

TENANT = "00000000-0000-0000-0000-00000000000a"
IDS = {
    "adele@contoso.com": "11111111-1111-1111-1111-111111111111",
    "alex@contoso.com": "22222222-2222-2222-2222-222222222222",
    "megan@contoso.com": "33333333-3333-3333-3333-333333333333",
    "diego@contoso.com": "44444444-4444-4444-4444-444444444444",
}
HOUR = timedelta(hours=1)
STRANGER = "55555555-5555-5555-5555-555555555555"
DIEGO = "diego@contoso.com"
APPROVE = {"response": "Approve", "digest": digest(TEXT)}
BODIES: dict[str, Any] = {
    "startRun": {"inputs": {"Topic": "The terrace"}},
    "cancelRun": {},
    "remind": {},
    "extend": {"expiresAt": "2027-06-01T00:00:00Z"},
    "reassign": {"from": ALEX, "to": "pradeep@contoso.com"},
    "resolve": {"delivery": "it is there"},
    "answer": APPROVE,
    "handOn": {"to": "pradeep@contoso.com"},
    "testInstructions": {"name": "topic-post", "inputs": {"Topic": "The terrace"}},
}
BY_NAME = {operation.name: operation for operation in OPERATIONS}


class Route(NamedTuple):
    """One HTTP route as it was registered."""

    method: str
    path: str
    level: str
    handler: Any
    takes_client: bool


@cache
def routes() -> tuple[Route, ...]:
    """List the routes of the app."""
    found = []
    for function in app.get_functions():
        trigger: Any = function.get_trigger()
        trigger = trigger.get_dict_repr()
        if trigger["type"] != "httpTrigger":
            continue
        [method] = trigger["methods"]
        clients = [b for b in function.get_bindings() if b.type == "durableClient"]
        found.append(
            Route(
                method.value.lower(),
                f"/{trigger['route']}",
                trigger["authLevel"].value,
                function.get_user_function(),
                bool(clients),
            )
        )
    return tuple(found)


def route_of(operation: Operation) -> Route:
    """Find the route of an operation."""
    [route] = [r for r in routes() if (r.method, r.path) == (operation.method, operation.path)]
    return route


class Call(NamedTuple):
    """What a request holds besides its route."""

    body: object = None
    headers: Mapping[str, str] = {}
    params: Mapping[str, str] = {}


async def ask(
    name: str,
    client: str,
    call: Call = Call(),  # noqa: B008 - it is immutable
    /,
    **path: str,
) -> func.HttpResponse:
    """Send a request to an operation; bytes go as they are, all else as JSON."""
    route = route_of(BY_NAME[name])
    raw = call.body if isinstance(call.body, bytes) else msgspec.json.encode(call.body)
    sent = {"Content-Type": "application/json", **call.headers}
    request = func.HttpRequest(
        method=route.method.upper(),
        url="http://spoofed.example/api",
        headers={key: value for key, value in sent.items() if value},
        params=call.params,
        route_params=path,
        body=b"" if call.body is None else raw,
    )
    answer = await (
        route.handler(request, client=client) if route.takes_client else route.handler(request)
    )
    assert isinstance(answer, func.HttpResponse)
    return answer


async def waiting(
    ledger: Ledger,
    age: timedelta = HOUR,
    run: str = RUN,
    draft: DraftText | None = None,
    **approval: Any,
) -> None:
    """Bring a run to where it waits for its approvers, some time ago by the real clock."""
    draft = draft or a_draft()
    began = datetime.now(UTC) - age
    record = a_run(id=run, flow=a_flow(**approval), created_at=began)
    case = Case(record, people())
    opened = notified(case, began, [ADELE, ALEX], open_round(case, draft, 1, began))
    rows = {records.RUN: record, records.draft_row(1): draft, records.round_row(1): opened}
    for row, body in rows.items():
        assert await ledger.insert(run, row, msgspec.json.encode(body))
    await lists.started(ledger, record)
    await lists.asked(ledger, run, opened, [ADELE, ALEX])


async def doubtful(ledger: Ledger) -> None:
    """Have the default run signed, and its post in a state that nobody knows."""
    entry, standing = await ledger.get(RUN, records.round_row(1)), await get_round(ledger)
    assert entry
    signed = msgspec.json.encode(respond(a_case(), standing.request_date, said(), standing))
    assert await ledger.replace(RUN, records.round_row(1), signed, entry.etag)
    post = Post(digest=digest(TEXT), target="Teams", state="unknown", detail="", at=NOW)
    assert await ledger.insert(RUN, records.post_row(1), msgspec.json.encode(post))


class Site(NamedTuple):
    """The app with its ledger and Durable, and what changes its settings."""

    ledger: Ledger
    durable: DurableDouble
    mode: Callable[..., None]

    async def prepare(self, name: str) -> None:
        """Bring the default run to where an operation can go well."""
        await waiting(self.ledger, enable_reassignment=True)
        if name == "showReceipt":
            ending = Ending(work=work(), outcome="Failed")
            await receipts.write(self.ledger, settings(), ending)
        if name == "resolve":
            await doubtful(self.ledger)

    async def send(self, name: str, headers: Mapping[str, str], **how: Any) -> func.HttpResponse:
        """Send an operation's good request for the default run, or what is given instead."""
        call = Call(how.get("body", BODIES.get(name)), headers, how.get("params", {}))
        return await ask(name, self.durable.client(), call, **how.get("path", path_of(name)))


def path_of(name: str) -> dict[str, str]:
    """Give the path of an operation on the default run."""
    path = BY_NAME[name].path
    if "{flow}" in path:
        return {"flow": "topic-post"}
    if "{name}" in path:
        return {"name": "topic-post"}
    if "{id}" not in path:
        return {}
    return {"id": f"{RUN}-1" if path.startswith("/api/approvals") else RUN}


def token_for(person: str, number: int = 1, run: str = RUN, **how: Any) -> dict[str, str]:
    """Give the header that somebody's link leads the page to send; `key` signs it."""
    until = datetime.now(UTC) + how.get("good_for", HOUR)
    config = replace(settings(), signing_keys=(how["key"],)) if "key" in how else settings()
    link = sign_link(config, run, number, person, until)
    return {"X-Approval-Token": link.partition("#")[2]}


def signed_in(person: str, tenant: str = TENANT) -> dict[str, str]:
    """Give the header that App Service authentication adds for a person, or an object id."""
    claims = [{"typ": "oid", "val": IDS.get(person, person)}, {"typ": "tid", "val": tenant}]
    principal = {"auth_typ": "aad", "claims": claims}
    return {"X-MS-CLIENT-PRINCIPAL": b64encode(json.dumps(principal).encode()).decode()}


def switched(person: str) -> dict[str, str]:
    """Give the header of the who-am-I switch."""
    return {"X-Signpost-Me": person}


def schema_of(name: str) -> dict[str, Any]:
    """Give a named schema of the API's description that lets no undescribed field pass."""
    schemas = openapi.document(OPERATIONS, "http://localhost:7071")["components"]["schemas"]
    closed = {
        key: each if "properties" not in each else {"additionalProperties": False, **each}
        for key, each in schemas.items()
    }
    return {"$ref": f"#/components/schemas/{name}", "components": {"schemas": closed}}
