"""Owns the fences: tags that a prompt sets around values, which no value can open or close."""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple, TypeVar

V = TypeVar("V")

MOST_TAGS = 20
LONGEST_TAG = 30  # characters

_TAG = re.compile(r"</?([A-Za-z][\w.:-]*)[^<>{}]*>")
_OPENING = "<\uff1c\ufe64"  # also as full-width and small letters, which models read as the same
_OPENS = f"[{_OPENING}]"
# What may stand between two letters and not be seen. No opening bracket is skipped anywhere: it
# could open the tag itself, and a row of them would be read once for each.
_GAP = rf"[^\w\s{_OPENING}>.:-]{{0,8}}+"


class Fences(NamedTuple):
    """The tags of one prompt."""

    pattern: re.Pattern[str] | None

    def keep_in(self, value: V) -> V | str:
        """Write the angle brackets of these tags as single quotation marks, and nothing else so.

        A value that ends in the beginning of a tag is changed too: the next could complete it.
        """
        if self.pattern is None or not isinstance(value, str):
            return value
        return self.pattern.sub(_disarm, value)


def around(texts: Iterable[str]) -> Fences:
    """Find the tags that these texts use. Raises ValueError for more than could be meant."""
    names = frozenset(name.casefold() for text in texts for name in _TAG.findall(text))
    if len(names) > MOST_TAGS or any(len(name) > LONGEST_TAG for name in names):
        raise ValueError(
            f"it has more than {MOST_TAGS} kinds of tags, or tags of over {LONGEST_TAG} characters"
        )
    return _fences(names)


@lru_cache(maxsize=64)
def _fences(names: frozenset[str]) -> Fences:
    if not names:
        return Fences(None)
    whole = "|".join(_GAP.join(map(re.escape, name)) for name in names)
    begun = "|".join(map(_beginning, names))
    return Fences(
        re.compile(
            rf"(?i){_OPENS}(?P<name>[^\w{_OPENING}>]*+(?:(?:{whole})(?!\w)|(?:{begun})?{_GAP}\Z))"
            rf"(?:(?P<rest>[^{_OPENING}>]*+)>)?"
        )
    )


def _beginning(name: str) -> str:
    """Match any beginning of a name: `a(?:b(?:c)?)?`."""
    return f"(?:{_GAP}".join(map(re.escape, name)) + ")?" * (len(name) - 1)


def _disarm(found: re.Match[str]) -> str:
    rest = found["rest"]
    return f"\u2039{found['name']}" + ("" if rest is None else f"{rest}\u203a")
