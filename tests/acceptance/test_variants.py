"""Of three drafts the one that an approver chooses is posted, to the letter, and on record."""

import json

import httpx2 as httpx
import pytest

from signpost.receipts.sealing import verify
from signpost.text import digest
from tests.acceptance.client import Json, Link, Signpost, card_text, crowd, signed_by
from tests.acceptance.sizes import RACES
from tests.doubles.quick_model import say

ADELE, ALEX = "adele@contoso.com", "alex@contoso.com"
PLACES = (0, 1, 2)


def drafts_of(text: str, version: int = 1) -> list[str]:
    """List the drafts that the model writes."""
    first = text if version == 1 else f"{text} Version {version}."
    return [first, f"{first} Variant 2.", f"{first} Variant 3."]


def under_review(signpost: Signpost, text: str) -> tuple[str, Link, list[Json]]:
    """Start a run of the flow, and give its drafts as its approver sees them."""
    run = signpost.start(say(text), "variants")
    link = signpost.link(run)
    return run, link, signpost.see(link).json()["variants"]


@pytest.mark.parametrize("place", PLACES)
def test_the_chosen_draft_is_posted(signpost: Signpost, place: int) -> None:
    """Exactly that one, whole and alone; run and receipt name all three and the one."""
    text = f"Chosen at place {place}."
    run, link, variants = under_review(signpost, text)
    assert [each["text"] for each in variants] == drafts_of(text)
    chosen = variants[place]
    signed = signpost.sign(link, digest=chosen["digest"]).json()
    story = signpost.wait(run, "closed")
    assert signed["signedDigest"] == story["signedDigest"] == digest(chosen["text"])
    assert story["acceptedText"] == chosen["text"]
    assert signpost.posts(text) == [chosen["text"]]
    told = json.loads(signpost.receipt(run))
    assert verify(signpost.receipt(run)).outcome == "Approve"
    [standing] = told["rounds"]
    named = [standing["draftDigest"], *standing["otherDigests"]]
    assert named == [each["digest"] for each in variants]
    assert told["signedDigest"] == told["delivery"]["digest"] == named[place]
    assert standing["draft"]["calls"] == 1


def test_what_was_not_shown_is_not_signed(signpost: Signpost) -> None:
    """The digest of another text, and of another run's draft, is 422; the run still waits."""
    _, _, others = under_review(signpost, "Another run's.")
    run, link, _ = under_review(signpost, "Not to be mixed up.")
    for unknown in (digest("Pay to this account."), others[1]["digest"], ""):
        refused = signpost.sign(link, digest=unknown)
        assert refused.status_code == httpx.codes.UNPROCESSABLE_CONTENT
        assert refused.json()["field"] == "digest"
    assert signpost.run(run)["state"] == "waiting"


def test_an_edit_is_made_on_the_chosen_draft(signpost: Signpost) -> None:
    """The edit is posted as one; the receipt says which draft it began with."""
    run, link, variants = under_review(signpost, "Almost right.")
    edit = f"{variants[2]['text']} By hand."
    signpost.sign(link, digest=variants[2]["digest"], acceptedText=edit)
    assert signpost.wait(run, "closed")["acceptedText"] == edit
    [post] = [each for each in signpost.journal.posts() if card_text(each) == edit]
    assert signed_by(post) == f"Drafted with AI, edited and signed by {ADELE}"
    [response] = json.loads(signpost.receipt(run))["rounds"][0]["responses"]
    assert response["draftDigest"] == variants[2]["digest"]
    assert response["acceptedTextDigest"] == digest(edit)


def test_a_draft_sent_unchanged_is_no_edit(signpost: Signpost) -> None:
    """A page that sends the chosen text along signs it as the model wrote it."""
    run, link, variants = under_review(signpost, "Left as it is.")
    chosen = variants[1]
    signpost.sign(link, digest=chosen["digest"], acceptedText=chosen["text"])
    signpost.wait(run, "closed")
    [post] = [each for each in signpost.journal.posts() if card_text(each) == chosen["text"]]
    assert signed_by(post) == f"Drafted with AI, signed by {ADELE}"


def test_the_chosen_draft_is_what_is_changed(signpost: Signpost) -> None:
    """After Request changes about the second there are three new drafts, and one is posted."""
    run, link, variants = under_review(signpost, "Sent back.")
    about = variants[1]["digest"]
    signpost.sign(link, digest=about, response="Request changes", comments="Say it better.")
    again = signpost.link(run, number=2)
    seen = signpost.see(again).json()
    assert [each["text"] for each in seen["variants"]] == drafts_of("Sent back.", 2)
    assert [each["digest"] for each in seen["feedback"]] == [about]
    signpost.sign(again, digest=seen["variants"][2]["digest"])
    signpost.wait(run, "closed")
    assert signpost.posts("Sent back.") == [drafts_of("Sent back.", 2)[2]]


def test_an_inbox_signs_the_first(signpost: Signpost) -> None:
    """Agent Inbox's accept is about the text that the approval shows it."""
    run, link, _ = under_review(signpost, "Accepted in an inbox.")
    headers = {"X-Approval-Token": link.token}
    answered = signpost.http.post(
        f"/api/approvals/{link.approval}", json=[{"type": "accept", "args": None}], headers=headers
    )
    assert answered.status_code == httpx.codes.OK
    signpost.wait(run, "closed")
    assert signpost.posts("Accepted in an inbox.") == ["Accepted in an inbox."]


@pytest.mark.parametrize("race", range(RACES))
def test_of_choices_at_once_one_counts(signpost: Signpost, race: int) -> None:
    """Two people choose all drafts at the same time: one wins, and what it chose is posted."""
    text = f"Race {race} for a choice."
    run, adeles, variants = under_review(signpost, text)
    links = [adeles, signpost.link(run, ALEX)]
    sent = [(link, each["digest"]) for link in links for each in variants] * 2

    def choose(one: tuple[Link, str]) -> httpx.Response:
        return signpost.sign(one[0], digest=one[1])

    answers = crowd(choose, sent)
    codes = sorted(each.status_code for each in answers)
    assert codes == [httpx.codes.OK] + [httpx.codes.CONFLICT] * (len(sent) - 1)
    [won] = [named for (_, named), each in zip(sent, answers, strict=True) if each.is_success]
    signpost.wait(run, "closed")
    assert [digest(each) for each in signpost.posts(text)] == [won]
