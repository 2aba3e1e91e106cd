"""A flow file says what it may, and each mistake in it is named with file, line and field."""

import contextlib
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, get_args

import msgspec
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from signpost import flows
from signpost.flows import Flow, Parameters, load, load_all
from signpost.policy import Approval, ApprovalType
from signpost.problems import BrokenFile
from tests.policies import INSTRUCTIONS

LINES = """\
title: News
inputs:
  Topic:
    type: Text
    required: true
draft:
  instructions: write
  parameters:
    temperature: 0.3
approval:
  type: Approve/Reject - First to respond
  title: Sign it
  assignedTo:
    - adele@contoso.com
    - alex@contoso.com
  reminders: P1D
  expiresAfter: P30D
post:
  location: Channel
  title: News
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Lay out a folder of flows beside the instructions that they name."""
    (tmp_path / "instructions").mkdir()
    (tmp_path / "instructions/write.prompty").write_text(INSTRUCTIONS, "utf-8")
    (tmp_path / "flows").mkdir()
    return tmp_path / "flows"


def read(folder: Path, source: str) -> Flow:
    """Read a source as the flow file `news.yaml`."""
    path = folder / "news.yaml"
    path.write_text(source, "utf-8")
    return load(path)


def broken(folder: Path, old: str, new: str) -> str:
    """Break the good flow file and give what is said about it."""
    assert old in LINES
    with pytest.raises(BrokenFile) as error:
        read(folder, LINES.replace(old, new, 1))
    return str(error.value)


def test_a_good_file_is_read(folder: Path) -> None:
    """The flow has its file's name, and its durations are durations."""
    flow = read(folder, LINES)
    assert flow.name == "news"
    assert flow.approval.reminders == timedelta(days=1)


def test_a_byte_order_mark_is_no_mistake(folder: Path) -> None:
    """Files of editors that write one are read as well."""
    assert read(folder, "\ufeff" + LINES).title == "News"


def test_shipped_flows_are_good() -> None:
    """The files that come with the app can be used."""
    assert "topic-post" in load_all(flows.FOLDER)


MISTAKES = [
    ("title: News\n", "", 1, "title: This field is missing"),
    ("inputs:\n  Topic:\n    type: Text\n    required: true\n", "", 1, "inputs: This field is"),
    ("title: News\n", "title: 5\n", 1, "title: Expected `str`, got `int`"),
    ("title: News\n", "title: ''\n", 1, "title: Expected `str` of length >= 1"),
    ("title: News\n", "title: News\ncolour: red\n", 2, "these are title, description, inputs, "),
    ("title: News\n", "title: News\nname: x\n", 2, "name: a flow's name is its file's: take this"),
    ("title: News\n", 'title: "N\\u200Bews"\n', 1, "title: Remove U+200B ZERO WIDTH SPACE"),
    ("  Topic:\n", '  "Top\\u200Bic":\n', 3, "Top\u200bic: Remove U+200B ZERO WIDTH SPACE"),
    ("post:\n", "purgeAfter: P3651D\npost:\n", 18, "`purgeAfter` must be between PT0S and P3650D"),
    ("post:\n", "purgeAfter: -PT1S\npost:\n", 18, "`purgeAfter` must be between PT0S and P3650D"),
    ("post:\n", "purgeAfter: a year\npost:\n", 18, "purgeAfter: Expected a duration, such as"),
    ("    type: Text", "    typ: Text", 3, "inputs.Topic.type: This field is missing"),
    ("required: true", "requires: true", 5, "requires: There is no field of this name: is it `req"),
    ("required: true", "options: [A]", 5, "inputs.Topic.options: There is no field of this name"),
    ("title: News\n", "title: News\ntitle: Olds\n", 2, "title: this key stands twice"),
    (
        "    type: Text",
        "    type: Colour",
        4,
        "Invalid value 'Colour': take 'Text' or 'Drop-down lis",
    ),
    ("    type: Text\n", "", 3, "inputs.Topic.type: This field is missing"),
    ("required: true", "required: 'yes'", 5, "inputs.Topic.required: Expected `bool`, got `str`"),
    ("required: true", "maxLength: 0", 5, "inputs.Topic.maxLength: Expected `int` >= 1"),
    ("required: true", "maxLength: 20001", 5, "inputs.Topic.maxLength: Expected `int` <= 20000"),
    ("required: true", "needed: true", 5, "these are required, description, maxLength, default"),
    ("required: true", "type: Text", 5, "type: this key stands twice"),
    ("  Topic:\n", "  5:\n", 3, "inputs.5: Expected `str`, got `int`"),
    ("  Topic:\n", "  '':\n", 2, "inputs.: Expected `str` of length >= 1"),
    ("  Topic:\n    type: Text\n    required: true", "  - Topic", 2, "inputs: Expected `object`"),
    ("instructions: write", "instructions: missing", 7, "no file instructions/missing.prompty"),
    ("temperature: 0.3", "temperature: 2.1", 9, "temperature: Expected `float` <= 2.0"),
    ("temperature: 0.3", "temperature: .nan", 9, "temperature: Expected `float` >= 0.0"),
    ("temperature: 0.3", "max_tokens: true", 9, "max_tokens: Expected `int | null`"),
    ("temperature: 0.3", "tempo: 1", 9, "draft.parameters.tempo: There is no field"),
    ("type: Approve/Reject - First to respond", "type: Vote", 11, "approval.type: Invalid enum"),
    ("    - alex@contoso.com", "    - alex", 15, "assignedTo[1]: 'alex' is no list in people.yaml"),
    (
        "    - alex@contoso.com",
        "    - a@b c@d",
        15,
        "assignedTo[1]: 'a@b c@d' is no e-mail address",
    ),
    (
        "    - alex@contoso.com",
        "    - 5",
        15,
        "assignedTo[1]: Expected `str`, got `int`: put it in",
    ),
    ("reminders: P1D", "reminders: daily", 16, "approval.reminders: Expected a duration, such as"),
    (
        "reminders: P1D",
        "reminders: 5",
        16,
        "reminders: Expected a duration, such as P30D or PT12H,",
    ),
    ("reminders: P1D", "reminders: PT59S", 16, "approval: `reminders` must be PT1M or more"),
    ("reminders: P1D", "reminders: PT1H", 16, "`reminders` would come more than 400 times"),
    ("expiresAfter: P30D", "expiresAfter: P1M", 17, "approval.expiresAfter: Expected a duration"),
    ("expiresAfter: P30D", "expiresAfter: -P1D", 17, "`expiresAfter` must be between PT1S and"),
    ("expiresAfter: P30D", "expiresAfter: P366D", 17, "`expiresAfter` must be between PT1S and"),
    ("expiresAfter: P30D", "requireComment: [Maybe]", 17, "the answers here are Approve, Reject"),
    ("location: Channel", "location: Moon", 19, "post.location: Invalid enum value 'Moon'"),
    ("location: Channel", "location: [Channel", 20, "not YAML: did not find expected"),
    ("title: News\n", "title: &a News\nx: *b\n", 2, "not YAML: found undefined alias"),
    ("title: News\n", "title: \x00\n", 1, "not YAML: it holds bytes"),
    (
        "title: News\n",
        "title: !!int News\n",
        1,
        "it holds YAML that can't be used: invalid literal",
    ),
    ("title: News\n", "title: &a [*a]\n", 1, "it holds YAML that can't be used: maximum recursion"),
    ("title: News\n", f"title: {'[' * 3000}{']' * 3000}\n", 1, "it holds YAML that can't be used"),
    (LINES, "", 1, "top level: Expected `object`, got `null`"),
    (LINES, "- title: News\n", 1, "top level: Expected `object`, got `array`"),
    (LINES, "title: a\n---\ntitle: b\n", 2, "not YAML: but found another document"),
]


@pytest.mark.parametrize("old,new,line,said", MISTAKES, ids=[said for *_, said in MISTAKES])
def test_each_mistake_is_named(folder: Path, old: str, new: str, line: int, said: str) -> None:
    """File, line and field are told, and what is wrong there."""
    told = broken(folder, old, new)
    assert told.startswith(f"flows/news.yaml, line {line}, ")
    assert said in told


def test_bytes_that_are_no_text_are_named(folder: Path) -> None:
    """A file in another encoding is told as such, with its name."""
    (folder / "news.yaml").write_bytes(b"title: \xff\n")
    with pytest.raises(BrokenFile, match=r"flows/news.yaml, line 1, not YAML"):
        load(folder / "news.yaml")


def test_the_wrong_one_of_several_inputs_is_named(folder: Path) -> None:
    """The line is that of the input at fault, not of the first."""
    told = broken(folder, "    required: true", "  Tone:\n    type: Tone")
    assert told.startswith("flows/news.yaml, line 6, inputs.Tone.type: ")


REAL = [*get_args(ApprovalType), "P1D", "PT0S", "Editors", ["a@b; c@d"], [{"name": "x"}], 1, True]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda part: st.lists(part) | st.dictionaries(st.text(), part),
    max_leaves=10,
)
FIELDS = [field.encode_name for field in msgspec.structs.fields(Approval)]


@given(st.dictionaries(st.sampled_from(FIELDS), JSON | st.sampled_from([*REAL, "{{ Topic }}"])))
def test_whatever_stands_there_is_named(approval: dict[str, Any]) -> None:
    """No policy, however odd, ends in an error other than the one that names the field."""
    with TemporaryDirectory() as home:
        (Path(home) / "instructions").mkdir()
        (Path(home) / "instructions/write.prompty").write_text(INSTRUCTIONS, "utf-8")
        path = Path(home) / "flows/news.yaml"
        path.parent.mkdir()
        path.write_text(yaml.safe_dump(yaml.safe_load(LINES) | {"approval": approval}), "utf-8")
        with contextlib.suppress(BrokenFile):
            load(path)


@pytest.mark.parametrize("after", ["PT0S", "P3650D"])
def test_texts_may_go_at_once_or_in_ten_years(folder: Path, after: str) -> None:
    """Both ends of the range are in it."""
    flow = read(folder, f"{LINES}purgeAfter: {after}\n")
    assert flow.purge_after == timedelta(days=3650 if after == "P3650D" else 0)


def test_the_directory_of_people_is_no_flow(folder: Path) -> None:
    """people.yaml lies beside the flows and is not read as one."""
    (folder / "people.yaml").write_text("people: []\n", "utf-8")
    read(folder, LINES)
    assert set(load_all(folder)) == {"news"}


def test_one_broken_file_stops_them_all(folder: Path) -> None:
    """The app does not start with half of its flows."""
    (folder / "a.yaml").write_text(LINES, "utf-8")
    (folder / "b.yaml").write_text("title: x", "utf-8")
    with pytest.raises(BrokenFile, match=r"flows/b.yaml"):
        load_all(folder)


def test_callers_parameters_win_over_the_flows() -> None:
    """What is unset falls back to the weaker ones; 0 is not unset."""
    merged = Parameters(temperature=0).over(Parameters(temperature=1, max_tokens=5))
    assert merged == Parameters(temperature=0, max_tokens=5)


def test_a_title_holds_inputs_of_its_flow_only(folder: Path) -> None:
    """A heading that names no input is told with its line."""
    assert read(folder, LINES.replace("title: Sign it", 'title: "Sign {{ Topic }}"'))
    told = broken(folder, "title: Sign it", 'title: "Sign {{ Subject }}"')
    assert told == "flows/news.yaml, line 12, approval.title: there is no input 'Subject'"
