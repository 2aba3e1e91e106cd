"""The API describes itself truly: its routes, its answers, and every way in which it refuses."""

import re
import subprocess
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import azure.functions as func
import msgspec
import pytest
from jsonschema import Draft202012Validator, validate

from signpost import openapi, records, runs, usage
from signpost.ledger import change
from signpost.records import Run
from signpost.settings import settings
from tests.builders import ADELE, ALEX, MEGAN, RUN, json_of
from tests.repo.sources import ROOT
from tests.routed import (
    BODIES,
    BY_NAME,
    DIEGO,
    STRANGER,
    Site,
    doubtful,
    routes,
    schema_of,
    signed_in,
    token_for,
    waiting,
)
from triggers.answers import SECURITY_HEADERS
from triggers.operations import OPERATIONS

DOCUMENT = openapi.document(OPERATIONS, "https://signpost.contoso.com")
EACH = pytest.mark.parametrize("name", BY_NAME)
REFUSALS = [
    (each.name, status)
    for each in OPERATIONS
    for status in sorted({kind.status for kind in each.problems})
]

Way = Callable[[Site, str], Awaitable[func.HttpResponse]]


def entitled(name: str) -> dict[str, str]:
    """Give the sign-in of who may do this."""
    return signed_in(ADELE if BY_NAME[name].access == "link" else DIEGO)


async def with_bytes(site: Site, name: str, body: bytes) -> func.HttpResponse:
    """Send a body of these bytes."""
    await waiting(site.ledger, enable_reassignment=True)
    return await site.send(name, entitled(name), body=body)


async def as_text(site: Site, name: str) -> func.HttpResponse:
    """Send what is not said to be JSON."""
    await waiting(site.ledger, enable_reassignment=True)
    return await site.send(name, entitled(name) | {"Content-Type": "text/plain"})


async def by_nobody(site: Site, name: str) -> func.HttpResponse:
    """Send a request without a sign-in."""
    return await site.send(name, {}, params={"deep": "1"})


async def by_the_wrong(site: Site, name: str) -> func.HttpResponse:
    """Send a request from another site's page, or of somebody who is not asked."""
    await waiting(site.ledger)
    if BY_NAME[name].method == "get":
        return await site.send(name, signed_in(MEGAN), params={"deep": "1"})
    return await site.send(name, entitled(name) | {"Origin": "https://contoso.example"})


async def for_nothing(site: Site, name: str) -> func.HttpResponse:
    """Ask for a flow, run or instructions that are not there, or for somebody else's list."""
    params, path = {"person": ADELE}, {"id": f"{'0' * 32}-1", "flow": "gone", "name": "gone"}
    if BY_NAME[name].access == "key":
        path["id"] = "0" * 32
    body = {"name": "gone"} if name == "testInstructions" else BODIES.get(name)
    return await site.send(name, signed_in(STRANGER), params=params, path=path, body=body)


async def too_late(site: Site, name: str) -> func.HttpResponse:
    """Come after Adele's answer; of posts, before any."""
    await waiting(site.ledger, enable_reassignment=True)
    if name != "resolve":
        await doubtful(site.ledger)
    return await site.send(name, signed_in(ALEX) if name == "answer" else entitled(name))


async def after_the_end(site: Site, name: str) -> func.HttpResponse:
    """Come after the run was canceled; of posts, after their text was deleted."""
    await waiting(site.ledger, enable_reassignment=True)
    now = datetime.now(UTC)
    if name != "resolve":
        await runs.cancel(site.ledger, RUN, "", None, now)
        return await site.send(name, entitled(name))
    await doubtful(site.ledger)
    purged = lambda run: msgspec.structs.replace(run, purged_at=now)  # noqa: E731 - as short as can be
    await change(site.ledger, RUN, records.RUN, Run, purged)
    return await site.send(name, entitled(name), body={"delivery": "post again"})


async def with_odd_values(site: Site, name: str) -> func.HttpResponse:
    """Send a field that there is not, or an odd limit."""
    await waiting(site.ledger, enable_reassignment=True)
    body = BODIES.get(name, {}) | {"colour": "red"}
    return await site.send(name, entitled(name), body=body, params={"limit": "0"})


async def at_once(site: Site, name: str) -> func.HttpResponse:
    """Ask for what happened a moment ago, with the day's shares used up."""
    site.mode("on", SIGNPOST_DAILY_RUNS="1", SIGNPOST_DAILY_TOKENS="1")
    await waiting(site.ledger, age=timedelta())
    allowances, now = settings().allowances, datetime.now(UTC)
    await usage.count_run(site.ledger, allowances, DIEGO, now, "another")
    await usage.spend(site.ledger, allowances, DIEGO, 1, now)
    return await site.send(name, entitled(name))


async def without_a_setting(site: Site, name: str) -> func.HttpResponse:
    """Send a request to an app that is not set up."""
    site.mode("on", SIGNPOST_BASE_URL="")
    return await site.send(name, entitled(name))


async def without_a_ledger(site: Site, name: str) -> func.HttpResponse:
    """Send a request to an app whose ledger is away."""
    token = token_for(ADELE) if BY_NAME[name].access == "link" else {}
    site.mode("on", SIGNPOST_LEDGER="sqlite:/missing/ledger.db", SIGNPOST_DAILY_TOKENS="1")
    return await site.send(name, entitled(name) | token)


WAYS: dict[int, Way] = {
    400: lambda site, name: with_bytes(site, name, b"{"),
    401: by_nobody,
    403: by_the_wrong,
    404: for_nothing,
    409: too_late,
    410: after_the_end,
    413: lambda site, name: with_bytes(site, name, b" " * 300_000),
    415: as_text,
    422: with_odd_values,
    429: at_once,
    500: without_a_setting,
    503: without_a_ledger,
}


@pytest.mark.parametrize("name,status", REFUSALS)
async def test_every_described_refusal_happens(site: Site, name: str, status: int) -> None:
    """Each status of each operation can be had, as the problem document that is described."""
    site.mode("on")
    answer = await WAYS[status](site, name)
    assert answer.status_code == status, answer.get_body()
    assert answer.mimetype == "application/problem+json"
    validate(json_of(answer), schema_of("ProblemDetails"))
    assert SECURITY_HEADERS.items() <= dict(answer.headers).items()


@pytest.mark.parametrize("status", WAYS)
@EACH
async def test_no_other_refusal_happens(site: Site, name: str, status: int) -> None:
    """Whatever is wrong with a request, the status is one that is described."""
    site.mode("on")
    described = DOCUMENT["paths"][BY_NAME[name].path][BY_NAME[name].method]["responses"]
    answer = await WAYS[status](site, name)
    assert str(answer.status_code) in described


@EACH
async def test_every_answer_is_as_described(site: Site, name: str) -> None:
    """A success has the described status and shape, with no field more or less."""
    site.mode("on")
    await site.prepare(name)
    answer = await site.send(name, entitled(name))
    assert answer.status_code == (503 if name == "examine" else BY_NAME[name].status)
    assert SECURITY_HEADERS.items() <= dict(answer.headers).items()
    if name != "openapi":
        validate(json_of(answer), schema_of(BY_NAME[name].answer.__name__))


def test_the_description_has_the_apps_routes() -> None:
    """Each method of each API route is described, and nothing else."""
    registered = {(r.method, r.path) for r in routes() if r.path.startswith("/api/")}
    assert registered == {(each.method, each.path) for each in OPERATIONS}


def test_the_description_asks_for_keys_as_the_host_does() -> None:
    """With sign-in off, the routes that take a key are those that the host asks for one."""
    keyed = {(r.method, r.path) for r in routes() if r.level == "function"}
    assert keyed == {(each.method, each.path) for each in OPERATIONS if each.access == "key"}


def references(value: Any) -> list[str]:
    """Find all references in a document."""
    if isinstance(value, dict):
        own = [value["$ref"]] if "$ref" in value else []
        return own + [found for each in value.values() for found in references(each)]
    return (
        [found for each in value for found in references(each)] if isinstance(value, list) else []
    )


def test_every_reference_leads_somewhere() -> None:
    """Each names a schema, and each schema is used."""
    schemas = DOCUMENT["components"]["schemas"]
    found = {reference.removeprefix("#/components/schemas/") for reference in references(DOCUMENT)}
    assert found == set(schemas)


@pytest.mark.parametrize("name", DOCUMENT["components"]["schemas"])
def test_schemas_are_json_schema(name: str) -> None:
    """Each is JSON Schema 2020-12, with patterns that other languages read, too."""
    schema = DOCUMENT["components"]["schemas"][name]
    Draft202012Validator.check_schema(schema)
    assert r"\\Z" not in msgspec.json.encode(schema).decode()


def test_operations_are_told_apart() -> None:
    """Names are unique, each path parameter is described, and security schemes exist."""
    operations = [(path, op) for path, ops in DOCUMENT["paths"].items() for op in ops.values()]
    assert len({op["operationId"] for _, op in operations}) == len(operations)
    for path, operation in operations:
        inside = [each["name"] for each in operation["parameters"] if each["in"] == "path"]
        assert inside == re.findall(r"\{(\w+)\}", path)
        schemes = {name for each in operation["security"] for name in each}
        assert schemes <= DOCUMENT["components"]["securitySchemes"].keys()


async def test_the_description_is_served(site: Site) -> None:
    """It names the address from the settings, whatever host the request was for."""
    answer = await site.send("openapi", {"Host": "spoofed.example"})
    assert json_of(answer)["servers"] == [{"url": "http://localhost:7071"}]
    assert b"spoofed" not in answer.get_body()
    assert json_of(answer)["openapi"] == "3.1.0"


def test_a_cold_start_does_not_pay_for_it() -> None:
    """Importing the app loads neither the table nor what writes the description."""
    late = {"triggers.operations", "signpost.openapi"}
    program = f"import function_app, sys; print({late} & {{*sys.modules}})"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"
