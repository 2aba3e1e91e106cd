"""Owns the flow files: what a flow may say."""

from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from signpost import yaml_files

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


@cache
def load_all(folder: Path = FOLDER) -> Mapping[str, Flow]:
    """Read every flow file. Raises BrokenFile for the first that can't be used."""
    return {path.stem: load(path) for path in sorted(folder.glob("*.yaml"))}


def load(path: Path) -> Flow:
    """Read one flow file. Raises BrokenFile."""
    source = yaml_files.read(path, f"{path.parent.name}/{path.name}")
    flow = source.into(Flow)
    name = flow.draft.instructions
    if not (path.parent.parent / "instructions" / f"{name}.prompty").is_file():
        what = f"there is no file instructions/{name}.prompty"
        raise source.broken("draft.instructions", what)
    return msgspec.structs.replace(flow, name=path.stem)
