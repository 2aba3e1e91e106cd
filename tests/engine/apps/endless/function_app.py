"""An activity that never ends, in an app with a function timeout."""

import asyncio
from collections.abc import Generator
from typing import Any

import azure.durable_functions as df

app = df.DFApp()


@app.orchestration_trigger(context_name="context")
def patient(context: df.DurableOrchestrationContext) -> Generator[Any, Any, Any]:
    """Wait for what never ends."""
    return (yield context.call_activity("endless", None))


@app.activity_trigger(input_name="nothing")
async def endless(nothing: Any) -> None:
    """Wait for ever."""
    await asyncio.Event().wait()
