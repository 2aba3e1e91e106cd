"""Owns what Azure accepts: the shapes of the resource types in use, and whether values fit them."""

from __future__ import annotations

import difflib
import json
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.repo.infra.values import Later, Value

if TYPE_CHECKING:
    from collections.abc import Iterator

DATA = Path(__file__).with_name("arm_types.json")
REQUIRED, READ_ONLY = 1, 2
OF_LANGUAGE = {"parent", "scope", "dependsOn"}  # written in a body, known to Bicep alone
LIKE = 0.6  # from here on a value that is not listed is taken for a slip of the pen

Shape = dict[str, Any]


@cache
def data() -> dict[str, Any]:
    """Read the shapes that scripts/arm_types wrote."""
    read: dict[str, Any] = json.loads(DATA.read_text("utf-8"))
    return read


def shape(place: int) -> Shape:
    """Return one shape."""
    found: Shape = data()["nodes"][place]
    return found


def place_of(pair: str) -> int | None:
    """Return the place of a type's shape, given as `Type@version`; None if there is none."""
    found: int | None = data()["types"].get(pair)
    return found


def members(node: Shape) -> dict[str, tuple[int, int]]:
    """Return the properties of an object: place and flags."""
    if "members" not in node:
        node["members"] = {
            name: (about, 0) if isinstance(about, int) else (about[0], about[1])
            for name, about in node.get("props", {}).items()
        }
    found: dict[str, tuple[int, int]] = node["members"]
    return found


def member(place: int, name: str) -> int | None:
    """Return the place of a property's shape. Raises KeyError where there is no such property."""
    node = shape(place)
    if node["kind"] == "tagged":
        known = dict(members(node))
        for case in node["cases"].values():
            known |= members(shape(case))
    elif node["kind"] == "object":
        known = members(node)
    else:
        return None
    if name in known:
        return known[name][0]
    if "extra" in node:
        return int(node["extra"])
    raise KeyError(name)


def misfits(value: Value, place: int, path: str) -> Iterator[str]:
    """Say in words where a value does not fit a shape."""
    node = shape(place)
    if isinstance(value, Later) or value is None or node["kind"] == "any":
        return
    if node["kind"] == "cut":
        yield f"{path} is new to arm_types.json: run scripts/arm_types again"
        return
    yield from KINDS[node["kind"]](value, node, path)


def _object(value: Value, node: Shape, path: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{path} must be an object"
        return
    known = members(node)
    for name, inner in value.items():
        if isinstance(name, Later):
            continue
        yield from _member(name, inner, node, known, path)
    for name, (_, flags) in known.items():
        if flags & REQUIRED and not flags & READ_ONLY and value.get(name) is None:
            yield f"{path} lacks the required {name}"


def _member(
    name: str, inner: Value, node: Shape, known: dict[str, tuple[int, int]], path: str
) -> Iterator[str]:
    where = f"{path}.{name}".removeprefix(".")
    if name in known:
        place, flags = known[name]
        if flags & READ_ONLY:
            yield f"{where} is read-only"
        else:
            yield from misfits(inner, place, where)
    elif "extra" in node:
        yield from misfits(inner, node["extra"], where)
    else:
        close = difflib.get_close_matches(name, known, 1)
        yield f"{where} does not exist" + (f"; is it {close[0]}?" if close else "")


def _tagged(value: Value, node: Shape, path: str) -> Iterator[str]:
    tag = value.get(node["tag"]) if isinstance(value, dict) else None
    if tag not in node["cases"]:
        yield f"{path}.{node['tag']} is {tag!r}, not one of {', '.join(node['cases'])}"
        return
    case = shape(node["cases"][tag])
    joined = case | {"members": members(node) | members(case)}
    yield from _object(value, joined, path)


def _array(value: Value, node: Shape, path: str) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"{path} must be an array"
        return
    if len(value) < node.get("min", 0):
        yield f"{path} has too few items"
    for place, item in enumerate(value):
        yield from misfits(item, node["item"], f"{path}[{place}]")


def _union(value: Value, node: Shape, path: str) -> Iterator[str]:
    options = [shape(place) for place in node["of"]]
    listed = [option["value"] for option in options if option["kind"] == "literal"]
    if value in listed:
        return
    others = [place for place in node["of"] if shape(place)["kind"] != "literal"]
    close = difflib.get_close_matches(str(value), [str(one) for one in listed], 1, LIKE)
    if close or not others:
        yield f"{path} is {value!r}; known are {', '.join(map(str, listed))}"
    elif all(list(misfits(value, place, path)) for place in others):
        yield f"{path} is of none of its kinds"


def _literal(value: Value, node: Shape, path: str) -> Iterator[str]:
    if value != node["value"]:
        yield f"{path} must be {node['value']!r}"


def _string(value: Value, node: Shape, path: str) -> Iterator[str]:
    if not isinstance(value, str):
        yield f"{path} must be a string"
    elif not node.get("min", 0) <= len(value) <= node.get("max", len(value)):
        yield f"{path} is {len(value)} letters long"
    elif "pattern" in node and not re.search(node["pattern"], value):
        yield f"{path} is {value!r}, not as {node['pattern']}"


def _integer(value: Value, node: Shape, path: str) -> Iterator[str]:
    if isinstance(value, bool) or not isinstance(value, int):
        yield f"{path} must be a number"
    elif not node.get("min", value) <= value <= node.get("max", value):
        yield f"{path} is {value}, outside its limits"


def _boolean(value: Value, _node: Shape, path: str) -> Iterator[str]:
    if not isinstance(value, bool):
        yield f"{path} must be true or false"


KINDS = {
    "object": _object,
    "tagged": _tagged,
    "array": _array,
    "union": _union,
    "literal": _literal,
    "string": _string,
    "int": _integer,
    "bool": _boolean,
}
