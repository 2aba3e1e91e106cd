"""Owns how the HTTP API describes itself: OpenAPI 3.1, written from the types that are sent."""

import re
from collections.abc import Iterable, Sequence
from typing import Any, Literal, NamedTuple

import msgspec

from signpost import problems
from signpost.problems import Problem
from signpost.shapes import DecisionView, View

REF = "#/components/schemas/{name}"
JSON, PROBLEM_JSON = "application/json", "application/problem+json"

Json = dict[str, Any]
Access = Literal["key", "link", "open"]

# What opens a route; of several, one is enough. Which of them counts depends on the installation.
SECURITY: dict[Access, list[Json]] = {
    "key": [{"functionKey": []}, {"signIn": []}],
    "link": [{"approvalToken": []}, {"signIn": []}],
    "open": [],
}
SCHEMES: Json = {
    "functionKey": {"type": "apiKey", "in": "header", "name": "x-functions-key"},
    "approvalToken": {"type": "apiKey", "in": "header", "name": "X-Approval-Token"},
    "signIn": {
        "type": "http",
        "scheme": "bearer",
        "description": "A token of the tenant, which App Service authentication checks.",
    },
}


class ProblemDetails(View, frozen=True, omit_defaults=True):
    """What is wrong with a request (RFC 9457); `type` tells the kinds apart."""

    type: str
    title: str
    status: int
    detail: str
    field: str | msgspec.UnsetType = msgspec.UNSET
    outcome: str | msgspec.UnsetType | None = msgspec.UNSET
    decision: DecisionView | msgspec.UnsetType = msgspec.UNSET
    delivery: str | msgspec.UnsetType = msgspec.UNSET


class Parameter(NamedTuple):
    """One parameter of a query or header; `schema` is JSON Schema."""

    name: str
    where: Literal["query", "header"]
    description: str
    schema: Json


class Operation(NamedTuple):
    """One method of one route. `bodies` are the types that it reads, of which a caller sends one.

    `refuses` are the problems besides those that follow from `access` and `bodies`. What
    `tells_faults` answers 503 in its own shape when the app is not set up.
    """

    name: str
    method: Literal["get", "post"]
    path: str
    summary: str
    access: Access
    answer: type
    bodies: Sequence[Any] = ()
    refuses: Sequence[type[Problem]] = ()
    parameters: Sequence[Parameter] = ()
    status: int = 200
    tells_faults: bool = False

    @property
    def problems(self) -> list[type[Problem]]:
        """All kinds of problems that it may answer."""
        kinds: list[type[Problem]] = [*self.refuses]
        if not self.tells_faults:
            kinds += [problems.Broken, problems.Misconfigured]
        if self.access == "key":
            kinds.append(problems.SignInNeeded)
        if self.access == "link":
            kinds += [problems.BadLink, problems.SignInNeeded, problems.NotYours]
        if self.method == "post":
            kinds.append(problems.Foreign)
        if self.bodies:
            kinds += [problems.Unreadable, problems.TooLarge, problems.NotJson, problems.Invalid]
        return sorted(set(kinds), key=lambda kind: (kind.status, kind.__name__))


def document(operations: Iterable[Operation], base_url: str) -> Json:
    """Write the document of these operations, for a host at this address."""
    operations = list(operations)
    kinds = [kind for each in operations for kind in (*each.bodies, each.answer)]
    kinds = list({repr(kind): kind for kind in [*kinds, ProblemDetails]}.values())
    shown, schemas = msgspec.json.schema_components(kinds, ref_template=REF)
    schema = {repr(kind): each for kind, each in zip(kinds, shown, strict=True)}
    paths: dict[str, Json] = {}
    for each in operations:
        paths.setdefault(each.path, {})[each.method] = _operation(each, schema)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Signpost",
            "version": "1",
            "summary": "Drafts texts, has people sign them, and posts exactly what was signed.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": base_url}],
        "paths": paths,
        "components": {"schemas": _portable(schemas), "securitySchemes": SCHEMES},
    }


def _operation(operation: Operation, schema: dict[str, Json]) -> Json:
    answered = {JSON: {"schema": schema[repr(operation.answer)]}}
    written: Json = {
        "operationId": operation.name,
        "summary": operation.summary,
        "security": SECURITY[operation.access],
        "parameters": [*map(_in_path, _names(operation.path)), *map(_sent, operation.parameters)],
        "responses": {str(operation.status): {"description": "Done.", "content": answered}}
        | _refusals(operation, schema[repr(ProblemDetails)]),
    }
    if operation.tells_faults:
        written["responses"]["503"] = {"description": "Not set up.", "content": answered}
    if operation.bodies:
        read = [schema[repr(kind)] for kind in operation.bodies]
        body = read[0] if len(read) == 1 else {"anyOf": read}
        written["requestBody"] = {"required": True, "content": {JSON: {"schema": body}}}
    return written


def _refusals(operation: Operation, schema: Json) -> Json:
    """Write one response for each status, which says all reasons for it."""
    titles: dict[int, list[str]] = {}
    for kind in operation.problems:
        titles.setdefault(kind.status, []).append(f"{kind.__name__}: {kind.title}.")
    return {
        str(status): {
            "description": " ".join(told),
            "content": {PROBLEM_JSON: {"schema": schema}},
        }
        for status, told in titles.items()
    }


def _names(path: str) -> list[str]:
    return re.findall(r"\{(\w+)\}", path)


def _in_path(name: str) -> Json:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


def _sent(parameter: Parameter) -> Json:
    name, where, description, schema = parameter
    return {"name": name, "in": where, "description": description, "schema": schema}


def _portable(value: Any) -> Any:  # noqa: ANN401 - any JSON
    r"""Write the end of a pattern as ECMA-262 does, where `$` is what Python's `\Z` is."""
    if isinstance(value, dict):
        told = {name: _portable(each) for name, each in value.items()}
        if isinstance(pattern := value.get("pattern"), str):
            told["pattern"] = pattern.removesuffix(r"\Z") + "$" * pattern.endswith(r"\Z")
        return told
    return [_portable(each) for each in value] if isinstance(value, list) else value
