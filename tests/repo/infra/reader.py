"""Reads Bicep files: what each declares, as data that checks can look at."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from functools import cache, cached_property, lru_cache
from typing import TYPE_CHECKING, TypeVar

import tree_sitter_bicep
from tree_sitter import Language, Parser

from tests.repo.infra.expressions import Expression, Source, Unreadable

if TYPE_CHECKING:
    from tree_sitter import Node, Point, Tree

LONGEST_PARSE = 5.0  # seconds; a grammar that recovers from errors may take half a minute
# Declarations that no check asks about.
UNREAD = {"comment", "metadata_declaration", "type_declaration"}
# The grammar does not know this line; the rest of such a file is plain Bicep.
EXTENSION = re.compile(rb"^extension +([\w']+)[^\n]*$", re.MULTILINE)


Held = TypeVar("Held", bound="Declaration")


@dataclass(frozen=True)
class Declaration:
    """What all declarations have: a name, a line and decorators, which are calls."""

    name: str
    line: int
    decorators: tuple[Expression, ...]

    def decorated(self, name: str) -> Expression | None:
        """Return the decorator of this name."""
        found = [call for call in self.decorators if call.value == name]
        return found[0] if found else None

    @property
    def description(self) -> str:
        """Return what `@description` says, or nothing."""
        call = self.decorated("description")
        return str(call.parts[0].value) if call and call.parts else ""


@dataclass(frozen=True)
class Param(Declaration):
    """A parameter: `kind` is its type as written."""

    kind: str
    default: Expression | None

    @property
    def secure(self) -> bool:
        """Say whether its value is kept out of histories."""
        return self.decorated("secure") is not None

    @property
    def allowed(self) -> list[object]:
        """Return the values of `@allowed` or of a union of strings; empty if all are."""
        call = self.decorated("allowed")
        listed: list[object] = [part.value for part in call.parts[0].parts] if call else []
        return listed or (re.findall(r"'([^']*)'", self.kind) if self.kind[:1] == "'" else [])


@dataclass(frozen=True)
class Variable(Declaration):
    """A variable with its value."""

    value: Expression


@dataclass(frozen=True)
class Output(Declaration):
    """An output: `kind` is its type as written."""

    kind: str
    value: Expression


@dataclass(frozen=True)
class Block(Declaration):
    """A resource or module: its body is an object, its value the loop or condition around it."""

    loop: Expression | None
    condition: Expression | None
    body: Expression

    @property
    def expressions(self) -> list[Expression]:
        """Return all that is written in it."""
        around = [self.loop.parts[0]] if self.loop else []
        return [*self.decorators, *around, *([self.condition] if self.condition else []), self.body]


@dataclass(frozen=True)
class Resource(Block):
    """A resource: `type` in full, also where it is nested, which `inside` names."""

    type: str
    version: str
    existing: bool
    inside: str | None

    @property
    def parent(self) -> Expression | None:
        """Return the resource that `parent` names."""
        return self.body.get("parent")

    @property
    def scope(self) -> Expression | None:
        """Return the resource that this one extends."""
        return self.body.get("scope")


@dataclass(frozen=True)
class Module(Block):
    """The use of another file: `path` as written."""

    path: str

    @property
    def params(self) -> dict[str, Expression]:
        """Return what it is given."""
        given = self.body.get("params")
        return {str(key.value): value for key, value in given.entries} if given else {}


@dataclass
class File:
    """One Bicep file: its declarations by name, in order. Duplicates are told by name."""

    path: str
    text: str
    scope: str = "resourceGroup"
    extensions: list[str] = field(default_factory=list)
    params: dict[str, Param] = field(default_factory=dict)
    variables: dict[str, Variable] = field(default_factory=dict)
    resources: dict[str, Resource] = field(default_factory=dict)
    modules: dict[str, Module] = field(default_factory=dict)
    outputs: dict[str, Output] = field(default_factory=dict)
    duplicates: list[str] = field(default_factory=list)

    @property
    def declared(self) -> set[str]:
        """Return the names that expressions in this file may use."""
        return {*self.params, *self.variables, *self.resources, *self.modules}

    def expressions(self) -> list[Expression]:
        """Return every expression of the file, outermost."""
        params = [p.default for p in self.params.values() if p.default]
        variables = [held.value for held in self.variables.values()]
        outputs = [held.value for held in self.outputs.values()]
        blocks = [*self.resources.values(), *self.modules.values()]
        inside = [part for block in blocks for part in block.expressions]
        return [*params, *variables, *outputs, *inside]

    @cached_property
    def parts(self) -> list[Expression]:
        """Return every expression of the file, also those inside others."""
        return [part for whole in self.expressions() for part in whole.walk()]

    def names(self) -> set[str]:
        """Return the names that its expressions use."""
        return {str(part.value) for part in self.parts if part.kind in ("name", "nested")}


@cache
def language() -> Language:
    """Load the grammar once."""
    return Language(tree_sitter_bicep.language())


def parse(raw: bytes, limit: float = LONGEST_PARSE) -> Tree:
    """Parse within a limit of seconds. Raises Unreadable when it takes longer."""
    end = time.monotonic() + limit

    def chunk(offset: int, _point: Point) -> bytes:
        return raw[offset : offset + 4096]

    def is_late(_offset: int, _error: bool) -> bool:  # noqa: FBT001 - called so by the parser
        return time.monotonic() > end

    try:
        return Parser(language()).parse(chunk, progress_callback=is_late)
    except ValueError as error:
        raise Unreadable(f"not parsed within {limit} seconds") from error


@lru_cache(maxsize=512)
def read(path: str, text: str) -> File:
    """Read one file. Raises Unreadable, with path and line, for what is no Bicep."""
    raw = text.encode()
    file = File(path, text, extensions=[name.decode() for name in EXTENSION.findall(raw)])
    raw = EXTENSION.sub(lambda found: b" " * len(found.group()), raw)
    source = Source(raw)
    try:
        root = parse(raw).root_node
        _refuse_errors(source, root)
        Declarations(source, file).take(root)
    except Unreadable as error:
        raise Unreadable(f"{path}: {error}") from error
    return file


def _refuse_errors(source: Source, node: Node) -> None:
    """Raise Unreadable at the first place that the grammar only guessed at."""
    if node.is_error or node.is_missing:
        shown = source.text(node)[:40] or node.type
        raise Unreadable(f"line {source.line(node)}: cannot be parsed near {shown!r}")
    if node.has_error:
        for child in node.children:
            _refuse_errors(source, child)


class Declarations:
    """Takes the declarations of one file from its tree."""

    def __init__(self, source: Source, file: File) -> None:
        """Fill this file."""
        self.source = source
        self.file = file

    def take(self, root: Node) -> None:
        """Read each, with the decorators before it."""
        readers = {
            "parameter_declaration": self._param,
            "variable_declaration": self._variable,
            "output_declaration": self._output,
            "resource_declaration": self._resource,
            "module_declaration": self._module,
            "target_scope_assignment": self._scope,
        }
        before: tuple[Expression, ...] = ()
        for node in root.named_children:
            if node.type == "decorators":
                calls = [child for child in node.named_children if child.type == "decorator"]
                before = tuple(self.source.read(call.named_children[0]) for call in calls)
            elif node.type in readers:
                readers[node.type](node, before)
                before = ()
            elif node.type not in UNREAD:
                line = self.source.line(node)
                raise Unreadable(f"line {line}: {node.type} is not used here")

    def _scope(self, node: Node, _before: tuple[Expression, ...]) -> None:
        self.file.scope = str(self.source.string(node.named_children[0]).value)

    def _param(self, node: Node, before: tuple[Expression, ...]) -> None:
        name, kind, *default = self._named(node)
        value = self.source.read(default[0]) if default else None
        held = Param(*self._head(node, name, before), self.source.text(kind), value)
        self._keep(self.file.params, held)

    def _variable(self, node: Node, before: tuple[Expression, ...]) -> None:
        name, value = self._named(node)
        self._keep(
            self.file.variables,
            Variable(*self._head(node, name, before), self.source.read(value)),
        )

    def _output(self, node: Node, before: tuple[Expression, ...]) -> None:
        name, kind, value = self._named(node)
        about = self.source.text(kind), self.source.read(value)
        self._keep(self.file.outputs, Output(*self._head(node, name, before), *about))

    def _module(self, node: Node, before: tuple[Expression, ...]) -> None:
        name, path, value = self._named(node)
        around = self._around(self.source.read(value))
        where = str(self.source.string(path).value)
        self._keep(self.file.modules, Module(*self._head(node, name, before), *around, where))

    def _resource(
        self, node: Node, before: tuple[Expression, ...], inside: Resource | None = None
    ) -> None:
        name, kind, value = self._named(node)
        written, _, version = str(self.source.string(kind).value).partition("@")
        resource = Resource(
            *self._head(node, name, before),
            *self._around(self.source.read(value)),
            type=f"{inside.type}/{written}" if inside else written,
            version=version or (inside.version if inside else ""),
            existing=any(child.type == "existing" for child in node.children),
            inside=inside.name if inside else None,
        )
        self._keep(self.file.resources, resource)
        for nested in self._nested(value):
            self._resource(nested, (), resource)

    def _nested(self, node: Node) -> list[Node]:
        """Return the resources declared in a resource's object, not those in theirs."""
        if node.type == "resource_declaration":
            return [node]
        if node.type in ("for_statement", "if_statement", "object", "object_property"):
            return [found for child in node.named_children for found in self._nested(child)]
        return []

    def _around(self, value: Expression) -> tuple[Expression | None, Expression | None, Expression]:
        """Split what stands after `=` into loop, condition and object."""
        loop = value if value.kind == "loop" else None
        inner = value.parts[1] if loop else value
        if inner.kind == "choice":
            return loop, inner.parts[0], inner.parts[1]
        return loop, None, inner

    def _named(self, node: Node) -> list[Node]:
        return [child for child in node.named_children if child.type != "comment"]

    def _head(
        self, node: Node, name: Node, before: tuple[Expression, ...]
    ) -> tuple[str, int, tuple[Expression, ...]]:
        return self.source.text(name), self.source.line(node), before

    def _keep(self, where: dict[str, Held], held: Held) -> None:
        """Add a declaration; one whose name is taken is told, not lost."""
        if held.name in where:
            self.file.duplicates.append(held.name)
        where[held.name] = held
