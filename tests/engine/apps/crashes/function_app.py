"""Writes down what it does in the file that NOTES names, so that a test can count it."""

import os
from collections.abc import Generator
from datetime import timedelta
from pathlib import Path
from typing import Any

import azure.durable_functions as df

app = df.DFApp()
Steps = Generator[Any, Any, Any]


@app.orchestration_trigger(context_name="context")
def everything(context: df.DurableOrchestrationContext) -> Steps:
    """Use one of each: activity, timer, child, entity, event."""
    first = yield context.call_activity("note", f"{context.instance_id} first")
    yield context.create_timer(context.current_utc_datetime + timedelta(milliseconds=1))
    child = yield context.call_sub_orchestrator("child", None, f"{context.instance_id}-child")
    total = yield context.call_entity(df.EntityId("total", context.instance_id), "add", 1)
    context.set_custom_status("waiting")
    event = yield context.wait_for_external_event("go")
    last = yield context.call_activity("note", f"{context.instance_id} last")
    return [first, child, total, event, last]


@app.orchestration_trigger(context_name="context")
def child(context: df.DurableOrchestrationContext) -> Steps:
    """Continue as new once, then write a note."""
    if context.get_input() is None:
        context.continue_as_new("again")
        return None
    return (yield context.call_activity("note", f"{context.instance_id} child"))


@app.orchestration_trigger(context_name="context")
def relay(context: df.DurableOrchestrationContext) -> Steps:
    """Write a note for each event item-0, item-1 and so on; a lost one is missed after days."""
    found: list[str] = []
    for number in range(context.get_input()["count"]):
        deadline = context.create_timer(context.current_utc_datetime + timedelta(days=5))
        event = context.wait_for_external_event(f"item-{number}")
        winner = yield context.task_any([event, deadline])
        if winner is deadline:
            return [*found, "missed"]
        deadline.cancel()
        found.append((yield context.call_activity("note", f"{context.instance_id} {event.result}")))
    return found


@app.activity_trigger(input_name="text")
def note(text: str) -> str:
    """Write a line and return its last word."""
    with Path(os.environ["NOTES"]).open("a", encoding="utf-8") as file:
        file.write(text + "\n")
    return text.rsplit(maxsplit=1)[-1]


@app.entity_trigger(context_name="context")
def total(context: df.DurableEntityContext) -> None:
    """Add up."""
    value = context.get_state(lambda: 0) + context.get_input()
    context.set_state(value)
    context.set_result(value)
