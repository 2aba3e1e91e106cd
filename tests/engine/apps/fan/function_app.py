"""Fans out to activities, async and not, and gathers or races them."""

from collections.abc import Generator
from typing import Any

import azure.durable_functions as df

app = df.DFApp()


@app.orchestration_trigger(context_name="context")
def squares(context: df.DurableOrchestrationContext) -> Generator[Any, Any, int]:
    """Add the squares of the numbers below the input."""
    numbers = range(context.get_input()["below"])
    results = yield context.task_all([context.call_activity("square", n) for n in numbers])
    return sum(results)


@app.orchestration_trigger(context_name="context")
def nothing(context: df.DurableOrchestrationContext) -> Generator[Any, Any, list[Any]]:
    """Gather nothing, then do something."""
    yield context.task_all([])
    result = yield context.call_activity("square", 3)
    return [result]


@app.activity_trigger(input_name="number")
async def square(number: int) -> int:
    """Square a number."""
    return number * number
