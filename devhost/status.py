"""Owns how an orchestration is shown to clients: the status JSON and its history events."""

import json
from typing import Any

from devhost.history import EventType
from devhost.store import Instance

_HIDDEN = (EventType.ORCHESTRATOR_STARTED, EventType.ORCHESTRATOR_COMPLETED)
_SCHEDULED = (EventType.TASK_SCHEDULED, EventType.SUB_ORCHESTRATION_INSTANCE_CREATED)
_ANSWERS = (
    EventType.TASK_COMPLETED,
    EventType.TASK_FAILED,
    EventType.SUB_ORCHESTRATION_INSTANCE_COMPLETED,
    EventType.SUB_ORCHESTRATION_INSTANCE_FAILED,
)
_DROPPED = ("EventId", "IsPlayed", "TaskScheduledId", "TimerId", "Version")
_DROPPED_AT_START = ("OrchestrationInstance", "ParentInstance", "Tags")


def value_of(text: str | None) -> Any:  # noqa: ANN401 - any JSON value
    """Read JSON text; text that is none, such as a reason, is shown as it is."""
    if text is None:
        return None
    try:
        return json.loads(text, parse_constant=str)  # NaN goes out as text, as .NET writes it
    except ValueError:
        return text


def status_of(instance: Instance, *, show_input: bool = True) -> dict[str, Any]:
    """Return the status of an orchestration, without its history."""
    return {
        "name": instance.name,
        "instanceId": instance.id,
        "runtimeStatus": instance.status,
        "input": value_of(instance.input) if show_input else None,
        "customStatus": value_of(instance.custom),
        "output": value_of(instance.output),
        "createdTime": instance.created[:19] + "Z",
        "lastUpdatedTime": instance.updated[:19] + "Z",
        "historyEvents": None,
    }


def history_of(events: list[str], *, outputs: bool, inputs: bool) -> list[dict[str, Any]]:
    """Return history events (JSON texts) as clients see them, each call merged into its answer."""
    read = [json.loads(text) for text in events]
    calls = {e["EventId"]: e for e in read if e["EventType"] in _SCHEDULED}
    answered = {e["TaskScheduledId"] for e in read if e["EventType"] in _ANSWERS}
    shown = []
    for event in read:
        kind = EventType(event["EventType"])
        if kind in _HIDDEN or (kind in _SCHEDULED and event["EventId"] in answered):
            continue
        if kind in _ANSWERS and (call := calls.get(event["TaskScheduledId"])):
            event["ScheduledTime"] = call["Timestamp"]
            event["FunctionName"] = call["Name"]
            if inputs:
                event["Input"] = call["Input"]
        if kind is EventType.EXECUTION_STARTED:
            event["FunctionName"] = event.pop("Name", None)
            for name in _DROPPED_AT_START:
                event.pop(name, None)
        shown.append(_shown(event, kind, outputs=outputs, inputs=inputs))
    return shown


def _shown(
    event: dict[str, Any], kind: EventType, *, outputs: bool, inputs: bool
) -> dict[str, Any]:
    event["EventType"] = kind.name.title().replace("_", "")
    for name in _DROPPED:
        event.pop(name, None)
    if "Result" in event:
        if outputs:
            event["Result"] = value_of(event["Result"])
        else:
            del event["Result"]
    if not inputs:
        event.pop("Input", None)
    return event
