"""Everything that the SDK's durable client can do, over HTTP."""

import json
from collections.abc import Generator
from datetime import UTC, datetime
from typing import Any

import azure.durable_functions as df
import azure.functions as func

app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)


@app.route(route="do/{operation}", methods=["POST"])
@app.durable_client_input(client_name="client")
async def do(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Run one operation of the client; its arguments are the JSON body."""
    given = req.get_json()
    try:
        result = await _OPERATIONS[req.route_params["operation"]](client, **given)
    except Exception as error:  # noqa: BLE001 - the SDK raises nothing narrower
        return func.HttpResponse(str(error), status_code=400)
    return func.HttpResponse(json.dumps(result, default=str), mimetype="application/json")


@app.route(route="start", methods=["POST"])
@app.durable_client_input(client_name="client")
async def start(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Start and answer with the links."""
    key = await client.start_new("wait", None, {"from": "start"})
    return client.create_check_status_response(req, key)


@app.route(route="wait", methods=["POST"])
@app.durable_client_input(client_name="client")
async def wait(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Start what ends at once and wait for it."""
    key = await client.start_new("quick", None, {"x": 1})
    return await client.wait_for_completion_or_create_check_status_response(req, key, 5000, 20)


async def _status(client: df.DurableOrchestrationClient, key: str) -> Any:
    return (await client.get_status(key, show_input=True)).to_json()


async def _all(client: df.DurableOrchestrationClient) -> Any:
    return [s.instance_id for s in await client.get_status_all()]


async def _by(client: df.DurableOrchestrationClient, statuses: list[str], prefix: str) -> Any:
    wanted = [df.OrchestrationRuntimeStatus(s) for s in statuses]
    found = await client.get_status_by(
        created_time_from=datetime(2020, 1, 1, tzinfo=UTC),
        runtime_status=wanted,
        instance_id_prefix=prefix,
    )
    return [s.instance_id for s in found]


async def _purge(client: df.DurableOrchestrationClient, key: str) -> Any:
    return (await client.purge_instance_history(key)).instances_deleted


async def _purge_by(client: df.DurableOrchestrationClient) -> Any:
    since = datetime(2020, 1, 1, tzinfo=UTC)
    done = [df.OrchestrationRuntimeStatus.Completed]
    return (await client.purge_instance_history_by(since, None, done)).instances_deleted


async def _signal(client: df.DurableOrchestrationClient, key: str, amount: int) -> None:
    await client.signal_entity(df.EntityId("tally", key), "add", amount)


async def _read(client: df.DurableOrchestrationClient, key: str) -> Any:
    state = await client.read_entity_state(df.EntityId("tally", key))
    return [state.entity_exists, state.entity_state]


_OPERATIONS: dict[str, Any] = {
    "start": lambda c, **given: c.start_new(**given),
    "raise": lambda c, **given: c.raise_event(**given),
    "terminate": lambda c, key: c.terminate(key, "enough"),
    "suspend": lambda c, key: c.suspend(key, "a break"),
    "resume": lambda c, key: c.resume(key, "on we go"),
    "rewind": lambda c, key: c.rewind(key, "again"),
    "restart": lambda c, **given: c.restart(**given),
    "status": _status,
    "all": _all,
    "by": _by,
    "purge": _purge,
    "purge_by": _purge_by,
    "signal": _signal,
    "read": _read,
}


@app.orchestration_trigger(context_name="context", orchestration="wait")
def wait_for_go(context: df.DurableOrchestrationContext) -> Generator[Any, Any, Any]:
    """Wait for an event."""
    return (yield context.wait_for_external_event("go"))


@app.orchestration_trigger(context_name="context")
def quick(context: df.DurableOrchestrationContext) -> Any:
    """End at once."""
    return context.get_input()


@app.orchestration_trigger(context_name="context")
def fragile(context: df.DurableOrchestrationContext) -> Generator[Any, Any, Any]:
    """Call an activity that fails the first time."""
    first = yield context.call_activity("once", "first")
    second = yield context.call_activity("flaky", context.instance_id)
    return [first, second]


_seen: dict[str, int] = {}


@app.activity_trigger(input_name="key")
def once(key: str) -> int:
    """Count the calls."""
    _seen[key] = _seen.get(key, 0) + 1
    return _seen[key]


@app.activity_trigger(input_name="key")
def flaky(key: str) -> int:
    """Fail the first time."""
    _seen[key] = _seen.get(key, 0) + 1
    if _seen[key] == 1:
        raise ValueError("the first time")
    return _seen[key]


@app.entity_trigger(context_name="context")
def tally(context: df.DurableEntityContext) -> None:
    """Add up."""
    context.set_state(context.get_state(lambda: 0) + context.get_input())
