"""A round is opened once, told to its approvers, answered once, and ended on time."""

import asyncio
from datetime import timedelta

import msgspec
import pytest
from msgspec.structs import replace

from local.teams import Fault, LocalTeams
from signpost import records, rounds, runs
from signpost.contracts import Standing
from signpost.ledger import Ledger
from signpost.links import approver_of
from signpost.oversight.upkeep import LONGEST_TIMER
from signpost.people import LONGEST_ADDRESS
from signpost.problems import Decided, Invalid, Problem
from signpost.settings import Settings
from signpost.teams import MAX_BYTES, cards, size_of
from tests.builders import (
    ADELE,
    ALEX,
    MEGAN,
    NOW,
    RUN,
    TEXT,
    a_config,
    a_draft,
    a_run,
    get_round,
    put,
    work,
)
from tests.unit.opened_rounds import answer, drafted

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


async def test_an_opened_round_waits(ledger: Ledger, config: Settings) -> None:
    """The orchestration is told which wait comes next, and until when."""
    await drafted(ledger)
    standing = await rounds.open_up(ledger, config, work())
    assert standing == Standing(slot=1, wake_at=NOW + LONGEST_TIMER)


async def test_each_approver_gets_an_own_link(
    ledger: Ledger, config: Settings, teams: LocalTeams
) -> None:
    """Everybody assigned is told alone, with a link that opens this approval as that person."""
    await drafted(ledger)
    await rounds.open_up(ledger, config, work())
    for person in (ADELE, ALEX):
        [received] = teams.chats[person]
        link = received.message["attachments"][0]["content"]["actions"][0]["url"]
        assert approver_of(link.partition("#")[2], f"{RUN}-1", config, NOW).approver == person


async def test_approvers_are_told_of_a_choice(
    ledger: Ledger, config: Settings, teams: LocalTeams
) -> None:
    """The message counts the drafts that can be chosen, of which it shows the first."""
    await put(ledger, records.RUN, a_run())
    await put(ledger, records.draft_row(1), a_draft(others=["Another.", TEXT, "A third."]))
    await rounds.open_up(ledger, config, work())
    [received] = teams.chats[ADELE]
    body = received.message["attachments"][0]["content"]["body"]
    assert body[-1]["inlines"][0]["text"].startswith("This is the first of 3 drafts")
    assert "Another." not in str(body)


async def test_who_asks_gets_no_link(ledger: Ledger, config: Settings, teams: LocalTeams) -> None:
    """The requester is neither told nor among those who may sign."""
    await drafted(ledger, assigned_to=[MEGAN, ADELE])
    await rounds.open_up(ledger, config, work())
    assert teams.chats.keys() == {ADELE}


async def test_opening_twice_tells_once(
    ledger: Ledger, config: Settings, teams: LocalTeams
) -> None:
    """An activity that the host runs again keeps the round and bothers nobody twice."""
    await drafted(ledger)
    first = await rounds.open_up(ledger, config, work())
    assert await rounds.open_up(ledger, config, work()) == first
    assert len(teams.chats[ADELE]) == 1


async def test_who_could_not_be_told_is_told_later(
    ledger: Ledger, config: Settings, teams: LocalTeams
) -> None:
    """A notice that failed is sent again soon, to that person alone."""
    teams._faults["chat"].append(Fault(status=500))
    await drafted(ledger, assigned_to=[ADELE])
    standing = await rounds.open_up(ledger, config, work())
    assert standing.wake_at == NOW + 2 * MINUTE
    await rounds.settle(ledger, config, work(2, after=2 * MINUTE))
    assert (await get_round(ledger)).notified == [ADELE]
    assert len(teams.chats[ADELE]) == 1


async def test_no_way_to_tell_anybody_is_told_in_the_run(ledger: Ledger) -> None:
    """Without a chat webhook the round waits all the same, with nobody noted as told."""
    await drafted(ledger)
    standing = await rounds.open_up(ledger, a_config(chat_webhook_url=None), work())
    assert standing.wake_at == NOW + 2 * MINUTE
    assert (await get_round(ledger)).notified == []


async def test_reminders_go_out(ledger: Ledger, config: Settings, teams: LocalTeams) -> None:
    """At the time of a reminder everybody is told again, and the next one is planned."""
    await drafted(ledger, reminders=DAY)
    await rounds.open_up(ledger, config, work())
    standing = await rounds.settle(ledger, config, work(2, after=DAY))
    assert standing == Standing(slot=2, wake_at=NOW + 2 * DAY)
    assert [len(chat) for chat in teams.chats.values()] == [2, 2]


async def test_settling_again_keeps_the_slot(ledger: Ledger, config: Settings) -> None:
    """When the host runs the activity again, the answer's wake-up still finds its wait."""
    await drafted(ledger)
    await rounds.open_up(ledger, config, work())
    first = await rounds.settle(ledger, config, work(2))
    assert await rounds.settle(ledger, config, work(2)) == first
    assert (await answer(ledger)).slot == first.slot == 2


async def test_the_deadline_ends_the_round(ledger: Ledger, config: Settings) -> None:
    """Nobody answered in time: the round is over and nobody is told again."""
    await drafted(ledger, expires_after=DAY)
    await rounds.open_up(ledger, config, work())
    assert await rounds.settle(ledger, config, work(2, after=DAY)) == Standing(outcome="Expired")


async def test_an_answer_ends_the_wait(ledger: Ledger, config: Settings) -> None:
    """After an answer the ledger tells the orchestration its outcome."""
    await drafted(ledger)
    await rounds.open_up(ledger, config, work())
    await answer(ledger, response="Reject")
    assert await rounds.settle(ledger, config, work(2)) == Standing(outcome="Reject")


async def test_fifty_answers_have_one_winner(ledger: Ledger, config: Settings) -> None:
    """Of 50 concurrent answers one counts, and 49 hear whose it was."""
    await drafted(ledger)
    await rounds.open_up(ledger, config, work())
    answers = [answer(ledger, (ADELE, ALEX)[n % 2]) for n in range(50)]
    ends = await asyncio.gather(*answers, return_exceptions=True)
    losers = [end for end in ends if isinstance(end, Decided)]
    assert len(losers) == 49
    decision = (await get_round(ledger)).decision
    assert all(loser.more["decision"] == decision for loser in losers)


async def test_a_draft_too_large_for_teams_fails(
    ledger: Ledger, config: Settings, teams: LocalTeams
) -> None:
    """What could not be posted is not offered for signing, and nobody is told."""
    await drafted(ledger, "x" * MAX_BYTES)
    standing = await rounds.open_up(ledger, config, work())
    assert standing.outcome == "Failed"
    assert "too large" in (standing.failure or "")
    assert teams.chats == {}


ROOM = MAX_BYTES - rounds.post_size(a_run(), "x", edited=True) + 1


async def test_the_largest_edit_that_fits_is_taken(ledger: Ledger, config: Settings) -> None:
    """An edit may fill the post to the last byte."""
    await drafted(ledger)
    await rounds.open_up(ledger, config, work())
    assert (await answer(ledger, accepted_text="x" * ROOM)).outcome == "Approve"


async def test_edits_are_measured_before_they_count(ledger: Ledger, config: Settings) -> None:
    """One byte more is refused, and the round stays open."""
    await drafted(ledger)
    await rounds.open_up(ledger, config, work())
    with pytest.raises(Invalid, match=r"28,001 bytes of 28,000"):
        await answer(ledger, accepted_text="x" * (ROOM + 1))
    assert (await get_round(ledger)).outcome is None


@pytest.mark.parametrize("count", [1, 3, 4, 50])
def test_whoever_signs_the_post_fits(count: int) -> None:
    """What is measured before signing is no less than the post with the longest names."""
    signers = cards.signers_line(["x" * LONGEST_ADDRESS] * count)
    card = cards.post_card("News", "x", signers, edited=True)
    post = size_of(cards.message(card, ai_generated=True))
    assert post <= rounds.post_size(a_run(), "x", edited=True)


def test_what_active_links_add_is_measured() -> None:
    """A link that can be pressed is on the wire twice, and counts so before anybody signs."""
    run, text = a_run(), "https://contoso.com/news"
    linked = replace(run.flow.post, links=["contoso.com"])
    listing = replace(run, flow=replace(run.flow, post=linked))
    more = rounds.post_size(listing, text, edited=True) - rounds.post_size(run, text, edited=True)
    assert more == len(f',"selectAction":{{"type":"Action.OpenUrl","url":"{text}"}}')


def test_a_huge_text_is_not_laid_out() -> None:
    """A body full of line ends costs no more than counting them."""
    assert rounds.post_size(a_run(), "\n" * 250_000, edited=True) == 250_000


async def test_a_canceled_run_opens_no_round(
    ledger: Ledger, config: Settings, teams: LocalTeams
) -> None:
    """A run canceled while the draft was written asks nobody."""
    await drafted(ledger)
    await runs.cancel(ledger, RUN, "", MEGAN, NOW)
    assert await rounds.open_up(ledger, config, work()) == Standing(outcome="Canceled")
    assert teams.chats == {}


async def test_answers_to_what_is_not_there_are_refused(ledger: Ledger, config: Settings) -> None:
    """An answer about another text leaves the round open."""
    await drafted(ledger)
    await rounds.open_up(ledger, config, work())
    with pytest.raises(Problem):
        await answer(ledger, digest="sha256:0")
    assert (await get_round(ledger)).outcome is None


async def test_no_link_and_no_text_reaches_the_history(ledger: Ledger, config: Settings) -> None:
    """What the orchestration gets to see holds ids, states and instants only."""
    await drafted(ledger, "A secret text.")
    standing = await rounds.open_up(ledger, config, work())
    assert msgspec.to_builtins(standing).keys() == {
        "outcome",
        "signed",
        "failure",
        "slot",
        "wakeAt",
    }
    assert "secret" not in str(standing)


async def test_the_ledger_keeps_no_link(ledger: Ledger, config: Settings) -> None:
    """Whoever reads the ledger can't sign with what stands there."""
    await drafted(ledger)
    await rounds.open_up(ledger, config, work())
    rows = b"".join(entry.body for entry in (await ledger.rows(RUN)).values())
    assert b"approvals" not in rows
    assert b"#" not in rows
