"""Owns distributed tracing: the spans of an instance's life, and who is told of them.

Names, kinds and attributes of spans are those of DTFx (TraceHelper, Schema and the semantic
conventions in its docs), which the durable extension emits as tracing version V2. Ids of spans
follow from execution and task, so a span has the same id whichever process tells of it.
"""

import json
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from devhost.history import Event, EventType, moment_of
from devhost.store import Activity, Changes, Delivery, Instance, Work
from devhost.traces import Trace, of_work

Kind = Literal["server", "client", "producer", "internal"]
Attributes = dict[str, str | int]
_ENDS = {
    EventType.TASK_COMPLETED: EventType.TASK_SCHEDULED,
    EventType.TASK_FAILED: EventType.TASK_SCHEDULED,
    EventType.SUB_ORCHESTRATION_INSTANCE_COMPLETED: EventType.SUB_ORCHESTRATION_INSTANCE_CREATED,
    EventType.SUB_ORCHESTRATION_INSTANCE_FAILED: EventType.SUB_ORCHESTRATION_INSTANCE_CREATED,
    EventType.TIMER_FIRED: EventType.TIMER_CREATED,
}
_SERVER_FAULT = 500
_FAILURES = (EventType.TASK_FAILED, EventType.SUB_ORCHESTRATION_INSTANCE_FAILED)


@dataclass(frozen=True, slots=True)
class Span:
    """Something that took time, all told."""

    name: str
    kind: Kind
    at: Trace
    parent: Trace | None
    start: datetime
    end: datetime
    attributes: Attributes = field(default_factory=dict)
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request that a function answered; `route` is the template, without its prefix."""

    method: str
    route: str
    function: str
    status: int


class Tracing:
    """Hands traces on. This one tells of nothing: it is what runs unless somebody listens."""

    def serve(self, given: Trace | None) -> Trace | None:
        """Give the trace of a request to a function; `given` came with it."""
        return given

    def start(self, given: Trace | None) -> Trace | None:
        """Give the trace of the start of an orchestration; `given` came with the call for it."""
        return given

    def run(self, kept_trace: Trace | None) -> Trace | None:
        """Give the trace of one run of an activity of an instance that keeps this one."""
        return kept_trace

    def request(
        self, told: Request, at: Trace | None, given: Trace | None, start: datetime, end: datetime
    ) -> None:
        """Tell of a request to a function."""

    def created(
        self,
        instance: Instance,
        at: Trace | None,
        given: Trace | None,
        start: datetime,
        end: datetime,
    ) -> None:
        """Tell that a client started an orchestration."""

    def raised(
        self, name: str, target: str, given: Trace | None, start: datetime, end: datetime
    ) -> None:
        """Tell that a client raised an event."""

    def ran(
        self, call: Activity, at: Trace | None, start: datetime, end: datetime, *, failed: bool
    ) -> None:
        """Tell that an activity ran; `at` is what `run` gave."""

    def turned(self, work: Work, changes: Changes, end: datetime) -> None:
        """Tell of what ended in an episode, once it is on disk."""


class Telling(Tracing):
    """Tells of spans to `add`. What has no trace, since it began without one, has no spans."""

    def __init__(self, add: Callable[[Span], None], *, durable: bool = True) -> None:
        """Take where spans go; without `durable` those of orchestrations are left out."""
        self._add, self._durable = add, durable

    def serve(self, given: Trace | None) -> Trace | None:
        """As above; a new trace where none came."""
        return (given or Trace(secrets.token_hex(16), "")).child()

    def start(self, given: Trace | None) -> Trace | None:
        """As above; a new trace where none came."""
        return self.serve(given) if self._durable else given

    def run(self, kept_trace: Trace | None) -> Trace | None:
        """As above; each run has a span of its own."""
        return kept_trace.child() if kept_trace and self._durable else kept_trace

    def request(
        self, told: Request, at: Trace | None, given: Trace | None, start: datetime, end: datetime
    ) -> None:
        """As above; the path is left out, which may hold what is secret."""
        if at is None:
            return
        named: Attributes = {
            "http.request.method": told.method,
            "http.route": f"/{told.route}",
            "http.response.status_code": told.status,
            "faas.name": told.function,
        }
        name = f"{told.method} /{told.route}"
        failed = told.status >= _SERVER_FAULT
        self._add(Span(name, "server", at, given, start, end, named, failed))

    def created(
        self,
        instance: Instance,
        at: Trace | None,
        given: Trace | None,
        start: datetime,
        end: datetime,
    ) -> None:
        """As above."""
        if at is not None and self._durable:
            name = _named("create_orchestration", instance.name, instance.version)
            named = _task("orchestration", instance) | {
                "durabletask.task.execution_id": instance.execution
            }
            self._add(Span(name, "producer", at, given, start, end, named))

    def raised(
        self, name: str, target: str, given: Trace | None, start: datetime, end: datetime
    ) -> None:
        """As above."""
        at = self.start(given)
        if at is not None and self._durable:
            named: Attributes = {
                "durabletask.type": "event",
                "durabletask.task.name": name,
                "durabletask.event.target_instance_id": target,
            }
            self._add(Span(f"orchestration_event:{name}", "producer", at, given, start, end, named))

    def ran(
        self, call: Activity, at: Trace | None, start: datetime, end: datetime, *, failed: bool
    ) -> None:
        """As above."""
        if at is not None and self._durable:
            client = at.child(_task_key(call.execution, call.task))
            named = _call("activity", call.name, call.instance, call.task)
            name = _named("activity", call.name)
            self._add(Span(name, "server", at, client, start, end, named, failed))

    def turned(self, work: Work, changes: Changes, end: datetime) -> None:
        """As above: activities, children and timers that were waited for, and the whole."""
        trace, instance = of_work(work), work.instance
        if trace is None or instance is None or not self._durable:
            return
        mine, above = trace.child(instance.execution), trace
        if instance.parent:  # who waits for a child has a span that ends with it
            waiting = json.loads(instance.parent)
            execution = waiting["OrchestrationInstance"]["ExecutionId"]
            above = trace.child(_task_key(execution, waiting["TaskScheduleId"]))
        past: list[Event] = [json.loads(text) for text in work.history]
        for wanted, answer in _answered(instance, past, work.inbox):
            self._add(_waited(instance, mine, wanted, answer, end))
        if changes.rewrite or not changes.instance.active:
            start = moment_of(past[0]["Timestamp"]) if past else end
            status = "ContinuedAsNew" if changes.rewrite else changes.instance.status
            named = _task("orchestration", instance) | {"durabletask.task.status": status}
            name = _named("orchestration", instance.name, instance.version)
            failed = status == "Failed"
            self._add(Span(name, "server", mine, above, start, end, named, failed))


def _answered(
    instance: Instance, past: list[Event], inbox: list[Delivery]
) -> Iterator[tuple[Event, Event]]:
    """Pair what an execution waited for with its answers, each once."""
    asked = {e["EventId"]: e for e in past if e["EventType"] in _ENDS.values()}
    for seen in past:
        asked.pop(_answers(seen), None)
    for delivery in inbox:
        if delivery.execution in (None, instance.execution):
            answer: Event = json.loads(delivery.event)
            wanted = asked.pop(_answers(answer), None)
            if wanted and wanted["EventType"] == _ENDS.get(EventType(answer["EventType"])):
                yield wanted, answer


def _answers(seen: Event) -> int:
    """Tell which task an event is the answer to; -1 for none."""
    return next((int(seen[field]) for field in ("TaskScheduledId", "TimerId") if field in seen), -1)


def _waited(instance: Instance, mine: Trace, wanted: Event, answer: Event, end: datetime) -> Span:
    """Make the span of something that an orchestration waited for."""
    task, start = wanted["EventId"], moment_of(wanted["Timestamp"])
    at = mine.child(_task_key(instance.execution, task))
    if wanted["EventType"] == EventType.TIMER_CREATED:
        named = _call("timer", instance.name, instance.id, task)
        named["durabletask.fire_at"] = wanted["FireAt"]
        return Span(f"orchestration:{instance.name}:timer", "internal", at, mine, start, end, named)
    failed = answer["EventType"] in _FAILURES
    if wanted["EventType"] == EventType.TASK_SCHEDULED:
        name, named = "activity", _call("activity", wanted["Name"], instance.id, task)
    else:
        name, named = (
            "orchestration",
            _call("orchestration", wanted["Name"], wanted["InstanceId"], task),
        )
    full = _named(name, wanted["Name"], wanted["Version"])
    return Span(full, "client", at, mine, start, end, named, failed)


def _task_key(execution: str, task: int) -> str:
    return f"{execution}:{task}"


def _named(what: str, name: str, version: str | None = None) -> str:
    return f"{what}:{name}@({version})" if version else f"{what}:{name}"


def _task(kind: str, instance: Instance) -> Attributes:
    named: Attributes = {
        "durabletask.type": kind,
        "durabletask.task.name": instance.name,
        "durabletask.task.instance_id": instance.id,
    }
    return named | ({"durabletask.task.version": instance.version} if instance.version else {})


def _call(kind: str, name: str, instance: str, task: int) -> Attributes:
    return {
        "durabletask.type": kind,
        "durabletask.task.name": name,
        "durabletask.task.instance_id": instance,
        "durabletask.task.task_id": task,
    }
