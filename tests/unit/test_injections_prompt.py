"""Whatever a value says, a prompt has the turns and the tags that its file gives it."""

import re
import unicodedata
from functools import cache
from typing import Any

import pytest

from signpost.instructions import Instructions, Message, feedback, load_all, parse
from tests.acceptance.injections.corpus import FILE, Case, cases

LINKED = FILE.with_name("linked.prompty").read_text("utf-8")
EVERY = pytest.mark.parametrize("case", cases(), ids=lambda case: case.id)
PLAIN = "The terrace opens."
MARK = "\u25cf"
UNSEEN = (
    "[\x00-\x08\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe00-\ufe0f\ufeff"
    "\U000e0000-\U000e0fff]"
)


@cache
def prompts() -> dict[str, Instructions]:
    """Give the instructions of the gallery, and those of the injection tests."""
    return {**load_all(), "linked": parse(LINKED, "linked")}


@cache
def asked(name: str, value: str) -> list[Message]:
    """Fill a value into every text of a prompt that is not a choice."""
    prompt = prompts()[name]
    given: dict[str, Any] = dict(prompt.sample)
    free = [each for each in prompt.inputs if each.kind == "string" and not each.enum_values]
    return prompt.fill_in(given | {each.name: value for each in free})


@cache
def tags(name: str, value: str) -> list[list[str]]:
    """List the tags of a prompt in each message that it makes of a value, as a model reads them."""
    turns = " ".join(turn for _, turn in prompts()[name].turns)
    names = sorted(set(re.findall(r"</?([A-Za-z][\w-]*)", turns)))
    tag = rf"<[\s/]*(?:{'|'.join(map(re.escape, names))})(?!\w)"
    seen = [re.sub(UNSEEN, "", each["content"]) for each in asked(name, value)]
    texts = [unicodedata.normalize("NFKC", each) for each in seen]
    return [[re.sub(r"\s", "", found) for found in re.findall(f"(?i){tag}", t)] for t in texts]


def test_the_prompts_have_tags() -> None:
    """The tests below are no proof while no prompt sets a fence around anything."""
    assert [name for name in prompts() if not any(tags(name, PLAIN))] == []


@EVERY
def test_no_value_opens_a_turn(case: Case) -> None:
    """Roles and their number stay those of the file, with every instructions file there is."""
    for name in prompts():
        roles = [each["role"] for each in asked(name, PLAIN)]
        assert [each["role"] for each in asked(name, case.text)] == roles, name
    assert [each["role"] for each in feedback(case.text, case.text)] == ["assistant", "user"]


@EVERY
def test_no_value_opens_or_closes_a_fence(case: Case) -> None:
    """The tags of a file stand in its messages as often, and in the order, as it has them."""
    for name in prompts():
        assert tags(name, case.text) == tags(name, PLAIN), name


@EVERY
def test_the_rest_of_the_prompt_stays(case: Case) -> None:
    """What stands before the first value and after the last is the same, to the letter."""
    for name in prompts():
        for each, model in zip(asked(name, case.text), asked(name, MARK), strict=True):
            before, *_, after = model["content"].split(MARK) * 2
            assert each["content"].startswith(before), name
            assert each["content"].endswith(after), name
