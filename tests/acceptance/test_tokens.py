"""Only the approver's own link opens an approval, and looking at it decides nothing."""

from concurrent.futures import ThreadPoolExecutor

import httpx2 as httpx
import pytest

from tests.acceptance.client import Link, Signpost


def test_forged_and_swapped_tokens_get_one_and_the_same_answer(signpost: Signpost) -> None:
    """Missing, cut, changed and borrowed tokens are refused alike."""
    _, mine = signpost.drafted(topic="Mine")
    _, theirs = signpost.drafted(topic="Theirs")
    half = len(mine.token) // 2
    changed = mine.token[:half] + ("A" if mine.token[half] != "A" else "B") + mine.token[half + 1 :]
    tokens = ["", "none", mine.token[:-1], mine.token + "A", changed, theirs.token]
    answers = [signpost.see(Link("", mine.approval, token)) for token in tokens]
    assert {answer.status_code for answer in answers} == {httpx.codes.UNAUTHORIZED}
    assert len({answer.text for answer in answers}) == 1


def test_a_token_is_good_for_one_round_only(signpost: Signpost) -> None:
    """A token does not open another round of its run."""
    run, link = signpost.drafted(topic="Rounds")
    answer = signpost.see(Link("", f"{run}-2", link.token))
    assert answer.status_code == httpx.codes.UNAUTHORIZED


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH"])
def test_link_scanners_decide_nothing(signpost: Signpost, method: str) -> None:
    """Whatever a scanner asks, with or without the token, the round stays open."""
    _, link = signpost.drafted(topic=f"Scanned by {method}")
    for path in (f"/approvals/{link.approval}", f"/api/approvals/{link.approval}"):
        for headers in ({}, {"X-Approval-Token": link.token}):
            signpost.http.request(method, path, headers=headers)
    assert signpost.see(link).json()["state"] == "open"
    assert signpost.sign(link).status_code == httpx.codes.OK


def test_50_answers_at_once_give_one_winner(signpost: Signpost) -> None:
    """One answer counts; 49 get 409, and all of them name the winner."""
    run, link = signpost.drafted(topic="Fifty")
    other = signpost.links(run)["alex@contoso.com"]
    digest = signpost.see(link).json()["digest"]

    def answer(number: int) -> httpx.Response:
        text = {"acceptedText": f"Fifty, number {number}"}
        return signpost.sign(other if number % 2 else link, digest=digest, **text)

    with ThreadPoolExecutor(50) as crowd:
        answers = list(crowd.map(answer, range(50)))
    won = [told for told in answers if told.status_code == httpx.codes.OK]
    lost = [told for told in answers if told.status_code == httpx.codes.CONFLICT]
    assert (len(won), len(lost)) == (1, 49)
    assert {told.json()["decision"]["acceptedText"] for told in [*won, *lost]} == set(
        signpost.posts_once_there("Fifty, number")
    )
