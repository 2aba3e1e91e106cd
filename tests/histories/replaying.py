"""Owns the comparison of an orchestrator with a history that an earlier one left behind.

The SDK does not object when the code asks for other things than the history holds: it hands an
old result to a new call. So each turn is replayed here as the host would, and compared.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
STARTED, TURN_BEGINS, TURN_ENDS, COMPLETED = 0, 12, 13, 1
TASK, TIMER = 4, 10
CREATE_TIMER = 5

Json = dict[str, Any]
Handle = Callable[[str], str]


def recorded() -> dict[str, list[Json]]:
    """Read all golden histories, by name."""
    return {path.stem: json.loads(path.read_bytes()) for path in sorted(FOLDER.glob("*.json"))}


def differences(handle: Handle, history: list[Json]) -> list[str]:
    """Replay a history turn by turn; say at which turns other things are asked for."""
    found: list[str] = []
    past: list[Json] = []
    for number, turn in enumerate(turns(history), start=1):
        messages = [e for e in turn if e["EventType"] not in (TASK, TIMER, COMPLETED, TURN_ENDS)]
        fresh = [event | {"IsPlayed": False} for event in messages]
        said = replay(handle, past + fresh)
        past += turn
        if said != (wanted := asked(past)):
            found.append(f"turn {number}: {said} instead of {wanted}")
    return found


def turns(history: list[Json]) -> list[list[Json]]:
    """Cut a history where the host ran the orchestrator."""
    starts = [i for i, event in enumerate(history) if event["EventType"] == TURN_BEGINS]
    return [history[i:j] for i, j in zip(starts, [*starts[1:], len(history)], strict=True)]


def asked(history: list[Json]) -> list[str]:
    """List what was asked for in the end: activities by name, timers, and the result."""
    return [each for event in history if (each := _asked(event)) is not None]


def _asked(event: Json) -> str | None:
    match event["EventType"]:
        case 4:
            return str(event["Name"])
        case 10:
            return "timer"
        case 1:
            return _result(json.loads(event["Result"]))
    return None


def replay(handle: Handle, history: list[Json]) -> list[str]:
    """Run the orchestrator on a history, and list what it asks for in the same words."""
    started = next(event for event in history if event["EventType"] == STARTED)
    trigger = {
        "history": history,
        "input": json.loads(started["Input"]),
        "instanceId": started["OrchestrationInstance"]["InstanceId"],
        "isReplaying": len(history) > len(turns(history)[0]),
        "parentInstanceId": None,
        "upperSchemaVersion": 1,
        "upperSchemaVersionNew": 2,
        "longRunningTimerIntervalDuration": "3.00:00:00",
        "maximumShortTimerDuration": "6.00:00:00",
        "defaultHttpAsyncRequestSleepTimeMillseconds": 30000,
    }
    try:
        output = json.loads(handle(json.dumps(trigger)))
    except Exception as error:  # noqa: BLE001 - the SDK raises Exception for whatever went wrong
        return [f"fails: {str(error).partition('$OutOfProcData$')[0].strip()}"]
    [listed] = output["actions"]
    inner = [action for outer in listed for action in outer.get("compoundActions", [outer])]
    names = {CREATE_TIMER: "timer"}
    said = [action.get("functionName") or names.get(action["actionType"]) for action in inner]
    result = [_result(output["output"])] if output["isDone"] else []
    return [each for each in said if each] + result


def _result(value: object) -> str:
    return f"returns {json.dumps(value, sort_keys=True)}"
