"""Owns the flow files: what a flow may say."""

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
from msgspec import Meta

from signpost import inputs
from signpost.forms import HOST
from signpost.inputs import Input
from signpost.people import FILE as PEOPLE
from signpost.people import is_address, is_person, people
from signpost.policy import CUSTOM_ONE, FIRST, Approval, Part, People, Text, listed
from signpost.problems import BrokenFile

if TYPE_CHECKING:
    from signpost.instructions import Instructions, PromptInput
    from signpost.yaml_files import YamlFile

LONGEST_KEPT = timedelta(days=3650)
FOLDER = Path(__file__).parent.parent / "flows"
INPUT_IN_TEXT = r"\{\{\s*(?P<input>[^{}]+?)\s*\}\}"
REFERENCE = rf"{INPUT_IN_TEXT}\Z"  # an input in the place of a name
Variants = Annotated[int, Meta(ge=1, le=4)]
Host = Annotated[str, Meta(pattern=HOST, max_length=253)]
KINDS = {"boolean": "Yes/No", "integer": "Number", "float": "Number"}  # those that take no text


class Parameters(Part, rename=None, frozen=True):
    """The model's parameters, named as *Create text with GPT* names them; unset is None."""

    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    max_tokens: Annotated[int, Meta(ge=1, le=16_384)] | None = None
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
    from signpost import yaml_files  # noqa: PLC0415 - reading YAML takes long to load: cold start

    source = yaml_files.read(path)
    flow = source.into(Flow)
    prompt = _instructions(source, path, flow.draft.instructions)
    if flow.name:
        raise source.broken("name", "a flow's name is its file's: take this field out")
    if flow.draft.variants > 1 and flow.approval.type not in (FIRST, CUSTOM_ONE):
        what = f"to choose from variants `type` must be {FIRST} or {CUSTOM_ONE}: one answer decides"
        raise source.broken("draft.variants", what)
    for trail, what in _faults(flow, source.content["approval"]):
        raise source.broken(f"approval.{trail}", what)
    for trail, what in _mismatches(flow, prompt):
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


def _faults(flow: Flow, given: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Find what the types can't: each fault's field, and a sentence about it."""
    policy = flow.approval
    for trail, named in _named(policy):
        if why := _unusable(named, flow):
            yield trail, why
    for trail, everybody in _groups(policy).items():
        if everybody is not None and not listed(everybody):
            yield trail, "this names nobody"
    yield from _unknown_inputs(flow)
    yield from _out_of_reach(policy)
    asks = policy.requestor
    if asks and not is_person(asks) and not re.match(REFERENCE, asks):
        yield "requestor", f"one person asks, and {asks!r} is a list"
    if "maxRounds" in given and not policy.allow_request_changes:
        yield "maxRounds", "without `allowRequestChanges: true` there is one round"
    if policy.item_link_description and not policy.item_link:
        yield "itemLinkDescription", "it describes `itemLink`, which is missing"
    if policy.reminders and not policy.enable_notifications:
        yield "reminders", "nobody is told with `enableNotifications: false`"


def _groups(policy: Approval) -> dict[str, People | None]:
    """Give the places where a policy names several people."""
    stages = {f"stages[{i}].assignedTo": each.assigned_to for i, each in enumerate(policy.stages)}
    return {"assignedTo": policy.assigned_to, "escalateTo": policy.escalate_to} | stages


def _out_of_reach(policy: Approval) -> Iterator[tuple[str, str]]:
    """Find a quorum larger than the number of people named, where no input names more."""
    for i, stage in enumerate(policy.all_stages):
        names = listed(stage.assigned_to)
        if stage.approvals is None or any(re.match(REFERENCE, name) for name in names):
            continue
        asked = len({member.casefold() for name in names for member in people().members(name)})
        if stage.approvals > asked:
            trail = f"stages[{i}].approvals" if policy.stages else "approvals"
            yield trail, f"{stage.approvals} must approve, but only {asked} can be asked"


def _unknown_inputs(flow: Flow) -> Iterator[tuple[str, str]]:
    for name in re.findall(INPUT_IN_TEXT, flow.approval.title):
        if name not in flow.inputs:
            yield "title", f"there is no input {name!r}"


def _mismatches(flow: Flow, prompt: "Instructions") -> Iterator[tuple[str, str]]:
    """Find where a flow's inputs and those of its instructions don't fit each other."""
    wanted = {each.name: each for each in prompt.inputs}
    given: dict[str, str] = {}
    for name, rule in flow.inputs.items():
        place = inputs.placeholder(name)
        if place in given:
            yield f"inputs.{name}", f"instructions could not tell it from {given[place]!r}"
        elif place in wanted:
            yield from ((f"inputs.{name}", why) for why in _misfits(rule, wanted[place]))
        elif name not in _referred_to(flow.approval):
            where = f"instructions/{prompt.name}.prompty has no input `{place}`"
            yield f"inputs.{name}", f"nothing uses it: {where}, and `approval` does not name it"
        given[place] = name
    for each in prompt.inputs:
        if each.required and each.default is None and each.name not in given:
            yield "draft.instructions", f"{prompt.name}.prompty needs the input {each.name!r}"


def _misfits(rule: Input, wanted: "PromptInput") -> Iterator[str]:
    """Say which values an input takes that its instructions would not."""
    certain = rule.required or getattr(rule, "default", None) not in (None, "")
    if wanted.required and wanted.default is None and not certain:
        yield "the instructions need it: say `required: true`, or give it a `default`"
    needed = KINDS.get(wanted.kind)
    if needed and rule.type != needed:
        yield f"`type` must be {needed}: the instructions want the kind {wanted.kind}"
    if wanted.enum_values and not needed:
        options = rule.options if isinstance(rule, inputs.DropDown) else [f"any {rule.type}"]
        if foreign := [each for each in options if each not in wanted.enum_values]:
            known = ", ".join(map(str, wanted.enum_values))
            yield f"the instructions don't take {foreign[0]!r} here, only {known}"


def _referred_to(policy: Approval) -> set[str]:
    """Give the inputs that an approval names, for people or in its title."""
    references = (re.match(REFERENCE, name) for _, name in _named(policy))
    people_of = {each["input"] for each in references if each}
    return people_of | set(re.findall(INPUT_IN_TEXT, policy.title))


def _named(policy: Approval) -> Iterator[tuple[str, str]]:
    """Give everybody whom a policy names, with the place where it does."""
    for trail, named_in in _groups(policy).items():
        for i, entry in enumerate(named_in if isinstance(named_in, list) else []):
            yield from ((f"{trail}[{i}]", name) for name in listed(entry))
        if isinstance(named_in, str):
            yield from ((trail, name) for name in listed(named_in))
    if policy.requestor:
        yield "requestor", policy.requestor


def _unusable(named: str, flow: Flow) -> str | None:
    """Say why a name stands for nobody: no input, no address, no list of people.yaml."""
    reference = re.match(REFERENCE, named)
    if reference:
        rule = flow.inputs.get(reference["input"])
        if rule is None:
            return f"there is no input {reference['input']!r}"
        names = isinstance(rule, inputs.Text | inputs.Email | inputs.DropDown)
        return None if names else f"the input {reference['input']!r} is a {rule.type}, no name"
    if "{{" in named or "}}" in named:
        return f"in {named!r} an input stands with other text: split them by semicolons"
    if "@" in named:
        hint = ": split names by semicolons" * ("," in named)
        return None if is_address(named) else f"{named!r} is no e-mail address{hint}"
    try:
        people().members(named)
    except LookupError as error:
        return str(error)
    return None
