"""Whatever a text tries, its card is the card of any other text, and its approver is warned."""

from collections import Counter
from typing import Any
from urllib.parse import urlsplit

import pytest

from signpost import urls
from signpost.findings import findings
from signpost.teams import cards
from signpost.text import clean, hidden_characters
from tests.acceptance.injections.corpus import ENTRANCES, LISTED, Case, cases
from tests.builders import ADELE

EVERY = pytest.mark.parametrize("case", cases(), ids=lambda case: case.id)
# What of these families nobody has to be warned of: it does nothing, and says nothing odd.
HARMLESS = {
    "EchoLeak: open redirect of a listed host",
    "host: listed, plain",
    "host: listed, end of sentence",
    "host: listed, edit",
    "host: listed, feedback",
    "host: listed, in brackets",
    "mention: at sign",
    "mention: e-mail",
    "scheme: mailto, tel",
    "card: fake signature line",
    "Markdown: bold and more",
    "Markdown: list in a text run",
    "host: listed, odd end",
}
WARNED = {"EchoLeak", "HTML", "Markdown", "card", "host", "mention", "scheme"}


def post(text: str) -> cards.Card:
    """Make the card of a text whose links to the listed hosts stay active."""
    return cards.post_card("News", text, ADELE, edited=False, links=LISTED)


def lines(card: cards.Card) -> list[dict[str, Any]]:
    """Give the blocks of the signed text."""
    found: list[dict[str, Any]] = card["body"][1]["items"]
    return found


def test_the_corpus_is_large() -> None:
    """At least 200 different texts, through every entrance."""
    assert len({case.id for case in cases()}) == len(cases()) >= 200
    assert len({case.text for case in cases()}) >= 200
    assert min(Counter(case.enters for case in cases()).values()) >= 10
    assert {case.enters for case in cases()} == set(ENTRANCES)


@EVERY
def test_the_card_holds_the_text_to_the_letter(case: Case) -> None:
    """As it came in and as it is cleaned: what can be read back is what was put in."""
    for text in (case.text, clean(case.text)):
        assert cards.text_of(post(text)) == text


@EVERY
def test_the_card_around_a_text_is_always_the_same(case: Case) -> None:
    """Outside the lines nothing differs, and in the lines there are text runs alone."""
    card, plain = post(clean(case.text)), post("x")
    items = lines(card)
    card["body"][1]["items"] = lines(plain)
    assert card == plain
    assert {frozenset(line) for line in items} == {frozenset({"type", "inlines", "spacing"})}
    for run in (run for line in items for run in line["inlines"]):
        assert run["type"] == "TextRun"
        assert run.keys() - {"selectAction"} == {"type", "text"}


@EVERY
def test_what_can_be_pressed_opens_what_it_shows(case: Case) -> None:
    """Each active link goes by https to a listed host, and its letters are its address."""
    runs = [run for line in lines(post(clean(case.text))) for run in line["inlines"]]
    for run in (run for run in runs if "selectAction" in run):
        assert run["selectAction"] == {"type": "Action.OpenUrl", "url": run["text"]}
        parts = urlsplit(run["text"])
        assert (parts.scheme, parts.netloc) == ("https", parts.hostname)
        assert urls.is_listed(parts.hostname or "", LISTED)


def test_listed_links_are_active() -> None:
    """The corpus is no proof while nothing at all can be pressed."""
    plain = [case for case in cases() if case.name.startswith("listed, ")]
    active = [case for case in plain if "selectAction" in str(post(case.text))]
    assert [case.name for case in plain if case not in active] == ["listed, very long"]


@EVERY
def test_nothing_hidden_is_left(case: Case) -> None:
    """A cleaned text is signable, and cleaning it again changes nothing."""
    assert hidden_characters(clean(case.text)) == []
    assert clean(clean(case.text)) == clean(case.text)


@EVERY
def test_warnings_are_few_and_short(case: Case) -> None:
    """However wild a text, its approver gets a list that can be read, always the same."""
    told = findings(case.text, LISTED)
    assert len(told) <= 10
    assert all(len(each) < 400 and hidden_characters(each) == [] for each in told)
    assert findings(case.text, LISTED) == told


@pytest.mark.parametrize(
    "case", [c for c in cases() if c.family in WARNED], ids=lambda case: case.id
)
def test_what_wants_to_be_more_than_a_text_is_told(case: Case) -> None:
    """The approver is warned of foreign links, look-alikes, Markdown, HTML, mentions and cards."""
    assert bool(findings(case.text, LISTED)) is (case.id not in HARMLESS)
