"""Owns which parameters each family of models takes (Azure OpenAI's notes on reasoning models)."""

import re
from typing import Any, NamedTuple

from signpost.flows import Parameters
from signpost.instructions import Message

SAMPLING = ("temperature", "top_p", "frequency_penalty", "presence_penalty")
ROOMS = ("max_completion_tokens", "max_tokens")  # the newer name, and the older


class Family(NamedTuple):
    """What models of these names take: how room is asked for, sampling, `n`, a system turn."""

    names: str
    room: str = ROOMS[0]
    sampling: bool = False
    variants: bool = True
    system: bool = True


FAMILIES = (
    Family("o1-(mini|preview)", variants=False, system=False),
    Family("gpt-5-chat", sampling=True),  # does not reason, unlike gpt-5.1-chat and later
    Family(r"o\d|codex-mini|gpt-5"),
)
OTHERS = Family("", room=ROOMS[1], sampling=True)


def family(model: str) -> Family:
    """Find a model's family by a name that stands anywhere in it, as in `prod-gpt-5-mini`."""
    for each in FAMILIES:
        if re.search(rf"(?<![a-z0-9])({each.names})(?![a-z0-9])", model, re.IGNORECASE):
            return each
    return OTHERS


def body(
    messages: list[Message], parameters: Parameters, model: str, variants: int
) -> dict[str, Any]:
    """Give the fields of a request that depend on the model; parameters must all be set."""
    takes = family(model)
    fields: dict[str, Any] = {
        "messages": messages if takes.system else _as_user(messages),
        takes.room: parameters.max_tokens,
    }
    if takes.sampling:
        fields |= {name: getattr(parameters, name) for name in SAMPLING}
    if variants > 1 and takes.variants:
        fields["n"] = variants
    return fields


def _as_user(messages: list[Message]) -> list[Message]:
    return [
        {"role": "user", "content": each["content"]} if each["role"] == "system" else each
        for each in messages
    ]
