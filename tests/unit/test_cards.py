"""Cards show text as text: nothing in it can change the card or be formatted away."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signpost.oversight import Case
from signpost.people import LONGEST_ADDRESS, Directory
from signpost.teams import MAX_BYTES, cards, size_of
from tests.builders import ADELE, MEGAN, NOW, TEXT, a_flow, a_run

LINK = "http://localhost:7071/approvals/x-1#token"
UNTIL = NOW + timedelta(days=1)
# What adaptivecards 3.0 replaces in text blocks and text runs (its src/text-formatters.ts).
FORMATTED = re.compile(r"\{\{(DATE|TIME)\(.*\)\}\}")
MARKDOWN = [
    "[click](https://evil.com)", "![x](https://evil.com/x.png)", "<at>adele</at>", "**bold**",
    "<script>alert(1)</script>", "[x]: https://evil.com", "&lt;b&gt;", "- list", "# heading",
    "${expression}", "@{variables('x')}", '"},{"type":"Image"', "\\", "\u2028", "{{x}}", "{{{{",
    "{{DATE(2026-11-22T08:00:00Z, SHORT)}}", "{{TIME(2026-11-22T08:00:00Z)}}", "{{{DATE(x)}}}",
]  # fmt: skip
texts = st.text() | st.lists(st.sampled_from([*MARKDOWN, "\n", "{", " "])).map("".join)


def post(text: str, *links: str) -> cards.Card:
    """Make the card of a signed text, with active links to these hosts."""
    return cards.post_card("News", text, ADELE, edited=False, links=links)


def skeleton(value: Any) -> Any:
    """Give a card without its texts, with runs of equal text runs as one."""
    if isinstance(value, dict):
        return {k: "" if k == "text" else skeleton(v) for k, v in sorted(value.items())}
    if isinstance(value, list):
        bare = [skeleton(item) for item in value]
        return [item for n, item in enumerate(bare) if n == 0 or item != bare[n - 1]]
    return value


def runs_of(value: Any) -> list[dict[str, Any]]:
    """List all text runs of a card."""
    if isinstance(value, dict):
        own = [value] if value.get("type") == "TextRun" else []
        return own + [run for item in value.values() for run in runs_of(item)]
    return [run for item in value for run in runs_of(item)] if isinstance(value, list) else []


@given(texts)
def test_the_text_can_be_read_back(text: str) -> None:
    """The card shows the signed text to the letter."""
    assert cards.text_of(post(text)) == text


@given(texts)
def test_the_text_survives_the_wire(text: str) -> None:
    """What Teams decodes is what was signed."""
    assert cards.text_of(json.loads(json.dumps(post(text)))) == text


@given(st.text(st.characters(codec="utf-8", exclude_characters="\n"), min_size=1))
def test_the_text_can_not_change_the_card(text: str) -> None:
    """Whatever a line says, the card around it is the same."""
    assert skeleton(post(text)) == skeleton(post("x"))


@pytest.mark.parametrize("text", MARKDOWN)
def test_the_text_stands_in_text_runs_only(text: str) -> None:
    """No string of the text becomes a link, an image, a mention or a member of the card."""
    assert skeleton(post(text)) == skeleton(post("x"))
    assert {run["type"] for run in runs_of(post(text))} == {"TextRun"}


@given(texts)
def test_no_run_is_formatted_away(text: str) -> None:
    """Renderers find no date function in any single run, so readers see what was signed."""
    assert [run for run in runs_of(post(text)) if FORMATTED.search(run["text"])] == []


@given(texts)
def test_no_run_breaks_lines(text: str) -> None:
    """A run does not break lines, so each line has a block of its own."""
    assert [run for run in runs_of(post(text)) if "\n" in run["text"]] == []


def pressed(card: cards.Card) -> list[str]:
    """List the addresses that open when a run of text is pressed."""
    return [run["selectAction"]["url"] for run in runs_of(card) if "selectAction" in run]


def test_a_link_to_a_listed_host_can_be_pressed() -> None:
    """The URL has a run of its own that opens it; the letters around it stay letters."""
    link = "https://contoso.com/news"
    [line] = post(f"See {link}, now.", "contoso.com")["body"][1]["items"]
    action = {"type": "Action.OpenUrl", "url": link}
    runs: list[dict[str, Any]] = [
        {"text": "See "},
        {"text": link, "selectAction": action},
        {"text": ", now."},
    ]
    assert line["inlines"] == [{"type": "TextRun", **run} for run in runs]


@pytest.mark.parametrize("links", [[], ["fabrikam.com"], ["*.contoso.com"]])
def test_no_other_link_can_be_pressed(links: list[str]) -> None:
    """Without its host on the list a URL is letters."""
    text = "https://contoso.com/news"
    assert post(text, *links) == post(text)
    assert pressed(post(text)) == []


@given(st.lists(st.sampled_from(["https://contoso.com/", "x", " ", "\n", "{{DATE(", ".", ")"])))
def test_active_links_change_no_letter(parts: list[str]) -> None:
    """With links or without, the text can be read back, and each link shows where it leads."""
    text = "".join(parts)
    assert cards.text_of(post(text, "contoso.com")) == cards.text_of(post(text)) == text
    shown = {run["text"] for run in runs_of(post(text, "contoso.com"))}
    assert set(pressed(post(text, "contoso.com"))) <= shown


@pytest.mark.parametrize("separator", [" ", "\n"])
def test_active_links_are_few(separator: str) -> None:
    """A text of nothing but links has 50 that can be pressed; what they add is weighed."""
    text = separator.join(["https://contoso.com/x"] * 300)
    assert len(pressed(post(text, "contoso.com"))) == 50
    assert size_of(post(text, "contoso.com")) > size_of(post(text)) + 50 * 60


def test_the_request_card_opens_no_link_of_a_draft() -> None:
    """Before it is signed nothing in a draft can be pressed."""
    assert pressed(requested("https://contoso.com/news")) == []


def test_paragraphs_stand_apart() -> None:
    """An empty line is not drawn, so the line after it keeps its distance."""
    first, empty, second, third = post("a\n\nb\nc")["body"][1]["items"]
    assert [each["spacing"] for each in (second, third)] == ["Medium", "Small"]
    assert first["inlines"] != empty["inlines"] == [{"type": "TextRun", "text": ""}]


@pytest.mark.parametrize("edited,said", [(True, "edited and signed by"), (False, "AI, signed by")])
def test_the_card_says_who_signed_what(*, edited: bool, said: str) -> None:
    """Readers learn that a machine drafted it, whether a person changed it, and who signed."""
    last = runs_of(cards.post_card("News", TEXT, ADELE, edited=edited))[-1]["text"]
    assert last.startswith("Drafted with AI")
    assert said in last
    assert last.endswith(ADELE)


@pytest.mark.parametrize(
    "signers,line",
    [
        ([ADELE], ADELE),
        ([ADELE, MEGAN], f"{ADELE}, {MEGAN}"),
        (["a", "b", "c"], "a, b, c"),
        (["a", "b", "c", "d"], "a, b, c and 1 more"),
        ([str(number) for number in range(50)], "0, 1, 2 and 47 more"),
    ],
)
def test_signers_are_named_shortly(signers: list[str], line: str) -> None:
    """Three by name, and how many more signed."""
    assert cards.signers_line(signers) == line


@given(st.lists(st.text("x", max_size=LONGEST_ADDRESS), min_size=1, max_size=50))
def test_no_signers_line_outgrows_the_longest(signers: list[str]) -> None:
    """A text that fits before approval fits whoever signs it."""
    assert len(cards.signers_line(signers)) <= len(cards.LONGEST_SIGNERS)


def requested(
    draft: str = TEXT, asked_by: str | None = MEGAN, drafts: int = 1, **policy: Any
) -> cards.Card:
    """Make the card that asks for a signature, under a policy with these fields."""
    run = a_run(flow=a_flow(**policy), requestor=asked_by)
    return cards.request_card(Case(run, Directory()), draft, UNTIL, LINK, drafts)


@pytest.mark.parametrize("asked_by,said", [(MEGAN, f"{MEGAN} asks"), (None, "A run asks")])
def test_a_request_says_who_asks_and_until_when(asked_by: str | None, said: str) -> None:
    """An approver learns who wants the signature, and the deadline."""
    line = runs_of(requested(asked_by=asked_by))[1]["text"]
    assert line == f"{said} for your signature by 23 Nov 2026, 10:00 UTC."


def test_a_request_has_one_way_on() -> None:
    """The card only opens the approver's own page; nothing in it decides."""
    assert requested()["actions"] == [
        {"type": "Action.OpenUrl", "title": "Review and sign", "url": LINK}
    ]


def test_a_request_tells_what_the_flow_says_of_it() -> None:
    """The author's details stand above the draft, with their Markdown, and the item is a link."""
    item: dict[str, Any] = {
        "item_link": "https://contoso.com/7",
        "item_link_description": "The ticket",
    }
    card = requested(details="Check **names**.", **item)
    assert card["body"][2] == {"type": "TextBlock", "text": "Check **names**.", "wrap": True}
    opens = {"type": "Action.OpenUrl", "title": "The ticket", "url": "https://contoso.com/7"}
    assert card["actions"][1:] == [opens]


def test_a_short_draft_is_shown_whole() -> None:
    """The request shows the draft as it is."""
    shown = [run["text"] for run in runs_of(requested())[2:]]
    assert "\n".join(shown) == TEXT


def test_a_request_says_that_there_is_a_choice() -> None:
    """Who reads the first draft in the chat learns that there are others on the page."""
    told = [run["text"] for run in runs_of(requested(drafts=3))]
    assert told[-1] == "This is the first of 3 drafts to choose from."
    assert told[:-1] == [run["text"] for run in runs_of(requested())]


@pytest.mark.parametrize(
    "draft", ["\U0001f600" * 20_000, "\n" * 20_000, "\x01" * 4000, "{{DATE(" * 3000]
)
def test_a_request_always_fits(draft: str) -> None:
    """However long the draft, the request for its signature is small enough for a chat."""
    card = requested(
        draft, drafts=4, details="\U0001f600" * 4000, item_link="https://" + "x" * 1992
    )
    assert size_of(cards.message(card) | {"recipient": "a" * 254}) < MAX_BYTES
    assert runs_of(requested(draft))[-1]["text"].endswith("\u2026")


def test_a_message_is_what_the_webhook_takes() -> None:
    """One message with one Adaptive Card and nothing else."""
    message = cards.message(post(TEXT))
    assert message.keys() == {"type", "attachments"}
    assert message["attachments"][0]["content"] == post(TEXT)


def test_ai_content_is_labelled() -> None:
    """A post that a machine drafted carries the label that Teams shows."""
    [entity] = cards.message(post(TEXT), ai_generated=True)["entities"]
    assert entity["additionalType"] == ["AIGeneratedContent"]


ALLOWED = {
    "AdaptiveCard": {"$schema", "type", "version", "body", "actions"},
    "Container": {"type", "id", "items", "style"},
    "RichTextBlock": {"type", "inlines", "spacing"},
    "TextRun": {"type", "text", "weight", "size", "isSubtle", "selectAction"},
    "Action.OpenUrl": {"type", "title", "url"},
}


def elements(value: Any) -> list[dict[str, Any]]:
    """List all typed elements of a card."""
    if isinstance(value, list):
        return [each for item in value for each in elements(item)]
    return [value, *elements(list(value.values()))] if isinstance(value, dict) else []


@pytest.mark.parametrize(
    "card",
    [post(TEXT), post("https://contoso.com", "contoso.com"), requested(drafts=2)],
    ids=["post", "post with a link", "request"],
)
def test_cards_keep_to_the_schema(card: cards.Card) -> None:
    """Only elements and members of Adaptive Cards 1.5 that Teams renders are used."""
    assert card["version"] == "1.5"
    for element in elements(card):
        assert element.keys() <= ALLOWED[element["type"]]
        assert element.get("type") != "RichTextBlock" or element["inlines"]
