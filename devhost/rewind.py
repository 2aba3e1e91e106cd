"""Owns rewinding: a failed orchestration forgets its failures, and tries them again.

As in DTFx: failed activities go with their calls, failed sub-orchestrations are rewound
themselves, and every one of them gets a new execution id.
"""

import json
import uuid
from dataclasses import replace
from datetime import datetime

from devhost.history import Event, EventType, event, stamp
from devhost.replay import compact
from devhost.store import Changes, Instance, Message, Store

_FAILURES = (EventType.TASK_FAILED, EventType.SUB_ORCHESTRATION_INSTANCE_FAILED)


def rewound(store: Store, instance: Instance, reason: str, now: datetime) -> list[Changes]:
    """Return what has to be written, all at once, to rewind a failed orchestration."""
    return _rewound(store, instance, reason, now, parent_execution=None)


def _rewound(
    store: Store, instance: Instance, reason: str, now: datetime, *, parent_execution: str | None
) -> list[Changes]:
    history: list[Event] = [json.loads(text) for text in store.history(instance.id)]
    failed = {e["TaskScheduledId"] for e in history if e["EventType"] in _FAILURES}
    execution = uuid.uuid4().hex
    kept: list[str] = []
    family: list[Changes] = []
    for old in history:
        kind, number = EventType(old["EventType"]), old["EventId"]
        if kind in (*_FAILURES, EventType.EXECUTION_COMPLETED):
            continue
        if kind is EventType.TASK_SCHEDULED and number in failed:
            continue
        if kind is EventType.EXECUTION_STARTED:
            _renew(old, execution, parent_execution)
        elif kind is EventType.SUB_ORCHESTRATION_INSTANCE_CREATED and number in failed:
            child = store.instance(old["InstanceId"])
            if child is not None and child.status == "Failed":
                family += _rewound(store, child, reason, now, parent_execution=execution)
        kept.append(compact(old))
    changes = Changes(instance.execution, _running(instance, execution, parent_execution, now))
    changes.rewrite, changes.events = True, kept
    if not family:  # a leaf starts itself; those above it run when it has ended
        nudge = event(EventType.GENERIC_EVENT, now, Data=f"Rewound: {reason}")
        changes.messages = [Message(instance.id, compact(nudge), execution)]
    return [changes, *family]


def _renew(started: Event, execution: str, parent_execution: str | None) -> None:
    started["OrchestrationInstance"]["ExecutionId"] = execution
    if parent_execution is not None:
        started["ParentInstance"]["OrchestrationInstance"]["ExecutionId"] = parent_execution


def _running(
    instance: Instance, execution: str, parent_execution: str | None, now: datetime
) -> Instance:
    parent = json.loads(instance.parent) if instance.parent else None
    if parent is not None and parent_execution is not None:
        parent["OrchestrationInstance"]["ExecutionId"] = parent_execution
    return replace(
        instance,
        execution=execution,
        status="Running",
        output=None,
        updated=stamp(now),
        parent=compact(parent) if parent else None,
    )
