"""A text is its bytes, and holds nothing that a reader would not see."""

import hashlib
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signpost.text import clean, digest, hidden_characters, to_remove

RANGES = [
    (0x00, 0x08), (0x0B, 0x0C), (0x0E, 0x1F), (0x7F, 0x84), (0x86, 0x9F), (0xAD, 0xAD),
    (0x34F, 0x34F), (0x61C, 0x61C), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F),
    (0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0x2800, 0x2800), (0x3164, 0x3164),
    (0xD800, 0xD803), (0xE000, 0xE003), (0xFDD0, 0xFDD3), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF),
    (0xFFA0, 0xFFA0), (0xFFF0, 0xFFFB), (0xFFFE, 0xFFFF), (0x1BCA0, 0x1BCA3),
    (0x1D173, 0x1D17A), (0xE0000, 0xE0007), (0xE0020, 0xE007F), (0xE0100, 0xE01EF),
    (0xF0000, 0xF0003), (0x10FFFD, 0x10FFFD),
]  # fmt: skip
HIDDEN = [chr(code) for first, last in RANGES for code in range(first, last + 1)]
SEEN = [
    "plain", "tab\tand\nline", "\u00e4\u00f6\u00fc \u4f60\u597d \u05e9\u05dc\u05d5\u05dd",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467", "\u2764\ufe0f", "1\ufe0f\u20e3",
    "\U0001f3f3\ufe0f\u200d\U0001f308", "\U0001f44b\U0001f3fd", "\u2139\ufe0f", "no\u00a0break",
    "\U0001f9d1\U0001f3fd\u200d\u2695\ufe0f", "\u0d2e\u0d32\u0d4d\u200d\u0d2a", "\U0001fae8",
]  # fmt: skip


def test_digest_names_the_exact_bytes() -> None:
    """The digest is SHA-256 of the UTF-8 bytes, nothing normalised."""
    assert digest("a\u0308\r\n") == "sha256:" + hashlib.sha256(b"a\xcc\x88\r\n").hexdigest()


def test_corpus_is_large() -> None:
    """The corpus of hidden characters is no token gesture."""
    assert len(set(HIDDEN)) >= 100


def test_hidden_characters_are_found() -> None:
    """Whatever hides inside a word is named."""
    assert [c for c in HIDDEN if len(hidden_characters(f"pay{c}roll")) != 1] == []


def test_hidden_characters_are_cleaned() -> None:
    """Whatever hides inside a word is removed from a model's text."""
    assert [c for c in HIDDEN if clean(f"pay{c}roll") != "payroll"] == []


@pytest.mark.parametrize("text", SEEN)
def test_visible_text_is_left_alone(text: str) -> None:
    """Letters of all scripts and composed emoji are not hidden."""
    assert hidden_characters(text) == []
    assert clean(text) == text


@pytest.mark.parametrize("text", ["a\u200db", "\u200d\u2764", "\u2764\u200d", "\u2764\ufe0f\ufe0f"])
def test_joiners_and_selectors_hide_out_of_place(text: str) -> None:
    """What shapes nothing could carry a hidden message, so it counts as hidden."""
    assert len(hidden_characters(text)) == 1


@pytest.mark.parametrize("end", ["\r\n", "\r", "\u0085", "\u2028", "\u2029"])
def test_clean_keeps_line_ends(end: str) -> None:
    """Every kind of line end becomes a line feed."""
    assert clean(f"one{end}two") == "one\ntwo"


def test_clean_composes_and_trims() -> None:
    """Letters are composed, and the blanks around the text go."""
    assert clean(" \n a\u0308 \u3000\n") == "\u00e4"


@given(st.text(st.characters(codec=None) | st.sampled_from(HIDDEN + list("".join(SEEN)))))
def test_clean_leaves_only_what_is_seen(text: str) -> None:
    """Whatever a model writes, its cleaned text hides nothing and stays as it is."""
    cleaned = clean(text)
    assert hidden_characters(cleaned) == []
    assert clean(cleaned) == cleaned
    assert unicodedata.is_normalized("NFC", cleaned)


@given(st.text(st.characters(codec=None)))
def test_clean_text_always_has_a_digest(text: str) -> None:
    """A cleaned text can be written as UTF-8, whatever came in."""
    assert len(digest(clean(text))) == len("sha256:") + 64


def test_hidden_characters_are_named_once() -> None:
    """Each kind is told once, by code point and name."""
    assert hidden_characters("a\u202eb\u202ec") == ["U+202E RIGHT-TO-LEFT OVERRIDE"]


def test_few_hidden_characters_are_named() -> None:
    """A text full of them gets a sentence, not a list as long as itself."""
    told = to_remove("".join(HIDDEN)) or ""
    assert told.count("U+") == 5
    assert "more kinds" in told


def test_nothing_to_remove_says_nothing() -> None:
    """A clean text has no sentence against it."""
    assert to_remove("Hello \u2764\ufe0f") is None
