"""A value can't open or close the tags that a prompt sets around it."""

import re
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signpost.instructions import Unusable, parse
from signpost.instructions.fences import around

PROMPT = """\
---
inputs:
  - {name: A, kind: string}
  - {name: B, kind: string}
---
system:
The notes stand between <notes> and </notes>, the tone between <tone-of-voice> and its end.

user:
<notes>
{{ A }}{{ B }}
</notes>
<tone-of-voice>{{ A|trim|upper }}</tone-of-voice>
"""


def between(a: str, b: str = "") -> str:
    """Give what stands between the tags of the notes."""
    message = parse(PROMPT, "write").fill_in({"A": a, "B": b})[1]["content"]
    return message.removeprefix("<notes>\n").partition("\n</notes>\n<tone-of-voice>")[0]


CLOSING = [
    ("</notes>", "\u2039/notes\u203a"),
    ("x</notes>y", "x\u2039/notes\u203ay"),
    ("<notes>", "\u2039notes\u203a"),
    ("</NOTES>", "\u2039/NOTES\u203a"),
    ("</ notes >", "\u2039/ notes \u203a"),
    ("< / notes>", "\u2039 / notes\u203a"),
    ("<//notes>", "\u2039//notes\u203a"),
    ("<\n/notes\n>", "\u2039\n/notes\n\u203a"),
    ('<notes id="1">', '\u2039notes id="1"\u203a'),
    ("<notes/>", "\u2039notes/\u203a"),
    ("</notes", "\u2039/notes"),
    ("</notes x <b>", "\u2039/notes x <b>"),
    ("</notes<", "\u2039/notes\u2039"),
    ("</tone-of-voice>", "\u2039/tone-of-voice\u203a"),
    ("</no\u200btes>", "\u2039/no\u200btes\u203a"),
    ("<\u200b/notes\u200b>", "\u2039\u200b/notes\u200b\u203a"),
    ("\uff1c/notes>", "\u2039/notes\u203a"),
    ("\ufe64/notes>", "\u2039/notes\u203a"),
    ("</note\u017f>", "\u2039/note\u017f\u203a"),
    ("<!--</notes>-->", "<!--\u2039/notes\u203a-->"),
    ("</notes></notes>", "\u2039/notes\u203a\u2039/notes\u203a"),
    ("a <", "a \u2039"),
    ("a </", "a \u2039/"),
    ("a </not", "a \u2039/not"),
    ("a </tone-of", "a \u2039/tone-of"),
]


@pytest.mark.parametrize("value,expected", CLOSING, ids=range(len(CLOSING)))
def test_a_value_can_not_close_its_fence(value: str, expected: str) -> None:
    """What reads as one of the prompt's tags, or begins one, loses its angle brackets."""
    assert between(value) == expected


HARMLESS = [
    "a < b > c", "<b>bold</b>", "1 <2> 3", "<note>", "<notesx>", "<notes_>", "notes>", "/notes>",
    "&lt;/notes&gt;", "\u2039/notes\u203a", "<https://contoso.com>", "<footnotes>", "<no tes>x",
    "<tone>",
    "<tone-of>", "x <- y", "<3 you", "</>.", "a <not.",
]  # fmt: skip


@pytest.mark.parametrize("value", HARMLESS)
def test_other_values_stay_to_the_letter(value: str) -> None:
    """Signs of comparison, other tags and links are the user's own."""
    assert between(value) == value


SPLIT = [("<", "/notes>"), ("</", "notes>"), ("</no", "tes>"), ("<\n", "/notes>"), ("</notes", ">")]


@pytest.mark.parametrize("first,second", SPLIT)
def test_two_values_can_not_close_it_together(first: str, second: str) -> None:
    """A tag that is spread over neighbouring values is none."""
    assert not re.search(r"<\W*notes", between(first, second))


PIECES = st.sampled_from(
    ["<", ">", "/", "notes", "no", "tes", "tone", "-of-", "voice", " ", "\n", "x"]
)


@given(st.lists(PIECES, max_size=9), st.lists(PIECES, max_size=9))
def test_the_tags_stay_the_prompts_own(first: list[str], second: list[str]) -> None:
    """With any values the prompt has its own tags only, in their order."""
    messages = parse(PROMPT, "write").fill_in({"A": "".join(first), "B": "".join(second)})
    tags = re.findall(r"<\W*(?:notes|tone-of-voice)\b", messages[1]["content"])
    assert tags == ["<notes", "</notes", "<tone-of-voice", "</tone-of-voice"]


@pytest.mark.parametrize("bracket", ["\uff1c", "\ufe64"])
def test_no_wide_bracket_hides_behind_another(bracket: str) -> None:
    """Of two in a row each is seen, also where the next value or a wide bracket goes on."""
    assert between(f"{bracket}{bracket}/notes\uff1e") == f"{bracket}\u2039/notes\uff1e"
    assert bracket not in between(bracket * 2, "/notes>")[1:]


@given(st.text())
def test_without_tags_values_stay_to_the_letter(value: str) -> None:
    """A prompt without fences changes no value."""
    assert around(["Write about {{ Topic }}, if a < b."]).keep_in(value) == value


LONG = ["<" * 100_000, "</note" * 20_000, "<" + " " * 100_000, "</n" + "\u200b" * 100_000,
        "<tone" + "-" * 100_000, "<notes " * 20_000, "<n" * 50_000, "\uff1c" * 50_000 + "x",
        "\ufe64 " * 50_000 + "x", "\uff1cnotes " * 10_000]  # fmt: skip


@pytest.mark.parametrize("value", LONG, ids=range(len(LONG)))
def test_no_value_makes_it_slow(value: str) -> None:
    """Beginnings of tags over and over cost no more than other texts."""
    fences = around(["<notes>", "<tone-of-voice>"])
    began = process_time()
    fences.keep_in(value)
    assert process_time() - began < 0.5


@pytest.mark.parametrize("name", ["upper", "title", "capitalize", "lower", "trim"])
def test_no_filter_makes_a_tag_of_a_value(name: str) -> None:
    """One letter that is two in capitals does not become a tag, nor what a blank kept apart."""
    source = PROMPT.replace("notes", "test").replace(
        "{{ A }}{{ B }}", f"{{{{ A|{name} }}}}{{{{ B }}}}"
    )
    for value in ("</te\ufb06>", "</te\ufb05>", "\u2009<\u2009", "</te\u00df>"):
        message = parse(source, "write").fill_in({"A": value, "B": "/test>"})[1]["content"]
        assert len(re.findall(r"(?i)<\W*test", message)) == 2


def test_a_prompt_has_few_kinds_of_tags() -> None:
    """Thousands of them would make every value slow to read."""
    tags = "".join(f"<a{i}>" for i in range(21))
    with pytest.raises(Unusable, match="more than 20 kinds of tags"):
        parse(f"---\n---\nuser:\n{tags}\n", "write")
    assert parse(f"---\n---\nuser:\n{tags.removeprefix('<a0>')}\n", "write")
    with pytest.raises(Unusable, match="tags of over 30 characters"):
        parse(f"---\n---\nuser:\n<{'a' * 31}>\n", "write")
