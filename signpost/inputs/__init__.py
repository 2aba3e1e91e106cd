"""Owns what a run is started with: its inputs' types, and their values from the wire to the prompt.

`rules` has the types, `files` reads the text of files, in a process of its own: `converting`.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import msgspec

from signpost.inputs import files
from signpost.inputs.files import MOST_ENCODED
from signpost.inputs.rules import (
    Date,
    DropDown,
    Email,
    File,
    Number,
    Rule,
    Text,
    Unfit,
    YesNo,
    written,
)
from signpost.problems import Invalid, TooLarge

__all__ = [
    "MOST_ENCODED",
    "Date",
    "DropDown",
    "Email",
    "File",
    "Input",
    "Number",
    "Rule",
    "Text",
    "YesNo",
    "outline",
    "placeholder",
    "prompt_values",
    "read",
    "refuse_unknown",
    "shown",
]

MOST_STORED = 400_000  # bytes of all values of a run as JSON: they stand in one row of the ledger
LONGEST_ECHO = 80

Input = Text | DropDown | Email | File | YesNo | Number | Date
PromptValue = str | bool | int | float | None


async def read(rules: Mapping[str, Input], given: Mapping[str, Any]) -> dict[str, Any]:
    """Give what is stored in a run: each value as it was sent, a file as its text.

    Missing and null mean the default; an empty text means nothing. What is nothing is left out.
    Files come last, as they cost most. Raises Invalid or TooLarge, both with the field, or TooMany.
    """
    refuse_unknown(rules, given)
    found = {}
    for name, rule in sorted(rules.items(), key=lambda each: isinstance(each[1], File)):
        found[name] = await _read(rule, f"inputs.{name}", given.get(name))
    stored = {name: found[name] for name in rules if found[name] is not None}
    size = len(msgspec.json.encode(stored))
    if size > MOST_STORED:
        raise TooLarge(
            f"All inputs together have at most {MOST_STORED:,} bytes; these have {size:,}.",
            field="inputs",
        )
    return stored


def prompt_values(rules: Mapping[str, Input], values: Mapping[str, Any]) -> dict[str, PromptValue]:
    """Give the values by their placeholders; of a file its text, and None for what is nothing."""
    plain = {name: v["text"] if isinstance(v, Mapping) else v for name, v in values.items()}
    return {placeholder(name): plain.get(name) for name in rules}


def outline(values: Mapping[str, Any]) -> dict[str, Any]:
    """Give the values without the texts of files, which may be long."""
    return {
        name: {key: v for key, v in value.items() if key != "text"}
        if isinstance(value, Mapping)
        else value
        for name, value in values.items()
    }


def placeholder(name: str) -> str:
    """Give the name that an input has in instructions: `Reply to` is `Reply_to` there."""
    return re.sub(r"\W+", "_", name)


def shown(value: object) -> str:
    """Write a stored value on one line: a file's name, Yes or No, a number in digits."""
    named = value.get("name") if isinstance(value, Mapping) else value
    return " ".join(written(named).split())


def refuse_unknown(known: Collection[str], given: Iterable[str]) -> None:
    """Refuse a value for an input that there is not. Raises Invalid, with the field."""
    for name in given:
        if name not in known:
            told = name if len(name) <= LONGEST_ECHO else f"{name[:LONGEST_ECHO]}\u2026"
            there = ", ".join(known) or "none"
            raise Invalid(f"There is no input {told!r}; there is {there}.", field=f"inputs.{told}")


async def _read(rule: Input, field: str, given: Any) -> Any:  # noqa: ANN401 - JSON in and out
    try:
        value = await _taken(rule, given)
    except Unfit as error:
        raise Invalid(str(error), field=field) from None
    except files.TooManyBytes as error:
        raise TooLarge(str(error), field=field) from None
    if value is None and rule.required:
        raise Invalid(f"This input is {'missing' if given is None else 'empty'}.", field=field)
    return value


async def _taken(rule: Input, given: Any) -> Any:  # noqa: ANN401 - as above
    if isinstance(rule, File):
        return None if given is None else await files.read(given, rule.max_length)
    value = msgspec.to_builtins(rule.default) if given is None else given
    return None if value is None else rule.take(value)
