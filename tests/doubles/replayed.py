"""Plays the Durable host for one orchestration: history in, actions out, one episode at a time.

The SDK's own executor replays the code; the JSON is that of the out-of-process protocol, as
azure-functions-durable 1.7 reads and writes it.
"""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from devhost.invoke import _read_stamps_quickly
from orchestrators.sign_and_post import sign_and_post
from signpost.contracts import Away, Drafted, Standing, pack
from tests.builders import NOW, RUN

AWAY = pack(Away(away="the ledger is away"))
_read_stamps_quickly()  # the SDK's own reading of dates takes four fifths of a replay
CALL_ACTIVITY, CREATE_TIMER, WAIT_FOR_EVENT = 0, 5, 6


class Replayed:
    """One instance: its history so far, and what it asked for last."""

    def __init__(self, handle: Callable[[str], str], instance: str, now: datetime) -> None:
        self.now = now
        self.history: list[dict[str, Any]] = []
        self.output: dict[str, Any] = {}
        self.statuses: list[Any] = []
        self._handle = handle
        self._instance = instance
        self._seen = 0
        self._ids = 0
        self._episode({"EventType": 0, "Name": "x", "Version": "", "Input": '{"run": "x"}'})

    @property
    def actions(self) -> list[dict[str, Any]]:
        """All actions so far, in order, those inside of an *any* included."""
        [listed] = self.output["actions"]
        return [action for outer in listed for action in outer.get("compoundActions", [outer])]

    @property
    def names(self) -> list[str]:
        """The actions in short: activities and events by name, timers as `timer`."""
        return [
            action.get("functionName") or action.get("externalEventName") or "timer"
            for action in self.actions
        ]

    @property
    def result(self) -> Any:
        """What the orchestration returned."""
        assert self.output["isDone"]
        return self.output["output"]

    def given(self, activity: str) -> Any:
        """Give the input of the last call of an activity."""
        calls = [each for each in self.actions if each.get("functionName") == activity]
        return json.loads(calls[-1]["input"])

    def complete(self, result: Any, after: timedelta = timedelta()) -> None:
        """Let the activity that is asked for answer."""
        self.now += after
        [scheduled] = self._open(4, (5, 6), "TaskScheduledId")
        done = {"EventType": 5, "TaskScheduledId": scheduled["EventId"]}
        self._episode(done | {"Result": json.dumps(result)})

    def fail(self, reason: str) -> None:
        """Let the activity that is asked for raise."""
        [scheduled] = self._open(4, (5, 6), "TaskScheduledId")
        failed = {"EventType": 6, "TaskScheduledId": scheduled["EventId"]}
        self._episode(failed | {"Reason": reason, "Details": "a stack"})

    @property
    def open_activity(self) -> str | None:
        """The activity that is asked for now, None while the run waits."""
        scheduled = self._open(4, (5, 6), "TaskScheduledId")
        return scheduled[0]["Name"] if scheduled else None

    def fire(self) -> None:
        """Let the newest timer fire at its time."""
        timer = self._open(10, (11,), "TimerId")[-1]
        self.now = datetime.fromisoformat(timer["FireAt"])
        self._episode({"EventType": 11, "TimerId": timer["EventId"], "FireAt": timer["FireAt"]})

    def wake(self, event: str) -> None:
        """Raise an event, whether it is waited for or not."""
        self._episode({"EventType": 15, "Name": event, "Input": "null"})

    def _open(self, kind: int, ends: tuple[int, ...], link: str) -> list[dict[str, Any]]:
        ended = {event[link] for event in self.history if event["EventType"] in ends}
        return [e for e in self.history if e["EventType"] == kind and e["EventId"] not in ended]

    def _add(self, **event: Any) -> None:
        stamp = self.now.isoformat().replace("+00:00", "Z")
        self.history.append({"EventId": -1, "IsPlayed": False, "Timestamp": stamp} | event)

    def _episode(self, message: dict[str, Any]) -> None:
        """Replay with one new message, and write down what is asked for then."""
        for event in self.history:
            event["IsPlayed"] = event["EventType"] in (0, 5, 6, 11, 15)
        self._add(EventType=12)
        self._add(**message)
        trigger = {
            "history": self.history,
            "input": '{"run": "x"}',
            "instanceId": self._instance,
            "isReplaying": False,
            "parentInstanceId": None,
            "upperSchemaVersion": 1,
            "upperSchemaVersionNew": 2,
            "longRunningTimerIntervalDuration": "3.00:00:00",
            "maximumShortTimerDuration": "6.00:00:00",
            "defaultHttpAsyncRequestSleepTimeMillseconds": 30000,
        }
        self.output = json.loads(self._handle(json.dumps(trigger)))
        self.statuses.append(self.output.get("customStatus"))
        for action in self.actions[self._seen :]:
            self._schedule(action)
        self._seen = len(self.actions)
        if self.output["isDone"]:
            self._add(EventType=1, OrchestrationStatus="Completed")
        self._add(EventType=13)

    def _schedule(self, action: dict[str, Any]) -> None:
        if action["actionType"] == CALL_ACTIVITY:
            self._add(EventType=4, EventId=self._ids, Name=action["functionName"], Version="")
        elif action["actionType"] == CREATE_TIMER:
            self._add(EventType=10, EventId=self._ids, FireAt=action["fireAt"])
        else:
            assert action["actionType"] == WAIT_FOR_EVENT
            return
        self._ids += 1


class Chain(Replayed):
    """A run of Signpost's own orchestrator, whose activities answer as a test says."""

    def __init__(self) -> None:
        super().__init__(sign_and_post._function.get_user_function(), RUN, NOW)

    def draft(self, after: timedelta = timedelta()) -> None:
        """Let the draft be written."""
        self.complete(pack(Drafted()), after)

    def stand(self, slot: int) -> None:
        """Let the ledger say that the round is open, and wait in this slot."""
        wake_at = NOW + timedelta(days=1, hours=slot)
        self.complete(pack(Standing(slot=slot, wake_at=wake_at)))

    def settle(self, outcome: str, *, signed: bool = False) -> None:
        """Let the ledger say how the round ended."""
        self.complete(pack(Standing(outcome=outcome, signed=signed)))

    def close(self) -> None:
        """Let the receipt be written as it was asked for."""
        self.complete(self.given("close_run"))
