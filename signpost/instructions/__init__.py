"""Owns the instructions: what a `.prompty` file holds, and the messages that come of it.

`reading` splits a file, `front` knows its front matter, `templates` its placeholders, and `fences`
keeps values from closing the tags around them.
"""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypedDict

import msgspec

from signpost.flows import Parameters
from signpost.instructions.front import PromptInput
from signpost.instructions.unusable import Unusable
from signpost.text import digest

__all__ = [
    "Instructions",
    "Message",
    "PromptInput",
    "Role",
    "Unusable",
    "feedback",
    "load",
    "load_all",
    "parse",
]

FOLDER = Path(__file__).parent.parent.parent / "instructions"
LARGEST_SOURCE = 64 * 1024  # bytes
REVISE = (
    "A reviewer read your text and asks for the change below. Write the whole text again, change"
    " only what is asked for, and answer with the text alone."
)
LONGEST_NAME = 100
MISNAMED = f"a file's name has 1 to {LONGEST_NAME} letters, digits, `_` and `-`"

Role = Literal["system", "user", "assistant"]


class Message(TypedDict):
    """One message of a chat completion."""

    role: Role
    content: str


class Instructions(msgspec.Struct, frozen=True):
    """A prompt with placeholders; `digest` names the exact bytes of `source`.

    `parameters` are what the file sets of the model's, `turns` the texts with their placeholders,
    and `sample` the examples of those inputs that have one.
    """

    name: str
    title: str
    description: str
    digest: str
    source: str
    parameters: Parameters
    inputs: list[PromptInput]
    turns: list[tuple[Role, str]]
    sample: dict[str, Any]

    def fill_in(self, values: Mapping[str, Any]) -> list[Message]:
        """Give the messages with the values in place; turns that come out empty are left out.

        A missing value, or None, is the input's default. Values of other names are passed over,
        as a flow's inputs need not all go into the prompt. No value opens a turn, or closes the
        tags around it. Raises Unusable.
        """
        from signpost.instructions import filling  # noqa: PLC0415 - it loads Jinja2: cold start

        return [
            {"role": role, "content": content}
            for role, content in filling.fill(self, values)
            if content
        ]


def parse(source: str, name: str) -> Instructions:
    """Read the text of a `.prompty` file, which may be a stranger's. Raises Unusable.

    The format is that of Prompty 2, less what could fetch, run or loop: see docs/instructions.md.
    What is given back was filled in once with its examples, and once with as little as it needs.
    """
    from signpost.instructions import filling, reading  # noqa: PLC0415 - they load YAML and Jinja2

    size = len(source.encode("utf-8", "replace"))
    if size > LARGEST_SOURCE:
        raise Unusable(name, 0, f"it has {size:,} bytes; at most {LARGEST_SOURCE:,} are read")
    front, turns, declared = reading.read(source, name)
    prompt = Instructions(
        name=name,
        title=front.display_name or front.name or name,
        description=front.description,
        digest=digest(source),
        source=source,
        parameters=front.parameters,
        inputs=front.inputs,
        turns=turns,
        sample={each.name: each.example for each in front.inputs if each.example is not None},
    )
    filling.check(prompt, declared)
    return prompt


@cache
def load(name: str, folder: Path = FOLDER) -> Instructions:
    """Read `{name}.prompty`, once. Raises Unusable."""
    path = folder / f"{name}.prompty"
    if not re.fullmatch(rf"[\w-]{{1,{LONGEST_NAME}}}", name):
        raise Unusable(name, 0, MISNAMED)
    if not path.is_file():
        raise Unusable(name, 0, "there is no such file")
    try:
        source = path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError):
        raise Unusable(name, 0, "it can't be read as UTF-8 text") from None
    return parse(source, name)


def load_all(folder: Path = FOLDER) -> Mapping[str, Instructions]:
    """Read every file, by name. Raises Unusable for the first that can't be used."""
    return {path.stem: load(path.stem, folder) for path in sorted(folder.glob("*.prompty"))}


def feedback(draft: str, wanted: str) -> list[Message]:
    """Give the turns that hand a draft back to the model with what a reviewer asks for."""
    return [
        {"role": "assistant", "content": draft},
        {"role": "user", "content": f"{REVISE}\n\n{wanted}"},
    ]
