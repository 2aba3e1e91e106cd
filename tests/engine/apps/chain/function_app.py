"""Three activities, one after the other, with a custom status on the way."""

import logging
from collections.abc import Generator
from typing import Any

import azure.durable_functions as df

app = df.DFApp()


@app.orchestration_trigger(context_name="context")
def chain(context: df.DurableOrchestrationContext) -> Generator[Any, Any, list[str]]:
    """Greet three cities."""
    first = yield context.call_activity("greet", "Tokyo")
    context.set_custom_status({"greeted": 1})
    second = yield context.call_activity("greet", "Seattle")
    third = yield context.call_activity("greet", "London")
    return [first, second, third]


@app.orchestration_trigger(context_name="context")
def talking(context: df.DurableOrchestrationContext) -> Generator[Any, Any, list[bool]]:
    """Log each step once, and tell where it was replaying."""
    seen = []
    for city in ("Oslo", "Bergen"):
        seen.append(context.is_replaying)
        if not context.is_replaying:
            logging.getLogger("app").warning("before %s", city)
        yield context.call_activity("greet", city)
    return [*seen, context.is_replaying]


@app.activity_trigger(input_name="city")
def greet(city: str) -> str:
    """Greet a city."""
    return f"Hello {city}!"
