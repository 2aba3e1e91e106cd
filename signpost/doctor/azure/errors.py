"""Owns reading a deployment's error: down to the leaf that says what is wrong, without secrets."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from signpost.doctor.azure.arm import listed, text, within

DEEPEST = 16
LONGEST = 400  # characters of Azure's own sentence
_WITH_QUERY = r"(?i)(https?://[^\s\"'?]+)\?[^\s\"']*"
_NAMED_VALUE = (
    r"(?i)\b(sig|accountkey|sharedaccesskey|sharedaccesssignature|password|secret|token|api-?key)"
    r"(\"?\s*[=:]\s*\"?)[^\s\"';&,]+"
)


class Leaf(NamedTuple):
    """The innermost error: its code, its sentence, and the resource that it is about."""

    code: str
    message: str
    target: str = ""
    type: str = ""


def leaves(error: Any, target: str = "", kind: str = "", depth: int = 0) -> Iterator[Leaf]:  # noqa: ANN401 - any JSON
    """Walk down an error: into `error`, `details`, and messages that are themselves JSON."""
    if not isinstance(error, Mapping) or depth > DEEPEST:
        return
    inner = [*listed(error, "details"), within(error, "error"), _parsed(text(error, "message"))]
    below = [each for each in inner if isinstance(each, Mapping) and each]
    found = [leaf for each in below for leaf in leaves(each, target, kind, depth + 1)]
    if found:
        yield from found
    elif text(error, "code") or text(error, "message"):
        yield Leaf(text(error, "code"), shown(text(error, "message")), target, kind)


def shown(message: str) -> str:
    """Give Azure's sentence on one line, cut to size, without what could be a secret."""
    line = " ".join(message.split())
    line = re.sub(_NAMED_VALUE, r"\1\2***", re.sub(_WITH_QUERY, r"\1", line))
    return line if len(line) <= LONGEST else line[: LONGEST - 3] + "..."


def _parsed(message: str) -> Any:  # noqa: ANN401 - any JSON
    """Read a message that is JSON, as services write it that pass on another's error."""
    if not message.lstrip().startswith("{"):
        return None
    try:
        return json.loads(message)
    except ValueError:
        return None
