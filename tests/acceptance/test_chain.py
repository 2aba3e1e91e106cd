"""The chain over HTTP, on real processes: what is signed is what is posted."""

import httpx2 as httpx

from tests.acceptance.client import Signpost


def test_the_draft_is_posted_as_it_was_signed(signpost: Signpost) -> None:
    """Approving the draft posts the draft, and the receipt names its digest."""
    run, link = signpost.drafted(topic="As it was signed")
    draft = signpost.see(link).json()
    answered = signpost.sign(link).json()
    story = signpost.wait(run, "closed")
    receipt = signpost.http.get(f"/api/runs/{run}/receipt").json()
    assert story["outcome"] == "Approve"
    assert story["delivery"]["state"] == "handed over"
    assert answered["signedDigest"] == draft["digest"] == receipt["signedDigest"]
    assert draft["text"] in signpost.posts()


def test_an_edited_text_is_posted_to_the_letter(signpost: Signpost) -> None:
    """Approving an edit posts the edit, with its spaces, lines and signs, and nothing else."""
    run, link = signpost.drafted(topic="Edited")
    text = "Edited by Adele:\n\n  two spaces, *stars*, [a link](https://contoso.com) & <b>tags</b>."
    signpost.sign(link, acceptedText=text)
    story = signpost.wait(run, "closed")
    assert story["acceptedText"] == text
    assert signpost.posts("Edited by Adele") == [text]


def test_a_rejected_text_is_never_posted(signpost: Signpost) -> None:
    """Rejecting closes the run, keeps the comment and posts nothing."""
    before = signpost.posts()
    run, link = signpost.drafted(topic="To be rejected")
    signpost.sign(link, response="Reject", comments="The date is wrong.")
    story = signpost.wait(run, "closed")
    assert story["outcome"] == "Reject"
    assert story["responses"][0]["comments"] == "The date is wrong."
    assert story["delivery"] is None
    assert signpost.posts() == before


def test_a_second_answer_is_told_who_won(signpost: Signpost) -> None:
    """The second answer gets 409 with the first one's responder and response."""
    run, link = signpost.drafted(topic="Two answers")
    other = signpost.link(run, "alex@contoso.com")
    signpost.sign(link, response="Reject", comments="No.")
    late = signpost.sign(other)
    assert late.status_code == httpx.codes.CONFLICT
    assert late.json()["decision"]["responder"]["email"] == "adele@contoso.com"
    assert late.json()["decision"]["approverResponse"] == "Reject"


def test_a_canceled_run_is_over_for_its_approvers(signpost: Signpost) -> None:
    """Cancelling closes the run; who comes later is told that it is over."""
    run, link = signpost.drafted(topic="Canceled")
    assert signpost.http.post(f"/api/runs/{run}/cancel", json={}).json()["outcome"] == "Canceled"
    late = signpost.sign(link)
    assert (late.status_code, late.json()["outcome"]) == (httpx.codes.GONE, "Canceled")
    assert signpost.wait(run, "closed")["outcome"] == "Canceled"
    assert signpost.see(link).json()["state"] == "over"


def test_a_run_canceled_while_its_draft_is_written_asks_nobody(signpost: Signpost, model) -> None:
    """Cancelling before there is a round ends the run without telling an approver."""
    model.delay = 0.3
    run = signpost.start(topic="Canceled early")
    canceled = signpost.http.post(f"/api/runs/{run}/cancel", json={})
    model.delay = 0.0
    assert canceled.status_code == httpx.codes.OK
    assert signpost.wait(run, "closed")["outcome"] == "Canceled"
    assert signpost.links(run) == {}


def test_who_asks_is_not_asked_to_sign(signpost: Signpost) -> None:
    """The requestor is left out of the approvers, however the address is written."""
    run, _ = signpost.drafted(topic="By Alex", requestor="ALEX@contoso.com")
    assert signpost.run(run)["round"]["assignedTo"] == ["adele@contoso.com"]
    assert list(signpost.links(run)) == ["adele@contoso.com"]
