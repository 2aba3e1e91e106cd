"""Owns reading a YAML file into a type, and finding the line of what is wrong in it."""

import re
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import msgspec
import yaml

from signpost.problems import BrokenFile, fault
from signpost.text import to_remove

UNQUOTED = "a value with `{{ }}` stands in quotes"
NO_TEXT = "not YAML: it holds bytes that are no UTF-8 text"
DEEPEST = 10

T = TypeVar("T")


class _Loader(yaml.CSafeLoader):
    """Reads YAML as plain data, and leaves days as they are written: the types read them."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - the library's own attribute, filled as it does
        first: [rule for rule in rules if rule[0] != "tag:yaml.org,2002:timestamp"]
        for first, rules in yaml.CSafeLoader.yaml_implicit_resolvers.items()
    }


class YamlFile(NamedTuple):
    """A file that is good YAML; `name` is what messages call it, `node` knows the lines.

    `first_line` is where the YAML begins in the file.
    """

    name: str
    node: Any
    content: Any
    first_line: int = 1

    def into(self, kind: type[T]) -> T:
        """Give the content as a value of a type. Raises BrokenFile."""
        try:
            return msgspec.convert(self.content, kind)
        except msgspec.ValidationError as error:
            from signpost.remedies import remedy  # noqa: PLC0415 - a good file needs none

            message, trail = _fault(error, self.content, kind)
            raise self.broken(trail, message + remedy(message, trail, kind, self.content)) from None

    def broken(self, trail: str, what: str) -> BrokenFile:
        """Tell what is wrong in the field `trail`, as `approval.assignedTo[1]`."""
        line = self.first_line - 1 + _line(self.node, trail, what)
        return BrokenFile(self.name, line, f"{trail or 'top level'}: {what}")


def read(path: Path) -> YamlFile:
    """Read a file, which messages call by its folder too. Raises BrokenFile for no good YAML."""
    name = f"{path.parent.name}/{path.name}"
    try:
        source = path.read_text("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError:
        raise BrokenFile(name, 1, NO_TEXT) from None
    return parse(source, name)


def parse(source: str, name: str, first_line: int = 1) -> YamlFile:
    """Read YAML that begins in this line of the file `name`. Raises BrokenFile."""
    try:
        node = yaml.compose(source, Loader=_Loader)
        content = yaml.load(source, Loader=_Loader)  # noqa: S506 - it is a safe loader
        _refuse_deceptive(name, node, first_line)
    except yaml.MarkedYAMLError as error:
        raise _not_yaml(error, name, first_line) from None
    except yaml.YAMLError:
        raise BrokenFile(name, first_line, NO_TEXT) from None
    except (ValueError, OverflowError, RecursionError) as error:
        raise BrokenFile(name, first_line, f"it holds YAML that can't be used: {error}") from None
    return YamlFile(name, node, content, first_line)


def refuse_bombs(source: str, name: str, first_line: int = 1) -> None:
    """Refuse small YAML that is large or slow when it is read. Raises BrokenFile.

    To be asked before `parse` where strangers write the source: an alias can stand for a hundred
    others, a tag makes the reader convert, and each level of nesting calls the reader anew.
    """
    depth = 0
    try:
        for event in yaml.parse(source, Loader=_Loader):
            depth += isinstance(event, yaml.CollectionStartEvent)
            depth -= isinstance(event, yaml.CollectionEndEvent)
            if what := _trick(event, depth):
                line = event.start_mark.line if event.start_mark else 0
                raise BrokenFile(name, first_line + line, what)
    except yaml.MarkedYAMLError as error:
        raise _not_yaml(error, name, first_line) from None
    except yaml.YAMLError:
        raise BrokenFile(name, first_line, NO_TEXT) from None


def _trick(event: yaml.Event, depth: int) -> str | None:
    if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
        return "anchors and aliases (`&`, `*`) can't be used here: write the value out"
    if getattr(event, "tag", None):
        return "tags (`!`) can't be used here: write the value without"
    return f"this is nested more than {DEEPEST} levels deep" if depth > DEEPEST else None


def _not_yaml(error: yaml.MarkedYAMLError, name: str, first_line: int) -> BrokenFile:
    line = first_line + (error.problem_mark.line if error.problem_mark else 0)
    what = UNQUOTED if error.problem == "found unhashable key" else error.problem
    return BrokenFile(name, line, f"not YAML: {what}")


def _refuse_deceptive(name: str, node: Any, first_line: int, trail: str = "") -> None:  # noqa: ANN401 - a node of PyYAML, which has no types for them
    """Refuse what says other than it shows: a key that stands twice, and hidden characters.

    Of two keys YAML would silently take the last.
    """
    seen = set()
    for place, item in enumerate(node.value if isinstance(node, yaml.CollectionNode) else []):
        key, value = item if isinstance(node, yaml.MappingNode) else (None, item)
        inner = f"{trail}.{key.value}".lstrip(".") if key else f"{trail}[{place}]"
        for each in filter(None, (key, value)):
            if isinstance(each, yaml.ScalarNode) and (told := to_remove(each.value)):
                raise BrokenFile(name, first_line + each.start_mark.line, f"{inner}: {told}")
        if key and (key.tag, key.value) in seen:
            line = first_line + key.start_mark.line
            raise BrokenFile(name, line, f"{inner}: this key stands twice")
        if key and isinstance(key, yaml.ScalarNode):
            seen.add((key.tag, key.value))
        _refuse_deceptive(name, value, first_line, inner)


def _fault(error: msgspec.ValidationError, content: Any, kind: type[T]) -> tuple[str, str]:  # noqa: ANN401 - whatever the YAML file holds
    """Name the fault as `fault` does, and the key it is under, which msgspec leaves out.

    The key is found by reading the block with one of its keys at a time.
    """
    message, trail = fault(error)
    head, unnamed, _ = trail.partition("[...]")
    block = content.get(head) if unnamed or "about its name" in message else None
    for key, value in block.items() if isinstance(block, dict) else ():
        try:
            msgspec.convert(content | {head: {key: value}}, kind)
        except msgspec.ValidationError as narrower:
            same, rest = fault(narrower)
            return same, f"{head}.{key}{rest.removeprefix(head).removeprefix('[...]')}"
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
    elif isinstance(node, yaml.SequenceNode) and step.isdecimal() and int(step) < len(node.value):
        value = node.value[int(step)]
        return value, value.start_mark.line + 1
    return None, line
