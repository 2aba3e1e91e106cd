"""Owns the Adaptive Cards, version 1.5.

The structure is fixed, and every value is shown as text but the `details` of a flow's author: a
signed text stands in text runs, which Teams does not read as Markdown, so no link, image or
mention can come out of it. Only a URL to a host that the flow names can be pressed, in a run of
its own that shows the whole of it.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from signpost import urls
from signpost.oversight import Case
from signpost.urls import Piece

Card = dict[str, Any]

MOST_NAMED = 3
LONGEST_SIGNERS = ", ".join(["x" * 113] * MOST_NAMED) + " and 47 more"  # 113: an Entra name's limit
PREVIEW_CHARACTERS = 1500
PREVIEW_LINES = 20

# Renderers replace `{{DATE(...)}}` and `{{TIME(...)}}` in a text run by a formatted date, so that
# readers would not see what was signed. Between two runs the braces are just letters.
_FORMATTED = r"(?<=\{)(?=\{(?:DATE|TIME)\()"

AI_LABEL = {
    "type": "https://schema.org/Message",
    "@type": "Message",
    "@context": "https://schema.org",
    "@id": "",
    "additionalType": ["AIGeneratedContent"],
}


def signers_line(signers: list[str]) -> str:
    """Name who signed: up to three people, and how many more."""
    shown, more = signers[:MOST_NAMED], len(signers) - MOST_NAMED
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")


def post_card(
    title: str, text: str, signers: str, *, edited: bool, links: Sequence[str] = ()
) -> Card:
    """Show a signed text, who signed it, and that a machine drafted it.

    `links` are the hosts whose https links can be pressed, as `Post.links` of a flow names them.
    """
    made = "Drafted with AI, edited and signed by" if edited else "Drafted with AI, signed by"
    return _card(
        _line(title, weight="Bolder", size="Large"),
        {"type": "Container", "id": "signed-text", "items": _lines(text, links)},
        _line(f"{made} {signers}", size="Small", isSubtle=True),
    )


def text_of(card: Card) -> str:
    """Read the signed text back from its card, to the letter."""
    container = next(item for item in card["body"] if item.get("id") == "signed-text")
    return "\n".join("".join(run["text"] for run in line["inlines"]) for line in container["items"])


def request_card(case: Case, draft: str, until: datetime, link: str, drafts: int = 1) -> Card:
    """Ask one approver to sign, with the link that only this approver gets.

    `draft` is shown in short; it is the first of so many `drafts` to choose from.
    """
    policy, asking = case.policy, case.run.requestor
    asked = f"{asking} asks" if asking else "A run asks"
    card = _card(
        _line(case.title, weight="Bolder", size="Medium"),
        _line(f"{asked} for your signature by {until:%d %b %Y, %H:%M} UTC.", isSubtle=True),
        {"type": "Container", "style": "emphasis", "items": _lines(_preview(draft))},
    )
    if policy.details:  # the flow's author wrote it, so its Markdown is shown as such
        card["body"].insert(
            2, {"type": "TextBlock", "text": _preview(policy.details), "wrap": True}
        )
    card["actions"] = [{"type": "Action.OpenUrl", "title": "Review and sign", "url": link}]
    if policy.item_link:
        title = policy.item_link_description or "Open the item"
        card["actions"].append({"type": "Action.OpenUrl", "title": title, "url": policy.item_link})
    if drafts > 1:
        card["body"].append(_line(f"This is the first of {drafts} drafts to choose from."))
    return card


def message(card: Card, *, ai_generated: bool = False) -> dict[str, Any]:
    """Wrap a card as the Workflows webhook takes it."""
    body: dict[str, Any] = {
        "type": "message",
        "attachments": [
            {
                "contentType": "application/vnd.microsoft.card.adaptive",
                "contentUrl": None,
                "content": card,
            }
        ],
    }
    if ai_generated:
        body["entities"] = [AI_LABEL]
    return body


def _card(*body: dict[str, Any]) -> Card:
    return {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.5",
        "body": list(body),
    }


def _preview(text: str) -> str:
    """Shorten a long text, so that the request never outgrows what a chat takes."""
    short = "\n".join(text[:PREVIEW_CHARACTERS].split("\n")[:PREVIEW_LINES])
    return text if short == text else f"{short.rstrip()} \u2026"


def _lines(text: str, links: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Give each line its own block, since a text run does not break lines.

    A block without letters is not drawn, so the line after an empty one stands further away.
    """
    split = list(urls.lines(text, links))
    above = [split[0], *split]
    return [
        _block(line, "Small" if over[0].text else "Medium")
        for over, line in zip(above, split, strict=False)
    ]


def _line(text: str, **look: Any) -> dict[str, Any]:  # noqa: ANN401 - members of the card schema
    return {"type": "RichTextBlock", "inlines": _runs(text, **look)}


def _block(pieces: Iterable[Piece], spacing: str) -> dict[str, Any]:
    inlines = [run for each in pieces for run in (_link(each) if each.opens else _runs(each.text))]
    return {"type": "RichTextBlock", "inlines": inlines, "spacing": spacing}


def _link(piece: Piece) -> list[dict[str, Any]]:
    """Make a URL pressable: it opens what it shows, to the letter."""
    action = {"type": "Action.OpenUrl", "url": piece.text}
    return [{"type": "TextRun", "text": piece.text, "selectAction": action}]


def _runs(text: str, **look: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - members of the card schema
    return [{"type": "TextRun", "text": part, **look} for part in re.split(_FORMATTED, text)]
