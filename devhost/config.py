"""Owns what the app's files and environment say: host.json and local.settings.json."""

import json
import os
import re
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

# A string, which is kept, or a comment, which is not.
_TOKENS = re.compile(r'("(?:\\.|[^"\\])*")|//[^\n]*|/\*.*?\*/', re.DOTALL)
_TIMESPAN = re.compile(r"(?:(\d+)\.)?(\d{1,2}):(\d{2}):(\d{2}(?:\.\d+)?)")


class ConfigError(Exception):
    """A file of the app is wrong; the message names file and fix."""


@dataclass(frozen=True, slots=True)
class HostConfig:
    """What the host follows of host.json."""

    route_prefix: str = "api"
    task_hub: str = "TestHubName"
    function_timeout: timedelta | None = None
    max_actions: int = 100_000
    max_activities: int = 10 * (os.cpu_count() or 1)
    max_orchestrators: int = 10 * (os.cpu_count() or 1)
    any_state_is_overridable: bool = False
    store_inputs: bool = False  # of activities and child orchestrations, in the history
    default_version: str | None = None
    version_match: str = "CurrentOrOlder"
    version_failure: str = "Reject"
    durable_spans: bool = False
    disabled: frozenset[str] = field(default_factory=frozenset)


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object that may hold comments and a byte order mark; a missing file is empty."""
    if not path.exists():
        return {}
    try:
        text = path.read_text(encoding="utf-8-sig")
        value = json.loads(_TOKENS.sub(lambda m: m[1] or " ", text))
    except (ValueError, OSError) as error:
        raise ConfigError(f"{path}: {error}. Correct the file and start again.") from error
    if not isinstance(value, dict):
        raise ConfigError(f"{path}: must hold one JSON object, not a {type(value).__name__}.")
    return value


class _Section:
    """An object in a file, read field by field; a field of the wrong type is named."""

    def __init__(self, path: Path, value: object, name: str = "") -> None:
        self._path, self._name = path, name
        self._fields = self._checked({} if value is None else value, dict, "an object", "")

    def _checked(self, value: Any, kind: type, wanted: str, name: str) -> Any:  # noqa: ANN401 - any JSON
        if not isinstance(value, kind) or isinstance(value, bool) != (kind is bool):
            raise ConfigError(f"{self._path}: {self._name}{name} must be {wanted}, not {value!r}.")
        return value

    def section(self, name: str) -> "_Section":
        return _Section(self._path, self._fields.get(name), f"{self._name}{name}.")

    def items(self) -> list[tuple[str, Any]]:
        return list(self._fields.items())

    def text(self, name: str, default: str) -> str:
        return str(self._checked(self._fields.get(name, default), str, "text", name))

    def flag(self, name: str, *, default: bool) -> bool:
        return bool(self._checked(self._fields.get(name, default), bool, "true or false", name))

    def number(self, name: str, default: int) -> int:
        value = self._checked(self._fields.get(name, default), int, "a number above 0", name)
        return int(self._checked(value if value > 0 else None, int, "a number above 0", name))

    def choice(self, name: str, allowed: tuple[str, ...]) -> str:
        value = self.text(name, allowed[0])
        for choice in allowed:
            if choice.lower() == value.lower():
                return choice
        options = ", ".join(allowed)
        raise ConfigError(
            f"{self._path}: {self._name}{name} is {value!r}; choose one of {options}."
        )


def apply_local_settings(folder: Path) -> None:
    """Put `Values` of local.settings.json into the environment; what is set there wins."""
    path = folder / "local.settings.json"
    for name, value in _Section(path, read_json(path)).section("Values").items():
        if isinstance(value, dict | list):
            raise ConfigError(f"{path}: Values.{name} must be text, a number or a boolean.")
        text = str(value).lower() if isinstance(value, bool) else str(value)
        os.environ.setdefault(name, text)


def read_host(folder: Path) -> HostConfig:
    """Read host.json of the app."""
    path = folder / "host.json"
    if not path.exists():
        raise ConfigError(f'{path} is missing: create it with {{"version": "2.0"}}.')
    host = _Section(path, read_json(path))
    if host.text("version", "") != "2.0":
        raise ConfigError(f'{path}: "version" must be "2.0".')
    http = host.section("extensions").section("http")
    durable = host.section("extensions").section("durableTask")
    tracing = durable.section("tracing")
    traced = tracing.flag("distributedTracingEnabled", default=False)
    states = ("NonRunningStates", "AnyState")
    known = HostConfig()
    return HostConfig(
        route_prefix=http.text("routePrefix", known.route_prefix).strip("/"),
        task_hub=_expand(durable.text("hubName", known.task_hub)),
        function_timeout=_timespan(path, host.text("functionTimeout", "-1")),
        max_actions=durable.number("maxOrchestrationActions", known.max_actions),
        max_activities=durable.number("maxConcurrentActivityFunctions", known.max_activities),
        max_orchestrators=durable.number(
            "maxConcurrentOrchestratorFunctions", known.max_orchestrators
        ),
        any_state_is_overridable=(
            durable.choice("overridableExistingInstanceStates", states) == "AnyState"
        ),
        store_inputs=durable.flag("storeInputsInOrchestrationHistory", default=known.store_inputs),
        default_version=durable.text("defaultVersion", "") or None,
        version_match=durable.choice("versionMatchStrategy", ("CurrentOrOlder", "Strict", "None")),
        version_failure=durable.choice("versionFailureStrategy", ("Reject", "Fail")),
        durable_spans=traced and tracing.choice("version", ("V1", "V2", "None")) == "V2",
        disabled=_disabled(),
    )


def _expand(text: str) -> str:
    return re.sub(r"%(\w+)%", lambda m: os.environ.get(m[1], m[0]), text)


def _timespan(path: Path, text: str) -> timedelta | None:
    if text == "-1":
        return None
    match = _TIMESPAN.fullmatch(text)
    if match is None:
        raise ConfigError(f'{path}: functionTimeout {text!r} must look like "00:05:00".')
    days, hours, minutes, seconds = (float(group or 0) for group in match.groups())
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


def _disabled() -> frozenset[str]:
    """Find the functions that AzureWebJobs.NAME.Disabled settings turn off, in lower case."""
    found = (re.fullmatch(r"azurewebjobs[._]+(.+?)[._]+disabled", n.lower()) for n in os.environ)
    return frozenset(
        m[1]
        for m in found
        if m and _is_on(next(v for n, v in os.environ.items() if n.lower() == m[0]))
    )


def _is_on(value: str) -> bool:
    return value.strip().lower() in ("1", "true")
