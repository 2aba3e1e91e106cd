"""Deploys Bicep on paper: which resources, with which values, a set of parameters comes to."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.repo.infra import shapes
from tests.repo.infra.clouds import PUBLIC
from tests.repo.infra.evaluation import SUBSCRIPTION, Built, Frame, joined, resource_id
from tests.repo.infra.reader import Module, Resource
from tests.repo.infra.values import Deployed, Finding, Later, Reference, Value

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.repo.infra.expressions import Expression
    from tests.repo.infra.reader import Block, File, Param

# Stands in every value of a secure parameter, so that its ways can be followed.
SECRET = "secret-of-"
NAMES_A_FILE = re.compile(r"^module \w+ '([^']+)'|\bload\w+\('([^']+)'", re.MULTILINE)
BETWEEN = re.compile(r"/(?![^{]*\})")  # not inside a value that is known later
KINDS: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "bool": bool,
    "int": int,
    "object": dict,
    "array": list,
    "string[]": list,
    "object[]": list,
}


class Deployment:
    """All that one template deploys with one set of parameters, and what is wrong on the way."""

    def __init__(
        self,
        files: Mapping[str, File],
        texts: Mapping[str, str],
        root: str,
        given: Mapping[str, Value],
        *,
        group: str = "",
        cloud: str = PUBLIC,
    ) -> None:
        """Deploy at once; whatever is needed and not given stands as unknown."""
        self.files = files
        self.texts = texts
        self.cloud = cloud
        self.findings: list[Finding] = []
        self.resources: list[Deployed] = []
        # Which module of the template makes each resource, by id; and which module, empty for the
        # template itself, asks for which id, in which file.
        self.made: dict[str, str] = {}
        self.used: set[tuple[str, str, str]] = set()
        file = files[root]
        frame = Frame(file, given, group or _group(file), self, {}, dict(given))
        self._deploy(frame)
        self.by_type: dict[str, list[Deployed]] = {}
        for held in self.resources:
            self.by_type.setdefault(held.type, []).append(held)
        outputs = file.outputs.values()
        self.outputs = {output.name: frame.value(output.value) for output in outputs}

    def of_type(self, *types: str) -> list[Deployed]:
        """Return the resources of these types, named without `Microsoft.`."""
        return [held for name in types for held in self.by_type.get(f"Microsoft.{name}", [])]

    def _deploy(self, frame: Frame) -> None:
        """Deploy one file, its modules included."""
        file = frame.file
        for param in file.params.values():
            _check_param(frame, param)
        for name in (*file.modules, *file.resources):
            frame.named(name)
        for resource in file.resources.values():
            if not resource.existing:
                found = _bodies(frame, resource)
                self.resources += found
                self.made |= {held.id: "" for held in found}

    def block(self, frame: Frame, block: Block) -> Value:
        """Work out what a resource or module stands for: one, or one a round of its loop."""
        if not block.loop:
            return self._one(frame, block)
        return [
            self._one(inner, block) for inner in frame.each(block.loop.names, block.loop.parts[0])
        ]

    def _one(self, frame: Frame, block: Block) -> Value:
        there = bool(frame.value(block.condition)) if block.condition else True
        if isinstance(block, Module):
            return self._build(frame, block, there=there)
        assert isinstance(block, Resource)
        return _reference(frame, block, there=there)

    def _build(self, frame: Frame, module: Module, *, there: bool) -> Built:
        """Deploy a module, unless its condition is not met."""
        path = joined(frame.file.path, module.path)
        if path not in self.files:
            frame.report(module.line, f"module {path} does not exist")
            return Built(module.name, frame.file, {}, there=False)
        file = self.files[path]
        if not there:
            return Built(module.name, file, {}, there=False)
        given = {param: frame.value(value) for param, value in module.params.items()}
        _check_given(frame, module, file, given)
        group = _scope(frame, module.body.get("scope"), module.line)
        if ("/resourceGroups/" in group) != (file.scope == "resourceGroup"):
            frame.report(module.line, f"{module.name} is deployed to {group}, not a {file.scope}")
        inner = self._inside(path, given, group)
        self.resources += inner.resources
        self.made |= dict.fromkeys(inner.made, module.name)
        self.used |= {(module.name, held, asking) for _, held, asking in inner.used}
        self.findings += [found for found in inner.findings if found not in self.findings]
        return Built(module.name, file, inner.outputs, there=True)

    def _inside(self, path: str, given: Mapping[str, Value], group: str) -> Deployment:
        """Deploy a module, or take what the same one came to with the same params before."""
        key = repr(given), group, self.cloud, path, tuple(self._read_by(path))
        if key not in MODULES:
            MODULES[key] = Deployment(
                self.files, self.texts, path, given, group=group, cloud=self.cloud
            )
        return MODULES[key]

    def _read_by(self, path: str) -> Iterator[str | None]:
        """Yield the texts on which a module depends: its own, and those of all that it names."""
        yield self.texts.get(path)
        for module, data in NAMES_A_FILE.findall(self.texts.get(path, "")):
            yield from self._read_by(joined(path, module or data))


# What modules came to: few differ between modes, and fewer between a project and a changed one.
MODULES: dict[tuple[object, ...], Deployment] = {}


def _group(file: File) -> str:
    """Return the id of where a template that stands for itself is deployed to."""
    group = f"/subscriptions/{SUBSCRIPTION}"
    return group if file.scope == "subscription" else f"{group}/resourceGroups/rg-given"


def _check_given(frame: Frame, module: Module, file: File, given: Mapping[str, Value]) -> None:
    """Compare what a module is given with what it takes."""
    for name in given.keys() - file.params.keys():
        frame.report(module.params[name].line, f"{file.path} has no param {name}")
    for param in file.params.values():
        if param.default is None and param.kind[-1] != "?" and param.name not in given:
            frame.report(module.line, f"module {module.name} is not given {param.name}")
        if SECRET in str(given.get(param.name)) and not param.secure:
            frame.report(module.line, f"{param.name} of {file.path} is given a secret")


def _check_param(frame: Frame, param: Param) -> None:
    """Compare the value of a param with its type and its allowed values."""
    value = frame.named(param.name)
    kind = KINDS.get(param.kind)
    if isinstance(value, Later) or SECRET in str(value) or value is None:
        return
    if kind and (not isinstance(value, kind) or (kind is int and isinstance(value, bool))):
        frame.report(param.line, f"{param.name} is {value!r}, no {param.kind}")
    elif param.allowed and value not in param.allowed:
        frame.report(param.line, f"{param.name} is {value!r}, which is not allowed")
    for name, fits in LIMITS.items():
        if (call := param.decorated(name)) and not fits(value, call.parts[0].value):
            frame.report(param.line, f"{param.name} is {value!r}, against its @{name}")


LIMITS = {
    "minLength": lambda value, limit: len(value) >= limit,
    "maxLength": lambda value, limit: len(value) <= limit,
    "minValue": lambda value, limit: value >= limit,
    "maxValue": lambda value, limit: value <= limit,
}


def _scope(frame: Frame, written: Expression | None, line: int) -> str:
    """Return the id of where something is deployed to: this group where nothing is written."""
    if written is None:
        return frame.group
    value = frame.value(written)
    if isinstance(value, Reference):
        return value.id
    if isinstance(value, dict) and "id" in value:
        return str(value["id"])
    frame.report(line, f"{written.text} is no scope")
    return frame.group


def _reference(frame: Frame, resource: Resource, *, there: bool) -> Reference:
    """Name a resource in full; its scope is another resource, or a group for an existing one."""
    written = resource.body.get("name")
    name = frame.value(written) if written else resource.name  # as of Graph's objects
    above = _above(frame, resource)
    names = (*above.names, name) if above else tuple(BETWEEN.split(str(name)))
    group = _scope(frame, resource.scope, resource.line)
    if above:
        group = above.id.rpartition("/providers/")[0]
    steps = resource.type.count("/")
    if steps != len(names):
        frame.report(resource.line, f"{resource.name} has {len(names)} of {steps} names")
        names = (*names, *["{unnamed}"] * steps)[:steps]
    about = resource.name, resource.type, resource.version, names
    return Reference(*about, resource_id(group, resource.type, names), there)


def _above(frame: Frame, resource: Resource) -> Reference | None:
    """Return the parent that a resource names or stands in."""
    found = frame.named(resource.inside) if resource.inside else None
    if resource.parent:
        found = frame.value(resource.parent)
    if not isinstance(found, Reference):
        return None
    if resource.type.rpartition("/")[0] != found.type:
        frame.report(resource.line, f"{resource.name} cannot be a child of {found.type}")
        return None
    return found


def _bodies(frame: Frame, resource: Resource) -> list[Deployed]:
    """Work out the bodies of those of a resource's rounds that are deployed."""
    made = frame.named(resource.name)
    loop = resource.loop
    frames = frame.each(loop.names, loop.parts[0]) if loop else [frame]
    references = made if loop else [made]
    both = zip(frames, references, strict=True)
    return [_deployed(inner, resource, held) for inner, held in both if held.there]


def _deployed(frame: Frame, resource: Resource, held: Reference) -> Deployed:
    """Work out one body and compare it with the shape of its type."""
    body = frame.value(resource.body)
    body = {name: value for name, value in body.items() if name not in shapes.OF_LANGUAGE}
    scope = frame.group
    if resource.scope:
        scope = held.id.rpartition("/providers/")[0]
        frame.whole.used.add(("", scope, frame.file.path))
        extended = frame.value(resource.scope)
        if isinstance(extended, Reference) and not extended.there:
            frame.report(resource.line, f"{resource.name} lies on what is not deployed")
    place = shapes.place_of(held.pair)
    if place is None:
        frame.report(resource.line, f"arm_types.json has no {held.pair}: run scripts/arm_types")
    else:
        for wrong in shapes.misfits(body, place, ""):
            frame.report(resource.line, f"{resource.name}: {wrong.strip()}")
    return Deployed(frame.file.path, resource.line, held, scope, body)
