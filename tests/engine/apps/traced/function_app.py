"""Tells which trace each function was called in."""

from collections.abc import Generator
from datetime import timedelta
from typing import Any

import azure.durable_functions as df
import azure.functions as func
from opentelemetry.sdk.trace import TracerProvider

app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)
TRACER = TracerProvider(shutdown_on_exit=False).get_tracer("app")


@app.route("start/{name}", methods=["POST"])
@app.durable_client_input(client_name="client")
async def start(
    req: func.HttpRequest, client: df.DurableOrchestrationClient, context: func.Context
) -> func.HttpResponse:
    """Start an orchestration of that name; answer with its id and the trace of this call."""
    key = await client.start_new(req.route_params["name"])
    return func.HttpResponse(f"{key} {context.trace_context.trace_parent}")


@app.route("start-within/{name}", methods=["POST"])
@app.durable_client_input(client_name="client")
async def start_within(
    req: func.HttpRequest, client: df.DurableOrchestrationClient
) -> func.HttpResponse:
    """Start an orchestration within a span of the app's own; answer with its id and the trace."""
    with TRACER.start_as_current_span("mine") as span:
        key = await client.start_new(req.route_params["name"])
        at = span.get_span_context()
    return func.HttpResponse(f"{key} 00-{at.trace_id:032x}-{at.span_id:016x}-{at.trace_flags:02x}")


@app.activity_trigger(input_name="given")
def where(given: Any, context: func.Context) -> str:
    """Return the trace of this call."""
    return f"{context.trace_context.trace_parent}|{context.trace_context.trace_state}"


@app.activity_trigger(input_name="given")
def fail(given: Any) -> None:
    """Fail."""
    raise ValueError("a secret")


@app.orchestration_trigger(context_name="context")
def once(context: df.DurableOrchestrationContext) -> Generator[Any, Any, Any]:
    """Call one activity."""
    return (yield context.call_activity("where"))


@app.orchestration_trigger(context_name="context")
def all_kinds(context: df.DurableOrchestrationContext) -> Generator[Any, Any, Any]:
    """Call an activity, sleep, wait for an event, and have a child call an activity."""
    first = yield context.call_activity("where")
    yield context.create_timer(context.current_utc_datetime + timedelta(minutes=1))
    yield context.wait_for_external_event("go")
    return [first, (yield context.call_sub_orchestrator("once"))]


@app.orchestration_trigger(context_name="context")
def failing(context: df.DurableOrchestrationContext) -> Generator[Any, Any, Any]:
    """Fail by an activity."""
    yield context.call_activity("fail")


@app.orchestration_trigger(context_name="context")
def twice(context: df.DurableOrchestrationContext) -> Generator[Any, Any, Any]:
    """Call an activity, and once more as new."""
    yield context.call_activity("where")
    if context.get_input() is None:
        context.continue_as_new({"again": True})
