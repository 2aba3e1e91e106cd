"""docs/api.md and the app name the same routes, and each route its access."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest

from tests.repo.sources import ROOT, read

INDEX = """
import json
from function_app import app
triggers = [function.get_trigger().get_dict_repr() for function in app.get_functions()]
print(json.dumps([[m.value, t["route"], t["authLevel"].value] for t in triggers
                  if t["type"] == "httpTrigger" for m in t["methods"]]))
"""
# The access that the document states, as the Functions host names it: a token is checked by us.
ACCESS = {"key": "function", "token": "anonymous", "open": "anonymous"}


def documented() -> set[tuple[str, str, str]]:
    """Return method, path and authorization level of each route in the document's table."""
    rows = re.findall(r"^\| (`.+?`) \| (\w+) \|", read("docs/api.md"), re.MULTILINE)
    return {
        (method, plain(path), ACCESS[access])
        for routes, access in rows
        for method, path in re.findall(r"`([A-Z]+) (/[^`]*)`", routes)
    }


@pytest.fixture(scope="module")
def indexed() -> set[tuple[str, str, str]]:
    """Index the app in a process of its own, as the host does."""
    command = [sys.executable, "-c", INDEX]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    prefix = json.loads(read("host.json"))["extensions"]["http"]["routePrefix"]
    routes = json.loads(done.stdout)
    return {(method, plain(f"/{prefix}/{path}"), level) for method, path, level in routes}


def plain(path: str) -> str:
    """Return a path without names of placeholders, empty parts and double slashes."""
    filled = re.sub(r"\{\w+:maxlength\(0\)\?\}", "", path)
    parts = re.sub(r"\{[^}]+\}", "{}", filled).split("/")
    return "/" + "/".join(part for part in parts if part)


def test_every_documented_route_exists(indexed: set[tuple[str, str, str]]) -> None:
    """What the document promises is there, with the access that it states."""
    assert documented() - indexed == set()


def test_every_route_is_documented(indexed: set[tuple[str, str, str]]) -> None:
    """The app answers on no route that the document hides."""
    assert indexed - documented() == set()


def test_document_is_read() -> None:
    """The check itself finds several routes in one row and ignores placeholders' names."""
    assert ("GET", "/api/runs/{}", "function") in documented()
    assert ("GET", "/", "anonymous") in documented()
