"""A post of which nobody knows is resolved by a person's word: one word, at most one send."""

import asyncio
from datetime import timedelta
from functools import partial
from typing import Any

import msgspec
import pytest

from local.teams import Fault, LocalTeams
from signpost import posting, receipts, records, runs
from signpost.contracts import Ending, Posted
from signpost.ledger import Ledger, change
from signpost.oversight.answers import respond
from signpost.posting import STALE, Word, as_known
from signpost.problems import Decided, Over
from signpost.records import Post
from signpost.retention import _emptied
from signpost.settings import Settings, settings
from signpost.teams import cards
from signpost.teams.workflows import Workflows
from signpost.text import digest
from tests.builders import (
    MEGAN,
    NOW,
    RUN,
    TEXT,
    a_case,
    a_draft,
    a_request,
    a_round,
    a_run,
    get_post,
    handler,
    put,
    said,
    work,
)
from triggers import steering

SECOND = timedelta(seconds=1)
RESOLVE = handler(steering.resolve)
THERE, AGAIN = Word("it is there", MEGAN), Word("post again", MEGAN)


async def signed(ledger: Ledger, state: Any = None) -> None:
    """Bring the default run to where its post is in this state."""
    await put(ledger, records.RUN, a_run())
    await put(ledger, records.draft_row(1), a_draft())
    await put(ledger, records.round_row(1), respond(a_case(), NOW, said(), a_round()))
    if state:
        post = Post(digest=digest(TEXT), target="Teams", state=state, detail="", at=NOW)
        await put(ledger, records.post_row(1), post)


async def resolve(ledger: Ledger, config: Settings, word: Word, after: timedelta = SECOND) -> Post:
    """Say a word about the default run's post."""
    story = await runs.story(ledger, RUN)
    return await posting.resolve(ledger, Workflows(config), story, word, NOW + after)


async def test_a_person_may_say_that_it_is_there(
    ledger: Ledger, config: Settings, teams: LocalTeams
) -> None:
    """The post counts as posted, by whose word, and nothing is sent."""
    await signed(ledger, "unknown")
    post = await resolve(ledger, config, THERE)
    assert (post.state, post.resolved_by, post.at) == ("posted", MEGAN, NOW + SECOND)
    assert teams.channel == []


async def test_a_person_may_have_it_posted_again(
    ledger: Ledger, config: Settings, teams: LocalTeams
) -> None:
    """The same signed text goes out once more, by whose word."""
    await signed(ledger, "unknown")
    post = await resolve(ledger, config, AGAIN)
    assert (post.state, post.resolved_by, post.digest) == ("handed over", MEGAN, digest(TEXT))
    [received] = teams.channel
    assert cards.text_of(received.message["attachments"][0]["content"]) == TEXT


@pytest.mark.parametrize("word", [THERE, AGAIN])
@pytest.mark.parametrize("state", ["posted", "handed over", "failed", "released", "claimed"])
async def test_only_what_is_unknown_can_be_resolved(
    ledger: Ledger, config: Settings, teams: LocalTeams, state: Any, word: Word
) -> None:
    """Of anything else nobody's word is needed, and nothing is sent."""
    await signed(ledger, state)
    with pytest.raises(Decided, match=f"the post is {state}"):
        await resolve(ledger, config, word)
    assert ((await get_post(ledger)).state, teams.channel) == (state, [])


@pytest.mark.parametrize("word", [THERE, AGAIN])
async def test_before_a_post_there_is_nothing_to_resolve(
    ledger: Ledger, config: Settings, word: Word
) -> None:
    """A signed text whose posting has not begun, and a run without a round."""
    await signed(ledger)
    with pytest.raises(Decided, match="Nothing was posted"):
        await resolve(ledger, config, word)
    await ledger.delete(RUN, records.round_row(1))
    with pytest.raises(Decided, match="Nothing was posted"):
        await resolve(ledger, config, word)


@pytest.mark.parametrize("word,sent", [(THERE, 0), (AGAIN, 1)])
async def test_a_claim_left_alone_can_be_resolved(
    ledger: Ledger, config: Settings, teams: LocalTeams, word: Word, sent: int
) -> None:
    """An app that was stopped while posting may have sent it: five minutes later a person says."""
    await signed(ledger, "claimed")
    with pytest.raises(Decided):
        await resolve(ledger, config, word, STALE)
    await resolve(ledger, config, word, STALE + SECOND)
    assert len(teams.channel) == sent


@pytest.mark.parametrize("first", [THERE, AGAIN])
@pytest.mark.parametrize("second", [THERE, AGAIN])
async def test_the_second_word_comes_too_late(
    ledger: Ledger, config: Settings, teams: LocalTeams, first: Word, second: Word
) -> None:
    """One word settles it; whoever comes second hears how it stands."""
    await signed(ledger, "unknown")
    await resolve(ledger, config, first)
    with pytest.raises(Decided, match="nothing to resolve"):
        await resolve(ledger, config, second)
    assert len(teams.channel) == (first is AGAIN)


@pytest.mark.parametrize("second", [THERE, AGAIN])
async def test_a_word_on_an_old_look_changes_nothing(
    ledger: Ledger, config: Settings, teams: LocalTeams, second: Word
) -> None:
    """Two who saw it unknown at the same time: what counts is how it stands when they claim."""
    await signed(ledger, "unknown")
    seen = await runs.story(ledger, RUN)
    standing = await resolve(ledger, config, AGAIN)
    with pytest.raises(Decided, match="nothing to resolve"):
        await posting.resolve(ledger, Workflows(config), seen, second, NOW + 2 * SECOND)
    assert (await get_post(ledger), len(teams.channel)) == (standing, 1)


async def test_fifty_words_at_once_send_once(
    ledger: Ledger, config: Settings, teams: LocalTeams
) -> None:
    """However many press the button, one of them posts."""
    await signed(ledger, "unknown")
    words = [resolve(ledger, config, AGAIN) for _ in range(50)]
    ends = await asyncio.gather(*words, return_exceptions=True)
    assert len(teams.channel) == 1
    assert sum(isinstance(end, Post) for end in ends) == 1
    assert sum(isinstance(end, Decided) for end in ends) == 49


async def test_a_send_that_was_cut_off_is_unknown_again(
    ledger: Ledger, config: Settings, teams: LocalTeams
) -> None:
    """Killed after the claim, before the end was noted: under way first, then unknown."""
    await signed(ledger, "unknown")
    teams._faults["channel"].append(Fault(delay=0.5))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(resolve(ledger, config, AGAIN), 0.1)
    post = await get_post(ledger)
    claimed_at = NOW + SECOND
    assert as_known(post, claimed_at + STALE).state == "claimed"
    assert as_known(post, claimed_at + STALE + SECOND).state == "unknown"


async def test_after_a_cut_off_another_word_is_taken(
    ledger: Ledger, config: Settings, teams: LocalTeams
) -> None:
    """Not before it is known to be unknown, and then each word sends once at most."""
    await signed(ledger, "unknown")
    teams._faults["channel"].append(Fault(delay=0.5))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(resolve(ledger, config, AGAIN), 0.1)
    with pytest.raises(Decided):
        await resolve(ledger, config, AGAIN, SECOND + STALE)
    assert (await resolve(ledger, config, AGAIN, 2 * SECOND + STALE)).state == "handed over"
    assert len(teams.channel) == 2


@pytest.mark.parametrize(
    "fault",
    [Fault(status=500), Fault(status=429), Fault(status=403)],
    ids=lambda fault: str(fault.status),
)
async def test_a_second_post_that_fails_leaves_the_doubt(
    ledger: Ledger, config: Settings, teams: LocalTeams, fault: Fault
) -> None:
    """It is tried once; what became of the first is as unknown as before, and can be told."""
    await signed(ledger, "unknown")
    teams._faults["channel"].append(fault)
    assert (await resolve(ledger, config, AGAIN)).state == "unknown"
    assert (await get_post(ledger)).resolved_by == MEGAN
    assert (await resolve(ledger, config, THERE, SECOND)).state == "posted"


async def test_the_orchestration_does_not_post_after_a_word(
    ledger: Ledger, config: Settings, teams: LocalTeams
) -> None:
    """An activity that the host runs again late finds what the person said."""
    await signed(ledger, "unknown")
    await resolve(ledger, config, THERE)
    again = await posting.post_signed_text(ledger, Workflows(config), work())
    assert (again, teams.channel) == (Posted(delivery="posted"), [])


async def purged(ledger: Ledger) -> None:
    """Bring the default run to where its post is unknown and its texts are deleted."""
    await signed(ledger, "unknown")
    await change(ledger, RUN, records.RUN, records.Run, partial(_emptied, NOW))
    await ledger.delete(RUN, records.draft_row(1))
    await ledger.delete(RUN, records.round_row(1))


async def test_a_deleted_text_can_not_be_posted_again(
    ledger: Ledger, config: Settings, teams: LocalTeams
) -> None:
    """The reason is told, and the post stays unknown."""
    await purged(ledger)
    with pytest.raises(Over, match="deleted, as its flow says"):
        await resolve(ledger, config, AGAIN)
    assert ((await get_post(ledger)).state, teams.channel) == ("unknown", [])


async def test_a_deleted_text_may_still_be_there(ledger: Ledger, config: Settings) -> None:
    """Whoever sees it in Teams can say so, also after the texts are gone here."""
    await purged(ledger)
    assert (await resolve(ledger, config, THERE)).state == "posted"


async def test_another_text_than_the_signed_is_not_posted_again(
    ledger: Ledger, config: Settings, teams: LocalTeams
) -> None:
    """The last look before it goes out is taken here too."""
    await signed(ledger, "unknown")
    entry = await ledger.get(RUN, records.draft_row(1))
    assert entry is not None
    forged = entry.body.replace(b"terrace", b"tavern!")
    assert await ledger.replace(RUN, records.draft_row(1), forged, entry.etag)
    with pytest.raises(Decided, match="not the text that was signed"):
        await resolve(ledger, config, AGAIN)
    assert ((await get_post(ledger)).state, teams.channel) == ("unknown", [])


async def test_closing_keeps_a_persons_word(ledger: Ledger, config: Settings) -> None:
    """A run that is closed after the word says what the person said."""
    await signed(ledger, "unknown")
    await resolve(ledger, config, THERE)
    await receipts.write(ledger, config, Ending(work=work(), outcome="Approve"))
    assert (await get_post(ledger)).state == "posted"


async def test_a_word_that_was_cut_off_is_on_record(app_ledger: Ledger) -> None:
    """Before the next word counts, the receipt notes that somebody had it posted again."""
    config = settings()
    await signed(app_ledger, "unknown")
    await receipts.write(app_ledger, config, Ending(work=work(), outcome="Approve"))
    again = partial(posting._claim_again, MEGAN, NOW + SECOND)
    await change(app_ledger, RUN, records.post_row(1), Post, again)
    answer = await RESOLVE(a_request({"delivery": "it is there"}, id=RUN))
    assert answer.status_code == 200
    sealed = await receipts.read(app_ledger, config, await runs.story(app_ledger, RUN))
    words = [(e["who"], e["detail"]) for e in msgspec.json.decode(sealed or b"")["entries"]]
    assert words[-2:] == [(MEGAN, "unknown -> claimed"), (None, "claimed -> posted")]
