"""docs/api.md says of each route, access, status and shape what the app does."""

from __future__ import annotations

import json
import re
from typing import Any

import jsonschema
import pytest

from tests.repo.sources import read
from tests.routed import BY_NAME, routes, schema_of

DOCUMENT = read("docs/api.md")
# The access that the document states, as the Functions host names it: links are checked by us.
ACCESS = {"key": "function", "link": "anonymous", "open": "anonymous"}
ALWAYS = {500, 503}  # the document says so once, under its table
EXAMPLES = re.findall(r"([^\n]*)\n\n```json\n(.+?)\n```", DOCUMENT, re.DOTALL)


def rows() -> list[tuple[str, str, str, str]]:
    """Return method, path, access and answers of each route in the document's table."""
    found = re.findall(r"^\| (`.+?`) \| (\w+) \| (.+) \|$", DOCUMENT, re.MULTILINE)
    return [
        (method.lower(), path, access, answers)
        for named, access, answers in found
        for method, path in re.findall(r"`([A-Z]+) (/[^`]*)`", named)
    ]


def plain(path: str) -> str:
    """Return a path without the optional part by which the start page is routed."""
    return re.sub(r"\{\w+:maxlength\(0\)\?\}", "", path)


def test_the_document_names_exactly_the_apps_routes() -> None:
    """It hides none and promises none, and states the access of each."""
    indexed = {(route.method, plain(route.path), route.level) for route in routes()}
    assert {(method, path, ACCESS[access]) for method, path, access, _ in rows()} == indexed


def test_the_document_names_every_status() -> None:
    """The statuses in the table are those that openapi.json has."""
    told = {(m, p): answers for m, p, _, answers in rows() if p.startswith("/api/")}
    for each in BY_NAME.values():
        statuses = {each.status, *(kind.status for kind in each.problems)} - ALWAYS
        expected = ", ".join(map(str, sorted(statuses)))
        assert told[each.method, each.path] == expected, each.path


def test_the_document_tells_accesses_as_openapi_does() -> None:
    """A route of the table that asks for a link does so in openapi.json, too."""
    told = {(m, p): access for m, p, access, _ in rows() if p.startswith("/api/")}
    assert told == {(each.method, each.path): each.access for each in BY_NAME.values()}


@pytest.mark.parametrize("intro,example", EXAMPLES, ids=lambda text: text[-30:].strip())
def test_examples_have_the_shapes_of_the_api(intro: str, example: str) -> None:
    """Each example fits the schema whose name stands before it, field for field."""
    [name] = re.findall(r"`([A-Z]\w+)`[^`]*:$", intro)
    value: Any = json.loads(example)
    jsonschema.validate(value, schema_of(name))


def test_every_body_and_answer_has_an_example() -> None:
    """Who reads the document alone sees the shape of everything that is sent, but of receipts."""
    shown = {name for intro, _ in EXAMPLES for name in re.findall(r"`([A-Z]\w+)`", intro)}
    kinds = [kind for each in BY_NAME.values() for kind in (*each.bodies, each.answer)]
    named = {kind.__name__ for kind in kinds if hasattr(kind, "__struct_fields__")}
    assert named - shown <= {"Receipt", "Remind"}
