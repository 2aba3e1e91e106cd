"""Owns splitting a `.prompty` file into its front matter and its turns."""

import re
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

import yaml

from signpost import yaml_files
from signpost.instructions.front import Front
from signpost.instructions.unusable import Unusable
from signpost.problems import BrokenFile
from signpost.text import to_remove

LONGEST_FRONT = 16 * 1024
MOST_TURNS = 50

_FILE = re.compile(r"(?sm)---[ \t]*\n(?P<front>.*?)^---[ \t]*(?:\n(?P<body>.*))?")

# What the Prompty tools take for the head of a turn is more than what is one here: the rest is
# refused, so that a file means the same to both.
_HEAD = re.compile(
    r"(?im)^[^\S\n]*+#?[^\S\n]*+(?:system|user|assistant|developer)"
    r"[^\S\n]*+(?:\[.*\][^\S\n]*+)?:[^\S\n]*+$"
)
_ROLE = r"(system|user|assistant):[ \t]*"
_REFERENCE = re.compile(r"\$\{\s*\w*\s*:")

# How fields were called before Prompty 2, by the end of their path.
_RENAMED = {
    "sample": "give each input its `example`",
    "model.api": "the app's settings choose the model",
    "model.configuration": "the app's settings choose the model",
    "model.connection": "the app's settings choose the model",
    "model.id": "the app's settings choose the model",
    "model.parameters": "it is `options`",
    "model.provider": "the app's settings choose the model",
    "options.max_tokens": "it is `maxOutputTokens`",
    "options.top_p": "it is `topP`",
    "options.frequency_penalty": "it is `frequencyPenalty`",
    "options.presence_penalty": "it is `presencePenalty`",
}

Turn = tuple[Literal["system", "user", "assistant"], str]


class Parts(NamedTuple):
    """What a file holds; `declared` has the line of each input."""

    front: Front
    turns: list[Turn]
    declared: list[int]


def read(source: str, name: str) -> Parts:
    """Split a file. Raises Unusable."""
    text = _plain(source)
    for number, line in _with_hidden(text):
        raise Unusable(name, number, str(to_remove(line)))
    parts = _FILE.fullmatch(text)
    if parts is None:
        raise Unusable(name, 1, "it does not start with YAML between two lines of `---`")
    try:
        front, declared = _front(parts["front"], name)
    except BrokenFile as error:
        raise Unusable(name, error.line, error.what) from None
    first_line = text.count("\n", 0, parts.end("front")) + 2
    return Parts(front, _turns(parts["body"] or "", name, first_line), declared)


def places(source: str, turns: list[Turn]) -> list[int]:
    """Give the line of the file on which each turn's text begins."""
    text = _plain(source)
    lines, end = [], 0
    for _, turn in turns:
        start = max(text.find(turn, end), 0)
        lines.append(text.count("\n", 0, start) + 1)
        end = start + len(turn)
    return lines


def _plain(source: str) -> str:
    return source.removeprefix("\ufeff").replace("\r\n", "\n")


def _with_hidden(text: str) -> Iterator[tuple[int, str]]:
    """Give the lines on which a reader would not see everything."""
    if to_remove(text):
        for number, line in enumerate(text.split("\n"), 1):
            if to_remove(line):
                yield number, line


def _front(source: str, name: str) -> tuple[Front, list[int]]:
    for found in re.finditer(r"---|\+\+\+", source):
        line = source.count("\n", 0, found.start()) + 2
        what = f"`{found[0]}` ends the front matter for the Prompty tools: write it differently"
        raise BrokenFile(name, line, what)
    if len(source) > LONGEST_FRONT:
        raise BrokenFile(name, 1, f"the front matter has more than {LONGEST_FRONT:,} characters")
    yaml_files.refuse_bombs(source, name, 2)
    front = yaml_files.parse(source, name, 2)
    _refuse_references(front.node, name)
    if front.content is None:
        front = front._replace(content={})
    try:
        given = front.into(Front)
    except BrokenFile as error:
        raise BrokenFile(name, error.line, _renamed(error.what)) from None
    for trail, what in given.faults():
        raise front.broken(trail, what)
    return given, [front.broken(f"inputs[{i}]", "").line for i in range(len(given.inputs))]


def _renamed(what: str) -> str:
    trail, _, said = what.partition(": ")
    steps = trail.split(".")
    for old, new in _RENAMED.items():
        if ".".join(steps[-len(old.split(".")) :]) == old and said.startswith("There is no field"):
            return f"{trail}: there is no such field in Prompty 2: {new}"
    if trail == "inputs" and "got `object`" in said:
        return f"{trail}: list the inputs, each as `- name: Topic` with its `kind`"
    return what


def _refuse_references(node: Any, name: str) -> None:  # noqa: ANN401 - a node of PyYAML, which has no types for them
    """Refuse what the Prompty tools would replace by a variable or a file, which may be secret."""
    if isinstance(node, yaml.ScalarNode) and _REFERENCE.search(node.value):
        what = "`${...:...}` reads variables and files, which instructions may not: write the value"
        raise BrokenFile(name, node.start_mark.line + 2, what)
    for each in node.value if isinstance(node, yaml.CollectionNode) else []:
        for inner in each if isinstance(node, yaml.MappingNode) else [each]:
            _refuse_references(inner, name)


def _turns(body: str, name: str, first_line: int) -> list[Turn]:
    """Split at the lines that name a role, before any value is near: no value opens a turn."""
    heads = list(_HEAD.finditer(body))
    if len(heads) > MOST_TURNS:
        raise Unusable(name, first_line, f"there are more than {MOST_TURNS} turns")
    ends = [head.start() for head in heads[1:]] + [len(body)]
    for head in heads:
        if not re.fullmatch(_ROLE, head[0]):
            line = first_line + body.count("\n", 0, head.start())
            what = "a turn begins with `system:`, `user:` or `assistant:` alone on its line"
            raise Unusable(name, line, what)
    if not heads or body[: heads[0].start()].strip():
        what = "each text needs a line above it that says `system:` or `user:`"
        raise Unusable(name, first_line, what)
    turns: list[Turn] = []
    for head, end in zip(heads, ends, strict=True):
        role, text = head[0].strip(": \t"), body[head.end() : end]
        if odd := _odd(text, is_last=head is heads[-1]):
            raise Unusable(name, first_line + body.count("\n", 0, head.start()), odd)
        turns.append((role, text))  # type: ignore[arg-type] # _ROLE has matched
    if turns[-1][0] != "user":
        line = first_line + body.count("\n", 0, heads[-1].start())
        raise Unusable(name, line, "the last turn must be `user:`, which the model answers")
    return turns


def _odd(turn: str, *, is_last: bool) -> str | None:
    text = turn.strip()
    if not text:
        return "this turn is empty"
    joins = text.startswith(("{{-", "{%-", "{#-"))
    if joins or (not is_last and text.endswith(("-}}", "-%}", "-#}"))):
        return "a `-` in brackets at its end joins this turn with its neighbour: take it out"
    return None
