"""Owns the front matter: its fields, and which values each kind of input takes."""

import keyword
import unicodedata
from collections.abc import Iterator
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from signpost.flows import Parameters
from signpost.inputs.rules import LARGEST, written
from signpost.policy import Part

Value = str | bool | int | float
Name = Annotated[str, Meta(min_length=1, max_length=100)]

# Names that mean something else in a template.
_TAKEN = {"true", "false", "none", "self", "super", "loop", "caller", "varargs", "kwargs"}
_OPTIONS = {
    "max_tokens": "maxOutputTokens",
    "top_p": "topP",
    "frequency_penalty": "frequencyPenalty",
    "presence_penalty": "presencePenalty",
}
_LONGEST_ECHO = 80


class PromptInput(Part, frozen=True):
    """One input: the name of its placeholder, and what may stand there.

    `example` is the sample to try it with; `enum_values` are all values, where there are any.
    """

    name: Name
    kind: Literal["string", "integer", "float", "boolean"]
    description: Annotated[str, Meta(max_length=1000)] = ""
    required: bool = False
    default: Value | None = None
    example: Value | None = None
    enum_values: Annotated[list[Value], Meta(min_length=1, max_length=100)] | None = None

    def take(self, value: object) -> Value:
        """Give the value as templates get it. Raises ValueError with a sentence about it."""
        taken: Value = _TAKERS[self.kind](value)
        if self.enum_values is not None and taken not in self.enum_values:
            choices = ", ".join(map(written, self.enum_values))
            raise ValueError(f"it must be one of {choices}, and is {_quoted(value)}")
        return taken

    @property
    def stand_in(self) -> Value:
        """Give some value that this input takes."""
        if self.example is not None:
            return self.example
        return self.enum_values[0] if self.enum_values else _STAND_INS[self.kind]


Options = msgspec.defstruct(
    "Options",
    [(each.name, each.type, None) for each in msgspec.structs.fields(Parameters)],
    rename=_OPTIONS,
    frozen=True,
    forbid_unknown_fields=True,
)


class _Model(Part, frozen=True):
    options: Options = Options()  # type: ignore[valid-type] # made of the parameters' fields


class _Format(Part, frozen=True):
    kind: Literal["jinja2"]


class _Parser(Part, frozen=True):
    kind: Literal["prompty"]


class _Template(Part, frozen=True):
    format: _Format
    parser: _Parser


class Front(Part, frozen=True):
    """The front matter; unknown fields are errors."""

    name: Annotated[str, Meta(max_length=100)] = ""
    display_name: Annotated[str, Meta(max_length=100)] = ""
    description: Annotated[str, Meta(max_length=1000)] = ""
    inputs: Annotated[list[PromptInput], Meta(max_length=50)] = msgspec.field(default_factory=list)
    model: _Model = _Model()
    template: _Template = _Template(_Format("jinja2"), _Parser("prompty"))

    @property
    def parameters(self) -> Parameters:
        """The model's parameters as *Create text with GPT* names them."""
        return Parameters(**msgspec.structs.asdict(self.model.options))

    def faults(self) -> Iterator[tuple[str, str]]:
        """Find what the types can't: each fault's field, and a sentence about it."""
        seen = set()
        for i, each in enumerate(self.inputs):
            if why := _misnamed(each.name):
                yield f"inputs[{i}].name", why
            if each.name in seen:
                yield f"inputs[{i}].name", f"there are two inputs `{each.name}`"
            seen.add(each.name)
            yield from ((f"inputs[{i}].{field}", why) for field, why in _misfits(each))


def _misnamed(name: str) -> str | None:
    if not name.isidentifier():
        return f"{_quoted(name)} is no placeholder: use letters, digits and _, and no digit first"
    if unicodedata.normalize("NFKC", name) != name:
        return f"{_quoted(name)} has letters that read as others: write it in plain ones"
    if name.casefold() in _TAKEN or keyword.iskeyword(name):
        return f"`{name}` means something else in a template: take another name"
    return None


def _misfits(rule: PromptInput) -> Iterator[tuple[str, str]]:
    """Find the values in an input's own fields that it would not take."""
    free = msgspec.structs.replace(rule, enum_values=None)
    fields: list[tuple[str, PromptInput, object]] = [
        (f"enumValues[{i}]", free, value) for i, value in enumerate(rule.enum_values or [])
    ]
    fields += [("default", rule, rule.default), ("example", rule, rule.example)]
    for field, taker, value in fields:
        try:
            taken = None if value is None else taker.take(value)
        except ValueError as error:
            yield field, str(error)
        else:
            if type(taken) is str and type(value) is not str:
                yield field, f"a string is wanted: put {_quoted(value)} in quotes"


def _as_string(value: object) -> str:
    if isinstance(value, bool | int | float):
        return written(value if isinstance(value, bool) else _as_float(value))
    if not isinstance(value, str):
        raise ValueError(f"it must be a text, and is {_quoted(value)}")  # noqa: TRY004 - what a user gave, not a caller
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise ValueError("it holds half of a character: send it again as UTF-8")
    return value


def _as_boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"it must be true or false, and is {_quoted(value)}")  # noqa: TRY004 - as above
    return value


def _as_float(value: object) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"it must be a number, and is {_quoted(value)}")  # noqa: TRY004 - as above
    if not -LARGEST <= value <= LARGEST:  # which NaN is not either
        raise ValueError(f"it must be a number from -{LARGEST:,} to {LARGEST:,}")
    return value


def _as_integer(value: object) -> int:
    number = _as_float(value)
    if number != int(number):
        raise ValueError(f"it must be a whole number, and is {_quoted(value)}")
    return int(number)


def _quoted(value: object) -> str:
    if isinstance(value, int) and abs(value) > LARGEST:
        return "a huge number"
    told = repr(value)
    return told if len(told) <= _LONGEST_ECHO else f"{told[:_LONGEST_ECHO]}\u2026"


_TAKERS: dict[str, Any] = {
    "string": _as_string,
    "boolean": _as_boolean,
    "integer": _as_integer,
    "float": _as_float,
}
_STAND_INS: dict[str, Value] = {"string": "text", "boolean": True, "integer": 1, "float": 1.5}
