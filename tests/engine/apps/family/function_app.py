"""Sub-orchestrations: results, failures, given ids."""

from collections.abc import Generator
from typing import Any

import azure.durable_functions as df

app = df.DFApp()


@app.orchestration_trigger(context_name="context")
def parent(context: df.DurableOrchestrationContext) -> Generator[Any, Any, list[Any]]:
    """Run two children at once."""
    tasks = [context.call_sub_orchestrator("child", name) for name in ("a", "b")]
    return (yield context.task_all(tasks))


@app.orchestration_trigger(context_name="context")
def child(context: df.DurableOrchestrationContext) -> Generator[Any, Any, list[Any]]:
    """Tell the name given and who asked."""
    result = yield context.call_activity("echo", context.get_input())
    return [result, context.parent_instance_id]


@app.orchestration_trigger(context_name="context")
def careful(context: df.DurableOrchestrationContext) -> Generator[Any, Any, str]:
    """Catch what a child raises."""
    try:
        yield context.call_sub_orchestrator("broken", None, context.get_input()["child"])
    except Exception as error:  # noqa: BLE001 - the SDK raises nothing narrower
        return str(error)
    return "no failure"


@app.orchestration_trigger(context_name="context")
def broken(context: df.DurableOrchestrationContext) -> Generator[Any, Any, None]:
    """Fail after an activity."""
    yield context.call_activity("echo", "x")
    raise ValueError("broken on purpose")


@app.orchestration_trigger(context_name="context")
def waiting(context: df.DurableOrchestrationContext) -> Generator[Any, Any, None]:
    """Wait for ever."""
    yield context.wait_for_external_event("never")


@app.activity_trigger(input_name="value")
def echo(value: str) -> str:
    """Return the input."""
    return value
