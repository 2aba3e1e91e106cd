"""An approval policy says what it may, and each mistake in it is named with its line and field."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import msgspec
import pytest
from msgspec import Meta

from signpost import forms, policy
from signpost.flows import Flow, load
from signpost.oversight.answers import Answer
from signpost.people import Content
from signpost.policy import Approval
from signpost.problems import BrokenFile, fault
from signpost.runs import Start
from tests.policies import CUSTOM, GOOD, INSTRUCTIONS, MEANING, NOW, ONE, STRUCTURE, WHO, flow_of


def read(tmp_path: Path, source: str) -> Approval:
    """Read a source as the approval policy of the flow file `news.yaml`."""
    (tmp_path / "instructions").mkdir()
    (tmp_path / "instructions/write.prompty").write_text(INSTRUCTIONS, "utf-8")
    (tmp_path / "flows").mkdir()
    path = tmp_path / "flows/news.yaml"
    path.write_text(flow_of(source), "utf-8")
    return load(path).approval


def broken(tmp_path: Path, source: str) -> str:
    """Give what is said about a policy that can't be used."""
    with pytest.raises(BrokenFile) as error:
        read(tmp_path, source)
    return str(error.value)


@pytest.mark.parametrize("source,line,said", [*STRUCTURE, *MEANING])
def test_each_mistake_is_named(tmp_path: Path, source: str, line: int, said: str) -> None:
    """File, line and field are told, and how to mend it."""
    told = broken(tmp_path, source)
    assert told.startswith(f"flows/news.yaml, line {line}, ")
    assert said in told


@pytest.mark.parametrize("source", GOOD)
def test_what_has_a_meaning_is_read(tmp_path: Path, source: str) -> None:
    """A policy that can be kept is taken, and comes back the same from the ledger."""
    approval = read(tmp_path, source)
    assert msgspec.json.decode(msgspec.json.encode(approval), type=Approval) == approval


@pytest.mark.parametrize(
    "kind,stage",
    [
        (policy.FIRST, policy.FIRST),
        (policy.EVERYONE, policy.EVERYONE),
        (policy.CUSTOM_ONE, policy.FIRST),
        (policy.CUSTOM_ALL, policy.EVERYONE),
    ],
)
def test_every_type_is_a_row_of_stages(tmp_path: Path, kind: str, stage: str) -> None:
    """All types but the sequential one are one stage, which says who must answer."""
    options = NOW if kind.startswith("Custom") else ""
    [only] = read(tmp_path, f"type: {kind}\n{WHO}{options}").all_stages
    assert (only.type, len(only.assigned_to)) == (stage, 2)


def test_options_are_what_can_be_answered(tmp_path: Path) -> None:
    """Custom answers take the place of Approve and Reject; Request changes comes last."""
    approval = read(tmp_path, f"{CUSTOM}{NOW}  - name: Never\nallowRequestChanges: true\n")
    assert approval.options == ["Now", "Never", "Request changes"]
    assert [answer for answer in approval.options if approval.signs(answer)] == ["Now"]


def test_only_approve_signs(tmp_path: Path) -> None:
    """Without custom answers nothing but Approve is in favour of posting."""
    approval = read(tmp_path, f"{ONE}allowRequestChanges: true\n")
    assert [answer for answer in approval.options if approval.signs(answer)] == ["Approve"]


def patterns(node: Any) -> Iterator[str]:
    """Yield all patterns of a schema."""
    for each in node.values() if isinstance(node, dict) else node:
        if isinstance(each, dict | list):
            yield from patterns(each)
    if isinstance(node, dict) and isinstance(node.get("pattern"), str):
        yield node["pattern"]


@pytest.mark.parametrize("kind", [Flow, Content, Start, Answer])
def test_every_pattern_has_words(kind: type) -> None:
    """Nobody is shown a regular expression."""
    assert set(patterns(msgspec.json.schema(kind))) <= set(forms.NAMES)


@pytest.mark.parametrize("pattern,name", forms.NAMES.items())
def test_patterns_are_told_in_words(pattern: str, name: str) -> None:
    """What msgspec says of a pattern becomes what a person knows it as."""
    with pytest.raises(msgspec.ValidationError) as error:
        msgspec.convert({"a": " "}, dict[str, Annotated[str, Meta(pattern=pattern)]])
    assert fault(error.value) == (f"Expected {name}", "[...]")
