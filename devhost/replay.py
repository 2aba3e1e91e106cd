"""Owns the port of the host's replay: which decisions of an orchestration are new.

The SDK hands over every action from the beginning and never says which are new. As the durable
extension does, this module carries out the whole list once more, one action after the other, in
a context that numbers what it schedules and is fed by the same history. What the history does
not know yet is new. (OutOfProcOrchestrationShim, TaskOrchestrationContext and RetryInterceptor
of Microsoft's sources.)
"""

import json
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from typing import Any, Protocol
from uuid import UUID, uuid5

from devhost.determinism import NonDeterminismError, OrchestrationError, check
from devhost.history import Event, EventType, moment_of, stamp
from devhost.promises import Promise, spawn, when_all, when_any

Action = dict[str, Any]
MAX_SHORT_TIMER = timedelta(days=6)
LONG_TIMER_STEP = timedelta(days=3)
HTTP_ACTIVITY = "BuiltIn::HttpActivity"


class ActionType(IntEnum):
    """The kinds of actions and their numbers on the wire."""

    CALL_ACTIVITY = 0
    CALL_ACTIVITY_WITH_RETRY = 1
    CALL_SUB_ORCHESTRATOR = 2
    CALL_SUB_ORCHESTRATOR_WITH_RETRY = 3
    CONTINUE_AS_NEW = 4
    CREATE_TIMER = 5
    WAIT_FOR_EXTERNAL_EVENT = 6
    CALL_ENTITY = 7
    CALL_HTTP = 8
    SIGNAL_ENTITY = 9
    SCHEDULED_SIGNAL_ENTITY = 10
    WHEN_ANY = 11
    WHEN_ALL = 12


class Names(Protocol):
    """Knows which functions the app has."""

    def require(self, kind: str, name: str) -> None:
        """Raise OrchestrationError unless there is a function `name` of that kind."""


@dataclass(slots=True)
class Decision:
    """Something that the orchestration wants done; `id` is its sequence id."""

    id: int
    kind: EventType
    name: str = ""
    input: str | None = None
    instance: str = ""
    version: str | None = None
    fire_at: datetime | None = None
    canceled: bool = False


@dataclass(slots=True)
class Outcome:
    """What an episode came to."""

    status: str = "Running"  # Running, Completed, Failed or ContinuedAsNew
    decisions: list[Decision] = field(default_factory=list)
    output: str | None = None
    details: str = ""
    custom: str | None = None
    next_input: str | None = None
    carried: list[Event] = field(default_factory=list)
    blocked_at: int = 0  # the index of the action that the host waits for
    open_timers: int = 0
    suspended: bool = False


def compact(value: object) -> str:
    """Write JSON as the host stores it: no blanks, escapes only for what UTF-8 can't hold."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":"))
    return text


class Replay:
    """The host's view of one execution while its history passes by."""

    def __init__(self, state: dict[str, Any], names: Names, max_actions: int) -> None:
        """Take the state that the SDK handed back (isDone, actions, output, error)."""
        self._state = state
        self._names = names
        self._actions_left = max_actions
        self._now = datetime.min.replace(tzinfo=UTC)
        self._name = self._instance = self._execution = ""
        self._parent: str | None = None
        self._guids = self._next_id = 0
        self._pending: dict[int, Decision] = {}
        self._open: dict[int, Promise] = {}
        self._timers: set[int] = set()
        self._waiters: dict[str, list[Promise]] = {}
        self._early: dict[str, deque[Event]] = {}
        self._next_input: str | None = None
        self._carried: list[Event] = []
        self._held: list[Event] | None = None  # a list while suspended
        self._main: Promise | None = None
        self._error: OrchestrationError | None = None
        self._at = 0

    def run(self, events: list[Event]) -> Outcome:
        """Let the history pass by and tell what is new at its end."""
        try:
            for event in events:
                self._see(event)
        except NonDeterminismError as error:
            return Outcome("Failed", output=str(error), details=str(error))
        except OrchestrationError as error:
            return Outcome("Failed", output=self._failed(str(error)), details=str(error))
        outcome = Outcome(blocked_at=self._at, suspended=self._held is not None)
        outcome.open_timers = len(self._timers & self._open.keys())
        if not outcome.suspended:
            outcome.decisions = [self._pending[i] for i in sorted(self._pending)]
            self._complete(outcome)
        return outcome

    def _complete(self, outcome: Outcome) -> None:
        # A task that is still open keeps the instance running, even after a failure.
        if self._main is None or not self._main.settled or self._open:
            return
        if self._error is not None:
            outcome.status, outcome.output = "Failed", str(self._error)
            outcome.details = self._error.details
        elif self._next_input is not None:
            outcome.status, outcome.next_input = "ContinuedAsNew", self._next_input
            outcome.carried = self._carried
        else:
            outcome.status = "Completed"
            value = self._state.get("output")
            outcome.output = None if value is None else compact(value)

    # Events

    def _see(self, event: Event) -> None:  # noqa: C901 - one line for each kind of event
        kind = EventType(event["EventType"])
        if self._held is not None and kind not in _PASS_SUSPENSION:
            if kind is not EventType.EXECUTION_SUSPENDED:  # once is enough
                self._held.append(event)
            return
        match kind:
            case EventType.ORCHESTRATOR_STARTED:
                self._now = moment_of(event["Timestamp"])
            case EventType.EXECUTION_STARTED:
                self._on_started(event)
            case (
                EventType.TASK_SCHEDULED
                | EventType.TIMER_CREATED
                | EventType.SUB_ORCHESTRATION_INSTANCE_CREATED
                | EventType.EVENT_SENT
            ):
                self._on_scheduled(event)
            case EventType.TASK_COMPLETED | EventType.SUB_ORCHESTRATION_INSTANCE_COMPLETED:
                self._close(event["TaskScheduledId"])
            case EventType.TASK_FAILED | EventType.SUB_ORCHESTRATION_INSTANCE_FAILED:
                self._close(event["TaskScheduledId"], failed=True)
            case EventType.TIMER_FIRED:
                self._close(event["TimerId"])
            case EventType.EVENT_RAISED:
                self._on_raised(event)
            case EventType.EXECUTION_SUSPENDED:
                self._held = []
            case EventType.EXECUTION_RESUMED:
                self._on_resumed()

    def _on_started(self, event: Event) -> None:
        self._name = event["Name"]
        self._instance = event["OrchestrationInstance"]["InstanceId"]
        self._execution = event["OrchestrationInstance"]["ExecutionId"]
        parent = event["ParentInstance"]
        self._parent = parent and parent["OrchestrationInstance"]["InstanceId"]
        self._main = spawn(self._carry_out())

    def _on_scheduled(self, event: Event) -> None:
        planned = self._pending.pop(event["EventId"], None)
        check(event, planned.kind if planned else None, planned.name if planned else "")

    def _close(self, task: int, *, failed: bool = False) -> None:
        # An answer for a task that is closed or unknown is a duplicate.
        promise = self._open.pop(task, None)
        if promise is not None:
            promise.settle(failed=failed)

    def _on_raised(self, event: Event) -> None:
        if self._next_input is not None:
            self._carried.append(event)
            return
        waiters = self._waiters.get(event["Name"].lower())
        if waiters:
            waiters.pop().settle(failed=_is_entity_error(event))
        else:
            self._early.setdefault(event["Name"].lower(), deque()).append(event)

    def _on_resumed(self) -> None:
        held, self._held = self._held or [], None
        for event in held:
            self._see(event)

    # Actions

    async def _carry_out(self) -> bool:
        try:
            for action in self._state["actions"][0]:
                await self._do(action)
                self._at += 1
        except OrchestrationError as error:
            self._error = OrchestrationError(self._failed(str(error)), str(error))
            return True
        if text := self._state.get("error"):
            details = f"Message: {text}, StackTrace: {self._state.get('stack', '')}"
            self._error = OrchestrationError(self._failed(text), details)
            return True
        if not self._state["isDone"]:
            await Promise()
        return False

    def _failed(self, reason: str) -> str:
        return f"Orchestrator function '{self._name}' failed: {reason}"

    def _do(self, action: Action) -> Promise:  # noqa: C901, PLR0911, PLR0912 - one line for each kind of action
        match ActionType(action["actionType"]):
            case ActionType.CALL_ACTIVITY:
                return self._call_activity(action)
            case ActionType.CALL_ACTIVITY_WITH_RETRY:
                return spawn(self._retry(action, self._call_activity))
            case ActionType.CALL_SUB_ORCHESTRATOR:
                return self._call_sub_orchestrator(action)
            case ActionType.CALL_SUB_ORCHESTRATOR_WITH_RETRY:
                return spawn(self._retry(action, self._call_sub_orchestrator))
            case ActionType.CONTINUE_AS_NEW:
                self._next_input = _json_text(action.get("input")) or "null"
                return _done()
            case ActionType.CREATE_TIMER:
                return self._create_timer(action)
            case ActionType.WAIT_FOR_EXTERNAL_EVENT:
                return self._wait(action["externalEventName"])
            case ActionType.CALL_ENTITY:
                return self._wait(self._send_operation(action, signal=False))
            case ActionType.SIGNAL_ENTITY:
                self._send_operation(action, signal=True)
                return _done()
            case ActionType.CALL_HTTP:
                return self._activity(HTTP_ACTIVITY, compact(action["httpRequest"]))
            case ActionType.WHEN_ALL:
                return when_all([self._do(member) for member in action["compoundActions"]])
            case ActionType.WHEN_ANY:
                return when_any([self._do(member) for member in action["compoundActions"]])
            case other:
                raise OrchestrationError(f"Received an unexpected action type: '{other.name}'.")

    def _schedule(self, kind: EventType, **fields: Any) -> Decision:  # noqa: ANN401 - fields of Decision
        if self._actions_left <= 0:
            raise OrchestrationError(_TOO_MANY_ACTIONS)
        self._actions_left -= 1
        decision = Decision(self._next_id, kind, **fields)
        self._next_id += 1
        self._pending[decision.id] = decision
        return decision

    def _open_task(self, decision: Decision) -> Promise:
        promise = self._open[decision.id] = Promise()
        return promise

    def _call_activity(self, action: Action) -> Promise:
        self._names.require("activity", action["functionName"])
        return self._activity(action["functionName"], action.get("input"))

    def _activity(self, name: str, text: str | None) -> Promise:
        return self._open_task(self._schedule(EventType.TASK_SCHEDULED, name=name, input=text))

    def _call_sub_orchestrator(self, action: Action) -> Promise:
        self._names.require("orchestrator", action["functionName"])
        wanted = action.get("instanceId") or ""
        if wanted and wanted.lower() in (self._instance.lower(), (self._parent or "").lower()):
            raise OrchestrationError(
                "The instance ID of a sub-orchestration must be different than the instance ID "
                "of a parent orchestration."
            )
        if wanted.startswith("@"):
            raise OrchestrationError("Orchestration instance ids must not start with @")
        decision = self._schedule(
            EventType.SUB_ORCHESTRATION_INSTANCE_CREATED,
            name=action["functionName"],
            input=_json_text(action.get("input")),
            instance=wanted or f"{self._execution}:{self._next_id}",
            version=action.get("version"),
        )
        return self._open_task(decision)

    async def _retry(self, action: Action, call: Callable[[Action], Promise]) -> bool:
        options = action["retryOptions"]
        pause = timedelta(milliseconds=options["firstRetryIntervalInMilliseconds"])
        attempts = options["maxNumberOfAttempts"]
        for attempt in range(1, attempts + 1):
            if not (await call(action)).failed:
                return False
            # The timer after the last attempt is useless, but its sequence id is taken.
            fire_at = self._now + (pause if attempt < attempts else timedelta())
            await self._open_task(self._schedule(EventType.TIMER_CREATED, fire_at=fire_at))
        return True

    def _create_timer(self, action: Action) -> Promise:
        fire_at = moment_of(action["fireAt"])
        canceled = bool(action.get("isCanceled"))
        if canceled or fire_at - self._now <= MAX_SHORT_TIMER:
            return self._timer(fire_at, canceled=canceled)
        return spawn(self._long_timer(fire_at))

    async def _long_timer(self, fire_at: datetime) -> bool:
        while fire_at > self._now:
            await self._timer(min(fire_at, self._now + LONG_TIMER_STEP))
        return False

    def _timer(self, fire_at: datetime, *, canceled: bool = False) -> Promise:
        decision = self._schedule(EventType.TIMER_CREATED, fire_at=fire_at, canceled=canceled)
        if canceled:  # takes its id and is scheduled, but nobody waits for it
            return _done(failed=True)
        self._timers.add(decision.id)
        return self._open_task(decision)

    def _wait(self, name: str) -> Promise:
        early = self._early.get(name.lower())
        if early:
            return _done(failed=_is_entity_error(early.popleft()))
        promise = Promise()
        self._waiters.setdefault(name.lower(), []).append(promise)
        return promise

    def _send_operation(self, action: Action, *, signal: bool) -> str:
        target: str = action["instanceId"]
        self._names.require("entity", target.split("@")[1])
        guid = str(uuid5(_GUIDS, f"{self._instance}_{stamp(self._now)}_{self._guids}"))
        self._guids += 1
        request: dict[str, object] = {
            "op": action["operation"],
            "id": guid,
            "parent": self._instance,
        }
        request["parentExecution"] = self._execution
        if action.get("input") is not None:
            request["input"] = compact(action["input"])
        if signal:
            request["signal"] = True
        self._schedule(EventType.EVENT_SENT, name="op", instance=target, input=compact(request))
        return guid


def _done(*, failed: bool = False) -> Promise:
    promise = Promise()
    promise.settle(failed=failed)
    return promise


def _json_text(value: object) -> str | None:
    """Serialize an input as the host does: text that is JSON already is encoded once more."""
    return None if value is None else compact(value)


def _is_entity_error(event: Event) -> bool:
    return '"exceptionType"' in (event.get("Input") or "")


_GUIDS = UUID("9e952958-5e33-4daf-827f-2fa12937b875")
_TOO_MANY_ACTIONS = (
    "Maximum amount of orchestration actions (100000) has been reached. This value can be "
    "configured in host.json file as MaxOrchestrationActions."
)
_PASS_SUSPENSION = (EventType.EXECUTION_RESUMED, EventType.ORCHESTRATOR_STARTED)
