"""Owns the functions of Bicep that need nothing but their arguments."""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import itertools
import json
import uuid
from typing import TYPE_CHECKING

from tests.repo.infra.values import Later, Value

if TYPE_CHECKING:
    from collections.abc import Callable

NOW = {"yyyy": "2026", "MM": "11", "dd": "23", "HH": "06", "mm": "30", "ss": "00"}


def unique_string(*args: Value) -> str:
    """Give 13 letters and digits that depend on the arguments."""
    digest = hashlib.sha256(repr(args).encode()).digest()
    return base64.b32encode(digest).decode().lower()[:13]


def guid(*args: Value) -> str:
    """Give an id that depends on the arguments."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, repr(args)))


def utc_now(form: str = "yyyyMMddTHHmmssZ") -> str:
    """Give a fixed time in a form as `yyyy-MM-dd`."""
    for sign, digits in NOW.items():
        form = form.replace(sign, digits)
    return form


def text(value: Value) -> str:
    """Write a value into a string."""
    if isinstance(value, bool):
        return str(value).lower()
    return json.dumps(value) if isinstance(value, (list, dict)) else str(value)


def placed(form: str, *args: Value) -> str:
    """Fill `{0}` and so on."""
    for place, arg in enumerate(args):
        form = form.replace(f"{{{place}}}", text(arg))
    return form


def union(*args: Value) -> Value:
    """Join objects, inner ones too, or arrays without doubles."""
    if isinstance(args[0], list):
        joined = list(itertools.chain(*args))
        return [item for place, item in enumerate(joined) if item not in joined[:place]]
    found: dict[str, Value] = {}
    for arg in args:
        for key, value in arg.items():
            both = isinstance(found.get(key), dict) and isinstance(value, dict)
            found[key] = union(found[key], value) if both else value
    return found


def concat(*args: Value) -> Value:
    """Join arrays or strings."""
    if isinstance(args[0], list):
        return list(itertools.chain(*args))
    return "".join(text(arg) for arg in args)


def contains(container: Value, item: Value) -> bool:
    """Look for a key, an item or a part of a string; keys are compared without case."""
    if isinstance(container, dict):
        return str(item).lower() in {key.lower() for key in container}
    return item in container


def split(whole: str, separators: Value) -> list[str]:
    """Cut at one or several separators."""
    signs = separators if isinstance(separators, list) else [separators]
    for sign in signs[1:]:
        whole = whole.replace(sign, signs[0])
    return whole.split(signs[0])


def subnet(network: str, size: int, index: int) -> str:
    """Give the n-th network of this size inside another."""
    inner = ipaddress.ip_network(network).subnets(new_prefix=size)
    return str(next(itertools.islice(inner, index, None)))


def mapped(array: list[Value], function: Callable[..., Value]) -> list[Value]:
    """Apply a lambda to each item."""
    return [function(item) for item in array]


def to_object(items: list[Value], key: Callable[..., Value], *value: Callable[..., Value]) -> Value:
    """Make an object of an array."""
    return {key(item): value[0](item) if value else item for item in items}


FUNCTIONS: dict[str, Callable[..., Value]] = {
    "any": lambda value: value,
    "array": lambda value: value if isinstance(value, list) else [value],
    "base64": lambda value: base64.b64encode(value.encode()).decode(),
    "bool": lambda value: str(value).lower() == "true",
    "cidrSubnet": subnet,
    "concat": concat,
    "contains": contains,
    "dateTimeAdd": lambda base, span, *_: Later(f"{{{base} + {span}}}"),
    "empty": lambda value: value is None or value in ("", [], {}),
    "endsWith": lambda whole, end: whole.lower().endswith(end.lower()),
    "filter": lambda array, function: [item for item in array if function(item)],
    "first": lambda value: value[0],
    "flatten": lambda arrays: list(itertools.chain(*arrays)),
    "format": placed,
    "guid": guid,
    "indexOf": lambda whole, part: whole.lower().find(part.lower()),
    "int": int,
    "intersection": lambda a, b: [item for item in a if item in b],
    "items": lambda held: [{"key": key, "value": held[key]} for key in sorted(held)],
    "join": lambda array, sign: sign.join(text(item) for item in array),
    "json": json.loads,
    "last": lambda value: value[-1],
    "length": len,
    "map": mapped,
    "max": max,
    "min": min,
    "newGuid": lambda: guid("new"),
    "objectKeys": sorted,
    "padLeft": lambda value, size, sign=" ": text(value).rjust(size, sign),
    "range": lambda start, count: list(range(start, start + count)),
    "replace": lambda whole, old, new: whole.replace(old, new),
    "skip": lambda value, count: value[count:],
    "split": split,
    "startsWith": lambda whole, start: whole.lower().startswith(start.lower()),
    "string": text,
    "substring": lambda whole, start, size: whole[start : start + size],
    "take": lambda value, count: value[:count],
    "toLower": lambda value: value.lower(),
    "toObject": to_object,
    "toUpper": lambda value: value.upper(),
    "trim": lambda value: value.strip(),
    "union": union,
    "uniqueString": unique_string,
    "uri": lambda base, rest: base.rsplit("/", 1)[0] + "/" + rest.lstrip("/"),
    "utcNow": utc_now,
}
