"""A receipt closes the run: nobody signs, cancels or posts afterwards, and it stays as sealed."""

import asyncio
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from local.teams import LocalTeams
from signpost import posting, records, runs, views
from signpost.contracts import REQUEST_CHANGES, Ending, Outcome, Posted
from signpost.ledger import Ledger
from signpost.oversight import steering
from signpost.oversight.answers import respond
from signpost.posting import Word
from signpost.problems import Over
from signpost.receipts import read, write
from signpost.receipts.sealing import public_keys, verify
from signpost.records import Post, Round
from signpost.settings import Settings
from signpost.teams.workflows import Workflows
from signpost.text import digest
from tests.builders import (
    ADELE,
    KEY,
    MEGAN,
    NOW,
    OLD_KEY,
    RUN,
    TEXT,
    a_case,
    a_config,
    a_draft,
    a_flow,
    a_round,
    a_run,
    get_post,
    get_round,
    put,
    said,
    work,
)

HOUR = timedelta(hours=1)
CHANGES: dict[str, Any] = {"allow_request_changes": True}
CONFIG = a_config()
CANCELED = steering.cancel(a_case(), NOW, None, a_round())


def ending(outcome: Outcome = "Failed", failure: str | None = None) -> Ending:
    """Build what an orchestration ends with."""
    return Ending(work=work(), outcome=outcome, failure=failure)


def decided(response: str = "Approve", **fields: Any) -> Round:
    """Build a round that Adele decided."""
    return respond(a_case(**CHANGES), NOW, said(ADELE, response, **fields), a_round(**CHANGES))


async def a_story(ledger: Ledger, standing: Round | None = None, state: Any = None) -> None:
    """Bring the default run to this round, with its post in this state."""
    await put(ledger, records.RUN, a_run(flow=a_flow(**CHANGES)))
    if standing:
        await put(ledger, records.draft_row(1), a_draft())
        await put(ledger, records.round_row(1), standing)
    if state:
        post = Post(digest=digest(TEXT), target="Teams", state=state, detail="", at=NOW)
        await put(ledger, records.post_row(1), post)


async def sealed(ledger: Ledger, config: Settings = CONFIG) -> bytes:
    """Give the receipt of the default run."""
    receipt = await read(ledger, config, await runs.story(ledger, RUN))
    assert receipt is not None
    return receipt


async def contents(ledger: Ledger) -> Any:
    """Read the receipt of the default run, after checking its seal."""
    raw = await sealed(ledger)
    verify(raw, [each["publicKey"] for each in public_keys([KEY])])
    return msgspec.json.decode(raw)


async def detail(ledger: Ledger) -> str:
    """Read the sentence that a run shows."""
    return views.run_view(await runs.story(ledger, RUN), NOW).detail


async def test_there_is_no_receipt_before_the_end(ledger: Ledger) -> None:
    """What is not closed has nothing to show."""
    await a_story(ledger, decided())
    assert await read(ledger, CONFIG, await runs.story(ledger, RUN)) is None


async def test_a_receipt_is_written_once(ledger: Ledger) -> None:
    """When the host runs the activity again, the first receipt stays, and is what is told."""
    await a_story(ledger, decided(), "handed over")
    first, raw = await write(ledger, CONFIG, ending("Approve")), await sealed(ledger)
    later = msgspec.structs.replace(ending("Failed", "Late."), work=work(after=HOUR))
    again = await write(ledger, CONFIG, later)
    assert (again.outcome, again.failure) == (first.outcome, first.failure) == ("Approve", None)
    assert await sealed(ledger) == raw


async def test_ten_at_once_write_one_receipt(ledger: Ledger) -> None:
    """Whoever closes the run first has closed it."""
    await a_story(ledger)
    endings = [ending("Failed", f"Reason {number}.") for number in range(10)]
    told = await asyncio.gather(*(write(ledger, CONFIG, each) for each in endings))
    failure = msgspec.json.decode(await sealed(ledger))["failure"]
    assert {each.failure for each in told} == {failure}


async def test_a_redelivered_end_of_a_deleted_run_changes_nothing(ledger: Ledger) -> None:
    """After the texts are gone the run is what its receipt says, and is not deleted again."""
    await a_story(ledger, decided(), "handed over")
    await write(ledger, CONFIG, ending("Approve"))
    for row in (records.draft_row(1), records.round_row(1)):
        await ledger.delete(RUN, row)
    assert (await write(ledger, CONFIG, ending("Failed", "Late."))).outcome == "Approve"
    assert (await runs.story(ledger, RUN)).run.failed_at is None


async def test_an_open_round_ends_with_the_run(ledger: Ledger) -> None:
    """A run that was stopped leaves no round open that somebody could still sign."""
    await a_story(ledger, a_round())
    assert (await write(ledger, CONFIG, ending("Failed", "Stopped."))).failure == "Stopped."
    with pytest.raises(Over):
        respond(a_case(), NOW, said(), await get_round(ledger))


async def test_a_deadline_that_passed_unnoted_is_the_outcome(ledger: Ledger) -> None:
    """Who came late was told that it expired, and the receipt says no other thing."""
    await a_story(ledger, a_round())
    late = msgspec.structs.replace(work(), now=NOW + 31 * 24 * HOUR)
    closed = await write(ledger, CONFIG, Ending(work=late, outcome="Failed"))
    standing = await get_round(ledger)
    assert (closed.outcome, standing.closed_at) == ("Expired", standing.expires_at)


@pytest.mark.parametrize(
    "standing,outcome",
    [(decided(), "Approve"), (decided("Reject"), "Reject"), (CANCELED, "Canceled")],
)
async def test_the_ledger_decides_the_outcome(
    ledger: Ledger, standing: Round, outcome: str
) -> None:
    """An orchestration that failed does not undo what somebody decided."""
    await a_story(ledger, standing)
    assert (await write(ledger, CONFIG, ending("Failed", "Stopped."))).outcome == outcome
    assert (await contents(ledger))["outcome"] == outcome


async def test_a_run_between_two_rounds_fails(ledger: Ledger) -> None:
    """A request for changes is no outcome: the run ends with what stopped it."""
    await a_story(ledger, decided(REQUEST_CHANGES))
    ended = await write(ledger, CONFIG, ending("Failed", "The model refused."))
    assert (ended.outcome, ended.failure) == ("Failed", "The model refused.")
    assert (await get_round(ledger)).outcome == REQUEST_CHANGES


async def test_a_cancel_between_two_rounds_wins(ledger: Ledger) -> None:
    """Who was told that the run is canceled does not find it failed later."""
    await a_story(ledger, decided(REQUEST_CHANGES))
    await runs.cancel(ledger, RUN, "Not needed.", MEGAN, NOW)
    assert (await write(ledger, CONFIG, ending("Failed", "The model refused."))).outcome == (
        "Canceled"
    )


async def test_a_signed_text_that_was_not_posted_is_said_so(ledger: Ledger) -> None:
    """A run that stopped between signature and post shows both."""
    await a_story(ledger, decided())
    await write(ledger, CONFIG, ending("Failed", "Stopped."))
    assert await detail(ledger) == f"The post did not reach Teams; signed by {ADELE}."
    assert (await contents(ledger))["delivery"]["state"] == "failed"


@pytest.mark.parametrize("state,known", [("claimed", "unknown"), ("released", "failed")])
async def test_a_post_half_way_is_said_so(ledger: Ledger, state: str, known: str) -> None:
    """A run that stopped while posting is closed with what is known, and can be looked at."""
    await a_story(ledger, decided(), state)
    await write(ledger, CONFIG, ending("Failed", "Stopped."))
    assert (await get_post(ledger)).state == known
    assert (await contents(ledger))["delivery"]["state"] == known


async def test_nothing_is_posted_after_the_receipt(
    ledger: Ledger, config: Settings, teams: LocalTeams
) -> None:
    """An activity of a stopped orchestration that comes late finds that it is over."""
    await a_story(ledger, decided())
    await write(ledger, CONFIG, ending("Failed", "Stopped."))
    late = await posting.post_signed_text(ledger, Workflows(config), work())
    assert (late, teams.channel) == (Posted(delivery="failed"), [])


async def test_a_run_without_a_draft_fails(ledger: Ledger) -> None:
    """Without a round the ending's own words count."""
    await a_story(ledger)
    await write(ledger, CONFIG, ending("Failed", "The model refused."))
    assert await detail(ledger) == "The model refused. Nothing was posted."


async def test_a_cancel_before_the_draft_wins(ledger: Ledger) -> None:
    """Who was told that the run is canceled does not find it failed later."""
    await a_story(ledger)
    await runs.cancel(ledger, RUN, "Not needed.", MEGAN, NOW)
    assert (await write(ledger, CONFIG, ending("Failed", "Refused."))).outcome == "Canceled"


@pytest.mark.parametrize("standing", [None, decided(), decided(REQUEST_CHANGES)])
async def test_a_closed_run_can_not_be_canceled(ledger: Ledger, standing: Round | None) -> None:
    """A run with a receipt is over, however it ended."""
    await a_story(ledger, standing)
    await write(ledger, CONFIG, ending("Failed", "Stopped."))
    with pytest.raises(Over):
        await runs.cancel(ledger, RUN, "", None, NOW)
    assert (await runs.story(ledger, RUN)).run.canceled_at is None


@pytest.mark.parametrize("outcome", ["Approve", "Reject", "Print it", "Expired", "Failed"])
async def test_every_outcome_can_be_closed(ledger: Ledger, outcome: Outcome) -> None:
    """Whatever an orchestration ends with, there is a receipt to read."""
    await a_story(ledger)
    await write(ledger, CONFIG, ending(outcome))
    assert (await contents(ledger))["run"] == RUN


async def unknown(ledger: Ledger, config: Settings = CONFIG) -> None:
    """Close the default run with a post of which nobody knows."""
    await a_story(ledger, decided(), "unknown")
    await write(ledger, config, ending("Approve"))


async def resolve(ledger: Ledger, config: Settings, how: Any = "it is there") -> None:
    """Let Megan say what became of the post, an hour later."""
    story = await runs.story(ledger, RUN)
    await posting.resolve(ledger, Workflows(config), story, Word(how, MEGAN), NOW + HOUR)


@pytest.mark.parametrize("how,state", [("it is there", "posted"), ("post again", "handed over")])
async def test_a_word_about_the_post_is_added(
    ledger: Ledger, config: Settings, how: str, state: str
) -> None:
    """What was sealed stays; who said what, when, and what it was before, comes after it."""
    await unknown(ledger)
    before = (await contents(ledger))["entries"]
    await resolve(ledger, config, how)
    after = await contents(ledger)
    added = after["entries"][-1]
    assert after["entries"][:-1] == before
    told = (added["what"], added["who"], added["at"], added["detail"])
    assert told == ("resolved", MEGAN, "2026-11-22T11:00:00Z", f"unknown -> {state}")
    assert after["delivery"]["state"] == state


async def test_a_word_is_added_once(ledger: Ledger, config: Settings) -> None:
    """Whoever reads the receipt again, and ten at a time, gets the same bytes."""
    await unknown(ledger)
    await resolve(ledger, config)
    first = await sealed(ledger)
    assert set(await asyncio.gather(*(sealed(ledger) for _ in range(10)))) == {first}


async def test_each_word_is_added(ledger: Ledger, config: Settings) -> None:
    """A second post that was cut off, and what a person said of it then, both stand there."""
    await unknown(ledger)
    claim = msgspec.structs.replace(await get_post(ledger), state="claimed", resolved_by=ADELE)
    entry = await ledger.get(RUN, records.post_row(1))
    assert entry is not None
    await ledger.replace(RUN, records.post_row(1), msgspec.json.encode(claim), entry.etag)
    await contents(ledger)
    await resolve(ledger, config)
    words = [e for e in (await contents(ledger))["entries"] if e["what"] == "resolved"]
    told = [(each["who"], each["detail"]) for each in words]
    assert told == [(ADELE, "unknown -> claimed"), (MEGAN, "claimed -> posted")]


async def test_a_word_is_signed_by_the_newest_key(ledger: Ledger, config: Settings) -> None:
    """A receipt of an older key that still counts is signed anew when something is added."""
    await unknown(ledger, a_config(signing_keys=(OLD_KEY,)))
    await resolve(ledger, config)
    both = a_config(signing_keys=(KEY, OLD_KEY))
    new, _ = public_keys([KEY, OLD_KEY])
    assert verify(await sealed(ledger, both)).key_id == new["keyId"]


async def test_a_receipt_of_a_removed_key_stays(ledger: Ledger, config: Settings) -> None:
    """Nobody's seal is put on what was sealed by a key that counts no more."""
    await unknown(ledger, a_config(signing_keys=(OLD_KEY,)))
    before = await sealed(ledger, a_config(signing_keys=(OLD_KEY,)))
    await resolve(ledger, config)
    assert await sealed(ledger) == before
    assert verify(before).key_id == public_keys([OLD_KEY])[0]["keyId"]


async def test_a_new_key_changes_no_receipt(ledger: Ledger) -> None:
    """While nothing is added, a receipt is served as it was sealed."""
    await unknown(ledger, a_config(signing_keys=(OLD_KEY,)))
    old = await sealed(ledger, a_config(signing_keys=(OLD_KEY,)))
    assert await sealed(ledger, a_config(signing_keys=(KEY, OLD_KEY))) == old


BROKEN = [
    b"", b"{", b"null", b"[]", b"7", b"\xff\xfe", b"{}", b"\x00" * 9, b"[" * 100_000,
    b'{"delivery":7}', b'{"outcome":7,"closedAt":"x","delivery":{}}',
    b'{"outcome":"Approve","closedAt":"2026-11-22T10:00:00Z","delivery":{"state":"failed"}}',
]  # fmt: skip


@pytest.mark.parametrize("raw", BROKEN, ids=lambda raw: repr(raw[:20]))
async def test_a_broken_receipt_is_served_as_it_is(
    ledger: Ledger, config: Settings, raw: bytes
) -> None:
    """The run stays readable and closed, and whoever checks the bytes finds out."""
    await a_story(ledger, decided(), "unknown")
    assert await ledger.insert(RUN, records.RECEIPT, raw)
    await resolve(ledger, config)
    assert await sealed(ledger) == raw
    story = await runs.story(ledger, RUN)
    assert (story.state, views.run_view(story, NOW).outcome) == ("closed", "Approve")
