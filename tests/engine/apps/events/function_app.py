"""Waits for external events: in order, against a deadline, and several at once."""

from collections.abc import Generator
from datetime import timedelta
from typing import Any

import azure.durable_functions as df

app = df.DFApp()


@app.orchestration_trigger(context_name="context")
def collect(context: df.DurableOrchestrationContext) -> Generator[Any, Any, list[Any]]:
    """Return the payloads of events item-0, item-1 and so on, as many as the input says."""
    found: list[Any] = []
    while len(found) < context.get_input()["count"]:
        payload = yield context.wait_for_external_event(f"item-{len(found)}")
        found.append(payload)
    return found


@app.orchestration_trigger(context_name="context")
def approve(context: df.DurableOrchestrationContext) -> Generator[Any, Any, str]:
    """Wait a day for a decision."""
    deadline = context.create_timer(context.current_utc_datetime + timedelta(days=1))
    decision = context.wait_for_external_event("decision")
    winner = yield context.task_any([decision, deadline])
    if winner is deadline:
        return "expired"
    deadline.cancel()
    return str(decision.result)


@app.orchestration_trigger(context_name="context")
def year(context: df.DurableOrchestrationContext) -> Generator[Any, Any, str]:
    """Wait a year for a decision."""
    deadline = context.create_timer(context.current_utc_datetime + timedelta(days=365))
    decision = context.wait_for_external_event("decision")
    winner = yield context.task_any([decision, deadline])
    if winner is deadline:
        return "expired"
    deadline.cancel()
    return str(decision.result)
