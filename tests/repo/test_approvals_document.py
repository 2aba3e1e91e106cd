"""docs/approvals.md is true: its examples load, and its tables say what the types do."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, get_args

import msgspec
import pytest
import yaml

from signpost import flows, people
from signpost.flows import Flow
from signpost.people import Person
from signpost.policy import Approval, ApprovalType, ResponseOption, Stage
from signpost.reminders import Reminders
from signpost.schemas import schema_of
from tests.repo.sources import read

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DOCUMENT = "docs/approvals.md"
LONGEST = 250
EXAMPLES = re.findall(r"```yaml\n(.*?)```", read(DOCUMENT), re.DOTALL)
FLOWS = [example for example in EXAMPLES if "approval:" in example]
OTHER_TYPES = {"stages", "approvals"}
TABLES: dict[str, type] = {
    "field": Approval,
    "field of a stage": Stage,
    "field of a response option": ResponseOption,
    "field of `reminders`": Reminders,
    "field of a person": Person,
}
BOUNDS = ("minimum", "maximum", "maxLength", "maxItems")


def rows(heading: str) -> dict[str, list[str]]:
    """Return a table's rows by the field that they are about: default, range and meaning."""
    wanted = rf"(?m)^\| {re.escape(heading)} \|.+\n\|---.+\n((?:\|.+\n)+)"
    [table] = re.findall(wanted, read(DOCUMENT))
    cells = [[cell.strip() for cell in line.split(" |")] for line in table.splitlines()]
    return {first.strip("| `"): rest for first, *rest in cells}


def default(field: msgspec.structs.FieldInfo) -> str:
    """Write a default as the tables do."""
    if field.required:
        return "required"
    has_factory = field.default is msgspec.NODEFAULT
    value = msgspec.to_builtins(field.default_factory() if has_factory else field.default)
    if value in ("", [], None):
        return "none"
    return str(value).lower() if isinstance(value, bool) else str(value)


def bounds(node: Any) -> Iterator[str]:
    """Yield the ends of the ranges that a field's own values have."""
    yield from (str(node[key]) for key in BOUNDS if key in node and node[key] > 0)
    yield from re.findall(r"\bP[T\d]\w+", node.get("description", ""))
    for part in node.get("anyOf", []):
        yield from bounds(part)


def test_it_is_read_to_its_end() -> None:
    """The document is short."""
    assert len(read(DOCUMENT).splitlines()) <= LONGEST


@pytest.mark.parametrize("example", FLOWS, ids=lambda text: text.split("\n")[0])
def test_examples_load(example: str, tmp_path: Path) -> None:
    """Every flow can be copied into a file as it stands."""
    (tmp_path / "flows").mkdir()
    (tmp_path / "instructions").symlink_to(flows.FOLDER.parent / "instructions")
    (tmp_path / "flows/news.yaml").write_text(example, "utf-8")
    assert flows.load(tmp_path / "flows/news.yaml").name == "news"


def test_every_type_has_an_example_and_a_row() -> None:
    """The six types are told in the table, and each in a flow, in the same order."""
    shown = [yaml.safe_load(example)["approval"]["type"] for example in FLOWS]
    assert set(get_args(ApprovalType)) == set(shown)
    assert list(rows("`type`")) == shown[: len(get_args(ApprovalType))]


def test_the_last_example_has_everything() -> None:
    """Each field of a flow and of its approval is shown at once, but for other types' own."""
    last: Any = yaml.safe_load(FLOWS[-1])
    fields = {field.encode_name for field in msgspec.structs.fields(Approval)}
    assert set(last["approval"]) == fields - OTHER_TYPES
    assert set(last) == {field.encode_name for field in msgspec.structs.fields(Flow)} - {"name"}


def test_the_people_load(tmp_path: Path) -> None:
    """The example of people.yaml can be copied, too, and shows every field of a person."""
    [example] = [each for each in EXAMPLES if each.startswith("people:")]
    (tmp_path / "people.yaml").write_text(example, "utf-8")
    assert people.load(tmp_path / "people.yaml").members("Editors")
    shown: Any = yaml.safe_load(example)
    assert set(shown["people"][0]) == set(rows("field of a person"))


@pytest.mark.parametrize("heading", TABLES)
def test_tables_have_every_field_with_its_default(heading: str) -> None:
    """Fields stand in the order of the type, each with the default that it has there."""
    fields = msgspec.structs.fields(TABLES[heading])
    expected = {field.encode_name: default(field) for field in fields}
    assert [(name, cells[0]) for name, cells in rows(heading).items()] == list(expected.items())


@pytest.mark.parametrize("heading", TABLES)
def test_tables_have_every_range(heading: str) -> None:
    """Both ends of each range stand in its row, where it is more than not being empty."""
    properties = schema_of(TABLES[heading])["properties"]
    missing = {
        name: [end for end in bounds(properties[name]) if not re.search(rf"\b{end}\b", cells[1])]
        for name, cells in rows(heading).items()
    }
    assert {name: ends for name, ends in missing.items() if ends} == {}


def test_the_field_about_time_is_true() -> None:
    """`purgeAfter` has the range that its type tells."""
    [(name, cells)] = rows("field of a flow").items()
    assert name == "purgeAfter"
    ends = list(bounds(schema_of(Flow)["properties"][name]))
    assert ends == ["PT0S", "P3650D"]
    assert all(end in cells[1] for end in ends)
