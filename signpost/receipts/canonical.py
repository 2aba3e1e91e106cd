"""Owns the one way to write a receipt: the canonical JSON of RFC 8785, and its strict reading."""

import json
from typing import Any

LARGEST = 16 * 1024 * 1024  # bytes; a receipt has some thousands
MOST_SHOWN = 40


class NotCanonical(ValueError):  # noqa: N818 - says what the bytes are, as problems do
    """These bytes are no canonical JSON object; the message is a sentence that says where."""


def written(document: dict[str, Any]) -> bytes:
    """Give the bytes of a document.

    Raises ValueError for what JSON does not hold the same everywhere: NaN, whole numbers of
    2^53 and more, half surrogates, and anything but texts, numbers, booleans, null, lists and
    dicts with texts as keys.
    """
    import rfc8785  # noqa: PLC0415 - only receipts need it: cold start

    return rfc8785.dumps(document)


def read(raw: bytes) -> dict[str, Any]:
    """Read a document back, only if it is written the one way.

    Raises NotCanonical, and RecursionError for what is nested too deep.
    """
    if len(raw) > LARGEST:
        raise NotCanonical(f"It is larger than any receipt: {LARGEST} bytes are the most.")
    document, again = _both_ways(raw)
    if not isinstance(document, dict):
        raise NotCanonical("It is no JSON object.")
    if again != raw:
        raise NotCanonical(f"It is not in canonical form from byte {_difference(raw, again)} on.")
    return document


def _both_ways(raw: bytes) -> tuple[Any, bytes]:
    """Read and write again; what hostile bytes make the libraries raise becomes a sentence.

    All numbers are read as doubles, which is what RFC 8785 takes them for.
    """
    try:
        document = json.loads(raw.decode(), parse_int=float, object_pairs_hook=_unique)
        return document, written(document)
    except NotCanonical:
        raise
    except UnicodeDecodeError as fault:
        raise NotCanonical(f"Byte {fault.start + 1} is no UTF-8.") from None
    except json.JSONDecodeError as fault:
        raise NotCanonical(f"It is no JSON from character {fault.pos + 1} on.") from None
    except ValueError:
        raise NotCanonical("It holds a number or a character that no receipt can hold.") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise NotCanonical(f"The name {name[:MOST_SHOWN]!a} stands twice in one object.")
        found[name] = value
    return found


def _difference(one: bytes, other: bytes) -> int:
    """Count from 1 to the first byte that is not the same."""
    pairs = zip(one, other, strict=False)
    same = min(len(one), len(other))
    return next((place for place, (a, b) in enumerate(pairs) if a != b), same) + 1
