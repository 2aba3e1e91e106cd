"""Every type of approval end to end over HTTP: outcome, answers, and who is named on the post."""

from typing import NamedTuple

import httpx2 as httpx
import pytest

from tests.acceptance.client import Signpost, card_text, signed_by
from tests.doubles.quick_model import say

ADELE, ALEX = "adele@contoso.com", "alex@contoso.com"
MEGAN, DIEGO = "megan@contoso.com", "diego@contoso.com"


class Told(NamedTuple):
    """What people answer in a flow, what it comes to, and whom the post names; "": no post."""

    flow: str
    said: dict[str, str]
    outcome: str
    signers: str


TOLD = [
    Told("first", {ALEX: "Approve"}, "Approve", ALEX),
    Told("first", {ADELE: "Reject"}, "Reject", ""),
    Told("everyone", {MEGAN: "Approve", ADELE: "Approve", ALEX: "Approve"}, "Approve",
         f"{MEGAN}, {ADELE}, {ALEX}"),
    Told("everyone", {ADELE: "Approve", ALEX: "Reject"}, "Reject", ""),
    Told("quorum", {ADELE: "Reject", ALEX: "Approve", MEGAN: "Approve"}, "Approve",
         f"{ALEX}, {MEGAN}"),
    Told("quorum", {ADELE: "Reject", ALEX: "Approve", MEGAN: "Reject"}, "Reject", ""),
    Told("custom-one", {ALEX: "Post it now"}, "Post it now", ALEX),
    Told("custom-one", {ADELE: "Not this week"}, "Not this week", ""),
    Told("custom-all", {ADELE: "Post it", ALEX: "Post it loudly"}, "Post it, Post it loudly",
         f"{ADELE}, {ALEX}"),
    Told("custom-all", {ALEX: "Post it", ADELE: "Post it"}, "Post it", f"{ALEX}, {ADELE}"),
    Told("custom-all", {ADELE: "Drop it", ALEX: "Post it"}, "Drop it, Post it", ""),
    Told("sequential", {DIEGO: "Approve", ALEX: "Approve"}, "Approve", f"{DIEGO}, {ALEX}"),
    Told("sequential", {ADELE: "Approve", ALEX: "Reject"}, "Reject", ""),
]  # fmt: skip


@pytest.mark.parametrize("told", TOLD, ids=lambda told: f"{told.flow} {told.outcome}")
def test_a_type_comes_to_its_outcome(signpost: Signpost, told: Told) -> None:
    """Outcome, answers in order, and the post with its signers; or no post at all."""
    text = f"As {told.flow} came to {told.outcome}, to the letter."
    run = signpost.start(say(text), told.flow)
    for person, response in told.said.items():
        answered = signpost.sign(signpost.link(run, person), response=response, comments="Why.")
        assert answered.status_code == httpx.codes.OK, answered.text
    story = signpost.wait(run, "closed")
    given = [(r["responder"]["email"], r["approverResponse"]) for r in story["responses"]]
    assert (story["outcome"], given) == (told.outcome, list(told.said.items()))
    named = [signed_by(post) for post in signpost.journal.posts() if card_text(post) == text]
    assert (story["delivery"] is not None) == bool(told.signers)
    assert named[-1:] == ([f"Drafted with AI, signed by {told.signers}"] if told.signers else [])


def test_requested_changes_open_a_round_and_close_the_one_before(signpost: Signpost) -> None:
    """The model gets the feedback; the old link is over; the new text is what is posted."""
    run = signpost.start(say("Sent back once."), "changes")
    first = signpost.link(run)
    signpost.sign(first, response="Request changes", comments="Say it better.")
    second = signpost.link(run, number=2)
    assert signpost.sign(first).status_code == httpx.codes.CONFLICT
    assert signpost.see(second).json()["text"] == "Sent back once. Version 2."
    assert signpost.sign(second).json()["outcome"] == "Approve"
    story = signpost.wait(run, "closed")
    assert [each["outcome"] for each in story["rounds"]] == ["Request changes", "Approve"]
    assert signpost.posts("Sent back once.")[-1] == "Sent back once. Version 2."


def test_the_last_round_takes_no_request_for_changes(signpost: Signpost) -> None:
    """After `maxRounds` a text is signed or turned down."""
    run = signpost.start(flow="changes")
    for number in (1, 2):
        link = signpost.link(run, number=number)
        signpost.sign(link, response="Request changes", comments="Again.")
    last = signpost.link(run, number=3)
    assert "Request changes" not in signpost.see(last).json()["options"]
    refused = signpost.sign(last, response="Request changes", comments="Again.")
    assert refused.status_code == httpx.codes.UNPROCESSABLE_CONTENT


def test_a_stage_that_is_not_on_waits(signpost: Signpost) -> None:
    """Who comes later in a sequence can't sign before, and is told only then."""
    run = signpost.start(flow="sequential")
    signpost.link(run)
    assert "alex@contoso.com" not in signpost.links(run)
    path, me = f"/api/approvals/{run}-1", signpost.as_person(ALEX)
    seen = signpost.http.get(path, headers=me).json()
    early = signpost.http.post(
        path, json={"response": "Approve", "digest": seen["digest"]}, headers=me
    )
    assert (seen["state"], early.status_code) == ("waiting", httpx.codes.FORBIDDEN)
    assert signpost.run(run)["responses"] == []


def test_an_approval_handed_on_is_signed_by_the_heir(signpost: Signpost) -> None:
    """After a reassignment the first link signs nothing any more, and the new one does."""
    run, link = signpost.drafted(topic=say("Handed on."), flow="first")
    signpost.http.post(
        f"/api/approvals/{link.approval}/reassign",
        json={"to": MEGAN},
        headers={"X-Approval-Token": link.token},
    ).raise_for_status()
    assert signpost.sign(link).status_code == httpx.codes.FORBIDDEN
    assert signpost.sign(signpost.link(run, MEGAN)).status_code == httpx.codes.OK
    assert signpost.wait(run, "closed")["responses"][0]["responder"]["email"] == MEGAN
