"""Owns how to mend what a type refuses: the values that it takes, and names that come close."""

import re
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

from msgspec import inspect

_UNQUOTED = r"Expected `str.*?`, got `(?:bool|int|float|date|datetime|time)`"


def remedy(message: str, trail: str, kind: type, content: object = None) -> str:
    """Give what a person needs besides the message, to be put behind it; mostly nothing.

    `trail` is the path of the field at fault in `content`, which is to be a value of this type.
    """
    *block, field = re.findall(r"[^.\[\]]+", trail) or [""]
    if message.startswith("Invalid value"):
        tags = [each.tag for each in _structs(_types(kind, block)) if each.tag_field == field]
        return f": take {' or '.join(map(repr, tags))}" if tags else ""
    if message.startswith("Invalid enum value"):
        choices = [c for t in _types(kind, [*block, field]) for c in _choices(t)]
        return f": take {' or '.join(map(repr, choices))}" if choices else ""
    if message == "There is no field of this name":
        found = _meant(_types(kind, block), _at(content, block))
        fields = [each for t in found for each in t.fields]
        names = [each.encode_name for each in fields if not _is_read_only(each)]
        near = get_close_matches(field, names, n=1)
        return f": is it `{near[0]}`?" if near else f": these are {', '.join(names)}"
    return ": put it in quotes" if re.fullmatch(_UNQUOTED, message) else ""


def _types(kind: type, steps: list[str]) -> list[inspect.Type]:
    """Follow a path of field names, keys and places into a type; unions part the way."""
    found = list(_plain(inspect.type_info(kind)))
    for step in steps:
        found = [each for t in found for inner in _inside(t, step) for each in _plain(inner)]
    return found


def _plain(t: inspect.Type) -> Iterator[inspect.Type]:
    if isinstance(t, inspect.Metadata):
        yield from _plain(t.type)
    elif isinstance(t, inspect.UnionType):
        for each in t.types:
            yield from _plain(each)
    else:
        yield t


def _structs(types: list[inspect.Type]) -> list[inspect.StructType]:
    return [each for each in types if isinstance(each, inspect.StructType)]


def _meant(types: list[inspect.Type], value: object) -> list[inspect.StructType]:
    """Keep the one type that a value's tag names, where they are tagged."""
    given = value if isinstance(value, dict) else {}
    return [t for t in _structs(types) if not t.tag_field or given.get(t.tag_field) == t.tag]


def _at(content: object, steps: list[str]) -> object:
    """Follow a path of field names, keys and places into a value, as far as it goes."""
    for step in steps:
        if isinstance(content, dict):
            content = content.get(step)
        elif isinstance(content, list) and step.isdecimal():
            content = content[int(step)]
    return content


def _inside(t: inspect.Type, step: str) -> list[inspect.Type]:
    if isinstance(t, inspect.ListType):
        return [t.item_type]
    if isinstance(t, inspect.DictType):
        return [t.value_type]
    return [each.type for s in _structs([t]) for each in s.fields if each.encode_name == step]


def _choices(t: inspect.Type) -> list[Any]:
    return list(t.values) if isinstance(t, inspect.LiteralType) else []


def _is_read_only(field: inspect.Field) -> bool:
    """Say whether a field is set by us and not by who writes the file."""
    extra = field.type.extra_json_schema if isinstance(field.type, inspect.Metadata) else None
    return bool(extra and extra.get("readOnly"))
