"""Owns the comparison of an orchestrator with a history that an earlier one left behind.

The SDK does not object when the code asks for other things than the history holds: it hands an
old result to a new call. So each turn is replayed here as the host would, and compared.
"""

import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
PROJECT = FOLDER.parents[1] / "pyproject.toml"
CHANGELOG = FOLDER.parents[1] / "CHANGELOG.md"
STARTED, TURN_BEGINS, TURN_ENDS, COMPLETED = 0, 12, 13, 1
TASK, TIMER, FIRED = 4, 10, 11
CREATE_TIMER = 5

Json = dict[str, Any]
Handle = Callable[[str], str]


def release() -> str:
    """Name the release that is being made, by the version of the project."""
    version: str = tomllib.loads(PROJECT.read_text("utf-8"))["project"]["version"]
    return version


def is_out(version: str, changelog: Path | None = None) -> bool:
    """Say whether a release has its chapter in the changelog: its histories stay as they are."""
    return f"\n## [{version}]" in (changelog or CHANGELOG).read_text("utf-8")


def recorded() -> dict[str, list[Json]]:
    """Read the golden histories of all releases, by `release/name`."""
    files = sorted(FOLDER.glob("*/*.json"))
    return {f"{file.parent.name}/{file.stem}": json.loads(file.read_bytes()) for file in files}


def differences(handle: Handle, history: list[Json]) -> list[str]:
    """Replay a history turn by turn; say at which turns other things are asked for."""
    found: list[str] = []
    past: list[Json] = []
    outcome = json.loads(history[-2]["Result"])["outcome"]
    for number, turn in enumerate(turns(history), start=1):
        messages = [e for e in turn if e["EventType"] not in (TASK, TIMER, COMPLETED, TURN_ENDS)]
        fresh = [event | {"IsPlayed": False} for event in messages]
        said = replay(handle, past + fresh)
        past += turn
        if said != (wanted := asked(past, outcome)):
            found.append(f"turn {number}: {said} instead of {wanted}")
    return found


def turns(history: list[Json]) -> list[list[Json]]:
    """Cut a history where the host ran the orchestrator."""
    starts = [i for i, event in enumerate(history) if event["EventType"] == TURN_BEGINS]
    return [history[i:j] for i, j in zip(starts, [*starts[1:], len(history)], strict=True)]


def asked(history: list[Json], outcome: str) -> list[str]:
    """List what was asked for: activities by name, timers, and the result; the last with how."""
    return [each for event in history if (each := _asked(event, outcome)) is not None]


def _asked(event: Json, outcome: str) -> str | None:
    match event["EventType"]:
        case 4:
            return _call(event["Name"], outcome)
        case 10:
            return "timer"
        case 1:
            return _result(json.loads(event["Result"]))
    return None


def _call(name: str, outcome: str | None) -> str:
    """Name a call; a history holds no inputs, but the outcome of a run is what it is closed with.

    Without it an error in new code would pass, since an error closes a run, too.
    """
    return f"{name} as {outcome}" if name == "close_run" else name


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
    said = [each for action in inner if (each := _said(action)) is not None]
    return said + (_ended(output, inner, history) if output["isDone"] else [])


def _said(action: Json) -> str | None:
    match action["actionType"]:
        case 0:
            given = json.loads(action["input"]) or {}
            return _call(action["functionName"], given.get("outcome"))
        case 5:
            return "timer"
    return None


def _ended(output: Json, actions: list[Json], history: list[Json]) -> list[str]:
    """Tell the result, and whether a timer was left that keeps the run from ending."""
    fired = sum(event["EventType"] == FIRED for event in history)
    left = sum(a["actionType"] == CREATE_TIMER and not a["isCanceled"] for a in actions) - fired
    return [_result(output.get("output"))] + ["a timer left open"] * max(left, 0)


def _result(value: object) -> str:
    return f"returns {json.dumps(value, sort_keys=True)}"
