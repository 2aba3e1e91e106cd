"""Reads the commands that documents show: lines of `sh` fences, and code spans of programs."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from functools import cache

from tests.repo.sources import markdown, read

FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
SHELLS = {"sh", "bash", "shell", "console", "powershell", "pwsh"}
SPAN = re.compile(r"`([^`\n]+)`")
# What a code span begins with when it is a command and no name; a single word is a name.
PROGRAM = re.compile(
    r"(?:[A-Z_]+=\S* )*(?:(?:az|azd|bicep|curl|docker|func|git|make|npm|npx|pip|python[\d.]*"
    r"|\.venv/bin/\w+) [\w.-]|(?:\./)?scripts/[\w-]+(?:$| ))"
)
ASSIGNED = re.compile(r"([A-Za-z_]\w*)=(.*)", re.DOTALL)
BETWEEN = {"&&", "||", ";", "|"}
RESULT = "RESULT"  # stands for what a command in $(...) gives


@dataclass(frozen=True)
class Command:
    """One program with its words, the variables given to it alone, and where it is shown."""

    document: str
    words: tuple[str, ...]
    given: dict[str, str] = field(default_factory=dict, hash=False)

    @property
    def text(self) -> str:
        """Give its words, with one space between them."""
        return " ".join(self.words)

    @property
    def typed(self) -> str:
        """Give its words after the variables that it alone is given."""
        return " ".join([*(f"{name}={value}" for name, value in self.given.items()), self.text])

    def option(self, name: str) -> str | None:
        """Give the word that follows an option."""
        return dict(zip(self.words, self.words[1:], strict=False)).get(name)


@dataclass(frozen=True)
class Line:
    """One line that a document tells to type; `text` is as it stands there, without the comment."""

    document: str
    text: str

    @property
    def commands(self) -> list[Command]:
        """Give its commands, those in $(...) first."""
        return [each for each in _commands(self) if each.words]

    @property
    def assigned(self) -> set[str]:
        """Name the variables that it leaves to the lines below it."""
        return {name for each in _commands(self) if not each.words for name in each.given}


@cache
def fenced() -> tuple[Line, ...]:
    """Give the lines of all fences of commands, those that end in a backslash joined."""
    found = []
    for path in markdown():
        for _, kind, text in FENCE.findall(read(path)):
            if kind in SHELLS:
                found += [Line(str(path), line) for line in _lines(text)]
    return tuple(found)


@cache
def spans() -> tuple[Line, ...]:
    """Give the code spans of all documents that are commands."""
    texts = ((path, FENCE.sub("", read(path))) for path in markdown())
    named = ((str(path), span) for path, text in texts for span in SPAN.findall(text))
    return tuple(Line(path, span) for path, span in named if PROGRAM.match(span))


def commands() -> list[Command]:
    """Give every command of every document."""
    return [command for line in (*fenced(), *spans()) for command in line.commands]


def _lines(text: str) -> list[str]:
    joined = re.sub(r"\\\n\s*", "", text).splitlines()
    bare = (re.sub(r"(^|\s+)#\s.*", "", line).strip() for line in joined)
    return [line for line in bare if line]


def _commands(line: Line) -> list[Command]:
    inner, text = [], line.text
    while "$(" in text:
        start = text.rindex("$(")
        end = text.index(")", start)
        inner += _commands(Line(line.document, text[start + 2 : end]))
        text = text[:start] + RESULT + text[end + 1 :]
    found, words = [], shlex.split(text)
    while words:
        ends = next((i for i, word in enumerate(words) if word in BETWEEN), len(words))
        found.append(_command(line.document, words[:ends]))
        words = words[ends + 1 :]
    return inner + found


def _command(document: str, words: list[str]) -> Command:
    given = {}
    while words and (assigned := ASSIGNED.fullmatch(words[0])):
        given[assigned[1]] = assigned[2]
        words = words[1:]
    return Command(document, tuple(words), given)
