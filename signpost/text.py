"""Owns what a text is: its exact bytes, their digest, and which characters it may hold."""

import hashlib
import re
import unicodedata

MOST_NAMED = 5

_KEPT_CONTROLS = "\n\t"
_HIDDEN_CATEGORIES = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}

# Unicode's Default_Ignorable_Code_Point outside these categories, and two that are drawn as
# nothing: fillers, selectors, joiners, non-characters and the empty Braille pattern.
_IGNORABLE = (
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\ufdd0-\ufdef\ufff0-\ufff8\ufffe\uffff\U000e0000-\U000e0fff]"
)
_JOINER = "\u200d"
_SELECTORS = "\ufe0e\ufe0f"  # show a symbol as text, or as an emoji
_VIRAMA = 9  # the combining class after which a joiner shapes Indic letters
_LETTER_SYMBOL = "\u2139"  # the information sign, a letter that has an emoji form


def digest(text: str) -> str:
    """Name a text by its bytes: `sha256:` and the 64 hex digits of its UTF-8 form."""
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def hidden_characters(text: str) -> list[str]:
    """List what a reader would not see, as `U+202E RIGHT-TO-LEFT OVERRIDE`, each kind once.

    Control, format (bidi among them), private-use, surrogate and ignorable characters count;
    line feed, tab, and what shapes an emoji or an Indic letter in its place do not.
    """
    return [_named(c) for c in sorted({text[i] for i in _hidden(text)})]


def to_remove(text: str) -> str | None:
    """Say what has to go before a text can be signed; None when nothing has."""
    kinds = hidden_characters(text)
    if not kinds:
        return None
    more = f" and {len(kinds) - MOST_NAMED} more kinds" if len(kinds) > MOST_NAMED else ""
    return f"Remove {', '.join(kinds[:MOST_NAMED])}{more}: readers would not see it."


def clean(text: str) -> str:
    """Make a model's text signable: NFC, line feeds as line ends, no hidden characters, trimmed."""
    lines = re.sub(r"\r\n?|\u0085|\u2028|\u2029", "\n", text)
    hidden = set(_hidden(lines))
    seen = "".join(c for i, c in enumerate(lines) if i not in hidden)
    return unicodedata.normalize("NFC", seen).strip()


def _named(character: str) -> str:
    return f"U+{ord(character):04X} {unicodedata.name(character, 'without a name')}"


def _hidden(text: str) -> list[int]:
    """Find the places of what is not seen; what shapes its neighbour counts as seen."""
    found: list[int] = []
    before = ""  # the last character that is seen
    for place, character in enumerate(text):
        if _is_hidden(before, character, text[place + 1 : place + 2]):
            found.append(place)
        else:
            before = character
    return found


def _is_hidden(before: str, character: str, after: str) -> bool:
    if character in _KEPT_CONTROLS:
        return False
    if character == _JOINER:
        return not _joins(before, after)
    if character in _SELECTORS:
        return not _has_forms(before)
    return unicodedata.category(character) in _HIDDEN_CATEGORIES or bool(
        re.match(_IGNORABLE, character)
    )


def _joins(before: str, after: str) -> bool:
    """Say whether a joiner makes one emoji of two, or shapes an Indic letter."""
    if not before or not after:
        return False
    if unicodedata.combining(before) == _VIRAMA:
        return unicodedata.category(after) == "Lo"
    emoji = unicodedata.category(before) in ("So", "Sk") or before in _SELECTORS
    return emoji and unicodedata.category(after) in ("So", "Sm")


def _has_forms(before: str) -> bool:
    """Say whether a character can be shown as text and as an emoji."""
    if before in ("", _JOINER, *_SELECTORS):
        return False
    return before == _LETTER_SYMBOL or unicodedata.category(before)[0] in "NPS"
