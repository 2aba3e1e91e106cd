"""An entity, called and signalled."""

from collections.abc import Generator
from typing import Any

import azure.durable_functions as df

app = df.DFApp()


@app.entity_trigger(context_name="context")
def Counter(context: df.DurableEntityContext) -> None:  # noqa: N802 - entity names are often so
    """Add, get, fail or go."""
    value = context.get_state(lambda: 0)
    match context.operation_name:
        case "add":
            context.set_state(value + context.get_input())
        case "get":
            context.set_result(value)
        case "fail":
            raise ValueError("the counter failed")
        case "delete":
            context.destruct_on_exit()


@app.orchestration_trigger(context_name="context")
def adder(context: df.DurableOrchestrationContext) -> Generator[Any, Any, int]:
    """Signal an entity twice, then ask it."""
    entity = df.EntityId("Counter", context.get_input()["key"])
    context.signal_entity(entity, "add", 2)
    context.signal_entity(entity, "add", 3)
    return (yield context.call_entity(entity, "get"))


@app.orchestration_trigger(context_name="context")
def failing(context: df.DurableOrchestrationContext) -> Generator[Any, Any, str]:
    """Catch what an entity raises."""
    try:
        yield context.call_entity(df.EntityId("Counter", "x"), "fail")
    except Exception as error:  # noqa: BLE001 - the SDK raises nothing narrower
        return str(error)
    return "no failure"


@app.orchestration_trigger(context_name="context")
def stranger(context: df.DurableOrchestrationContext) -> Generator[Any, Any, Any]:
    """Call an entity that does not exist."""
    return (yield context.call_entity(df.EntityId("Nobody", "x"), "get"))
