"""Owns what a text is: its exact bytes, their digest, and which characters it may hold."""

import hashlib
import re
import unicodedata

_JOINER = "\u200d"  # holds emoji sequences together, so it stays
_KEPT_CONTROLS = "\n\t"
_HIDDEN_CATEGORIES = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


def digest(text: str) -> str:
    """Name a text by its bytes: `sha256:` and the 64 hex digits of its UTF-8 form."""
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def hidden_characters(text: str) -> list[str]:
    """List what a reader would not see, as `U+202E RIGHT-TO-LEFT OVERRIDE`, each kind once.

    Control, format (bidi among them), private-use and surrogate characters count; line feed,
    tab and the joiner of emoji do not.
    """
    found = {c for c in text if _is_hidden(c)}
    return [f"U+{ord(c):04X} {unicodedata.name(c, 'CONTROL')}" for c in sorted(found)]


def clean(text: str) -> str:
    """Make a model's text signable: NFC, line feeds as line ends, no hidden characters, trimmed."""
    lines = re.sub(r"\r\n?|\u2028|\u2029", "\n", text)
    return unicodedata.normalize("NFC", "".join(c for c in lines if not _is_hidden(c))).strip()


def _is_hidden(character: str) -> bool:
    if character in _KEPT_CONTROLS or character == _JOINER:
        return False
    return unicodedata.category(character) in _HIDDEN_CATEGORIES
