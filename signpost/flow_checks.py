"""Owns what a flow file must make sense of: people and inputs that it names, its instructions."""

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from signpost import inputs
from signpost.flows import INPUT_IN_TEXT, REFERENCE, Flow
from signpost.inputs import Input
from signpost.people import is_address, is_person, people
from signpost.policy import CUSTOM_ONE, FIRST, Approval, People, listed

if TYPE_CHECKING:
    from signpost.instructions import Instructions, PromptInput

KINDS = {"boolean": "Yes/No", "integer": "Number", "float": "Number"}  # those that take no text


def faults(
    flow: Flow, given: Mapping[str, Any], prompt: "Instructions"
) -> Iterator[tuple[str, str]]:
    """Find what the types can't: each fault's field in the file, and a sentence about it."""
    if flow.draft.variants > 1 and flow.approval.type not in (FIRST, CUSTOM_ONE):
        what = f"to choose from variants `type` must be {FIRST} or {CUSTOM_ONE}: one answer decides"
        yield "draft.variants", what
    for trail, what in _of_approval(flow, given["approval"]):
        yield f"approval.{trail}", what
    yield from _mismatches(flow, prompt)


def _of_approval(flow: Flow, given: Mapping[str, object]) -> Iterator[tuple[str, str]]:
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
