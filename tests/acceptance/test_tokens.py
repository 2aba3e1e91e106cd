"""Only the approver's own link opens an approval, and it does so once."""

import random
import string
import time

import httpx2 as httpx

from tests.acceptance.client import Link, Signpost, crowd
from tests.acceptance.sizes import MUTATED_TOKENS
from tests.doubles.quick_model import say


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


def test_changed_tokens_are_refused_with_one_answer(signpost: Signpost) -> None:
    """One byte changed, dropped or added anywhere: always the same 401, and nothing is decided.

    100 in continuous integration, 1,000 at full size; tests/unit/test_links.py changes each byte.
    """
    _, link = signpost.drafted(topic="Changed")
    chance = random.Random(19)
    tokens = [changed(link.token, chance) for _ in range(MUTATED_TOKENS)]
    answers = crowd(lambda token: signpost.sign(link._replace(token=token), digest=""), tokens)
    assert {told.status_code for told in answers} == {httpx.codes.UNAUTHORIZED}
    assert len({told.content for told in answers}) == 1
    assert signpost.see(link).json()["state"] == "open"


def changed(token: str, chance: random.Random) -> str:
    """Change a token in one place."""
    place = chance.randrange(len(token))
    letters = string.ascii_letters + string.digits + "-_.~"
    other = chance.choice(letters.replace(token[place], ""))
    kept = chance.choice(["", other, other + token[place]])
    return token[:place] + kept + token[place + 1 :]


def test_a_replayed_answer_has_one_effect(signpost: Signpost) -> None:
    """The same request 100 times, 20 at once: it counts once, and 99 get one and the same 409."""
    run, link = signpost.drafted(topic=say(f"Replayed {time.monotonic_ns()}."))
    seen = signpost.see(link).json()
    answers = crowd(lambda _: signpost.sign(link, digest=seen["digest"]), range(100))
    lost = [told for told in answers if told.status_code == httpx.codes.CONFLICT]
    assert [told.status_code for told in answers].count(httpx.codes.OK) == 1
    assert (len(lost), len({told.content for told in lost})) == (99, 1)
    assert len(signpost.wait(run, "closed")["responses"]) == 1
    assert signpost.posts(seen["text"]) == [seen["text"]]
