"""Owns what an approver is warned of: the things in a draft that want to be more than a text.

Nothing here makes a text safe, since the card shows all of it as letters. It tells the person who
signs what to look at twice.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher

from signpost import text as texts
from signpost import urls
from signpost.urls import Piece

LONGEST_LINE = 1000
LONGEST_WORD = 80
MOST_NAMED = 3
MOST_COMPARED = 50
LONGEST_NAMED = 60
LONGEST_HOST = 253
SHORTEST_BRAND = 5  # a shorter label is part of too many other names
ALIKE = 0.85  # of 1: one letter more, less or other in a name of usual length

_LETTER = r"[^\s<>\"'()\[\]{}]"
_ADDRESS = (
    r"(?i)(?:\b[a-z][a-z0-9+.-]{1,20}:[/\\]{2}|\bwww\.|(?<![:/\\\w])[/\\]{2}(?=[\w-]{1,63}\.))"
    rf"(?:\[[0-9a-f:.]{{2,45}}\]|{_LETTER}){_LETTER}{{0,2000}}"
)
_SCHEMES = (
    r"(?ia)\b(?:java|vb|live)script\s*:|\bdata:[^\s,]{0,100},|\bblob:|\bfile:/|\bview-source:"
    r"|\bms(?:teams|-[a-z-]{1,30}):|\bintent:/"
)
_PROMPT = (
    r"(?im)^\s{0,5}(?:system|user|assistant)\s?:|<\|\w|\[/?INST\]|<</?SYS>>"
    r"|\bignore (?:all |any |the |your ){0,2}(?:previous|prior|above|earlier) (?:instr|prompt)"
)
_SYNTAX = (
    (r"!\[[^\]]{0,200}\][(\[]", "Markdown for a picture"),
    (r"(?<!!)\[[^\]]{1,200}\][(\[]|(?m:^ {0,3}\[[^\]\n]{1,200}\]:)", "Markdown for a link"),
    (r"(?i)<(?:img|svg|video|audio|picture|source|object|embed|iframe)\b", "HTML for a picture"),
    (
        r"(?i)<(?!/?at\b)(?:/?[a-z][a-z0-9-]{0,30}(?:[\s/>]|\Z)|!)|&(?:#x?[0-9a-f]{1,6}|[a-z]{2,8});",
        "HTML",
    ),
    (r"(?i)</?at\b", "a mention"),
    (r"\{\{|\}\}|\{%|\$\{|@\{|<%", "placeholders of a template"),
    (
        r'(?:"|\\u0022)(?:@?type|\$schema|selectAction|entities)\\?(?:"|\\u0022)\s{0,5}:',
        "the source of a card",
    ),
    (_PROMPT, "marks of a prompt"),
)
_CONFUSED = str.maketrans(
    "01i5\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0455\u0458\u0501\u051b\u051d\u04cf\u03b1"
    "\u03b5\u03b9\u03bf\u03c1\u03c5\u03ba\u03bd\u0131\u0261\u0138",
    "ollsaeopcyxlsjdqwlaelopukvlgk",
)
_SCRIPTS = {"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC", "GEORGIAN", "HEBREW"}


def findings(text: str, links: Sequence[str]) -> list[str]:
    """Give a sentence for each kind of thing to look at twice; `links` are the flow's hosts.

    The same text gives the same sentences, and however long it is they stay few and short.
    """
    return [*_addresses(text, links), *_odd_syntax(text), *_odd_letters(text), *_long(text)]


def _addresses(text: str, links: Sequence[str]) -> Iterator[str]:
    pieces = (piece for line in urls.lines(text, links) for piece in [*line, Piece("\n")])
    letters = "".join(" " if piece.opens else piece.text for piece in pieces)
    hosts = {_host(each) for each in re.findall(_ADDRESS, letters)}
    foreign = sorted(host for host in hosts if not urls.is_listed(host, links))
    if foreign:
        yield f"Links to {_named(foreign)}, which this flow does not name, stay letters."
    if len(foreign) < len(hosts):
        known = _named(sorted(hosts - set(foreign)))
        yield f"A link to {known} stays letters: it is no plain https URL, or one of too many."
    for host in foreign[:MOST_COMPARED]:
        if model := _looks_like(host, links):
            yield f"{_shown(host)} looks like {model}, and is another host."
            break
    if other := sorted(
        {each.partition(":")[0].strip().lower() + ":" for each in re.findall(_SCHEMES, text)}
    ):
        yield f"The text holds addresses that are no web links: {_named(other)}."


def _odd_syntax(text: str) -> Iterator[str]:
    if found := [what for pattern, what in _SYNTAX if re.search(pattern, text)]:
        yield f"The text holds {', '.join(found)}: shown as letters, without effect."


def _odd_letters(text: str) -> Iterator[str]:
    words = sorted({w for w in re.findall(r"\w+", text) if not w.isascii() and _is_mixed(w)})
    if words:
        yield f"Letters of several scripts are mixed in {_named(words)}."
    if re.search(r"[^\W\d_]", text) and _marks(text):
        yield "The text holds letters under a heap of accents."
    for number, line in enumerate(text.split("\n"), 1):
        if "://" in line and any(unicodedata.bidirectional(c) in ("R", "AL") for c in line):
            yield f"Line {number} holds a link and letters that run from right to left: look twice."
            break


def _long(text: str) -> Iterator[str]:
    lines = text.split("\n")
    longest = max(range(len(lines)), key=lambda n: len(lines[n]))
    if len(lines[longest]) > LONGEST_LINE:
        yield f"Line {longest + 1} has {len(lines[longest]):,} characters."
    word = max((len(word) for word in text.split() if "://" not in word), default=0)
    if word > LONGEST_WORD:
        yield f"A word has {word:,} letters."


def _host(address: str) -> str:
    """Read the host as a hasty reader or parser may: behind the last `@`, without a port."""
    authority = re.split(r"[/\\?#]", re.sub(r"^[^/\\]*[/\\]{2}", "", address), maxsplit=1)[0]
    name = re.sub(r":[^:\]]*$", "", authority.rpartition("@")[2])
    return name.rstrip(".,;!*_~")[:LONGEST_HOST].lower()


def _looks_like(host: str, links: Iterable[str]) -> str | None:
    """Give the listed host that a reader may take this one for."""
    drawn = _drawn(host)
    for listed in (each.removeprefix("*.") for each in links):
        if host == listed or host.endswith(f".{listed}"):
            continue
        model, brand = _drawn(listed), _drawn(listed.split(".")[-2])
        brands = len(brand) >= SHORTEST_BRAND and brand in drawn
        if model in drawn or brands or SequenceMatcher(None, model, drawn).ratio() >= ALIKE:
            return listed
    return None


def _drawn(host: str) -> str:
    """Reduce a host to what the eye takes in: one letter for all that look like it."""
    try:
        host = host.encode("ascii").decode("idna")
    except UnicodeError:
        host = unicodedata.normalize("NFKD", host)
    plain = "".join(c for c in host.casefold() if not unicodedata.combining(c))
    return re.sub("[^\\w]", "", plain.translate(_CONFUSED).replace("rn", "m").replace("vv", "w"))


def _is_mixed(word: str) -> bool:
    scripts = {unicodedata.name(c, "").split(" ")[0] for c in word[:LONGEST_LINE] if c.isalpha()}
    styled = any(
        c.isalpha() and not c.isascii() and unicodedata.normalize("NFKC", c).isascii() for c in word
    )
    return styled or len(scripts & _SCRIPTS) > 1


def _marks(text: str) -> bool:
    """Say whether five combining marks follow one another somewhere."""
    run = 0
    for character in text:
        run = run + 1 if unicodedata.combining(character) else 0
        if run == 5:  # noqa: PLR2004 - the scripts in use need at most four
            return True
    return False


def _named(names: Sequence[str]) -> str:
    more = len(names) - MOST_NAMED
    return ", ".join(map(_shown, names[:MOST_NAMED])) + (f" and {more} more" if more > 0 else "")


def _shown(name: str) -> str:
    seen = texts.clean(name) or "(no name)"
    return seen if len(seen) <= LONGEST_NAMED else f"{seen[:LONGEST_NAMED]}\u2026"
