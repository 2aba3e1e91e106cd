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
_TIMESPAN = re.compile(r"(?:(\d+)\.)?(\d{1,2}):(\d{2}):(\d{2})(?:\.\d+)?")


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


def apply_local_settings(folder: Path) -> None:
    """Put `Values` of local.settings.json into the environment; what is set there wins."""
    path = folder / "local.settings.json"
    for name, value in read_json(path).get("Values", {}).items():
        if isinstance(value, dict | list):
            raise ConfigError(f"{path}: Values.{name} must be text, a number or a boolean.")
        text = str(value).lower() if isinstance(value, bool) else str(value)
        os.environ.setdefault(name, text)


def read_host(folder: Path) -> HostConfig:
    """Read host.json of the app."""
    path = folder / "host.json"
    if not path.exists():
        raise ConfigError(f'{path} is missing: create it with {{"version": "2.0"}}.')
    host = read_json(path)
    if host.get("version") != "2.0":
        raise ConfigError(f'{path}: "version" must be "2.0".')
    extensions = host.get("extensions") or {}
    http, durable = extensions.get("http") or {}, extensions.get("durableTask") or {}
    defaults = HostConfig()
    return HostConfig(
        route_prefix=http.get("routePrefix", defaults.route_prefix).strip("/"),
        task_hub=_expand(durable.get("hubName", defaults.task_hub)),
        function_timeout=_timespan(path, host.get("functionTimeout")),
        max_actions=durable.get("maxOrchestrationActions", defaults.max_actions),
        max_activities=durable.get("maxConcurrentActivityFunctions", defaults.max_activities),
        max_orchestrators=durable.get(
            "maxConcurrentOrchestratorFunctions", defaults.max_orchestrators
        ),
        any_state_is_overridable=(
            durable.get("overridableExistingInstanceStates", "").lower() == "anystate"
        ),
        store_inputs=durable.get("storeInputsInOrchestrationHistory", defaults.store_inputs),
        default_version=durable.get("defaultVersion"),
        version_match=_choice(path, durable, "versionMatchStrategy", _MATCHES),
        version_failure=_choice(path, durable, "versionFailureStrategy", _FAILURES),
        disabled=_disabled(),
    )


_MATCHES = ("CurrentOrOlder", "Strict", "None")
_FAILURES = ("Reject", "Fail")


def _choice(path: Path, section: dict[str, Any], name: str, allowed: tuple[str, ...]) -> str:
    value = str(section.get(name, allowed[0]))
    for choice in allowed:
        if choice.lower() == value.lower():
            return choice
    raise ConfigError(
        f"{path}: extensions.durableTask.{name} is {value!r}; choose one of {', '.join(allowed)}."
    )


def _expand(text: str) -> str:
    return re.sub(r"%(\w+)%", lambda m: os.environ.get(m[1], m[0]), text)


def _timespan(path: Path, text: str | None) -> timedelta | None:
    if text in (None, "-1"):
        return None
    match = _TIMESPAN.fullmatch(str(text))
    if match is None:
        raise ConfigError(f'{path}: functionTimeout {text!r} must look like "00:05:00".')
    days, hours, minutes, seconds = (int(group or 0) for group in match.groups())
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
