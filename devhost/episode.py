"""Owns one episode: the messages and the history of an instance in, all its changes out.

Nothing here touches the store or the event loop, so an episode can run on any thread and can be
thrown away and run again.
"""

import json
import uuid
from dataclasses import replace
from datetime import datetime
from typing import Any

from devhost import divergence, traces, versions
from devhost.config import HostConfig
from devhost.determinism import OrchestrationError
from devhost.history import Event, EventType, event, stamp
from devhost.invoke import run_orchestrator
from devhost.loader import App, Function
from devhost.replay import Decision, Outcome, Replay, compact
from devhost.store import Activity, Changes, Instance, Message, Work

# What the extension tells the SDK: protocol V3, and in which steps it takes long timers.
_PROTOCOL = (
    '"upperSchemaVersion":1,"upperSchemaVersionNew":2,'
    '"longRunningTimerIntervalDuration":"3.00:00:00","maximumShortTimerDuration":"6.00:00:00",'
    '"defaultHttpAsyncRequestSleepTimeMillseconds":30000}'
)


def new_instance(
    name: str,
    key: str,
    text: str | None,
    version: str | None,
    now: datetime,
    *,
    parent: dict[str, Any] | None = None,
    trace: traces.Trace | None = None,
) -> tuple[Instance, Message]:
    """Make an orchestration and the message that starts it; `text` is its input as JSON."""
    execution = uuid.uuid4().hex
    started = event(
        EventType.EXECUTION_STARTED,
        now,
        OrchestrationInstance={"InstanceId": key, "ExecutionId": execution},
        ParentInstance=parent,
        Name=name,
        Version=version,
        Input=text,
        Tags=None,
        **traces.kept(trace),
    )
    moment = stamp(now)
    asked = compact(parent) if parent else None
    instance = Instance(
        key, execution, name, version, "Pending", created=moment, updated=moment, parent=asked
    )
    instance.input = text
    return instance, Message(key, compact(started), execution)


def refusal(child: Instance, reason: str, now: datetime) -> Message:
    """Make the message that tells a parent why its child was not started."""
    return _answer(child, Outcome("Failed", output=reason, details=reason), now)


def _answer(child: Instance, outcome: Outcome, now: datetime) -> Message:
    """Make the message that tells a parent how its child ended."""
    parent = json.loads(child.parent or "{}")
    fields = {"TaskScheduledId": parent["TaskScheduleId"]}
    if outcome.status == "Completed":
        kind = EventType.SUB_ORCHESTRATION_INSTANCE_COMPLETED
        fields["Result"] = outcome.output
    else:
        kind = EventType.SUB_ORCHESTRATION_INSTANCE_FAILED
        fields |= {"Reason": outcome.output, "Details": outcome.details}
    waiting = parent["OrchestrationInstance"]
    answer = compact(event(kind, now, **fields))
    return Message(waiting["InstanceId"], answer, waiting["ExecutionId"])


class Episode:
    """What one turn of an orchestration sees and what it comes to."""

    def __init__(self, work: Work, app: App, config: HostConfig, now: datetime) -> None:
        if work.instance is None:
            raise ValueError("an episode needs an instance")
        self._instance, self._past, self._inbox = work.instance, work.history, work.inbox
        self._app, self._config = app, config
        mine = [d for d in work.inbox if d.execution in (None, self._instance.execution)]
        self._messages: list[Event] = [json.loads(d.event) for d in mine]
        self._turn = event(EventType.ORCHESTRATOR_STARTED, now)
        self._trace = traces.of_work(work)

    @property
    def idle(self) -> bool:
        """Tell whether there is nothing to see and nothing to clear away."""
        return not self._inbox

    @property
    def rejected(self) -> bool:
        """Tell whether the instance has to wait for a host of another version."""
        return self._config.version_failure == "Reject" and not self._accepted

    @property
    def _accepted(self) -> bool:
        return versions.accepts(self._config, self._instance.version)

    def verdict(self) -> Outcome | None:
        """Return what is certain without running the orchestrator, None when it has to run."""
        for message in self._messages:
            if message["EventType"] == EventType.EXECUTION_TERMINATED:
                return Outcome("Terminated", output=message["Input"], custom=self._instance.custom)
        if not self._messages:
            return Outcome(self._instance.status, custom=self._instance.custom)
        if not self._accepted:
            return Outcome("Failed", output=versions.MISMATCH, custom=self._instance.custom)
        return None

    def fail(self, reason: str) -> Outcome:
        """Return the failure of the orchestration for a reason."""
        text = f"Orchestrator function '{self._instance.name}' failed: {reason}"
        return Outcome("Failed", output=text, details=reason, custom=self._instance.custom)

    def play(self, function: Function) -> Outcome:
        """Run the orchestrator on its history, then the host's replay of what it wants."""
        past: list[Event] = json.loads(f"[{','.join(self._past)}]")
        state = run_orchestrator(function, self._body(past))
        if "actions" not in state:
            return self.fail(state["error"])
        try:
            custom = _custom_status(state)
        except OrchestrationError as error:
            return self.fail(str(error))
        replay = Replay(state, self._app, self._config.max_actions)
        history = [*past, self._turn, *self._messages]
        outcome = replay.run(history)
        outcome.custom = custom
        finding = divergence.find(state, outcome, history)
        divergence.report(self._instance.name, self._instance.id, finding)
        return outcome

    def _body(self, past: list[Event]) -> str:
        new = [compact(e) for e in (self._turn, *self._messages)]
        parent = json.loads(self._instance.parent or "null")
        parent_id = parent and parent["OrchestrationInstance"]["InstanceId"]
        return (
            f'{{"history":[{",".join(self._past + new)}],"input":{self._instance.input or "null"},'
            f'"instanceId":{json.dumps(self._instance.id)},'
            f'"isReplaying":{json.dumps(bool(past))},"parentInstanceId":{json.dumps(parent_id)},'
            + _PROTOCOL
        )

    # What it comes to

    def changes(self, outcome: Outcome, now: datetime) -> Changes:
        """Put an outcome into writing."""
        old = self._instance
        status = "Suspended" if outcome.suspended else outcome.status
        new = replace(old, status=status, updated=stamp(now), custom=outcome.custom)
        changes = Changes(old.execution, new, [d.seq for d in self._inbox], len(self._past))
        if not self._messages:
            return changes
        if outcome.status == "ContinuedAsNew":
            self._continue_as_new(changes, outcome, now)
        elif not new.active:
            new.output = outcome.output
            if old.parent is not None:
                changes.messages.append(_answer(old, outcome, now))
        decided = [self._decide(changes, d, now) for d in outcome.decisions]
        if outcome.status != "ContinuedAsNew":
            changes.events = [compact(e) for e in self._turn_events(outcome, decided, now)]
        return changes

    def _turn_events(self, outcome: Outcome, decided: list[Event], now: datetime) -> list[Event]:
        seen = [{**message, "IsPlayed": True} for message in self._messages]
        end = [event(EventType.ORCHESTRATOR_COMPLETED, now)]
        if outcome.status in ("Completed", "Failed", "Terminated"):
            fields: dict[str, Any] = {"OrchestrationStatus": outcome.status}
            fields["Result"] = outcome.output
            end.insert(0, event(EventType.EXECUTION_COMPLETED, now, **fields))
        return [self._turn, *seen, *decided, *end]

    def _continue_as_new(self, changes: Changes, outcome: Outcome, now: datetime) -> None:
        old = self._instance
        parent = json.loads(old.parent) if old.parent else None
        fresh, started = new_instance(
            old.name, old.id, outcome.next_input, old.version, now,
            parent=parent, trace=self._trace,
        )  # fmt: skip
        changes.instance = replace(
            changes.instance, execution=fresh.execution, input=fresh.input, status="Running"
        )
        changes.rewrite = True
        changes.carried = [started]
        changes.carried += [Message(old.id, compact(e)) for e in outcome.carried]

    def _decide(self, changes: Changes, decision: Decision, now: datetime) -> Event:
        """Add what a decision sets off, and return its event."""
        me, execution = self._instance.id, self._instance.execution
        kept = decision.input if self._config.store_inputs else None
        fields: dict[str, Any] = {"Name": decision.name, "Version": "", "Input": kept}
        match decision.kind:
            case EventType.TASK_SCHEDULED:
                call = Activity(me, execution, decision.id, decision.name, decision.input)
                changes.activities.append(call)
            case EventType.TIMER_CREATED:
                fields = {"FireAt": stamp(decision.fire_at or now)}
                fired = event(EventType.TIMER_FIRED, now, TimerId=decision.id, **fields)
                if changes.instance.active and not changes.rewrite:
                    message = Message(me, compact(fired), execution, due=fields["FireAt"])
                    changes.messages.append(message)
            case EventType.SUB_ORCHESTRATION_INSTANCE_CREATED:
                version = decision.version
                if version is None:
                    version = self._config.default_version
                changes.starts.append(self._child(decision, version, now))
                fields |= {"Version": version or "", "InstanceId": decision.instance}
            case _:
                fields = {"Name": decision.name, "Input": decision.input}
                raised = compact(event(EventType.EVENT_RAISED, now, **fields))
                changes.messages.append(Message(decision.instance, raised))
                fields["InstanceId"] = decision.instance
        return event(decision.kind, now, event_id=decision.id, **fields)

    def _child(
        self, decision: Decision, version: str | None, now: datetime
    ) -> tuple[Instance, Message]:
        me = {"InstanceId": self._instance.id, "ExecutionId": self._instance.execution}
        parent = {
            "Name": self._instance.name,
            "OrchestrationInstance": me,
            "TaskScheduleId": decision.id,
            "Version": self._instance.version or "",
        }
        return new_instance(
            decision.name, decision.instance, decision.input, version, now,
            parent=parent, trace=self._trace,
        )  # fmt: skip


def _custom_status(state: dict[str, Any]) -> str | None:
    value = state.get("customStatus")
    if value is None:
        return None
    text = compact(value)
    size = len(text.encode("utf-16-le")) // 1024
    if len(text.encode("utf-16-le")) > _MAX_CUSTOM_STATUS:
        raise OrchestrationError(
            "The UTF-16 size of the JSON-serialized payload must not exceed 16 KB. "
            f"The current payload size is {size} KB."
        )
    return text


_MAX_CUSTOM_STATUS = 17 * 1024 - 1  # 16 KB after rounding down
