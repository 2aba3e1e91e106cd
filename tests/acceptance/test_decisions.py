"""However answers are doubled, shuffled or sent at once, each person decides once."""

import random
import time
from collections import Counter

import httpx2 as httpx
import pytest

from tests.acceptance.client import Signpost, crowd
from tests.acceptance.journal import Link
from tests.acceptance.sizes import RACES, SHUFFLED_RUNS
from tests.doubles.quick_model import say

TEN = [f"approver{number}@contoso.com" for number in range(1, 11)]
OK, CONFLICT = httpx.codes.OK, httpx.codes.CONFLICT


def test_shuffled_and_doubled_answers_count_once_each(signpost: Signpost) -> None:
    """Ten approvers a run, each answer sent one to three times in any order, 20 at once.

    8 runs in continuous integration, 1,000 at full size: ten answers a run, one of each person.
    """
    chance, name = random.Random(4), f"Shuffled {time.monotonic_ns()},"
    runs = crowd(lambda number: signpost.start(say(f"{name} {number}."), "ten"),
                 range(SHUFFLED_RUNS))  # fmt: skip
    links = [signpost.link(run, person) for run in runs for person in TEN]
    sent = [link for link in links for _ in range(chance.randint(1, 3))]
    chance.shuffle(sent)
    answers = crowd(signpost.sign, sent)
    counted = Counter(
        link for link, told in zip(sent, answers, strict=True) if told.status_code == OK
    )
    assert counted == Counter(links)
    assert {told.status_code for told in answers} == {OK, CONFLICT}
    assert all(crowd(lambda run: each_once(signpost, run), runs))


def each_once(signpost: Signpost, run: str) -> bool:
    """Say whether a run ended by ten approvals of ten people, and in one post."""
    story = signpost.wait(run, "closed")
    people = [each["responder"]["email"] for each in story["responses"]]
    once_each = sorted(people) == sorted(TEN)
    return once_each and signpost.posts().count(story["acceptedText"]) == 1


@pytest.mark.parametrize("flow", ["first", "custom-one"])
def test_50_answers_at_once_give_one_winner(signpost: Signpost, flow: str) -> None:
    """One answer counts; 49 get 409, and all of them name the winner, whose text is posted.

    3 races of each kind in continuous integration, 1,000 at full size.
    """
    for number in range(RACES):
        name = f"{flow} race {number},"
        run = signpost.start(flow=flow)
        links = [signpost.link(run), signpost.link(run, "alex@contoso.com")]
        answers = race(signpost, links, name)
        statuses = Counter(told.status_code for told in answers)
        assert statuses == {OK: 1, CONFLICT: 49}
        [told] = {told.json()["decision"]["comments"] for told in answers}
        assert signpost.posts_once_there(name) == [told]


def race(signpost: Signpost, links: list[Link], name: str) -> list[httpx.Response]:
    """Answer 50 times at once, each time with another text, and give what each was told."""
    seen = signpost.see(links[0]).json()
    response = seen["posts"][0]

    def answer(number: int) -> httpx.Response:
        text = f"{name} number {number}"
        link = links[number % len(links)]
        said = {"response": response, "acceptedText": text, "comments": text}
        return signpost.sign(link, digest=seen["digest"], **said)

    return crowd(answer, range(50), at_once=50)
