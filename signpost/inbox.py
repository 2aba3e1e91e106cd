"""Owns the answers of Agent Inbox (LangGraph): `accept`, `edit`, `response` and `ignore`.

They carry no digest. The approval's id names a round, whose drafts never change; of several, an
inbox knows the first, which the approval shows as its `text`, and answers about that. Where the
flow allows edits, an edit that is another draft to the letter counts as choosing it.
"""

from typing import Any, Literal

import msgspec

from signpost.contracts import REQUEST_CHANGES
from signpost.oversight.answers import Answer
from signpost.policy import APPROVE, REJECT
from signpost.problems import Invalid, fault

RESPONSES = {"accept": APPROVE, "edit": APPROVE, "response": REQUEST_CHANGES, "ignore": REJECT}


class HumanResponse(msgspec.Struct, frozen=True):
    """One answer of an inbox; `args` is a text for `response`, an action for `edit`."""

    type: Literal["accept", "edit", "response", "ignore"]
    args: Any = None


def is_inbox(body: Any) -> bool:  # noqa: ANN401 - any JSON
    """Say whether a body is an inbox's; it sends one answer alone or in a list."""
    return isinstance(body, list) or (isinstance(body, dict) and "type" in body)


def translate(body: Any, digest: str) -> Answer:  # noqa: ANN401 - any JSON
    """Read an inbox's body as our answer about the text with this digest. Raises Invalid."""
    one = body[0] if isinstance(body, list) and len(body) == 1 else body
    if isinstance(one, list):
        raise Invalid("Send one response: an approval takes one answer.")
    try:
        said = msgspec.convert(one, HumanResponse)
    except msgspec.ValidationError as error:
        raise Invalid(f"{fault(error)[0]}.", field="type") from error
    comments = said.args if said.type in ("response", "ignore") and said.args else ""
    if not isinstance(comments, str):
        raise Invalid("Give the comment as a text.", field="args")
    answer = {"response": RESPONSES[said.type], "digest": digest, "comments": comments}
    if said.type == "edit":
        answer["acceptedText"] = _edited(said.args)
    try:
        return msgspec.convert(answer, Answer)
    except msgspec.ValidationError as error:
        raise Invalid(f"{fault(error)[0]}.", field="args") from error


def _edited(args: Any) -> str:  # noqa: ANN401 - any JSON
    """Find the text in `{"action": ..., "args": {"text": ...}}`, which is how an edit comes."""
    inner = args.get("args") if isinstance(args, dict) else None
    text = inner.get("text") if isinstance(inner, dict) else None
    if not isinstance(text, str):
        raise Invalid("An edit holds the new text in args.args.text.", field="args")
    return text
