"""docs/flows.md is true: its flow loads, and its tables say what the types do."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, get_args

import msgspec
import pytest
import yaml

from signpost import flows, inputs, instructions
from signpost.flows import Draft, Flow, Parameters, Post
from signpost.model import DEFAULTS
from signpost.schemas import schema_of
from tests.files import upload
from tests.repo.sources import read

if TYPE_CHECKING:
    from pathlib import Path

    from signpost.inputs import Input

DOCUMENT = read("docs/flows.md")
LONGEST = 130
COMMON = {"required", "description"}
TYPES: dict[str, type[Input]] = {
    kind.__struct_config__.tag: kind for kind in get_args(inputs.Input)
}


def block(language: str) -> str:
    """Return the one example in this language."""
    [found] = re.findall(rf"```{language}\n(.*?)```", DOCUMENT, re.DOTALL)
    return str(found)


def rows(heading: str) -> dict[str, list[str]]:
    """Return a table's rows by their first cell."""
    [table] = re.findall(rf"(?m)^\| {re.escape(heading)} \|.+\n\|---.+\n((?:\|.+\n)+)", DOCUMENT)
    cells = [
        [cell.strip() for cell in line.strip("|\n").split(" |")] for line in table.splitlines()
    ]
    return {first.strip("` "): rest for first, *rest in cells}


@pytest.fixture
def flow(tmp_path: Path) -> Flow:
    """Load the example flow beside the example instructions."""
    (tmp_path / "flows").mkdir()
    (tmp_path / "instructions").mkdir()
    (tmp_path / "instructions/invitation.prompty").write_text(block("prompty"), "utf-8")
    (tmp_path / "flows/news.yaml").write_text(block("yaml"), "utf-8")
    return flows.load(tmp_path / "flows/news.yaml")


def test_it_is_read_to_its_end() -> None:
    """The document is short."""
    assert len(DOCUMENT.splitlines()) <= LONGEST


def test_the_example_shows_every_type_and_field(flow: Flow) -> None:
    """One input of each type, and each field of a flow, its draft and its post."""
    assert [rule.type for rule in flow.inputs.values()] == list(TYPES)
    shown: Any = yaml.safe_load(block("yaml"))
    for part, kind in ((shown, Flow), (shown["draft"], Draft), (shown["post"], Post)):
        assert set(part) == {each.encode_name for each in msgspec.structs.fields(kind)} - {"name"}


async def test_every_value_of_the_table_is_taken(flow: Flow, tmp_path: Path) -> None:
    """What a type is sent as is what the example flow takes, and its instructions can be filled."""
    cells = {kind: re.match("`(.+?)`", cell[-1]) for kind, cell in rows("`type`").items()}
    sent: Any = {kind: msgspec.json.decode(cell[1]) for kind, cell in cells.items() if cell}
    assert set(sent) == set(TYPES)
    assert set(sent["File"]) == set(upload(b""))
    given = {name: sent[rule.type] for name, rule in flow.inputs.items() if rule.type != "File"}
    assert await inputs.read(flow.inputs, given) == given
    prompt = instructions.load("invitation", tmp_path / "instructions")
    [_, asked] = prompt.fill_in(inputs.prompt_values(flow.inputs, given))
    assert "Say that it is urgent. There are 1.5 seats." in asked["content"]


def test_the_table_has_every_field() -> None:
    """Each type's own fields stand in its row, with the ends of their ranges."""
    for name, (fields, _) in rows("`type`").items():
        properties = schema_of(TYPES[name])["properties"]
        told = set(re.findall("`(.+?)`", fields))
        assert told == set(properties) - COMMON - {"type"}, name
        ends = [each[key] for each in properties.values() for key in ("maxItems",) if key in each]
        ends += [each["maximum"] for key, each in properties.items() if key == "maxLength"]
        assert all(f"{end})" in fields for end in ends), name


def test_parameters_have_their_defaults_and_ranges() -> None:
    """The table is that of the type and of the model."""
    properties = schema_of(Parameters)["properties"]
    for name, (default, ends) in rows("parameter").items():
        [number, _] = properties.pop(name)["anyOf"]
        assert float(default) == getattr(DEFAULTS, name)
        assert [float(end) for end in ends.split(" to ")] == [number["minimum"], number["maximum"]]
    assert properties == {}


@pytest.mark.parametrize("number", [inputs.files.MOST_BYTES, inputs.MOST_STORED])
def test_sizes_are_those_of_the_code(number: int) -> None:
    """Limits in bytes are told exactly."""
    assert f"{number:,} bytes" in DOCUMENT
