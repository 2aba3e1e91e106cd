"""Editors are told of the same fields, ranges and names as the app checks."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
import yaml
from jsonschema import Draft7Validator

from signpost.schemas import KINDS, schema_of, text_of
from tests.policies import GOOD, STRUCTURE, flow_of
from tests.repo.sources import files, read

if TYPE_CHECKING:
    from pathlib import Path

YAML = [path for path in files() if path.parts[0] == "flows" and path.suffix == ".yaml"]


def name_of(path: Path) -> str:
    """Say which schema is for a file."""
    return "people" if path.stem == "people" else "flow"


def faults(kind: str, source: str) -> list[str]:
    """Return what the schema has against a YAML text; days are texts to it."""
    content: Any = msgspec.to_builtins(yaml.safe_load(source))
    return [fault.message for fault in Draft7Validator(schema_of(KINDS[kind])).iter_errors(content)]


@pytest.mark.parametrize("kind", KINDS)
def test_committed_schemas_are_todays(kind: str) -> None:
    """`python -m signpost.schemas` was run after the last change of a type."""
    assert read(f"flows/{kind}.schema.json") == text_of(KINDS[kind])


@pytest.mark.parametrize("kind", KINDS)
def test_schemas_are_schemas(kind: str) -> None:
    """They keep to their dialect, and no pattern is one that only Python reads."""
    schema = schema_of(KINDS[kind])
    Draft7Validator.check_schema(schema)
    assert r"\\Z" not in json.dumps(schema)


@pytest.mark.parametrize("path", YAML, ids=str)
def test_files_name_their_schema(path: Path) -> None:
    """The first line of each file tells editors where the schema lies."""
    first = read(path).splitlines()[0]
    assert first == f"# yaml-language-server: $schema={name_of(path)}.schema.json"


@pytest.mark.parametrize("path", YAML, ids=str)
def test_shipped_files_fit(path: Path) -> None:
    """Nothing is underlined in the files that come with the app."""
    assert faults(name_of(path), read(path)) == []


@pytest.mark.parametrize("source", GOOD)
def test_good_policies_fit(source: str) -> None:
    """An editor underlines nothing that the app takes."""
    assert faults("flow", flow_of(source)) == []


@pytest.mark.parametrize("source,said", [(source, said) for source, _, said in STRUCTURE])
def test_bad_structure_is_refused(source: str, said: str) -> None:
    """What is wrong in a type, a range or a name is underlined before the app starts."""
    assert faults("flow", flow_of(source)), said


@pytest.mark.parametrize(
    "source",
    [
        "people: [{email: adele}]",
        "people: [{name: Adele}]",
        "people: [{email: a@b, zone: UTC}]",
        "people: [{email: a@b, delegates: [{to: c@d, from: 2026-12-20}]}]",
        "lists: {Editors: []}",
        "groups: {}",
    ],
)
def test_bad_people_are_refused(source: str) -> None:
    """people.yaml is checked as well."""
    assert faults("people", source)


@pytest.mark.parametrize("text", ["P1D", "P1.5D", "PT36H", "P1DT2H3M4.5S", "PT0S"])
def test_durations_fit(text: str) -> None:
    """A duration that editors take is one that the app takes."""
    assert not faults("flow", flow_of(GOOD[0]) + f"purgeAfter: {text}")
    assert msgspec.convert(text, timedelta) >= timedelta()


@pytest.mark.parametrize("text", ["P", "PT", "P1DT", "P1W", "P1M", "1D", "-P1D", "daily"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    """Weeks and months are of no certain length, or unknown to the app."""
    assert faults("flow", flow_of(GOOD[0]) + f"purgeAfter: {text}")
