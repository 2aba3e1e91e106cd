"""Works out what expressions come to, as far as that is known before a deployment."""

from __future__ import annotations

import json
import posixpath
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

import yaml

from tests.repo.infra import shapes
from tests.repo.infra.clouds import CLOUDS
from tests.repo.infra.functions import FUNCTIONS, guid, text
from tests.repo.infra.values import Finding, Later, Reference, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.repo.infra.deployment import Deployment
    from tests.repo.infra.expressions import Expression
    from tests.repo.infra.reader import File

SUBSCRIPTION = "00000000-0000-0000-0000-00000000000a"
TENANT = "00000000-0000-0000-0000-00000000000b"
OF_RESOURCE = {"apiVersion": "version", "type": "type", "id": "id"}
OPERATIONS: dict[str, Callable[[Value, Value], Value]] = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "=~": lambda a, b: a.lower() == b.lower(),
    "!~": lambda a, b: a.lower() != b.lower(),
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a // b,
    "%": lambda a, b: a % b,
}


BUSY = object()  # stands for what is being worked out


class Stuck(Exception):  # noqa: N818 - it is a finding rather than an error of ours
    """An expression that comes to nothing; says why."""


@dataclass
class Built:
    """A module as used: its file and what it puts out; `there` as for a reference."""

    symbol: str
    file: File
    outputs: dict[str, Value]
    there: bool


@dataclass
class Frame:
    """One use of a file: what its params are given, where it is deployed, and what it says.

    `group` is the id of the subscription or resource group; `local` holds the variables of loops
    and lambdas.
    """

    file: File
    given: Mapping[str, Value]
    group: str
    whole: Deployment
    local: dict[str, Value] = field(default_factory=dict)
    known: dict[str, Value] = field(default_factory=dict)

    def inner(self, **local: Value) -> Frame:
        """Give the same frame with more local variables; what is known stays known to both."""
        held = {**self.local, **local}
        return Frame(*self._about(), held, self.known)

    def _about(self) -> tuple[File, Mapping[str, Value], str, Deployment]:
        return self.file, self.given, self.group, self.whole

    def report(self, line: int, message: str) -> None:
        """Note a mistake once."""
        found = Finding(self.file.path, line, message)
        if found not in self.whole.findings:
            self.whole.findings.append(found)

    def value(self, expression: Expression) -> Value:
        """Work an expression out; what comes to nothing is reported and unknown from then on."""
        try:
            return self.exact(expression)
        except Stuck as error:
            self.report(expression.line, str(error))
        except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
            reason = f"{type(error).__name__}: {error}"
            self.report(expression.line, f"cannot work out {expression.text[:80]}: {reason}")
        return Later("{unknown}")

    def exact(self, expression: Expression) -> Value:
        """Work an expression out. Raises Stuck."""
        way: Callable[[Expression], Value] = getattr(self, f"_{expression.kind}")
        return way(expression)

    def _constant(self, expression: Expression) -> Value:
        return expression.value

    def _string(self, expression: Expression) -> Value:
        parts = [self.exact(part) for part in expression.parts]
        joined = "".join(part if isinstance(part, str) else text(part) for part in parts)
        return Later(joined) if any(isinstance(part, Later) for part in parts) else joined

    def _object(self, expression: Expression) -> Value:
        entries = ((self.value(key), self.value(held)) for key, held in expression.entries)
        return dict(entries)

    def _array(self, expression: Expression) -> Value:
        return [self.value(part) for part in expression.parts]

    def _loop(self, expression: Expression) -> Value:
        source, body = expression.parts
        return [frame.value(body) for frame in self.each(expression.names, source)]

    def each(self, names: tuple[str, ...], source: Expression) -> list[Frame]:
        """Give a frame for each round of a loop."""
        items = self.value(source)
        rounds = enumerate(items) if isinstance(items, list) else ()
        both = [(item, place) for place, item in rounds]
        return [self.inner(**dict(zip(names, pair, strict=False))) for pair in both]

    def _name(self, expression: Expression) -> Value:
        name = str(expression.value)
        if name in self.local:
            return self.local[name]
        return self.named(name)

    def _declared(self, name: str) -> Value:
        """Work out what is declared; it sees no loop's variables."""
        outer = Frame(*self._about(), {}, self.known)
        if name in self.file.params:
            default = self.file.params[name].default
            return outer.value(default) if default else Later(f"{{{name}}}")
        if name in self.file.variables:
            return outer.value(self.file.variables[name].value)
        block = self.file.resources.get(name) or self.file.modules.get(name)
        if block:
            return self.whole.block(outer, block)
        raise Stuck(f"{name} is declared nowhere in this file")

    def _choice(self, expression: Expression) -> Value:
        condition, yes, *no = expression.parts
        if self.exact(condition):
            return self.exact(yes)
        return self.exact(no[0]) if no else None

    def _unary(self, expression: Expression) -> Value:
        inner = self.exact(expression.parts[0])
        return not inner if expression.value == "!" else -inner

    def _operation(self, expression: Expression) -> Value:
        operator = str(expression.value)
        left = self.exact(expression.parts[0])
        if operator == "&&":
            return bool(left) and bool(self.exact(expression.parts[1]))
        if operator == "||":
            return bool(left) or bool(self.exact(expression.parts[1]))
        if operator == "??":
            return self.exact(expression.parts[1]) if left is None else left
        return OPERATIONS[operator](left, self.exact(expression.parts[1]))

    def _lambda(self, expression: Expression) -> Value:
        names, [body] = expression.names, expression.parts
        return lambda *args: self.inner(**dict(zip(names, args, strict=False))).exact(body)

    def _index(self, expression: Expression) -> Value:
        of, at = (self.exact(part) for part in expression.parts)
        if isinstance(of, Later):
            return Later(f"{of}[{at}]")
        if expression.value and (at not in of if isinstance(of, dict) else at >= len(of)):
            return None
        return of[at]

    def _nested(self, expression: Expression) -> Value:
        return self.named(str(expression.value))

    def named(self, name: str) -> Value:
        """Give what a name of this file stands for, worked out once."""
        if name in self.known:
            if self.known[name] is BUSY:
                raise Stuck(f"{name} is made of itself")
            return self.known[name]
        self.known[name] = BUSY
        try:
            self.known[name] = self._declared(name)
        finally:
            if self.known[name] is BUSY:
                del self.known[name]
        return self.known[name]

    def _safe(self, expression: Expression) -> Value:
        of = self.exact(expression.parts[0])
        if of is None or (isinstance(of, (Reference, Built)) and not of.there):
            return None
        if isinstance(of, dict) and expression.value not in of:
            return None
        return self._of(of, str(expression.value), expression)

    def _member(self, expression: Expression) -> Value:
        name = str(expression.value)
        inner = expression.parts[0]
        if inner.kind == "member" and inner.value == "outputs":
            built = self.exact(inner.parts[0])
            if isinstance(built, Built):
                return self._output(built, name)
        return self._of(self.exact(inner), name, expression)

    def _of(self, of: Value, name: str, expression: Expression) -> Value:
        """Give a member of a value."""
        if isinstance(of, Reference):
            return self._of_resource(of, name)
        if isinstance(of, Later):
            return Later(of[:-1] + f".{name}}}", _shape_of(of.shape, name, expression.text))
        if isinstance(of, Built):
            return of if name == "outputs" else self._output(of, name)
        if isinstance(of, dict) and name in of:
            return of[name]
        raise Stuck(f"{expression.text}: there is no {name}")

    def _of_resource(self, of: Reference, name: str) -> Value:
        if name == "name":
            return of.names[-1]
        if name in OF_RESOURCE:
            return getattr(of, OF_RESOURCE[name])
        if not of.there:
            raise Stuck(f"{of.symbol}.{name} is read where {of.symbol} is not deployed")
        self.whole.used.add(("", of.id, self.file.path))
        place = _shape_of(shapes.place_of(of.pair), name, f"{of.symbol}.{name}")
        return Later(f"{{{of.id}.{name}}}", place)

    def _output(self, built: Built, name: str) -> Value:
        if name not in built.file.outputs:
            raise Stuck(f"{built.file.path} has no output {name}")
        if not built.there:
            raise Stuck(f"the output {name} is read where module {built.symbol} is not deployed")
        return built.outputs[name]

    def _call(self, expression: Expression) -> Value:
        name = str(expression.value)
        args = [self.exact(part) for part in expression.parts]
        if name in OF_PLACE:
            return OF_PLACE[name](self, *args)
        if name not in FUNCTIONS:
            raise Stuck(f"the function {name} is not known to these tests")
        later = any(isinstance(arg, Later) for arg in args)
        try:
            found = FUNCTIONS[name](*args)
        except (LookupError, TypeError, ValueError):
            if not later:
                raise
            found = ""
        if later and isinstance(found, str) and name != "guid":
            return Later(f"{{{name}({', '.join(map(text, args))})}}")
        return found

    def _loaded(self, path: str) -> str:
        """Return a file that a template reads, named relative to its own."""
        name = joined(self.file.path, path)
        if name not in self.whole.texts:
            raise Stuck(f"{name} does not exist")
        return self.whole.texts[name]

    def _resource_group(self, *args: str) -> Value:
        """Give this resource group, one by name, or one of another subscription."""
        if not args:
            name = self.group.rpartition("/")[2]
            group = self.group
        else:
            name = args[-1]
            subscription = args[0] if len(args) > 1 else SUBSCRIPTION
            group = f"/subscriptions/{subscription}/resourceGroups/{name}"
        return {"id": group, "name": name, "location": Later(f"{{{group}.location}}"), "tags": {}}

    def _resource_id(self, *args: str) -> str:
        place = next(place for place, arg in enumerate(args) if "/" in arg)
        return resource_id(self.group, args[place], args[place + 1 :])


def joined(path: str, relative: str) -> str:
    """Return a path that a file names relative to itself."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), relative))


def _shape_of(place: int | None, name: str, shown: str) -> int | None:
    """Return the shape of a member. Raises Stuck where a known shape has no such member."""
    if place is None:
        return None
    try:
        return shapes.member(place, name)
    except KeyError as error:
        raise Stuck(f"{shown}: Azure knows no such member") from error


def resource_id(group: str, kind: str, names: tuple[str, ...]) -> str:
    """Write the id of a resource in a group, or below another resource."""
    if kind == "Microsoft.Resources/resourceGroups":
        return f"{group}/resourceGroups/{names[0]}"
    provider, *steps = kind.split("/")
    pairs = "/".join(f"{step}/{name}" for step, name in zip(steps, names, strict=True))
    return f"{group}/providers/{provider}/{pairs}"


@lru_cache
def read_yaml(written: str) -> Value:
    """Read YAML once for all modes."""
    return yaml.safe_load(written)


def failed(_frame: Frame, reason: str) -> Value:
    """Stop as the template itself asks."""
    raise Stuck(f"the template refuses: {reason}")


def subscription(_frame: Frame) -> Value:
    """Give the subscription that is deployed to."""
    path = f"/subscriptions/{SUBSCRIPTION}"
    return {"id": path, "subscriptionId": SUBSCRIPTION, "tenantId": TENANT, "displayName": "team"}


OF_PLACE: dict[str, Callable[..., Value]] = {
    "subscription": subscription,
    "fail": failed,
    "tenant": lambda _frame: {"tenantId": TENANT},
    "deployment": lambda frame: {"name": "main", "location": frame.given.get("location", "")},
    "environment": lambda frame: CLOUDS[frame.whole.cloud],
    "resourceGroup": Frame._resource_group,
    "resourceId": Frame._resource_id,
    "subscriptionResourceId": lambda _frame, kind, *names: resource_id(
        f"/subscriptions/{SUBSCRIPTION}", kind, names
    ),
    "extensionResourceId": lambda _frame, of, kind, *names: resource_id(of, kind, names),
    "tenantResourceId": lambda _frame, kind, *names: resource_id("", kind, names),
    "loadTextContent": lambda frame, path, *_: frame._loaded(path),
    "loadJsonContent": lambda frame, path, *_: json.loads(frame._loaded(path)),
    "loadYamlContent": lambda frame, path, *_: read_yaml(frame._loaded(path)),
    "newGuid": lambda _frame: guid("new"),
}
