"""Canceling ends a run wherever it stands, or says truthfully that it came too late."""

from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from local.teams import LocalTeams
from signpost import oversight, records, rounds, runs
from signpost.contracts import REQUEST_CHANGES, next_round
from signpost.ledger import Entry, Ledger, change
from signpost.ledger.sqlite import SqliteLedger
from signpost.oversight import upkeep
from signpost.oversight.answers import respond
from signpost.problems import Decided, Invalid, Over
from signpost.records import Round
from signpost.settings import Settings
from tests.builders import (
    ADELE,
    ALEX,
    MEGAN,
    NOW,
    RUN,
    a_case,
    a_draft,
    a_flow,
    a_round,
    a_run,
    get_round,
    put,
    said,
    work,
)

DAY = timedelta(days=1)
CHANGES: dict[str, Any] = {"allow_request_changes": True}


async def waiting(ledger: Ledger) -> None:
    """Bring the default run to where its round is open."""
    await put(ledger, records.RUN, a_run(flow=a_flow(**CHANGES)))
    await put(ledger, records.draft_row(1), a_draft())
    await put(ledger, records.round_row(1), a_round(**CHANGES))


async def answered(ledger: Ledger, response: str) -> None:
    """Bring the default run to where its round has this answer."""
    await waiting(ledger)
    decide = partial(respond, a_case(**CHANGES), NOW, said(ALEX, response))
    await change(ledger, RUN, records.round_row(1), Round, decide)


async def second_draft(ledger: Ledger) -> None:
    """Bring the default run to where its second draft is written."""
    await answered(ledger, REQUEST_CHANGES)
    await put(ledger, records.draft_row(2), a_draft("Shorter."))


async def cancel(ledger: Ledger, reason: str = "", after: timedelta = timedelta()) -> Round | None:
    """Cancel the default run."""
    return await runs.cancel(ledger, RUN, reason, MEGAN, NOW + after)


async def test_canceling_ends_the_round(ledger: Ledger) -> None:
    """The round to wake is given back, canceled, and by whom; the reason is kept."""
    await waiting(ledger)
    standing = await cancel(ledger, " Not needed. ")
    assert standing is not None
    assert (standing.outcome, standing.closed_by) == ("Canceled", MEGAN)
    assert (await runs.story(ledger, RUN)).run.cancel_reason == "Not needed."


async def test_canceling_works_while_drafting(ledger: Ledger) -> None:
    """Without a round the run itself keeps the note."""
    await put(ledger, records.RUN, a_run())
    assert await cancel(ledger) is None
    run = (await runs.story(ledger, RUN)).run
    assert (run.canceled_at, run.canceled_by) == (NOW, MEGAN)


async def test_canceling_works_between_two_rounds(ledger: Ledger, config: Settings) -> None:
    """While the next draft is written the note counts, and the round that ended stays as it is."""
    await second_draft(ledger)
    standing = await cancel(ledger)
    assert standing is not None
    assert (standing.number, standing.outcome) == (1, REQUEST_CHANGES)
    opened = await rounds.open_up(ledger, config, next_round(work()))
    assert opened.outcome == "Canceled"


async def test_canceling_ends_a_second_round(ledger: Ledger, config: Settings) -> None:
    """The round that is on is the one that ends."""
    await second_draft(ledger)
    await rounds.open_up(ledger, config, next_round(work()))
    standing = await cancel(ledger)
    assert standing is not None
    assert (standing.number, standing.outcome) == (2, "Canceled")


class Meanwhile(SqliteLedger):
    """A ledger that opens a round right after the first look at the run."""

    def __init__(self, config: Settings, ledger: SqliteLedger, number: int) -> None:
        super().__init__(str(ledger._path))
        self.config, self.other, self.number = config, ledger, number

    async def rows(self, partition: str) -> Mapping[str, Entry]:
        """Give all rows, and let the other side act before the reader does."""
        seen = await super().rows(partition)
        number, self.number = self.number, 0
        if number:
            at = work() if number == 1 else next_round(work())
            await rounds.open_up(self.other, self.config, at)
        return seen


class Canceling(SqliteLedger):
    """A ledger in which the run is canceled right before the first row is written."""

    def __init__(self, ledger: SqliteLedger) -> None:
        super().__init__(str(ledger._path))
        self.other: SqliteLedger | None = ledger

    async def insert(self, partition: str, row: str, body: bytes) -> bool:
        """Let the other side cancel, which finds no round yet, and write."""
        other, self.other = self.other, None
        if other:
            assert await cancel(other) is None
        return await super().insert(partition, row, body)


async def test_a_cancel_while_a_round_opens_ends_it(
    ledger: SqliteLedger, config: Settings, teams: LocalTeams
) -> None:
    """Who opens it looks at the run once more, and asks nobody to sign what was canceled."""
    await put(ledger, records.RUN, a_run())
    await put(ledger, records.draft_row(1), a_draft())
    racing = Canceling(ledger)
    assert (await rounds.open_up(racing, config, work())).outcome == "Canceled"
    racing.close()
    assert teams.chats == {}


@pytest.mark.parametrize("number", [1, 2])
async def test_a_round_that_opens_meanwhile_is_canceled(
    ledger: SqliteLedger, config: Settings, number: int
) -> None:
    """Between the look at the run and the note a round may open: it does not stay open."""
    if number == 1:
        await put(ledger, records.RUN, a_run())
        await put(ledger, records.draft_row(1), a_draft())
    else:
        await second_draft(ledger)
    racing = Meanwhile(config, ledger, number)
    await cancel(racing)
    racing.close()
    story = await runs.story(ledger, RUN)
    assert [each.outcome for each in story.rounds][-1] == "Canceled"
    assert len(story.rounds) == number


async def test_a_note_that_comes_first_cancels_the_round(ledger: Ledger, config: Settings) -> None:
    """A round that opens after the cancel is over at once, by the will of who canceled."""
    await put(ledger, records.RUN, a_run())
    await put(ledger, records.draft_row(1), a_draft())
    await cancel(ledger)
    assert (await rounds.open_up(ledger, config, work())).outcome == "Canceled"
    assert (await get_round(ledger)).closed_by == MEGAN


@pytest.mark.parametrize("response", ["Approve", "Reject"])
async def test_canceling_comes_too_late_after_a_decision(ledger: Ledger, response: str) -> None:
    """Who cancels after somebody answered hears whose answer it was, which stays."""
    await answered(ledger, response)
    with pytest.raises(Decided, match=ALEX):
        await cancel(ledger)
    assert (await get_round(ledger)).outcome == response


async def test_canceling_comes_too_late_after_the_deadline(ledger: Ledger) -> None:
    """A round that expired is over for the requester too."""
    await waiting(ledger)
    with pytest.raises(Over):
        await cancel(ledger, after=31 * DAY)


async def test_canceling_twice_tells_that_it_is_over(ledger: Ledger) -> None:
    """The second time changes nothing: first reason, first person and first time stay."""
    await waiting(ledger)
    await cancel(ledger, "Not needed.")
    with pytest.raises(Over, match="was canceled"):
        await runs.cancel(ledger, RUN, "Other.", ADELE, NOW + DAY)
    run = (await runs.story(ledger, RUN)).run
    assert (run.cancel_reason, run.canceled_by, run.canceled_at) == ("Not needed.", MEGAN, NOW)


async def test_a_failed_run_can_not_be_canceled(ledger: Ledger) -> None:
    """Also in the moment before its receipt is written, the run is over."""
    await put(ledger, records.RUN, a_run(failed_at=NOW))
    with pytest.raises(Over, match=oversight.OVER["Failed"]):
        await cancel(ledger)


async def test_a_round_that_could_not_be_held_can_not_be_canceled(ledger: Ledger) -> None:
    """A draft that was too large ended its round."""
    await put(ledger, records.RUN, a_run())
    await put(ledger, records.round_row(1), upkeep.fail(NOW, "Too large.", a_round()))
    with pytest.raises(Over):
        await cancel(ledger)


async def test_reasons_hide_nothing(ledger: Ledger) -> None:
    """A reason is shown to people, so it holds what they can see."""
    await waiting(ledger)
    with pytest.raises(Invalid, match=r"U\+202E"):
        await cancel(ledger, "pay\u202eroll")
    assert (await get_round(ledger)).outcome is None
