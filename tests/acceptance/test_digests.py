"""What is shown is what is signed is what is posted, to the byte; what differs is never posted."""

from itertools import chain

import httpx2 as httpx
import pytest

from signpost.ledger import Ledger
from signpost.text import digest
from tests.acceptance.client import Json, Signpost, card_text, crowd
from tests.doubles.quick_model import say

HIDDEN = [
    chr(point)
    for point in chain(
        range(0x0B, 0x0D), range(0x0E, 0x20), range(0x7F, 0x85), range(0x86, 0xA0),  # controls
        [0xAD, 0x34F, 0x61C, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFFA0],  # fillers, hyphen
        range(0x180B, 0x1810), range(0x200B, 0x2010), range(0x202A, 0x202F),  # zero width, bidi
        range(0x2060, 0x2070), range(0xFE00, 0xFE10), [0xFEFF], range(0xFFF9, 0xFFFC),
        range(0x1D173, 0x1D17B), range(0xE000, 0xE008), range(0xE0020, 0xE0080),  # private, tags
        range(0xE0100, 0xE0110),  # selectors
    )
]  # fmt: skip


def test_the_corpus_is_large() -> None:
    """At least 100 characters that a reader does not see, each once."""
    assert len(set(HIDDEN)) == len(HIDDEN) >= 100


def test_hidden_characters_of_a_model_are_gone_before_the_digest(signpost: Signpost) -> None:
    """The page's API shows, hashes and posts the same bytes, without any of them."""
    texts = ["\n".join(f"a{c}b" for c in HIDDEN[start : start + 30])
             for start in range(0, len(HIDDEN), 30)]  # fmt: skip
    for number, seen in enumerate(crowd(lambda text: signed(signpost, text), texts, at_once=4)):
        lines = len(texts[number].split("\n"))
        assert seen["text"] == "\n".join(["ab"] * lines)
        assert seen["digest"] == digest(seen["text"])


def signed(signpost: Signpost, text: str) -> Json:
    """Have the model write a text, sign it, and give what was shown, once the same was posted."""
    run, link = signpost.drafted(topic=say(text))
    seen: Json = signpost.see(link).json()
    assert card_text({"attachments": [{"content": seen["card"]}]}) == seen["text"]
    assert signpost.sign(link).json()["signedDigest"] == seen["digest"]
    story = signpost.wait(run, "closed")
    assert digest(signpost.posts(story["acceptedText"])[-1]) == seen["digest"]
    return seen


def test_hidden_characters_of_an_approver_are_refused(signpost: Signpost) -> None:
    """Each of them, alone in an edited text, gets a 422 that names it; the round stays open."""
    _, link = signpost.drafted(topic="Hidden edits")
    shown = signpost.see(link).json()["digest"]
    told = crowd(lambda c: signpost.sign(link, digest=shown, acceptedText=f"a{c}b"), HIDDEN)
    assert {each.status_code for each in told} == {httpx.codes.UNPROCESSABLE_CONTENT}
    for character, each in zip(HIDDEN, told, strict=True):
        assert f"U+{ord(character):04X}" in each.json()["detail"]
    assert signpost.see(link).json()["state"] == "open"


def test_an_answer_about_another_draft_is_refused(signpost: Signpost) -> None:
    """The digest of round 1 does not sign round 2."""
    run = signpost.start(say("The first draft."), "changes")
    first = signpost.link(run)
    shown = signpost.see(first).json()["digest"]
    signpost.sign(first, response="Request changes", comments="Another one.")
    refused = signpost.sign(second := signpost.link(run, number=2), digest=shown)
    assert refused.status_code == httpx.codes.UNPROCESSABLE_CONTENT
    assert refused.json()["field"] == "digest"
    assert signpost.see(second).json()["state"] == "open"


def test_a_draft_changed_in_the_store_is_not_posted(signpost: Signpost) -> None:
    """What was shown is signed, something else stands in the ledger: nothing goes out."""
    run, link = signpost.drafted(topic=say("Shown to Adele."))
    shown = signpost.see(link).json()["digest"]
    tamper(signpost, run, "draft-1", b"Shown to Adele.", b"Never shown.")
    signpost.sign(link, digest=shown)
    story = signpost.wait(run, "closed")
    assert (story["delivery"]["state"], story["signedDigest"]) == ("failed", shown)
    assert "not the text that was signed" in story["delivery"]["detail"]
    assert signpost.posts("Never shown.") == []


@pytest.mark.parametrize(
    "row, edit", [("draft-1", {}), ("round-1", {"acceptedText": "Signed! Edited."})]
)
def test_a_text_changed_after_the_signature_is_not_posted(signpost: Signpost, row, edit) -> None:
    """Between signature and another post somebody changes the row: it is refused, and says why."""
    run, link = signpost.drafted(topic=say("Signed!"), flow="first")
    signpost.teams.post("/faults", json={"channel": [{"status": 500}]})
    signpost.sign(link, **edit)
    assert signpost.wait(run, "closed")["delivery"]["state"] == "unknown"
    tamper(signpost, run, row, b"Signed!", b"Never signed.")
    told = signpost.http.post(f"/api/runs/{run}/resolve", json={"delivery": "post again"})
    assert told.status_code == httpx.codes.CONFLICT
    assert "not the text that was signed" in told.json()["detail"]
    assert signpost.posts("Never signed.") == []


def tamper(signpost: Signpost, run: str, row: str, old: bytes, new: bytes) -> None:
    """Change bytes of a row of the ledger, past the app."""

    async def change(ledger: Ledger) -> None:
        entry = (await ledger.rows(run))[row]
        assert old in entry.body
        assert await ledger.replace(run, row, entry.body.replace(old, new), entry.etag)

    signpost.in_ledger(change)
