"""Owns the flow files: what a flow may say."""

from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
from msgspec import Meta

from signpost.forms import HOST
from signpost.inputs import Input
from signpost.people import FILE as PEOPLE
from signpost.policy import Approval, Part, Text
from signpost.problems import BrokenFile

if TYPE_CHECKING:
    from signpost.instructions import Instructions
    from signpost.yaml_files import YamlFile

LONGEST_KEPT = timedelta(days=3650)
LARGEST_DRAFT = 16_384  # tokens
FOLDER = Path(__file__).parent.parent / "flows"
INPUT_IN_TEXT = r"\{\{\s*(?P<input>[^{}]+?)\s*\}\}"
REFERENCE = rf"{INPUT_IN_TEXT}\Z"  # an input in the place of a name
Variants = Annotated[int, Meta(ge=1, le=4)]
Host = Annotated[str, Meta(pattern=HOST, max_length=253)]


class Parameters(Part, rename=None, frozen=True):
    """The model's parameters, named as *Create text with GPT* names them; unset is None."""

    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    max_tokens: Annotated[int, Meta(ge=1, le=LARGEST_DRAFT)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    frequency_penalty: Annotated[float, Meta(ge=-2, le=2)] | None = None
    presence_penalty: Annotated[float, Meta(ge=-2, le=2)] | None = None

    def over(self, weaker: "Parameters") -> "Parameters":
        """Give these parameters, with the weaker ones where these are unset."""
        mine = {
            name: value for name, value in msgspec.structs.asdict(self).items() if value is not None
        }
        return msgspec.structs.replace(weaker, **mine)


class Draft(Part, frozen=True, omit_defaults=True):
    """Which instructions write the draft, and with which parameters."""

    instructions: Annotated[Text, Meta(description="A file `instructions/NAME.prompty`.")]
    parameters: Parameters = Parameters()
    variants: Annotated[
        Variants, Meta(description="How many drafts the approver chooses from.")
    ] = 1


class Post(Part, frozen=True, omit_defaults=True):
    """Where the signed text goes."""

    location: Annotated[Literal["Channel"], Meta(description="A channel of Teams.")]
    title: Annotated[Text, Meta(description="The line above the text on the card.")]
    links: Annotated[
        list[Host],
        Meta(max_length=50, description="Hosts whose https links stay active; `*.` for all below."),
    ] = []  # noqa: RUF012 - msgspec gives each a list of its own


class Flow(Part, kw_only=True, frozen=True):
    """One flow file; its name without `.yaml` is the flow's."""

    title: Annotated[Text, Meta(description="What the start page calls this flow.")]
    description: Annotated[str, Meta(description="What the start page says about it.")] = ""
    inputs: Annotated[dict[Text, Input], Meta(description="What a run is started with.")]
    draft: Draft
    approval: Approval
    post: Post
    purge_after: Annotated[
        timedelta | None,
        Meta(description="How long after its end a run's texts are deleted: PT0S to P3650D."),
    ] = None
    name: Annotated[str, Meta(extra_json_schema={"readOnly": True})] = ""

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
    from signpost import flow_checks, yaml_files  # noqa: PLC0415 - only reading needs them: cold start

    source = yaml_files.read(path)
    flow = source.into(Flow)
    prompt = _instructions(source, path, flow.draft.instructions)
    if flow.name:
        raise source.broken("name", "a flow's name is its file's: take this field out")
    for trail, what in flow_checks.faults(flow, source.content, prompt):
        raise source.broken(trail, what)
    return msgspec.structs.replace(flow, name=path.stem)


def _instructions(source: "YamlFile", path: Path, name: str) -> "Instructions":
    """Read the instructions of a flow file. Raises BrokenFile, with their own file and line."""
    from signpost import instructions  # noqa: PLC0415 - Jinja2 takes long to load: cold start

    folder = path.parent.parent / "instructions"
    if not (folder / f"{name}.prompty").is_file():
        raise source.broken("draft.instructions", f"there is no file instructions/{name}.prompty")
    try:
        return instructions.load(name, folder)
    except instructions.Unusable as error:
        raise BrokenFile(f"instructions/{name}.prompty", error.line or 1, error.what) from error
