"""Owns the instructions: reading `.prompty` files and filling in their placeholders."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypedDict

import msgspec

from signpost.flows import Parameters
from signpost.text import digest

if TYPE_CHECKING:
    from jinja2 import Template

FOLDER = Path(__file__).parent.parent / "instructions"

# Patterns are compiled when they are first used: importing the app has a budget.
_PARTS = r"(?sm)---\n(?P<front>.*?)^---\n(?P<body>.*)"
REVISE = (
    "A reviewer read your text and asks for the change below. Write the whole text again, change"
    " only what is asked for, and answer with the text alone."
)
_ROLE = r"(?m)^(system|user|assistant):[ \t]*$"


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
        keeps templates away from Python. Raises Unusable, as for a name that is no input.
        """
        from jinja2 import TemplateError  # noqa: PLC0415 - only drafting needs it: cold start

        try:
            return [
                {"role": role, "content": _template(body).render(values).strip()}
                for role, body in self.turns
            ]
        except TemplateError as error:
            raise _unusable(Path(f"{self.name}.prompty"), str(error)) from error
        except Exception as error:
            why = f"a template fails with {type(error).__name__}"
            raise _unusable(Path(f"{self.name}.prompty"), why) from error


@cache
def _template(body: str) -> "Template":
    from jinja2 import StrictUndefined  # noqa: PLC0415 - as above
    from jinja2.sandbox import ImmutableSandboxedEnvironment  # noqa: PLC0415 - as above

    sandbox = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)
    return sandbox.from_string(body)


class Unusable(Exception):  # noqa: N818 - it names what is wrong, as the message does
    """An instructions file can't be used; the message names the file."""


class _Model(msgspec.Struct):
    options: Parameters = Parameters()


class _Front(msgspec.Struct):
    """What we read of the YAML at the top; the format has more."""

    model: _Model = msgspec.field(default_factory=_Model)


def feedback(draft: str, wanted: str) -> list[Message]:
    """Give the turns that hand a draft back to the model with what a reviewer asks for."""
    return [
        {"role": "assistant", "content": draft},
        {"role": "user", "content": f"{REVISE}\n\n{wanted}"},
    ]


@cache
def load(name: str, folder: Path = FOLDER) -> Instructions:
    """Read `{name}.prompty`: YAML between `---` lines, then turns headed `system:`, `user:`.

    Raises Unusable. The format is that of the Prompty project.
    """
    path = folder / f"{name}.prompty"
    try:
        source = path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise _unusable(path, "it can't be read as UTF-8 text") from error
    parts = re.fullmatch(_PARTS, source.replace("\r\n", "\n"))
    if parts is None:
        raise _unusable(path, "it does not start with YAML between two lines of ---")
    before, *turns = re.split(_ROLE, parts["body"])
    if before.strip() or not turns:
        raise _unusable(path, "each text needs a line above it that says `system:` or `user:`")
    return Instructions(
        name=name,
        digest=digest(source),
        parameters=_front(path, parts["front"]).model.options,
        turns=msgspec.convert(
            list(zip(turns[::2], turns[1::2], strict=True)),
            list[tuple[Literal["system", "user", "assistant"], str]],
        ),
    )


def _front(path: Path, source: str) -> _Front:
    import yaml  # noqa: PLC0415 - it takes long to load: cold start

    try:
        return msgspec.convert(yaml.load(source, Loader=yaml.CSafeLoader) or {}, _Front)
    except (yaml.YAMLError, msgspec.ValidationError) as error:
        raise _unusable(path, str(error)) from error


def _unusable(path: Path, why: str) -> Unusable:
    return Unusable(f"instructions/{path.name} can't be used: {why}.")
