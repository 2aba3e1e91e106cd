"""A round follows its stages, heirs, escalations and deadlines, and has one winner in a race."""

import asyncio
from datetime import timedelta
from functools import partial
from typing import Any

import msgspec
import pytest

from local.teams import LocalTeams
from signpost import receipts, records, rounds, runs
from signpost.contracts import Ending, Standing
from signpost.ledger import Ledger
from signpost.links import approver_of
from signpost.oversight import steering
from signpost.oversight.upkeep import LONGEST_TIMER
from signpost.policy import QUORUM, SEQUENTIAL, Stage
from signpost.problems import Decided, Invalid, Over
from signpost.settings import Settings
from tests.builders import (
    ADELE,
    ALEX,
    MEGAN,
    NOW,
    RUN,
    a_draft,
    a_round,
    get_round,
    put,
    work,
)
from tests.unit.opened_rounds import answer, drafted, opened, steer

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
DIEGO = "diego@contoso.com"


def heard(teams: LocalTeams) -> dict[str, int]:
    """Count the messages that each person got."""
    return {person: len(chat) for person, chat in teams.chats.items()}


async def test_each_stage_is_told_in_its_turn(
    ledger: Ledger, config: Settings, teams: LocalTeams
) -> None:
    """The second stage hears of it when the first is passed, and nobody twice."""
    stages = [Stage(assigned_to=person) for person in (ADELE, ALEX)]
    in_turn = {"type": SEQUENTIAL, "stages": stages, "assigned_to": None, "allow_edits": False}
    await opened(ledger, config, **in_turn)
    assert heard(teams) == {ADELE: 1}
    await answer(ledger)
    await rounds.settle(ledger, config, work(2))
    assert heard(teams) == {ADELE: 1, ALEX: 1}
    await answer(ledger, ALEX)
    assert await rounds.settle(ledger, config, work(3)) == Standing(outcome="Approve", signed=True)


async def test_an_heir_is_told_at_once(ledger: Ledger, config: Settings, teams: LocalTeams) -> None:
    """Who takes over a place gets a link; the others are left in peace."""
    await opened(ledger, config)
    await steer(ledger, partial(steering.reassign, steering.Handover(ADELE, ADELE, DIEGO)))
    await rounds.settle(ledger, config, work(2, after=DAY))
    assert heard(teams) == {ADELE: 1, ALEX: 1, DIEGO: 1}


async def test_escalated_people_get_their_links(
    ledger: Ledger, config: Settings, teams: LocalTeams
) -> None:
    """The run wakes when it is time to ask more people, and tells them."""
    standing = await opened(ledger, config, escalate_to=DIEGO, escalate_after=DAY)
    assert standing.wake_at == NOW + DAY
    await rounds.settle(ledger, config, work(2, after=DAY))
    assert heard(teams) == {ADELE: 1, ALEX: 1, DIEGO: 1}


async def test_links_last_as_long_as_an_extended_deadline(
    ledger: Ledger, config: Settings, teams: LocalTeams
) -> None:
    """After the deadline moved, everybody has a link that opens until then."""
    await opened(ledger, config, expires_after=DAY)
    moved = steering.Extension(MEGAN, NOW + 90 * DAY)
    await steer(ledger, partial(steering.extend, moved), after=MINUTE)
    await rounds.settle(ledger, config, work(2, after=2 * MINUTE))
    link = teams.chats[ADELE][-1].message["attachments"][0]["content"]["actions"][0]["url"]
    late = NOW + 89 * DAY
    assert approver_of(link.partition("#")[2], f"{RUN}-1", config, late).approver == ADELE


async def test_a_flow_without_notices_sends_none(
    ledger: Ledger, config: Settings, teams: LocalTeams
) -> None:
    """Nobody is told, and the run sleeps as long as it may, whatever reminders it has."""
    standing = await opened(ledger, config, enable_notifications=False, reminders=DAY)
    assert standing.wake_at == NOW + LONGEST_TIMER
    late = await rounds.settle(ledger, config, work(2, after=3 * DAY))
    assert late.wake_at == NOW + 3 * DAY + LONGEST_TIMER
    assert teams.chats == {}


async def test_a_reminder_on_demand_goes_out(
    ledger: Ledger, config: Settings, teams: LocalTeams
) -> None:
    """When the requester asks for it, all who are waited for are told again, once."""
    await opened(ledger, config)
    await steer(ledger, steering.remind)
    await rounds.settle(ledger, config, work(2, after=DAY))
    await rounds.settle(ledger, config, work(3, after=DAY))
    assert heard(teams) == {ADELE: 2, ALEX: 2}


async def test_people_who_went_away_end_the_run(ledger: Ledger, config: Settings) -> None:
    """When people.yaml lost a list since the run began, the run says so and ends."""
    standing = await opened(ledger, config, assigned_to=["Bosses"])
    assert (standing.outcome, standing.signed) == ("Failed", False)
    assert "'Bosses' is no list" in (standing.failure or "")


async def test_a_quorum_is_met_by_people_and_not_by_clicks(
    ledger: Ledger, config: Settings
) -> None:
    """Of 40 concurrent approvals by two people two count, and the rest hear of them."""
    quorum = {"type": QUORUM, "approvals": 2, "allow_edits": False}
    await opened(ledger, config, assigned_to=[ADELE, ALEX, DIEGO], **quorum)
    ends = await asyncio.gather(
        *(answer(ledger, (ADELE, ALEX)[n % 2]) for n in range(40)), return_exceptions=True
    )
    assert sum(isinstance(end, Decided) for end in ends) == 38
    assert sorted((await get_round(ledger)).signers) == [ADELE, ALEX]


async def test_an_answer_and_the_deadline_have_one_winner(ledger: Ledger, config: Settings) -> None:
    """Whatever comes first in the ledger stays, and the other side is told so."""
    await opened(ledger, config, expires_after=DAY)
    expiring = rounds.settle(ledger, config, work(2, after=DAY))
    ends = await asyncio.gather(answer(ledger), expiring, return_exceptions=True)
    standing = await get_round(ledger)
    assert isinstance(ends[1], Standing)
    assert ends[1].outcome == standing.outcome
    assert isinstance(ends[0], Over) == (standing.outcome == "Expired")


async def test_between_two_rounds_there_is_nothing_to_steer(
    ledger: Ledger, config: Settings
) -> None:
    """While a draft is rewritten whoever steers hears that, and not who answered."""
    await opened(ledger, config, allow_request_changes=True)
    await answer(ledger, response="Request changes")
    with pytest.raises(Invalid, match="still being written"):
        await steer(ledger, steering.remind)


async def test_a_run_that_closed_without_a_round_is_over(ledger: Ledger, config: Settings) -> None:
    """Canceled between two rounds or purged, nobody hears of a draft that is being written."""
    await opened(ledger, config, allow_request_changes=True)
    await answer(ledger, response="Request changes")
    await runs.cancel(ledger, RUN, "", MEGAN, NOW)
    await receipts.write(ledger, config, Ending(work=work(), outcome="Canceled"))
    for _ in range(2):
        with pytest.raises(Over) as error:
            await steer(ledger, steering.remind)
        assert error.value.more == {"outcome": "Canceled"}
        await ledger.delete(RUN, records.round_row(1))


async def test_a_canceled_run_opens_no_second_round(
    ledger: Ledger, config: Settings, teams: LocalTeams
) -> None:
    """Canceled between two rounds, nobody is asked again."""
    await opened(ledger, config, allow_request_changes=True)
    await answer(ledger, response="Request changes")
    await runs.cancel(ledger, RUN, "", MEGAN, NOW)
    await put(ledger, records.draft_row(2), a_draft("Second."))
    second = msgspec.structs.replace(work(), round=2)
    assert await rounds.open_up(ledger, config, second) == Standing(outcome="Canceled")
    assert heard(teams) == {ADELE: 1, ALEX: 1}


async def test_an_old_rounds_answer_hears_of_its_end(ledger: Ledger, config: Settings) -> None:
    """Whoever answers the draft that was sent back is told who sent it."""
    await opened(ledger, config, allow_request_changes=True)
    await answer(ledger, response="Request changes")
    with pytest.raises(Decided, match=f"{ADELE} answered Request changes first"):
        await answer(ledger, ALEX)


async def test_a_round_that_is_there_outlives_its_plan(ledger: Ledger, config: Settings) -> None:
    """When the host opens a round again, what people.yaml says since then ends nothing."""
    await drafted(ledger, assigned_to=["Bosses"])
    await put(ledger, records.round_row(1), a_round())
    standing = await rounds.open_up(ledger, config, work())
    assert (standing.outcome, standing.slot) == (None, 1)


async def test_what_was_due_while_the_host_was_away_comes_first(
    ledger: Ledger, config: Settings
) -> None:
    """A round that is opened again late is looked at at once for its escalation."""
    late: dict[str, Any] = {"escalate_to": DIEGO, "escalate_after": DAY}
    await drafted(ledger, **late)
    await put(ledger, records.round_row(1), a_round(**late))
    standing = await rounds.open_up(ledger, config, work(after=2 * DAY))
    assert standing.wake_at == NOW + DAY
