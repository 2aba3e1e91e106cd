"""What is forged, forwarded, outdated or claimed opens nothing and changes nothing."""

import asyncio
from base64 import urlsafe_b64decode
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from signpost.runs import story
from tests.builders import ADELE, ALEX, KEY, MEGAN, OLD_KEY, RUN, get_round, json_of
from tests.routed import (
    BODIES,
    BY_NAME,
    DIEGO,
    Site,
    signed_in,
    switched,
    token_for,
    waiting,
)

POSTS = [name for name, operation in BY_NAME.items() if operation.method == "post"]


def mutations(token: str) -> list[str]:
    """Change each letter of a token, cut it, stretch it, and sign nothing."""
    letters = [
        f"{token[:i]}{'A' if c != 'A' else 'B'}{token[i + 1 :]}" for i, c in enumerate(token)
    ]
    payload, _, signature = token.rpartition(".")
    parts = [payload, f"{payload}.", f".{signature}", f"{payload}.none", f"{token}A", token[:-1]]
    return [*letters, *parts, f"eyJhbGciOiJub25lIn0.{payload}.", token + "=", f"{token} ", " "]


async def test_every_changed_token_is_refused(site: Site) -> None:
    """Each changed letter, cut or unsigned token gets one and the same 401."""
    await waiting(site.ledger)
    [good] = token_for(ADELE).values()
    assert urlsafe_b64decode(good.partition(".")[0] + "==")
    forged = [{"X-Approval-Token": token} for token in mutations(good)]
    answers = [await site.send("answer", each) for each in forged]
    assert {each.status_code for each in answers} == {401}
    assert len({each.get_body() for each in answers}) == 1
    assert (await get_round(site.ledger)).responses == []


MISUSED: list[Any] = [
    partial(token_for, ADELE, 2),
    partial(token_for, ADELE, run="0" * 32),
    partial(token_for, ADELE, good_for=-timedelta(seconds=1)),
    partial(token_for, ADELE, key=OLD_KEY),
    dict,
]


@pytest.mark.parametrize("made", MISUSED, ids=["round", "run", "expired", "old key", "none"])
async def test_tokens_of_other_things_are_refused(
    site: Site, made: Callable[[], dict[str, str]]
) -> None:
    """A token that is rightly signed for something else looks like any forged one."""
    await waiting(site.ledger)
    forged = await site.send("answer", {"X-Approval-Token": "x"})
    answer = await site.send("answer", made())
    assert (answer.status_code, answer.get_body()) == (401, forged.get_body())


async def test_a_rotated_key_opens_until_it_is_removed(site: Site) -> None:
    """The links of the old key go on while it is listed second."""
    site.mode("off", SIGNPOST_SIGNING_KEYS=f"{KEY},{OLD_KEY}")
    await waiting(site.ledger)
    answer = await site.send("showApproval", token_for(ADELE, key=OLD_KEY))
    assert answer.status_code == 200


async def test_an_answer_that_is_sent_again_counts_once(site: Site) -> None:
    """A hundred times the same, all at once: one counts, and all others hear the same."""
    await waiting(site.ledger)
    link = token_for(ADELE)
    answers = await asyncio.gather(*(site.send("answer", link) for _ in range(100)))
    refused = [each for each in answers if each.status_code == 409]
    assert sorted({each.status_code for each in answers}) == [200, 409]
    assert (len(refused), len({each.get_body() for each in refused})) == (99, 1)
    assert len((await get_round(site.ledger)).responses) == 1


@pytest.mark.parametrize("sign_in", ["on", "required", "local"])
@pytest.mark.parametrize("name", ["showApproval", "answer", "handOn"])
async def test_a_forwarded_link_opens_nothing(
    site: Site, caplog: pytest.LogCaptureFixture, sign_in: str, name: str
) -> None:
    """Alex, who is asked as well, can't use Adele's link; the log tells of it without the token."""
    site.mode(sign_in)
    await waiting(site.ledger, enable_reassignment=True)
    link, alex = token_for(ADELE), signed_in(ALEX) | switched(ALEX)
    answer = await site.send(name, link | alex)
    assert (answer.status_code, (await get_round(site.ledger)).responses) == (403, [])
    assert f"The link of approval {RUN}-1 was used by somebody else." in caplog.text
    assert link["X-Approval-Token"] not in caplog.text


async def test_a_link_alone_opens_only_where_sign_in_is_not_required(site: Site) -> None:
    """With `on` a link is enough, with `required` even a good one asks to sign in first."""
    await waiting(site.ledger)
    site.mode("on")
    assert (await site.send("showApproval", token_for(ADELE))).status_code == 200
    site.mode("required")
    good = await site.send("showApproval", token_for(ADELE))
    bad = await site.send("showApproval", {"X-Approval-Token": "x"})
    assert (good.status_code, good.get_body()) == (401, bad.get_body())


ALIASES = [MEGAN, MEGAN.upper(), "33333333-3333-3333-3333-333333333333"]


@pytest.mark.parametrize("requestor", ALIASES)
@pytest.mark.parametrize("name", ["showApproval", "answer", "handOn"])
async def test_nobody_signs_their_own_text(site: Site, requestor: str, name: str) -> None:
    """Whoever asks is refused by page and API, by link and sign-in, under every name."""
    site.mode("on")
    await waiting(site.ledger, enable_reassignment=True)
    ways = [signed_in(MEGAN), token_for(requestor), token_for(requestor) | signed_in(MEGAN)]
    answers = [await site.send(name, headers) for headers in ways]
    assert [each.status_code for each in answers] == [403, 403, 403]
    assert (await get_round(site.ledger)).responses == []


@pytest.mark.parametrize("to", ALIASES)
@pytest.mark.parametrize("name,came", [("reassign", ALEX), ("handOn", None)])
async def test_nobody_is_handed_their_own_text(
    site: Site, to: str, name: str, came: str | None
) -> None:
    """Neither an operator nor an approver can make the one who asks a signer."""
    site.mode("on")
    await waiting(site.ledger, enable_reassignment=True)
    who = signed_in(DIEGO if came else ADELE)
    body = {"to": to} | ({"from": came} if came else {})
    answer = await site.send(name, who, body=body)
    assert (answer.status_code, json_of(answer)["field"]) == (422, "to")


@pytest.mark.parametrize("field", ["approver", "responder", "requestor", "you", "person"])
@pytest.mark.parametrize("name", POSTS)
async def test_bodies_can_name_nobody(site: Site, name: str, field: str) -> None:
    """Who acts is proved by the request's headers, so a body that says so is refused."""
    site.mode("on")
    await site.prepare(name)
    before = await site.ledger.rows(RUN)
    person = ADELE if BY_NAME[name].access == "link" else DIEGO
    answer = await site.send(name, signed_in(person), body=BODIES[name] | {field: ALEX})
    assert (answer.status_code, json_of(answer)["field"]) == (422, field)
    assert await site.ledger.rows(RUN) == before


@pytest.mark.parametrize("named", [{}, {"requestor": MEGAN.upper()}])
async def test_who_starts_a_run_is_who_is_signed_in(site: Site, named: dict[str, str]) -> None:
    """The run belongs to them, whether they name nobody or themselves under another name."""
    site.mode("on")
    body = BODIES["startRun"] | named
    answer = await site.send("startRun", signed_in(MEGAN), body=body)
    assert (await story(site.ledger, json_of(answer)["id"])).run.requestor == MEGAN
