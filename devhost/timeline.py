"""Owns how a history is told to a person: one entry for each thing that happened, in order."""

import json
from dataclasses import dataclass
from typing import Any

from devhost.history import moment_of
from devhost.status import history_of, value_of

_LONGEST = 20_000  # characters of one value; the status URL has the whole of it
_TONES = {
    "TaskFailed": "bad",
    "SubOrchestrationInstanceFailed": "bad",
    "ExecutionTerminated": "bad",
    "TaskCompleted": "good",
    "SubOrchestrationInstanceCompleted": "good",
    "TaskScheduled": "open",
    "SubOrchestrationInstanceCreated": "open",
}
_PLAIN = ("Reason", "FireAt", "InstanceId")  # text that reads best without quotes
_SHORT = 100  # characters that fit on one line
_SHOWN_APART = ("EventType", "Timestamp", "ScheduledTime", "FunctionName", "Name")
_UNTOLD = ("OrchestrationInstance", "ParentInstance", "Tags", "Generation", "OrchestrationStatus")


@dataclass(frozen=True, slots=True)
class Entry:
    """A thing that happened; `at` and `took` are for reading, values are names with texts."""

    kind: str
    name: str
    at: str
    after: str
    took: str
    tone: str
    values: list[tuple[str, str]]


def pretty(value: Any) -> str:  # noqa: ANN401 - any JSON value
    """Write a JSON value for reading; a very long one is cut, and says so."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    if isinstance(value, str):
        inner = value_of(value)
        if isinstance(inner, dict | list):  # what the SDK's client sends
            text = f"JSON in a string:\n{json.dumps(inner, indent=2, ensure_ascii=False)}"
        elif "\n" in value:
            text = value
    if len(text) > _LONGEST:
        return f"{text[:_LONGEST]}\n... {len(text):,} characters in all; the status URL has them"
    return text


def pretty_text(text: str | None) -> str | None:
    """Write JSON text for reading; None stays None."""
    return None if text is None else pretty(value_of(text))


def seconds_of(begin: str, end: str) -> str:
    """Return the time between two stamps as a person says it."""
    seconds = (moment_of(end) - moment_of(begin)).total_seconds()
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.2f} s" if seconds >= 1 else f"{1000 * seconds:.0f} ms"


def entries(events: list[str], created: str) -> list[Entry]:
    """Tell a history (JSON texts); each call stands with its answer, times count from `created`."""
    return [_entry(event, created) for event in history_of(events, outputs=True, inputs=True)]


def _entry(event: dict[str, Any], created: str) -> Entry:
    kind, at = str(event["EventType"]), str(event["Timestamp"])
    if kind == "ExecutionCompleted" and event.get("OrchestrationStatus") == "Failed":
        tone = "bad"
    else:
        tone = _TONES.get(kind, "plain")
    begun = event.get("ScheduledTime")
    return Entry(
        kind=kind,
        name=str(event.get("FunctionName") or event.get("Name") or ""),
        at=at[:23].replace("T", " "),
        after=f"+{seconds_of(created, at)}",
        took=seconds_of(begun, at) if begun else "",
        tone=tone,
        values=[
            (name, _value(name, value))
            for name, value in event.items()
            if name not in _SHOWN_APART and name not in _UNTOLD and value is not None
        ],
    )


def _value(name: str, value: Any) -> str:  # noqa: ANN401 - any JSON value
    if name in _PLAIN:
        return str(value)
    if name in ("Details", "Input"):  # JSON text
        value = value_of(value)
    line = json.dumps(value, ensure_ascii=False)
    return line if len(line) <= _SHORT and not isinstance(value, str) else pretty(value)
