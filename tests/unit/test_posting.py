"""A signed text is sent at most once, and what is not known of it is said to be unknown."""

import asyncio
import socket
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from local.teams import Fault, LocalTeams
from signpost import posting, records
from signpost.contracts import MAX_ATTEMPTS, Posted
from signpost.ledger import Ledger
from signpost.oversight.answers import respond
from signpost.posting import post_signed_text
from signpost.records import Post
from signpost.runs import story
from signpost.settings import Settings
from signpost.teams import Sent, cards, workflows
from signpost.teams.workflows import Workflows
from signpost.text import digest
from tests.builders import (
    NOW,
    RUN,
    TEXT,
    a_case,
    a_config,
    a_draft,
    a_round,
    a_run,
    get_post,
    put,
    said,
    work,
)

pytestmark = pytest.mark.usefixtures("signed")


@pytest.fixture
async def signed(ledger: Ledger) -> None:
    """Bring a run to where its draft is signed."""
    decided = respond(a_case(), NOW, said(), a_round())
    await put(ledger, records.RUN, a_run())
    await put(ledger, records.draft_row(1), a_draft())
    await put(ledger, records.round_row(1), decided)


def claim(state: Any) -> Post:
    """Build a claim that an earlier attempt left in this state."""
    return Post(digest=digest(TEXT), target="Teams", state=state, detail="", at=NOW)


async def test_the_signed_text_is_posted(
    ledger: Ledger, config: Settings, teams: LocalTeams
) -> None:
    """What Teams gets is the signed text, handed over once."""
    assert await post_signed_text(ledger, Workflows(config), work()) == Posted(
        delivery="handed over"
    )
    [received] = teams.channel
    assert cards.text_of(received.message["attachments"][0]["content"]) == TEXT


async def test_the_ledger_keeps_what_was_posted(ledger: Ledger, config: Settings) -> None:
    """The claim ends with the digest, the target and what is known of the delivery."""
    await post_signed_text(ledger, Workflows(config), work())
    post = await get_post(ledger)
    assert (post.state, post.digest, post.at) == ("handed over", digest(TEXT), NOW)


async def test_a_second_run_of_the_activity_sends_nothing(
    ledger: Ledger, config: Settings, teams: LocalTeams
) -> None:
    """The host may run an activity again: it finds the claim."""
    first = await post_signed_text(ledger, Workflows(config), work())
    assert await post_signed_text(ledger, Workflows(config), work()) == first
    assert len(teams.channel) == 1


async def test_fifty_at_once_post_once(ledger: Ledger, config: Settings, teams: LocalTeams) -> None:
    """Of 50 concurrent attempts one sends."""
    attempts = [post_signed_text(ledger, Workflows(config), work()) for _ in range(50)]
    ends = [posted.delivery for posted in await asyncio.gather(*attempts)]
    assert len(teams.channel) == 1
    assert set(ends) <= {"handed over", "unknown"}


@pytest.mark.parametrize("state", ["posted", "handed over", "unknown", "failed"])
async def test_what_ended_stays(
    ledger: Ledger, config: Settings, teams: LocalTeams, state: Any
) -> None:
    """No attempt follows on one whose end is known, or can't be known."""
    await put(ledger, records.post_row(1), claim(state))
    assert (await post_signed_text(ledger, Workflows(config), work())).delivery == state
    assert teams.channel == []


async def test_a_crash_after_the_claim_is_unknown(
    ledger: Ledger, config: Settings, teams: LocalTeams
) -> None:
    """A claim that nobody finished may be out: nothing is sent, and that is said."""
    await put(ledger, records.post_row(1), claim("claimed"))
    assert await post_signed_text(ledger, Workflows(config), work()) == Posted(delivery="unknown")
    assert teams.channel == []


async def test_what_was_given_back_is_sent(
    ledger: Ledger, config: Settings, teams: LocalTeams
) -> None:
    """After an attempt that certainly did not go out, the next one posts."""
    await put(ledger, records.post_row(1), claim("released"))
    assert (await post_signed_text(ledger, Workflows(config), work(2))).delivery == "handed over"
    assert len(teams.channel) == 1


FAULTS = [
    (Fault(status=408), "unknown"),
    (Fault(status=500), "unknown"),
    (Fault(status=502), "unknown"),
    (Fault(status=503), "unknown"),
    (Fault(status=504), "unknown"),
    (Fault(close=True), "unknown"),
    (Fault(status=500, close=True), "unknown"),
    (Fault(status=301), "failed"),
    (Fault(status=307), "failed"),
    (Fault(status=400), "failed"),
    (Fault(status=401), "failed"),
    (Fault(status=403), "failed"),
    (Fault(status=404), "failed"),
    (Fault(status=413), "failed"),
    (Fault(status=412), "released"),
    (Fault(status=429), "released"),
    (Fault(status=200), "handed over"),
]


@pytest.mark.parametrize("fault,delivery", FAULTS, ids=str)
async def test_each_answer_means_one_thing(
    ledger: Ledger, config: Settings, teams: LocalTeams, fault: Fault, delivery: str
) -> None:
    """Only what certainly did not go out is given back; what may be out is unknown."""
    teams._faults["channel"].append(fault)
    posted = await post_signed_text(ledger, Workflows(config), work())
    assert posted.delivery == delivery
    assert (await get_post(ledger)).state == delivery
    assert (posted.retry_after is not None) == (delivery == "released")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_not_followed(ledger: Ledger, teams: LocalTeams, status: int) -> None:
    """Whoever answers in the webhook's place can't send the text elsewhere."""

    async def elsewhere(_: web.Request) -> web.Response:
        return web.Response(status=status, headers={"Location": f"{teams.url}/channel"})

    app = web.Application()
    app.router.add_post("/channel", elsewhere)
    async with TestServer(app, host="127.0.0.1") as server:
        config = a_config(channel_webhook_url=str(server.make_url("/channel")))
        posted = await post_signed_text(ledger, Workflows(config), work())
    assert (posted.delivery, teams.channel) == ("failed", [])


async def test_a_slow_answer_is_unknown(
    ledger: Ledger, config: Settings, teams: LocalTeams
) -> None:
    """Who does not answer in time may have taken it."""
    teams._faults["channel"].append(Fault(delay=0.6))
    posted = await post_signed_text(ledger, Workflows(config, timeout_seconds=0.4), work())
    assert posted == Posted(delivery="unknown")


async def test_a_refused_connection_is_given_back(ledger: Ledger, teams: LocalTeams) -> None:
    """Where nobody listens nothing can be out, so it is tried again."""
    config = a_config(channel_webhook_url=f"{teams.url}/channel")
    await teams.stop()
    posted = await post_signed_text(ledger, Workflows(config), work())
    assert posted == Posted(delivery="released", retry_after=timedelta(seconds=15))


async def test_a_hanging_connection_is_given_back(ledger: Ledger) -> None:
    """Where nobody takes the connection no byte is out, so it is tried again."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server, socket.socket() as filler:
        filler.connect(server.getsockname())
        config = a_config(channel_webhook_url=f"http://127.0.0.1:{server.getsockname()[1]}/channel")
        posted = await post_signed_text(ledger, Workflows(config, timeout_seconds=0.2), work())
    assert posted.delivery == "released"


async def test_the_last_attempt_fails(ledger: Ledger, config: Settings, teams: LocalTeams) -> None:
    """What never went out in all attempts has failed, and nothing is left to try."""
    teams._faults["channel"].append(Fault(status=429))
    posted = await post_signed_text(ledger, Workflows(config), work(MAX_ATTEMPTS))
    assert posted == Posted(delivery="failed")
    assert (await get_post(ledger)).detail.endswith("It was not tried again.")


async def test_another_text_than_the_signed_is_refused(
    ledger: Ledger, config: Settings, teams: LocalTeams
) -> None:
    """Were the draft changed after it was signed, nothing would be sent, and that is said."""
    entry = await ledger.get(RUN, records.draft_row(1))
    assert entry is not None
    forged = entry.body.replace(b"terrace", b"tavern!")
    assert await ledger.replace(RUN, records.draft_row(1), forged, entry.etag)
    assert await post_signed_text(ledger, Workflows(config), work()) == Posted(delivery="failed")
    assert teams.channel == []
    assert "not the text that was signed" in (await get_post(ledger)).detail


async def end(ledger: Ledger) -> Post:
    """End the default run's posting, and give what is known of it then."""
    await posting.end(ledger, await story(ledger, RUN), NOW)
    return await get_post(ledger)


@pytest.mark.parametrize(
    "state,ended",
    [("claimed", "unknown"), ("released", "failed"), ("handed over", "handed over")],
)
async def test_a_run_that_ends_says_what_is_known(ledger: Ledger, state: Any, ended: str) -> None:
    """A run that was stopped while posting does not leave its post half way."""
    await put(ledger, records.post_row(1), claim(state))
    assert (await end(ledger)).state == ended


async def test_nothing_is_sent_after_the_end(
    ledger: Ledger, config: Settings, teams: LocalTeams
) -> None:
    """An attempt that comes late, when the run was already ended without a post, sends nothing."""
    await end(ledger)
    assert await post_signed_text(ledger, Workflows(config), work()) == Posted(delivery="failed")
    assert teams.channel == []


@pytest.mark.parametrize("known,state", [(None, "failed"), ("handed over", "handed over")])
async def test_news_of_an_abandoned_attempt_is_noted(known: Any, state: str) -> None:
    """An attempt given up as unknown may still learn its end, but is not tried again."""
    assert posting._note(Sent(known, "Late news."), NOW, claim("unknown")).state == state


@pytest.mark.parametrize("state", ["posted", "failed", "released", "handed over"])
async def test_late_news_change_no_end(state: str) -> None:
    """What was noted since, by a person or another attempt, is not overwritten."""
    noted = claim(state)
    assert posting._note(Sent("unknown", "Late news."), NOW, noted) is noted


async def test_late_news_are_of_their_own_attempt() -> None:
    """A claim that was made since is another attempt's."""
    later = claim("claimed")
    assert posting._note(Sent(None, "Late."), NOW - timedelta(minutes=9), later) is later


@pytest.mark.parametrize("body", ["HTTP error 429", '{"error": {"code": "x"}}', "Webhook Error"])
def test_an_error_text_is_no_success(body: str) -> None:
    """Older webhooks answer 200 with the error as text."""
    assert workflows._read(200, body, {}, NOW).delivery == "failed"


def test_teams_own_wait_is_kept() -> None:
    """The next attempt is not before the time that Teams asks for."""
    sent = workflows._read(429, "", {"retry-after": "90"}, NOW)
    assert sent.retry_after == timedelta(seconds=90)


async def test_what_goes_wrong_tells_no_address(ledger: Ledger, teams: LocalTeams) -> None:
    """A webhook's URL is a secret, so no detail repeats it."""
    config = a_config(channel_webhook_url=f"{teams.url}/channel?sig=secret")
    await teams.stop()
    await post_signed_text(ledger, Workflows(config), work())
    assert teams.url.rpartition(":")[2] not in (await get_post(ledger)).detail
