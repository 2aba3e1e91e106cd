"""Owns the flow files: what a flow may say, and finding the line of what it says wrong."""

import re
from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import yaml
from msgspec import Meta

from signpost.problems import fault

MOST_REMINDERS = 400  # each makes the run's history longer, which is replayed at each step
FOLDER = Path(__file__).parent.parent / "flows"

Text = Annotated[str, Meta(min_length=1, max_length=256)]
Person = Annotated[str, Meta(pattern=r"^[^@\s;]+@[^@\s;]+\Z", max_length=254)]


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """A block of a flow file; unknown keys are errors."""


class Parameters(_Part, rename=None, frozen=True):
    """The model's parameters, named as *Create text with GPT* names them; unset is None."""

    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    max_tokens: Annotated[int, Meta(ge=1, le=4096)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    frequency_penalty: Annotated[float, Meta(ge=-2, le=2)] | None = None
    presence_penalty: Annotated[float, Meta(ge=-2, le=2)] | None = None

    def over(self, weaker: "Parameters") -> "Parameters":
        """Give these parameters, with the weaker ones where these are unset."""
        mine = {
            name: value for name, value in msgspec.structs.asdict(self).items() if value is not None
        }
        return msgspec.structs.replace(weaker, **mine)


class Input(_Part, frozen=True):
    """One input of the start form; `max_length` is in characters."""

    type: Literal["Text"]
    required: bool = False
    max_length: Annotated[int, Meta(ge=1, le=4000)] = 4000
    description: str = ""


class Draft(_Part, frozen=True):
    """Which instructions write the draft, and with which parameters."""

    instructions: Text
    parameters: Parameters = Parameters()


class Approval(_Part, kw_only=True, frozen=True):
    """Who signs, and the rules of signing; durations are ISO 8601 (`P30D`, `PT12H`)."""

    type: Literal["Approve/Reject - First to respond"]
    title: Text
    details: str = ""
    assigned_to: Annotated[list[Person], Meta(min_length=1, max_length=50)]
    allow_edits: bool = False
    allow_self_approval: bool = False
    require_comment: list[Literal["Approve", "Reject"]] = []
    reminders: timedelta | None = None
    expires_after: timedelta = timedelta(days=30)

    def __post_init__(self) -> None:
        """Refuse what can't be waited for. Raises ValueError, which msgspec reports."""
        if not timedelta(seconds=1) <= self.expires_after <= timedelta(days=365):
            raise ValueError("`expiresAfter` must be between PT1S and P365D")
        if self.reminders is not None and self.reminders < timedelta(minutes=1):
            raise ValueError("`reminders` must be PT1M or more")
        if self.reminders is not None and self.expires_after / self.reminders > MOST_REMINDERS:
            raise ValueError(f"`reminders` would come more than {MOST_REMINDERS} times")


class Post(_Part, frozen=True):
    """Where the signed text goes; `title` stands above it on the card."""

    location: Literal["Channel"]
    title: Text


class Flow(_Part, kw_only=True, frozen=True):
    """One flow file. `name` is the file's name without `.yaml`."""

    title: Text
    description: str = ""
    inputs: dict[Text, Input]
    draft: Draft
    approval: Approval
    post: Post
    name: str = ""


class BrokenFlow(Exception):  # noqa: N818 - it names what is broken, as the message does
    """A flow file can't be used; the message names file, line and field."""


@cache
def load_all(folder: Path = FOLDER) -> Mapping[str, Flow]:
    """Read every flow file. Raises BrokenFlow for the first that can't be used."""
    return {path.stem: load(path) for path in sorted(folder.glob("*.yaml"))}


def load(path: Path) -> Flow:
    """Read one flow file. Raises BrokenFlow."""
    try:
        source = path.read_text("utf-8").removeprefix("\ufeff")
        node = yaml.compose(source, Loader=yaml.CSafeLoader)
        content = yaml.load(source, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        raise _broken(path, mark.line + 1 if mark else 1, f"not YAML: {error.problem}") from None
    except (yaml.YAMLError, UnicodeDecodeError):
        raise _broken(path, 1, "not YAML: it holds bytes that are no UTF-8 text") from None
    _refuse_double_keys(path, node)
    try:
        flow = msgspec.convert(content, Flow)
    except msgspec.ValidationError as error:
        message, trail = _fault(error, content)
        line = _line(node, trail, message)
        raise _broken(path, line, f"{trail or 'top level'}: {message}") from None
    _find_instructions(path, node, flow.draft.instructions)
    return msgspec.structs.replace(flow, name=path.stem)


def _broken(path: Path, line: int, what: str) -> BrokenFlow:
    return BrokenFlow(f"{path.parent.name}/{path.name}, line {line}, {what}")


def _find_instructions(path: Path, node: Any, name: str) -> None:  # noqa: ANN401 - a node of PyYAML, which has no types for them
    trail = "draft.instructions"
    if not (path.parent.parent / "instructions" / f"{name}.prompty").is_file():
        what = f"{trail}: there is no file instructions/{name}.prompty"
        raise _broken(path, _line(node, trail, ""), what)


def _refuse_double_keys(path: Path, node: Any) -> None:  # noqa: ANN401 - as above
    """Refuse a key that stands twice in one block: YAML would silently take the last."""
    if not isinstance(node, yaml.CollectionNode):
        return
    seen = set()
    for item in node.value:
        key, value = item if isinstance(node, yaml.MappingNode) else (None, item)
        if key and (key.tag, key.value) in seen:
            raise _broken(path, key.start_mark.line + 1, f"{key.value}: this key stands twice")
        if key and isinstance(key, yaml.ScalarNode):
            seen.add((key.tag, key.value))
        _refuse_double_keys(path, value)


def _fault(error: msgspec.ValidationError, content: Any) -> tuple[str, str]:  # noqa: ANN401 - whatever the YAML file holds
    """Name the fault as `fault` does, and which input it is in, which msgspec leaves out."""
    message, trail = fault(error)
    if not trail.startswith("inputs") or not isinstance(content.get("inputs"), dict):
        return message, trail
    for name, value in content["inputs"].items():
        try:
            msgspec.convert({name: value}, dict[Text, Input])
        except msgspec.ValidationError as narrower:
            message, rest = fault(narrower)
            return message, f"inputs.{name}{rest.removeprefix('[...]')}"
    return message, trail


def _line(node: Any, trail: str, message: str) -> int:  # noqa: ANN401 - as above
    """Follow `approval.assignedTo[1]` down the nodes as far as they go.

    A key that the message names in backticks, as an unknown one, is looked for last.
    """
    line: int = node.start_mark.line + 1 if node else 1
    steps = [step for part in trail.split(".") if part for step in part.replace("]", "").split("[")]
    for step in [*steps, *re.findall("`(.*?)`", message)]:
        node, line = _child(node, step, line)
    return line


def _child(node: Any, step: str, line: int) -> tuple[Any, int]:  # noqa: ANN401 - as above
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == step:
                return value, key.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode) and step.isdecimal():
        value = node.value[int(step)]
        return value, value.start_mark.line + 1
    return None, line
