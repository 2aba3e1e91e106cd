"""Owns filling in: values into placeholders, and the proof that a file can be filled in."""

from collections import deque
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from signpost.inputs.rules import written
from signpost.instructions import fences, reading
from signpost.instructions.front import PromptInput, Value
from signpost.instructions.templates import Compiled, Filling, Refused, TooMuch, compiled
from signpost.instructions.unusable import Unusable

if TYPE_CHECKING:
    from signpost.instructions import Instructions, Role

LONGEST_ECHO = 20


def fill(prompt: "Instructions", values: Mapping[str, Any]) -> Iterator[tuple["Role", str]]:
    """Give each turn's role and text; the last is never empty. Raises Unusable."""
    given = dict(_given(prompt, values))
    filling = Filling(_fences(prompt))
    fenced = {name: filling.fences.keep_in(value) for name, value in given.items()}
    last = len(prompt.turns) - 1
    for place, (role, _) in enumerate(prompt.turns):
        try:
            text = _compiled(prompt, place).render(fenced, filling).strip()
        except Refused as error:
            raise _located(prompt, place, error) from error
        except TooMuch as error:
            raise Unusable(prompt.name, 0, str(error), "inputs") from error
        if place == last and not text:
            line = reading.places(prompt.source, prompt.turns)[place]
            what = "this turn, which the model answers, would be empty"
            raise Unusable(prompt.name, line, what, "inputs", f" with {_named(given)}")
        yield role, text


def check(prompt: "Instructions", declared: list[int]) -> None:
    """Look for unused inputs; fill in once with everything and once with as little as possible.

    `declared` has the inputs' lines. Raises Unusable.
    """
    used = {name for i in range(len(prompt.turns)) for name in _compiled(prompt, i).inputs}
    for line, each in zip(declared, prompt.inputs, strict=True):
        if each.name not in used:
            what = f"the prompt has no placeholder {{{{ {each.name} }}}} for this input"
            raise Unusable(prompt.name, line, what)
    for rules in (prompt.inputs, [each for each in prompt.inputs if each.required]):
        deque(fill(prompt, {each.name: each.stand_in for each in rules}), maxlen=0)


def _compiled(prompt: "Instructions", place: int) -> Compiled:
    names = frozenset(each.name for each in prompt.inputs)
    try:
        return compiled(prompt.turns[place][1], names)
    except Refused as error:
        raise _located(prompt, place, error) from error


def _located(prompt: "Instructions", place: int, error: Refused) -> Unusable:
    line = reading.places(prompt.source, prompt.turns)[place] + error.line - 1
    return Unusable(prompt.name, line, error.what)


def _given(prompt: "Instructions", values: Mapping[str, Any]) -> Iterator[tuple[str, Value]]:
    """Give the values that there are; an optional one without a default stays undefined."""
    for rule in prompt.inputs:
        value = values.get(rule.name)
        value = rule.default if value is None else value
        if value is not None:
            yield rule.name, _taken(prompt, rule, value)
        elif rule.required:
            field = f"inputs.{rule.name}"
            raise Unusable(prompt.name, 0, f"the input `{rule.name}` is missing", field)


def _taken(prompt: "Instructions", rule: PromptInput, value: object) -> Value:
    try:
        return rule.take(value)
    except ValueError as error:
        wanted, is_, found = str(error).partition(", and is ")
        what = f"the input `{rule.name}` can't be used: {wanted}"
        raise Unusable(prompt.name, 0, what, f"inputs.{rule.name}", is_ + found) from None


def _fences(prompt: "Instructions") -> fences.Fences:
    try:
        return fences.around(text for _, text in prompt.turns)
    except ValueError as error:
        raise Unusable(prompt.name, 0, str(error)) from None


def _named(values: Mapping[str, Value]) -> str:
    told = ", ".join(f"{name} = {written(v)[:LONGEST_ECHO]!r}" for name, v in values.items())
    return told or "no input"
