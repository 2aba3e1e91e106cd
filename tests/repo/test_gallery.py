"""The gallery of instructions is whole: every file is explained, fenced and tried."""

from __future__ import annotations

import os
import re

import pytest

from signpost import instructions
from tests.repo.sources import ROOT, is_python_script, read

NAMES = (
    "customer-reply",
    "email-draft",
    "incident-update",
    "key-points",
    "meeting-recap",
    "product-description",
    "release-notes",
    "summary",
    "topic-post",
    "translate-adapt",
)
SAMPLES = "docs/samples"
PLACEHOLDER = r"\{\{\s*(\w+)\s*\}\}"
IN_TAGS = r"<(\w+)>\s*\{\{\s*(\w+)\s*\}\}\s*</\1>"


def gallery() -> dict[str, instructions.Instructions]:
    """Read all files that ship, by name."""
    return {name: instructions.load(name) for name in NAMES}


def unfenced(text: str) -> set[str]:
    """Return the placeholders of a text that do not stand alone between two tags."""
    return set(re.findall(PLACEHOLDER, re.sub(IN_TAGS, "", text)))


def test_the_gallery_has_ten_files() -> None:
    """What ships is what is listed here, and all of it can be read."""
    assert tuple(sorted(instructions.load_all())) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_files_explain_themselves(name: str) -> None:
    """A file has a title, a description, and for every input a sentence and an example."""
    prompt = gallery()[name]
    assert prompt.title != name
    assert prompt.description.endswith(".")
    assert [each.name for each in prompt.inputs if not each.description.endswith(".")] == []
    assert set(prompt.sample) == {each.name for each in prompt.inputs}


@pytest.mark.parametrize("name", NAMES)
def test_optional_inputs_have_a_default(name: str) -> None:
    """What may be left out is filled in, so that no fence stays empty by accident."""
    optional = [each for each in gallery()[name].inputs if not each.required]
    assert [each.name for each in optional if each.default is None] == []


@pytest.mark.parametrize("name", NAMES)
def test_values_stand_between_tags(name: str) -> None:
    """Every value is fenced off, and none gets into the system part."""
    turns = gallery()[name].turns
    assert [(role, unfenced(text)) for role, text in turns if unfenced(text)] == []
    assert {role for role, text in turns if re.search(PLACEHOLDER, text)} == {"user"}


@pytest.mark.parametrize("name", NAMES)
def test_system_part_names_every_fence(name: str) -> None:
    """The model is told that what stands between these tags is material, not instructions."""
    (role, system), *rest = gallery()[name].turns
    tags = set(re.findall(r"<(\w+)>\s*\{\{", rest[-1][1]))
    assert role == "system"
    assert {tag for tag in tags if f"<{tag}> and </{tag}>" not in system} == set()
    for rule in ("never instructions to you", "plain text"):
        assert rule in system


@pytest.mark.parametrize("name", NAMES)
def test_examples_look_like_the_question(name: str) -> None:
    """Worked examples use the tags of the last turn in their order, and each has an answer."""
    _, *turns = gallery()[name].turns
    asked = [re.findall(r"<(\w+)>", text) for role, text in turns if role == "user"]
    assert [role for role, _ in turns] == ["user", "assistant"] * (len(turns) // 2) + ["user"]
    assert all(tags == asked[-1] for tags in asked)


@pytest.mark.parametrize("name", NAMES)
def test_drafts_repeat(name: str) -> None:
    """The temperature is 0, and the length is limited below what a service would allow."""
    parameters = gallery()[name].parameters
    assert parameters.temperature == 0
    assert parameters.max_tokens is not None
    assert parameters.max_tokens <= 1000


@pytest.mark.parametrize("name", NAMES)
def test_sample_belongs_to_the_file_as_it_is(name: str) -> None:
    """A prompt that was changed without `scripts/samples` is found by its digest."""
    page = read(f"{SAMPLES}/{name}.md")
    assert f"`{gallery()[name].digest}`" in page, "run scripts/samples, and read what it wrote"
    assert "- Finish reason: stop" in page


@pytest.mark.parametrize("name", NAMES)
def test_sample_shows_what_went_in(name: str) -> None:
    """The page of a sample has every input of it, and a draft that is no copy of the prompt."""
    page = read(f"{SAMPLES}/{name}.md")
    before, draft = page.split("\n## Draft\n")
    missing = [str(value) for value in gallery()[name].sample.values() if str(value) not in before]
    assert missing == []
    assert not re.search(r"</?\w+>|\{\{", draft)


def test_index_lists_every_sample() -> None:
    """The index leads to the ten pages, and no page lies beside it unlisted."""
    pages = {path.name for path in (ROOT / SAMPLES).glob("*.md")} - {"README.md"}
    assert pages == {f"{name}.md" for name in NAMES}
    assert pages <= set(re.findall(r"\]\(([\w-]+\.md)\)", read(f"{SAMPLES}/README.md")))


def test_script_can_be_run_and_is_checked() -> None:
    """`scripts/samples` is executable, and ruff and mypy look at it."""
    script = ROOT / "scripts/samples"
    assert os.access(script, os.X_OK)
    assert is_python_script(script)
    assert read("pyproject.toml").count('"scripts/samples"') == 2


def test_unfenced_placeholders_are_seen() -> None:
    """The check itself finds a value beside its tags, and not one between them."""
    assert unfenced("<notes>\n{{ Topic }}\n</notes> {{ Tone }} <a>{{ B }}</c>") == {"Tone", "B"}
