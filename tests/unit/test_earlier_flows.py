"""Runs that an earlier release wrote down are read by the rules of today, whatever their flow.

A run keeps its whole flow, which is checked anew at each read: a rule that became stricter since
would make the run unreadable. `flow_shapes` has the runs, `earlier/RELEASE.json` their rows.
"""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
import pytest
from msgspec import inspect
from msgspec.inspect import StructType
from msgspec.structs import FieldInfo, fields

from signpost import views
from signpost.flows import Flow
from signpost.oversight import Case
from signpost.oversight.upkeep import open_round
from signpost.people import people
from signpost.records import Run
from signpost.runs import Story
from tests.builders import NOW, a_draft
from tests.histories.replaying import CHANGELOG, is_out, release
from tests.unit import flow_shapes
from tests.unit.flow_shapes import EARLIER

FILES = sorted(EARLIER.glob("[0-9]*.json"))
ROWS = {
    f"{file.stem}/{name}": row
    for file in FILES
    for name, row in json.loads(file.read_bytes()).items()
}
EACH = pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)


def test_each_release_has_its_rows() -> None:
    """Every release in the changelog left a file, and so does the one in the making."""
    out = re.findall(r"^## \[([\d.]+)\]", CHANGELOG.read_text("utf-8"), re.MULTILINE)
    assert {*out, release()} <= {file.stem for file in FILES}


def test_the_rows_of_this_release_are_of_today() -> None:
    """Until a release is out its file says what the code of today writes."""
    kept = json.loads((EARLIER / f"{release()}.json").read_bytes())
    assert is_out(release()) or kept == flow_shapes.rows()


@EACH
def test_an_earlier_run_is_read(row: str) -> None:
    """No rule of today refuses it, and it is written again without a loss."""
    run = msgspec.json.decode(row, type=Run)
    again = msgspec.json.decode(msgspec.json.encode(run), type=Run)
    assert again == run


@EACH
def test_an_earlier_run_goes_on(row: str) -> None:
    """A draft of it comes under review today, and the run and its round are shown."""
    run = msgspec.json.decode(row, type=Run)
    opened = open_round(Case(run, people()), a_draft(), 1, NOW)
    story = Story(run, {1: a_draft()}, {}, [opened], {}, None)
    assert views.run_view(story, NOW).rounds[0].number == 1
    assert opened.seats


def structs(node: Any) -> Iterator[Any]:
    """Walk over all values within a value that are built of fields."""
    if isinstance(node, msgspec.Struct):
        yield node
        node = [getattr(node, name) for name in node.__struct_fields__]
    within = node.values() if isinstance(node, dict) else node
    for each in within if isinstance(within, Iterable) and not isinstance(node, str) else ():
        yield from structs(each)


OF_TODAY = [each for run in flow_shapes.shapes().values() for each in structs(run.flow)]
KINDS = {node.cls for node in structs(inspect.type_info(Flow)) if isinstance(node, StructType)}


@pytest.mark.parametrize("kind", sorted(KINDS, key=repr))
def test_every_field_has_a_shape(kind: type[msgspec.Struct]) -> None:
    """The shapes leave no field of a flow at its default in all of them."""
    ours = [each for each in OF_TODAY if type(each) is kind]
    used = {
        field.name
        for field in fields(kind)
        if any(getattr(each, field.name) != default_of(field) for each in ours)
    }
    assert {field.name for field in fields(kind)} - used == set()


def default_of(field: FieldInfo) -> Any:
    """Give what a field is where nothing is said."""
    made = field.default_factory
    return field.default if made is msgspec.NODEFAULT else made()
