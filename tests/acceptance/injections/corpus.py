"""Reads `cases.jsonl`: texts by which somebody tries to get out of being a text.

One JSON object a line, in ASCII so that a reader of the file sees every character: `name`,
`family`, where the case `enters` the app, its `text`, and how many `times` that is repeated.
"""

import json
from functools import cache
from pathlib import Path
from typing import Literal, NamedTuple, get_args

FILE = Path(__file__).with_name("cases.jsonl")
LISTED = ("contoso.com", "*.fabrikam.com")  # the hosts whose links stay active in these tests

Entrance = Literal["topic", "file", "model answer", "feedback", "edit"]
ENTRANCES: tuple[Entrance, ...] = get_args(Entrance)


class Case(NamedTuple):
    """One text, and where it comes in."""

    name: str
    family: str
    enters: Entrance
    text: str

    @property
    def id(self) -> str:
        """Name the case in a test report."""
        return f"{self.family}: {self.name}"


@cache
def cases() -> tuple[Case, ...]:
    """Give all cases, in the order of the file."""
    return tuple(map(_case, FILE.read_text("ascii").splitlines()))


def _case(line: str) -> Case:
    row = json.loads(line)
    return Case(row["name"], row["family"], row["enters"], row["text"] * row.get("times", 1))
