"""Owns the flow files: what a flow may say."""

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from signpost import yaml_files
from signpost.people import FILE as PEOPLE
from signpost.people import is_address, people
from signpost.policy import Approval, Part, People, Text, listed

LONGEST_KEPT = timedelta(days=3650)
FOLDER = Path(__file__).parent.parent / "flows"
REFERENCE = r"^\{\{\s*(?P<input>.+?)\s*\}\}\Z"


class Parameters(Part, rename=None, frozen=True):
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


class Input(Part, frozen=True):
    """One input of the start form; `max_length` is in characters."""

    type: Literal["Text"]
    required: bool = False
    max_length: Annotated[int, Meta(ge=1, le=4000)] = 4000
    description: str = ""


class Draft(Part, frozen=True):
    """Which instructions write the draft, and with which parameters."""

    instructions: Text
    parameters: Parameters = Parameters()


class Post(Part, frozen=True):
    """Where the signed text goes; `title` stands above it on the card."""

    location: Literal["Channel"]
    title: Text


class Flow(Part, kw_only=True, frozen=True):
    """One flow file. `name` is the file's name without `.yaml`.

    `purge_after` the end of a run its texts are deleted; its receipt stays.
    """

    title: Text
    description: str = ""
    inputs: dict[Text, Input]
    draft: Draft
    approval: Approval
    post: Post
    purge_after: timedelta | None = None
    name: str = ""

    def __post_init__(self) -> None:
        """Raise ValueError, which msgspec reports, for a time that never comes."""
        if self.purge_after is not None and not timedelta() <= self.purge_after <= LONGEST_KEPT:
            raise ValueError("`purgeAfter` must be between PT0S and P3650D")


@cache
def load_all(folder: Path = FOLDER) -> Mapping[str, Flow]:
    """Read every flow file. Raises BrokenFile for the first that can't be used."""
    return {
        path.stem: load(path) for path in sorted(folder.glob("*.yaml")) if path.name != PEOPLE.name
    }


def load(path: Path) -> Flow:
    """Read one flow file. Raises BrokenFile."""
    source = yaml_files.read(path, f"{path.parent.name}/{path.name}")
    flow = source.into(Flow)
    name = flow.draft.instructions
    if not (path.parent.parent / "instructions" / f"{name}.prompty").is_file():
        what = f"there is no file instructions/{name}.prompty"
        raise source.broken("draft.instructions", what)
    for trail, named in _named(flow.approval):
        if why := _unusable(named, flow):
            raise source.broken(f"approval.{trail}", why)
    return msgspec.structs.replace(flow, name=path.stem)


def _named(policy: Approval) -> Iterator[tuple[str, str]]:
    """Give everybody whom a policy names, with the place where it does."""
    fields: dict[str, People | None] = {
        "assignedTo": policy.assigned_to,
        "escalateTo": policy.escalate_to,
    }
    fields |= {f"stages[{i}].assignedTo": each.assigned_to for i, each in enumerate(policy.stages)}
    for trail, named_in in fields.items():
        for i, entry in enumerate(named_in if isinstance(named_in, list) else []):
            yield from ((f"{trail}[{i}]", name) for name in listed(entry))
        if isinstance(named_in, str):
            yield from ((trail, name) for name in listed(named_in))
    if policy.requestor:
        yield "requestor", policy.requestor


def _unusable(named: str, flow: Flow) -> str | None:
    """Say why a name stands for nobody: no input, no address, no list of people.yaml."""
    if reference := re.match(REFERENCE, named):
        known = reference["input"] in flow.inputs
        return None if known else f"there is no input {reference['input']!r}"
    if "@" in named:
        return None if is_address(named) else f"{named!r} is no e-mail address"
    try:
        people().members(named)
    except LookupError as error:
        return str(error)
    return None
