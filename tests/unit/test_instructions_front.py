"""The front matter is that of Prompty 2; what is wrong in it is told with its line and the fix."""

import contextlib
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signpost.instructions import Unusable, parse

GOOD = """\
---
name: write
description: Writes.
inputs:
  - name: Topic
    kind: string
    default: tea
    example: coffee
  - name: Seats
    kind: integer
    enumValues: [1, 2]
model:
  options:
    temperature: 0.5
template:
  format:
    kind: jinja2
  parser:
    kind: prompty
---
system:
Be brief.

user:
{{ Topic }} {{ Seats }}
"""


def unusable(source: str) -> Unusable:
    """Give what is said about a text that can't be used."""
    with pytest.raises(Unusable) as error:
        parse(source, "write")
    return error.value


MISTAKES = [
    ("name: write", "name: [write", 3, "not YAML: did not find expected"),
    ("name: write", "name: 5", 2, "name: Expected `str`, got `int`: put it in quotes"),
    ("name: write", "nam: write", 2, "nam: There is no field of this name: is it `name`?"),
    ("name: write", "name: a\nname: b", 3, "name: this key stands twice"),
    ("name: write", "name: &a b", 2, "anchors and aliases (`&`, `*`) can't be used here"),
    ("name: write", "name: *a", 2, "anchors and aliases"),
    ("name: write", "name: !!str write", 2, "tags (`!`) can't be used here"),
    ("name: write", "name: ! write", 2, "tags (`!`) can't be used here"),
    ("name: write", "name: !!python/object/apply:os.system [id]", 2, "tags (`!`)"),
    ("name: write", "name: {a: {b: {c: {d: {e: {f: {g: {h: {i: {j: 1}}}}}}}}}}", 2, "more than 10"),
    ("name: write", "name: a --- b", 2, "`---` ends the front matter for the Prompty tools"),
    ("name: write", "name: a +++ b", 2, "`+++` ends the front matter for the Prompty tools"),
    ("name: write", 'name: "wr\\u202Eite"', 2, "name: Remove U+202E RIGHT-TO-LEFT OVERRIDE"),
    ("name: write", "name: wr\u200bite", 2, "Remove U+200B ZERO WIDTH SPACE"),
    ("name: write", "name: ${env:HOME}", 2, "reads variables and files"),
    ("name: write", 'name: "\\x24{file:secret.json}"', 2, "reads variables and files"),
    ("name: write", "name: x\n? ${ENV:HOME:x}\n: y", 3, "reads variables and files"),
    ("name: write", "name: x\nmetadata: {a: 1}", 3, "metadata: There is no field of this name"),
    ("name: write", "name: x\nsample: {Topic: x}", 3, "give each input its `example`"),
    ("name: write", "name: x\ntools: []", 3, "tools: There is no field of this name: these are"),
    ("description: Writes.", "description: [x]", 3, "description: Expected `str`, got `array`"),
    ("  - name: Topic", "  - nam: Topic", 5, "inputs[0].nam: There is no field of this name"),
    ("  - name: Topic", "  - name: Reply to", 5, "'Reply to' is no placeholder: use letters"),
    ("  - name: Topic", "  - name: 2nd", 5, "inputs[0].name: '2nd' is no placeholder"),
    ("  - name: Topic", "  - name: ''", 5, "inputs[0].name: Expected `str` of length >= 1"),
    ("  - name: Topic", "  - name: self", 5, "`self` means something else in a template"),
    ("  - name: Topic", "  - name: None", 5, "`None` means something else in a template"),
    ("  - name: Topic", "  - name: lambda", 5, "`lambda` means something else"),
    ("  - name: Topic", "  - name: \ufb01rst", 5, "has letters that read as others"),
    ("  - name: Topic", "  - name: Seats", 9, "inputs[1].name: there are two inputs `Seats`"),
    ("    kind: string", "    kind: text", 6, "inputs[0].kind: Invalid enum value 'text': take"),
    ("    kind: string", "    kind: thread", 6, "take 'boolean' or 'float' or 'integer' or 's"),
    ("    kind: string\n", "", 5, "inputs[0].kind: This field is missing"),
    ("    default: tea", "    default: 12:30", 7, "a string is wanted: put 750 in quotes"),
    ("    default: tea", "    default: yes", 7, "a string is wanted: put True in quotes"),
    ("    default: tea", "    default: [a]", 7, "inputs[0].default: Expected"),
    ("    example: coffee", "    example: 1.5", 8, "inputs[0].example: a string is wanted"),
    ("    example: coffee", "    sample: coffee", 8, "inputs[0].sample: there is no such field in"),
    ("    example: coffee", "    required: 'yes'", 8, "inputs[0].required: Expected `bool`"),
    ("    kind: integer", "    kind: boolean", 11, "enumValues[0]: it must be true or false"),
    ("[1, 2]", "[1, 2.5]", 11, "inputs[1].enumValues[1]: it must be a whole number"),
    ("[1, 2]", "[1, .nan]", 11, "inputs[1].enumValues[1]: it must be a number from"),
    ("[1, 2]", "[]", 11, "inputs[1].enumValues: Expected `array` of length >= 1"),
    ("[1, 2]", "[1, 2]\n    default: 3", 12, "inputs[1].default: it must be one of 1, 2"),
    ("temperature: 0.5", "temperature: 2.1", 14, "model.options.temperature: Expected `float` <="),
    ("temperature: 0.5", "temperature: .nan", 14, "temperature: Expected `float` >= 0.0"),
    ("temperature: 0.5", "temperature: -.inf", 14, "temperature: Expected `float` >= 0.0"),
    ("temperature: 0.5", "temperature: '0.5'", 14, "Expected `float | null`, got `str`"),
    ("temperature: 0.5", "temperature: true", 14, "Expected `float | null`, got `bool`"),
    ("temperature: 0.5", "maxOutputTokens: 0", 14, "maxOutputTokens: Expected `int` >= 1"),
    ("temperature: 0.5", f"maxOutputTokens: 1{'0' * 400}", 14, "maxOutputTokens: "),
    ("temperature: 0.5", f"maxOutputTokens: {'9' * 5000}", 2, "it holds YAML that can't be used"),
    ("temperature: 0.5", f"topP: 1{':0' * 200}.5", 2, "it holds YAML that can't be used: int too"),
    ("temperature: 0.5", "topP: 1.5", 14, "model.options.topP: Expected `float` <= 1.0"),
    ("temperature: 0.5", "frequencyPenalty: -3", 14, "frequencyPenalty: Expected `float` >= -2.0"),
    ("temperature: 0.5", "presencePenalty: 3", 14, "presencePenalty: Expected `float` <= 2.0"),
    (
        "temperature: 0.5",
        "max_tokens: 5",
        14,
        "such field in Prompty 2: it is `maxOutputTokens`",
    ),
    ("temperature: 0.5", "top_p: 1", 14, "there is no such field in Prompty 2: it is `topP`"),
    ("temperature: 0.5", "seed: 1", 14, "model.options.seed: There is no field of this name"),
    ("  options:", "  parameters:", 13, "no such field in Prompty 2: it is `options`"),
    ("  options:", "  id: gpt-4o\n  options:", 13, "the app's settings choose the model"),
    ("  options:", "  connection: {kind: key}\n  options:", 13, "settings choose the model"),
    ("    kind: jinja2", "    kind: mustache", 17, "template.format.kind: Invalid enum value"),
    (
        "    kind: jinja2",
        "    kind: jinja2\n    strict: false",
        18,
        "template.format.strict: There",
    ),
    ("    kind: prompty", "    kind: other", 19, "template.parser.kind: Invalid enum value"),
]


@pytest.mark.parametrize("old,new,line,said", MISTAKES, ids=[said for *_, said in MISTAKES])
def test_each_mistake_is_named(old: str, new: str, line: int, said: str) -> None:
    """File, line and field are told, and what is wrong there."""
    assert old in GOOD
    error = unusable(GOOD.replace(old, new, 1))
    assert str(error).startswith(f"instructions/write.prompty, line {line}: ")
    assert said in error.what
    assert error.line == line


WHOLE = [
    ("", 1, "does not start with YAML between two lines of `---`"),
    ("user:\nWrite.\n", 1, "does not start with YAML"),
    ("---\nname: x\nuser:\nWrite.\n", 1, "does not start with YAML"),
    ("\n---\n---\nuser:\nWrite.\n", 1, "does not start with YAML"),
    ("----\n---\nuser:\nWrite.\n", 1, "does not start with YAML"),
    ("---\n- x\n---\nuser:\nWrite.\n", 2, "top level: Expected `object`, got `array`"),
    ("---\nmodel: 5\n---\nuser:\nWrite.\n", 2, "model: Expected `object`, got `int`"),
    ("---\ntemplate: jinja2\n---\nuser:\nWrite.\n", 2, "template: Expected `object`, got `str`"),
    ("---\ninputs: {T: tea}\n---\nuser:\nx\n", 2, "inputs: list the inputs, each as `- name: "),
    ("---\n---", 3, "each text needs a line above it"),
    ("---\n---\n", 3, "each text needs a line above it"),
    ("---\n---\nWrite.\n", 3, "each text needs a line above it"),
    ("---\n---\nWrite.\nuser:\nWrite.\n", 3, "each text needs a line above it"),
    ("---\n---\nsystem:\nWrite.\n", 3, "the last turn must be `user:`"),
    ("---\n---\nuser:\nWrite.\nassistant:\nNo.\n", 5, "the last turn must be `user:`"),
    ("---\n---\nuser:\n\nuser:\nWrite.\n", 3, "this turn is empty"),
    ("---\n---\nuser:\nWrite.\nuser:\n", 5, "this turn is empty"),
    ("---\n---\nUser:\nWrite.\n", 3, "a turn begins with `system:`, `user:` or `assistant:`"),
    ("---\n---\nuser:\nx\n  # system:\nx\nuser:\nx\n", 5, "a turn begins with"),
    ("---\n---\nuser:\nx\ndeveloper:\nx\nuser:\nx\n", 5, "a turn begins with"),
    ('---\n---\nuser[name="a"]:\nx\n', 3, "a turn begins with"),
    ("---\n---\nuser :\nx\n", 3, "a turn begins with"),
    ("---\n---\nuser:\n{%- if 1 %}x{% endif %}\n", 3, "joins this turn with its neighbour"),
    ("---\n---\nuser:\nx{{ 1 -}}\nuser:\nx\n", 3, "joins this turn with its neighbour"),
    ("---\n---\nuser:\nx\u202ey\n", 4, "Remove U+202E RIGHT-TO-LEFT OVERRIDE"),
    ("---\n---\nuser:\nx\ry\n", 4, "Remove U+000D"),
    ("---\n---\nuser:\nx\u2028user:\ny\n", 4, "Remove U+2028 LINE SEPARATOR"),
    ("---\n---\nuser:\n\U000e0041\U000e0042x\n", 4, "Remove U+E0041 TAG LATIN CAPITAL LETTER A"),
    ("---\n---\nuser:\nx\ud800\n", 4, "Remove U+D800"),
    ("---\n---\n" + "user:\nx\n" * 51, 3, "there are more than 50 turns"),
    (f"---\n# {'x' * 17_000}\n---\nuser:\nx\n", 1, "the front matter has more than 16,384"),
    (f"---\n---\nuser:\n{'x' * 66_000}", 0, "it has 66,014 bytes; at most 65,536 are read"),
]


@pytest.mark.parametrize("source,line,said", WHOLE, ids=[said for *_, said in WHOLE])
def test_each_broken_text_is_named(source: str, line: int, said: str) -> None:
    """What has no front matter, or no turns, is told with its line too."""
    error = unusable(source)
    assert said in error.what
    assert error.line == line


def test_front_matter_may_be_empty() -> None:
    """Nothing in the YAML is needed; the title is the file's name then."""
    prompt = parse("---\n---\nuser:\nWrite.\n", "write")
    assert (prompt.title, prompt.inputs, prompt.parameters.temperature) == ("write", [], None)


@pytest.mark.parametrize("name", ["Gr\u00f6\u00dfe", "_notes", "Reply_to", "a1", "\u540d\u524d"])
def test_names_of_all_languages_are_placeholders(name: str) -> None:
    """Whoever writes in another language names the inputs in it."""
    source = GOOD.replace("Topic", name)
    assert parse(source, "write").fill_in({name: "x", "Seats": 1})[1]["content"] == "x 1"


def test_messages_do_not_grow_with_what_is_sent() -> None:
    """A huge key or value is quoted in part."""
    error = unusable(GOOD.replace("name: write", f"{'n' * 900}: 1"))
    assert len(str(error)) < 500


ALIASES = "a: &a [x, x]\n" + "".join(
    f"{chr(98 + i)}: &{chr(98 + i)} [*{chr(97 + i)}, *{chr(97 + i)}]\n" for i in range(25)
)
BOMBS = {
    "aliases": ALIASES,
    "brackets": "[" * 16_000,
    "braces": "{" * 16_000,
    "questions": "? " * 8_000,
    "dashes": "- " * 8_000,
    "keys": "".join(f"k{i}: 1\n" for i in range(1_800)),
    "one key": "a:\n" * 5_000,
    "one long key": f"{'k' * 900}: 1",
    "minutes": "name: 1" + ":1" * 8_000,
    "hexadecimal": f"name: 0x{'f' * 16_000}",
    "decimal": f"name: {'9' * 16_000}",
    "a list": f"name: [{'x, ' * 5_000}]",
    "inputs": "inputs:\n" + "  - {name: a, kind: string}\n" * 550,
    "binary": "name: !!binary aGk=",
    "directives": "%YAML 1.1\n" * 1_000,
    "merge": "<<: {name: x, <<: {name: y}}",
}


@pytest.mark.parametrize("front", BOMBS.values(), ids=BOMBS)
def test_yaml_bombs_are_refused_at_once(front: str) -> None:
    """Front matter that is small and means a lot costs no time."""
    began = process_time()
    with contextlib.suppress(Unusable):
        parse(f"---\n{front}\n---\nuser:\nx\n", "write")
    assert process_time() - began < 0.5


@given(st.text(max_size=200), st.text(max_size=200))
def test_any_text_is_read_or_named(front: str, body: str) -> None:
    """Whatever is sent ends as instructions or as Unusable, never otherwise."""
    with contextlib.suppress(Unusable):
        parse(f"---\n{front}\n---\nuser:\n{body}", "write")


PIECES = st.sampled_from(
    ["name:", "inputs:", "- ", "  ", "\n", "kind: ", "string", "{", "}", "[", "]", "a", ": ", "&a ",
     "*a ", "!x ", "? ", "|", ">", "'", '"', "#", "%", "@", "~", "...", "1:2", "0x1", ".nan", "\\"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=40))
def test_any_yaml_is_read_or_named(pieces: list[str]) -> None:
    """The same of texts that look like front matter."""
    with contextlib.suppress(Unusable):
        parse(f"---\n{''.join(pieces)}\n---\nuser:\nx\n", "write")
