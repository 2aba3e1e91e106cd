"""Owns the instructions: reading `.prompty` files and filling in their placeholders."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypedDict

import msgspec
import yaml

from signpost.flows import Parameters
from signpost.text import digest

FOLDER = Path(__file__).parent.parent / "instructions"

_ROLE = re.compile(r"^(system|user|assistant):[ \t]*$", re.MULTILINE)


class Message(TypedDict):
    """One message of a chat completion."""

    role: Literal["system", "user", "assistant"]
    content: str


class Instructions(msgspec.Struct, frozen=True):
    """A prompt with placeholders; `digest` names the file's exact bytes."""

    name: str
    digest: str
    parameters: Parameters
    turns: list[tuple[Literal["system", "user", "assistant"], str]]

    def fill_in(self, values: Mapping[str, Any]) -> list[Message]:
        """Give the messages with the values in place.

        The turns were split before, so a value can't open a turn of its own, and the sandbox
        keeps templates away from Python. Raises jinja2.TemplateError for an unknown name.
        """
        from jinja2 import StrictUndefined  # noqa: PLC0415 - only drafting needs it: cold start
        from jinja2.sandbox import ImmutableSandboxedEnvironment  # noqa: PLC0415 - as above

        sandbox = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)
        return [
            {"role": role, "content": sandbox.from_string(body).render(values).strip()}
            for role, body in self.turns
        ]


@cache
def load(name: str, folder: Path = FOLDER) -> Instructions:
    """Read `{name}.prompty`: YAML between `---` lines, then turns headed `system:`, `user:`.

    Raises FileNotFoundError or ValueError. The format is that of the Prompty project.
    """
    source = (folder / f"{name}.prompty").read_text("utf-8")
    _, front, body = source.split("---\n", 2)
    options = yaml.load(front, Loader=yaml.CSafeLoader).get("model", {}).get("options", {})
    parts = _ROLE.split(body)
    turns = list(zip(parts[1::2], parts[2::2], strict=True))
    if not turns:
        raise ValueError(f"instructions/{name}.prompty has no turn: head one with `user:`.")
    return Instructions(
        name=name,
        digest=digest(source),
        parameters=msgspec.convert(options, Parameters),
        turns=msgspec.convert(turns, list[tuple[Literal["system", "user", "assistant"], str]]),
    )
