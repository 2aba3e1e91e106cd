"""Owns the URLs in a text: where they stand, and which of them may be pressed.

A URL may be pressed when every reader and every parser agrees about it: `https`, a plain host on
the flow's list, no user, no port, the characters of RFC 3986 alone, and nothing around it that
would make a person read another address than the one that opens.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

LONGEST = 2000  # characters that every client opens
MOST = 50  # that may be pressed in one text, so that a card keeps a bearable number of elements

_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
# The last label starts with a letter: a number there is an IPv4 address in one of its spellings.
_NAME = rf"(?:{_LABEL}\.)+[A-Za-z](?:[A-Za-z0-9-]{{0,61}}[A-Za-z0-9])?"
_ESCAPED = "%[0-9A-Fa-f]{2}"
_PATH = rf"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/]|{_ESCAPED})*"
_QUERY = rf"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/?]|{_ESCAPED})*"
_PRESSABLE = rf"https://(?P<host>{_NAME})(?:/{_PATH})?(?:\?{_QUERY})?(?:#{_QUERY})?"

_RUN = r"https://[A-Za-z0-9\-._~:/?#@!$&'()*+,;=%]+"
_BEFORE = r"(?<![^\s(\[<\"'*_~\u2018\u201c\u201e\u00ab\uff08\u300c])"
_AFTER = r"[\s\])>\"<\u2019\u201d\u00bb\uff09\u300d]|\Z"
_TRAILING = "?!.,:;*_~'"
# Typography's own signs: two of them are full stops that browsers read as the dot of a host.
_PAUSES = "\u2026\u2013\u2014\u3001\u3002\uff01\uff0c\uff0e\uff1f\uff61"


class Piece(NamedTuple):
    """A part of a line; `opens` says that it is a URL that may be pressed."""

    text: str
    opens: bool = False


def lines(text: str, hosts: Sequence[str]) -> Iterator[list[Piece]]:
    """Split each line of a text into letters and URLs to `hosts`, at most 50 in all.

    Joined, the pieces of a line are the line.
    """
    left = MOST
    for line in text.split("\n"):
        split = list(_pieces(line, hosts, left)) if hosts else [Piece(line)]
        left -= sum(piece.opens for piece in split)
        yield split


def is_listed(host: str, hosts: Iterable[str]) -> bool:
    """Say whether a host is on a list; `*.contoso.com` stands for all below contoso.com."""
    name = host.lower()
    return any(name.endswith(h[1:]) if h.startswith("*.") else name == h for h in hosts)


def _pieces(line: str, hosts: Sequence[str], most: int) -> Iterator[Piece]:
    done = 0
    for _, (start, url) in zip(range(most), _pressable(line, hosts), strict=False):
        if start > done:
            yield Piece(line[done:start])
        yield Piece(url, opens=True)
        done = start + len(url)
    if done < len(line) or not line:
        yield Piece(line[done:])


def _pressable(line: str, hosts: Sequence[str]) -> Iterator[tuple[int, str]]:
    for found in re.finditer(_BEFORE + _RUN, line):
        if len(found[0]) > LONGEST:
            continue
        url = _without_punctuation(found[0])
        after = line[found.start() + len(url) :].lstrip(_TRAILING + _PAUSES)
        parts = re.fullmatch(_PRESSABLE, url)
        if parts and re.match(_AFTER, after) and is_listed(parts["host"], hosts):
            yield found.start(), url


def _without_punctuation(run: str) -> str:
    """Leave out what ends a sentence, or closes a bracket around the URL."""
    while run[-1] in _TRAILING or (run[-1] == ")" and run.count(")") > run.count("(")):
        run = run[:-1]
    return run
