"""A flow and its instructions fit each other, or the file is refused with its line."""

from pathlib import Path

import pytest

from signpost.flows import Flow, load
from signpost.problems import BrokenFile

INSTRUCTIONS = """\
---
name: write
inputs:
  - {name: Topic, kind: string, required: true}
  - {name: Reply_to, kind: string}
  - {name: Urgent, kind: boolean}
  - {name: Seats, kind: integer, required: true, default: 1}
  - {name: Tone, kind: string, enumValues: [Warm, Plain]}
---
user:
{{ Topic }} {{ Reply_to }} {{ Seats }} {{ Tone }}{% if Urgent %}!{% endif %}
"""
FLOW = """\
title: News
inputs:
  Topic: {{type: Text, required: true}}
{inputs}
draft: {{instructions: write}}
approval:
  type: Approve/Reject - First to respond
  title: "{title}"
  assignedTo: ["{who}", adele@contoso.com]
post: {{location: Channel, title: News}}
"""


def read(
    folder: Path,
    inputs: str = "",
    *,
    title: str = "Sign it",
    who: str = "alex@contoso.com",
    instructions: str = INSTRUCTIONS,
) -> Flow:
    """Read a flow with these inputs beside its topic, which stand from line 4 on."""
    for name in ("flows", "instructions"):
        (folder / name).mkdir()
    (folder / "instructions/write.prompty").write_text(instructions, "utf-8")
    source = FLOW.format(inputs=inputs, title=title, who=who)
    (folder / "flows/news.yaml").write_text(source, "utf-8")
    return load(folder / "flows/news.yaml")


@pytest.mark.parametrize(
    "inputs",
    [
        "",
        "  Reply to: {type: Email}",
        "  Urgent: {type: Yes/No}",
        "  Seats: {type: Number}",
        "  Tone: {type: Drop-down list, options: [Plain]}",
        "  Reply-to: {type: Number}",
    ],
)
def test_inputs_that_fit_are_taken(tmp_path: Path, inputs: str) -> None:
    """Blanks are underscores, and a string takes every type."""
    assert "Topic" in read(tmp_path, inputs).inputs


@pytest.mark.parametrize("place", ["title", "who"])
def test_an_input_may_be_for_the_approval_alone(tmp_path: Path, place: str) -> None:
    """The heading and the people are uses, too."""
    assert read(tmp_path, "  My boss: {type: Email}", **{place: "{{ My boss }}"})


MISMATCHES = [
    ("  Colour: {type: Text}", 4, "inputs.Colour: nothing uses it: instructions/write.prompty has"),
    ("  topic: {type: Text}", 4, "inputs.topic: nothing uses it"),
    (
        "  Reply to: {type: Email}\n  Reply-to: {type: Email}",
        5,
        "inputs.Reply-to: instructions could not tell it from 'Reply to'",
    ),
    ("  Urgent: {type: Text}", 4, "`type` must be Yes/No: the instructions want the kind boolean"),
    ("  Seats: {type: Text}", 4, "`type` must be Number: the instructions want the kind integer"),
    ("  Tone: {type: Text}", 4, "don't take 'any Text' here, only Warm, Plain"),
    ("  Tone: {type: Drop-down list, options: [Warm, Loud]}", 4, "don't take 'Loud' here, only"),
]


@pytest.mark.parametrize("inputs,line,said", MISMATCHES, ids=[said for *_, said in MISMATCHES])
def test_inputs_that_do_not_fit_are_refused(
    tmp_path: Path, inputs: str, line: int, said: str
) -> None:
    """The flow's file and line are told, and what the instructions want."""
    with pytest.raises(BrokenFile) as error:
        read(tmp_path, inputs)
    assert str(error.value).startswith(f"flows/news.yaml, line {line}, inputs.")
    assert said in str(error.value)


@pytest.mark.parametrize("rule", ["default: ''", "description: x"])
def test_what_instructions_require_is_certain(tmp_path: Path, rule: str) -> None:
    """An optional input without a default can't be one that the prompt needs."""
    needy = INSTRUCTIONS.replace("Reply_to, kind: string", "Reply_to, kind: string, required: true")
    with pytest.raises(BrokenFile, match=r"line 4, inputs.Reply to: the instructions need it"):
        read(tmp_path, f"  Reply to: {{type: Text, {rule}}}", instructions=needy)


def test_what_instructions_require_is_there(tmp_path: Path) -> None:
    """The line is that of the instructions' name."""
    needy = INSTRUCTIONS.replace("Reply_to, kind: string", "Reply_to, kind: string, required: true")
    with pytest.raises(BrokenFile, match=r"line 5, .*: write.prompty needs the input 'Reply_to'"):
        read(tmp_path, instructions=needy)


@pytest.mark.parametrize("kind", ["File", "Yes/No", "Number", "Date"])
def test_people_are_named_by_texts(tmp_path: Path, kind: str) -> None:
    """A number or a file is nobody's name."""
    with pytest.raises(BrokenFile, match=f"the input 'Who' is a {kind}, no name"):
        read(tmp_path, f"  Who: {{type: {kind}}}", who="{{ Who }}")


def test_broken_instructions_are_told_with_their_own_line(tmp_path: Path) -> None:
    """Who reads the message opens the right file."""
    with pytest.raises(BrokenFile, match=r"^instructions/write.prompty, line 12, "):
        read(tmp_path, instructions=f"{INSTRUCTIONS}{{{{ Nobody }}}}")
