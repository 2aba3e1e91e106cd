"""Continues as new until a counter is reached."""

from collections.abc import Generator
from typing import Any

import azure.durable_functions as df

app = df.DFApp()


@app.orchestration_trigger(context_name="context")
def eternal(context: df.DurableOrchestrationContext) -> Generator[Any, Any, Any]:
    """Count an event in each execution."""
    state = context.get_input()
    if state["left"] == 0:
        return state["seen"]
    payload = yield context.wait_for_external_event(f"tick-{state['left']}")
    context.continue_as_new({"left": state["left"] - 1, "seen": [*state["seen"], payload]})
    return None
