"""Owns the failures that end an orchestration, with the texts that Azure shows for them."""

from devhost.history import Event, EventType

_TASKS = {
    EventType.TASK_SCHEDULED: "an activity task",
    EventType.TIMER_CREATED: "a timer task",
    EventType.SUB_ORCHESTRATION_INSTANCE_CREATED: "a sub-orchestration task",
    EventType.EVENT_SENT: "a send event task",
}
_ACTION_CLASSES = {
    EventType.TASK_SCHEDULED: "ScheduleTaskOrchestratorAction",
    EventType.TIMER_CREATED: "CreateTimerOrchestratorAction",
    EventType.SUB_ORCHESTRATION_INSTANCE_CREATED: "CreateSubOrchestrationAction",
    EventType.EVENT_SENT: "SendEventOrchestratorAction",
}


class OrchestrationError(Exception):
    """The orchestration fails with this text as its output."""

    def __init__(self, message: str, details: str = "") -> None:
        super().__init__(message)
        self.details = details


class NonDeterminismError(OrchestrationError):
    """The code no longer schedules what the history says it scheduled."""

    def __init__(self, message: str) -> None:
        super().__init__(
            "Non-Deterministic workflow detected: A previous execution of this orchestration "
            f"scheduled {message} Was a change made to the orchestrator code after this instance "
            "had already started running?"
        )


def check(event: Event, planned: EventType | None, name: str) -> None:
    """Raise NonDeterminismError unless a "scheduled" event is what the code planned at its id."""
    kind = EventType(event["EventType"])
    if planned is None:
        raise NonDeterminismError(
            f"{_described(kind, event)} but the current replay execution hasn't (yet?) scheduled "
            "this task."
        )
    named = f"{_TASKS[kind]} with sequence number {event['EventId']} named "
    named += f"'{event['Name']}'," if event.get("Name") else ""
    if planned is not kind:
        raise NonDeterminismError(
            f"{named.rstrip()} but the current orchestration replay instead produced a "
            f"{_ACTION_CLASSES[planned]} action with this sequence number."
        )
    if name.lower() != (event.get("Name") or "").lower():
        raise NonDeterminismError(
            f"{named} but the current orchestration replay instead scheduled {_TASKS[kind]} named "
            f"'{name}' with this sequence number. "
        )


def _described(kind: EventType, event: Event) -> str:
    number, name, version = event["EventId"], event.get("Name"), event.get("Version") or ""
    match kind:
        case EventType.TASK_SCHEDULED:
            return (
                f"an activity task with sequence ID {number} and name '{name}' "
                f"(version '{version}'),"
            )
        case EventType.SUB_ORCHESTRATION_INSTANCE_CREATED:
            return (
                f"a sub-orchestration task with sequence ID {number} and name '{name}' "
                f"(version '{version}', instance ID '{event['InstanceId']}'),"
            )
        case EventType.EVENT_SENT:
            return (
                f"a send event task with sequence ID {number}, type 'EventSent' name '{name}', "
                f"instance ID '{event['InstanceId']}',"
            )
        case _:
            return f"a timer task with sequence number {number}"
