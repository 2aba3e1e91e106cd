"""Owns route templates of HTTP triggers, such as items/{id:int}/{*rest}."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from devhost.loader import Function, LoadError

_PARAMETER = re.compile(r"\{(\*{0,2})(\w+)((?::\w+(?:\([^)]*\))?)*)(\?)?(?:=([^}]*))?\}")
_CONSTRAINT = re.compile(r":(\w+)(?:\(([^)]*)\))?")
_GUID = re.compile(r"\{?[0-9A-Fa-f]{8}(-?[0-9A-Fa-f]{4}){3}-?[0-9A-Fa-f]{12}\}?")
_INT_BITS, _LONG_BITS = 31, 63


def _number(text: str, kind: Callable[[str], float]) -> float | None:
    try:
        return kind(text)
    except ValueError:
        return None


def _is_int(text: str, bits: int) -> bool:
    value = _number(text, int)
    return value is not None and -(2**bits) <= value < 2**bits


_CHECKS: dict[str, Callable[[str, str], bool]] = {
    "int": lambda text, _: _is_int(text, _INT_BITS),
    "long": lambda text, _: _is_int(text, _LONG_BITS),
    "bool": lambda text, _: text.lower() in ("true", "false"),
    "alpha": lambda text, _: bool(re.fullmatch("[A-Za-z]*", text)),
    "guid": lambda text, _: bool(_GUID.fullmatch(text)),
    "float": lambda text, _: _number(text, float) is not None,
    "double": lambda text, _: _number(text, float) is not None,
    "decimal": lambda text, _: _number(text, float) is not None,
    "datetime": lambda text, _: bool(re.match(r"\d{4}-\d{2}-\d{2}", text)),
    "minlength": lambda text, bound: len(text) >= int(bound),
    "maxlength": lambda text, bound: len(text) <= int(bound),
    "length": lambda text, bounds: _within(len(text), bounds),
    "min": lambda text, bound: _is_int(text, _LONG_BITS) and int(text) >= int(bound),
    "max": lambda text, bound: _is_int(text, _LONG_BITS) and int(text) <= int(bound),
    "range": lambda text, bounds: _is_int(text, _LONG_BITS) and _within(int(text), bounds),
    "regex": lambda text, pattern: bool(re.search(pattern, text, re.IGNORECASE)),
    "required": lambda text, _: bool(text),
}  # fmt: skip


def _within(value: int, bounds: str) -> bool:
    low, _, high = bounds.partition(",")
    return int(low) <= value <= int(high or low)


@dataclass(slots=True)
class Route:
    """An HTTP trigger and the requests it takes."""

    function: Function
    template: str
    pattern: re.Pattern[str]
    checks: list[tuple[str, str, str]]  # parameter, constraint, argument
    methods: frozenset[str]  # empty: all

    @property
    def level(self) -> str:
        """The authorization level, in lower case."""
        return str(self.function.trigger.get("authLevel") or "function").lower()

    def match(self, path: str) -> dict[str, str] | None:
        """Return the route parameters of a path, None when it is another's."""
        found = self.pattern.fullmatch(path)
        if found is None:
            return None
        values = {name: text for name, text in found.groupdict().items() if text}
        for name, constraint, argument in self.checks:
            text = values.get(name, "")
            if (text or constraint == "required") and not _CHECKS[constraint](text, argument):
                return None
        return values


def compile_route(function: Function, prefix: str) -> Route:
    """Read the route template of an HTTP trigger. Raises LoadError for one that is no template."""
    template = str(function.trigger.get("route") or function.name).strip("/")
    full = f"{prefix}/{template}".strip("/")
    checks: list[tuple[str, str, str]] = []
    pattern = ""
    for segment in full.split("/"):
        pattern += _segment(segment, checks, function)
    methods = function.trigger.get("methods") or []
    return Route(
        function,
        full,
        re.compile(pattern, re.IGNORECASE),
        checks,
        frozenset(str(m).upper() for m in methods),
    )


def _segment(segment: str, checks: list[tuple[str, str, str]], function: Function) -> str:
    pattern, end = "", 0
    optional = False
    for found in _PARAMETER.finditer(segment):
        stars, name, constraints, question, default = found.groups()
        for constraint, argument in _CONSTRAINT.findall(constraints):
            if constraint not in _CHECKS:
                raise LoadError(
                    f"function '{function.name}': its route has the unknown constraint "
                    f"'{constraint}'; known are {', '.join(sorted(_CHECKS))}"
                )
            checks.append((name, constraint, argument.replace("{{", "{").replace("}}", "}")))
        optional = optional or bool(question or stars or default is not None)
        pattern += re.escape(segment[end : found.start()])
        pattern += f"(?P<{name}>.*)" if stars else f"(?P<{name}>[^/]+)"
        end = found.end()
    rest = segment[end:]
    if "{" in rest or "}" in rest:
        raise LoadError(f"function '{function.name}': route part '{segment}' is no template")
    pattern = "/" + pattern + re.escape(rest)
    return f"(?:{pattern})?" if optional else pattern
