"""When a flow says so, a closed run's texts are gone for good, and its receipt still holds."""

from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest

from signpost import posting, receipts, records, retention, runs, views
from signpost.contracts import REQUEST_CHANGES, Ending, next_round
from signpost.ledger import Ledger, LedgerAway, change
from signpost.ledger.sqlite import SqliteLedger
from signpost.oversight import upkeep
from signpost.oversight.answers import Said, respond
from signpost.problems import Over, Unknown
from signpost.receipts.sealing import public_keys, verify
from signpost.records import Calls, Responder, Round
from signpost.retention import purge_due
from signpost.settings import Settings
from signpost.teams.workflows import Workflows
from signpost.text import digest
from tests.builders import (
    ADELE,
    KEY,
    NOW,
    RUN,
    a_case,
    a_config,
    a_draft,
    a_flow,
    a_run,
    an_answer,
    put,
    work,
)

SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
CHANGES: dict[str, Any] = {"allow_request_changes": True}
CONFIG = a_config()
FILLER = "\N{CANCER}"
LONG = 3000  # characters; so that a row takes several pages of the file


def a_kept_run(purge_after: timedelta | None = 5 * DAY, **fields: Any) -> records.Run:
    """Build a run whose flow keeps its texts this long."""
    flow = msgspec.structs.replace(a_flow(**CHANGES), purge_after=purge_after)
    return a_run(flow=flow, **fields)


def word(name: str) -> str:
    """Build a text that is found wherever it is left, also in pieces."""
    return f"CANARY {name} ".ljust(LONG, FILLER)


async def answer(ledger: Ledger, number: int, response: str, edit: str | None = None) -> None:
    """Open a round, and answer it with a comment."""
    draft, case = a_draft(word(f"draft {number}"), others=[word("variant")]), a_case(**CHANGES)
    await put(ledger, records.draft_row(number), draft)
    cut = a_draft(word("cut"), others=[word("cut variant")])
    await put(ledger, records.calls_row(number), Calls(made=1, cut=cut))
    await put(ledger, records.round_row(number), upkeep.open_round(case, draft, number, NOW))
    said = an_answer(
        response, digest=digest(draft.text), comments=word("comment"), accepted_text=edit
    )
    decide = partial(respond, case, NOW, Said(Responder(name=ADELE), "page", said))
    await change(ledger, RUN, records.round_row(number), Round, decide)


async def closed(ledger: Ledger, config: Settings = CONFIG, **fields: Any) -> None:
    """Bring the default run through two rounds to its end, full of canaries."""
    inputs = {"Topic": word("topic"), "Tone": word("tone")}
    run = a_kept_run(**{"inputs": inputs, "cancel_reason": word("reason")} | fields)
    await put(ledger, records.RUN, run)
    await answer(ledger, 1, REQUEST_CHANGES)
    await answer(ledger, 2, "Approve", word("edit")[:400])
    await posting.post_signed_text(ledger, Workflows(config), next_round(work()))
    await receipts.write(ledger, config, Ending(work=work(), outcome="Approve"))


async def sealed(ledger: Ledger) -> bytes:
    """Give the receipt of the default run."""
    receipt = await receipts.read(ledger, CONFIG, await runs.story(ledger, RUN))
    assert receipt is not None
    return receipt


def left_in(folder: Path, trace: bytes = b"CANARY") -> dict[str, int]:
    """Count the traces in each file of the ledger."""
    files = sorted(folder.glob("ledger.db*"))
    return {file.name: file.read_bytes().count(trace) for file in files}


async def test_texts_go_when_their_time_has_come(ledger: Ledger) -> None:
    """Not a second before what the flow says, counted from the end of the run."""
    await closed(ledger)
    assert await purge_due(ledger, NOW + 5 * DAY - SECOND) == []
    assert len((await runs.story(ledger, RUN)).drafts) == 2
    assert await purge_due(ledger, NOW + 5 * DAY) == [RUN]
    story = await runs.story(ledger, RUN)
    assert (story.drafts, story.calls, story.rounds, story.run.inputs) == ({}, {}, [], {})
    assert story.run.purged_at == NOW + 5 * DAY


async def test_no_byte_of_a_text_stays(
    ledger: SqliteLedger, config: Settings, tmp_path: Path
) -> None:
    """Topic, drafts, cut ones too, comments, edit and reason are in no file of the ledger."""
    await closed(ledger, config)
    assert sum(left_in(tmp_path).values()) > 0
    await purge_due(ledger, NOW + 5 * DAY)
    assert left_in(tmp_path).keys() >= {"ledger.db", "ledger.db-wal", "ledger.db-shm"}
    assert set(left_in(tmp_path).values()) == {0}
    assert set(left_in(tmp_path, FILLER.encode()).values()) == {0}


async def test_the_receipt_still_holds(ledger: Ledger, config: Settings) -> None:
    """Byte for byte what it was, and its seal verifies with the published key."""
    await closed(ledger, config)
    before = await sealed(ledger)
    await purge_due(ledger, NOW + 5 * DAY)
    assert await sealed(ledger) == before
    finding = verify(before, [each["publicKey"] for each in public_keys([KEY])])
    assert (finding.run, finding.outcome, finding.trusted) == (RUN, "Approve", True)


async def test_the_receipt_still_names_the_texts(ledger: Ledger) -> None:
    """Whoever kept the text can prove that it is the one."""
    await closed(ledger)
    await purge_due(ledger, NOW + 5 * DAY)
    told = msgspec.json.decode(await sealed(ledger))
    assert told["signedDigest"] == digest(word("edit")[:400])
    assert [each["draftDigest"] for each in told["rounds"]] == [
        digest(word("draft 1")),
        digest(word("draft 2")),
    ]


async def test_the_run_says_that_its_texts_are_gone(ledger: Ledger, config: Settings) -> None:
    """State, outcome, delivery and the day stay."""
    await closed(ledger, config)
    await purge_due(ledger, NOW + 5 * DAY)
    view = views.run_view(await runs.story(ledger, RUN), NOW + 6 * DAY)
    assert (view.state, view.outcome, view.purged_at) == ("closed", "Approve", NOW + 5 * DAY)
    assert view.detail == "Approve. The texts were deleted on 27 Nov 2026."
    assert view.delivery is not None
    assert view.delivery.state == "handed over"


@pytest.mark.parametrize("number", [1, 2, 3])
async def test_its_approvals_are_not_found(ledger: Ledger, number: int) -> None:
    """Whoever follows an old link learns why there is nothing to see."""
    await closed(ledger)
    await purge_due(ledger, NOW + 5 * DAY)
    story = await runs.story(ledger, RUN)
    with pytest.raises(Unknown, match="deleted, as its flow says"):
        views.approval_view(story, number, ADELE, NOW)


async def test_it_can_not_be_canceled(ledger: Ledger) -> None:
    """A run without texts is as closed as it was."""
    await closed(ledger)
    await purge_due(ledger, NOW + 5 * DAY)
    with pytest.raises(Over):
        await runs.cancel(ledger, RUN, word("late")[:100], None, NOW)
    assert (await runs.story(ledger, RUN)).run.cancel_reason == ""


async def test_nothing_goes_without_a_receipt(ledger: Ledger) -> None:
    """What happened has to be on record first; the run is looked at again the next time."""
    await closed(ledger)
    receipt = await sealed(ledger)
    await ledger.delete(RUN, records.RECEIPT)
    assert await purge_due(ledger, NOW + 6 * DAY) == []
    assert len((await runs.story(ledger, RUN)).drafts) == 2
    await ledger.insert(RUN, records.RECEIPT, receipt)
    assert await purge_due(ledger, NOW + 6 * DAY) == [RUN]


async def test_a_flow_that_says_nothing_keeps_its_texts(ledger: Ledger) -> None:
    """Without `purgeAfter` nothing is ever deleted."""
    await put(ledger, records.RUN, a_kept_run(None))
    await answer(ledger, 1, "Reject")
    await receipts.write(ledger, CONFIG, Ending(work=work(), outcome="Reject"))
    assert await purge_due(ledger, NOW + 9999 * DAY) == []


async def test_texts_may_go_at_once(ledger: Ledger) -> None:
    """A flow may keep texts no longer than its run."""
    await put(ledger, records.RUN, a_kept_run(timedelta()))
    await answer(ledger, 1, "Reject")
    await receipts.write(ledger, CONFIG, Ending(work=work(), outcome="Reject"))
    assert await purge_due(ledger, NOW) == [RUN]


async def test_deleting_twice_is_deleting_once(ledger: Ledger) -> None:
    """A second timer finds nothing, and the day stays the first."""
    await closed(ledger)
    await purge_due(ledger, NOW + 5 * DAY)
    assert await purge_due(ledger, NOW + 9 * DAY) == []
    assert (await runs.story(ledger, RUN)).run.purged_at == NOW + 5 * DAY


async def test_an_end_that_comes_again_schedules_nothing_new(ledger: Ledger) -> None:
    """The time counts from the first receipt, however often the host closes the run."""
    await closed(ledger)
    late = Ending(work=work(after=3 * DAY), outcome="Approve")
    await receipts.write(ledger, CONFIG, late)
    assert len(await ledger.page(retention.DUE, "", 9)) == 1
    await purge_due(ledger, NOW + 5 * DAY)
    await receipts.write(ledger, CONFIG, late)
    assert await ledger.page(retention.DUE, "", 9) == []


class Failing(SqliteLedger):
    """A ledger that goes away at one of its deletes."""

    def __init__(self, ledger: SqliteLedger, at: int) -> None:
        super().__init__(str(ledger._path))
        self.left = at

    async def delete(self, partition: str, row: str) -> None:
        """Delete, until it is away."""
        self.left -= 1
        if self.left < 0:
            raise LedgerAway("gone")
        await super().delete(partition, row)


@pytest.fixture(params=range(10))
async def cut_off(request: Any, ledger: SqliteLedger) -> AsyncIterator[Failing]:
    """Give a ledger in which a purge stops after some of its deletes."""
    failing = Failing(ledger, request.param)
    yield failing
    failing.close()


async def test_a_purge_that_was_cut_off_is_finished(
    ledger: SqliteLedger, cut_off: Failing, tmp_path: Path
) -> None:
    """Wherever it stopped, the run can be looked at, and the next time deletes the rest."""
    await closed(ledger)
    with pytest.raises(LedgerAway):
        await purge_due(cut_off, NOW + 5 * DAY)
    story = await runs.story(ledger, RUN)
    assert views.run_view(story, NOW).outcome == "Approve"
    with pytest.raises(Unknown):
        views.approval_view(story, 2, ADELE, NOW)
    assert await purge_due(ledger, NOW + 6 * DAY) == [RUN]
    assert set(left_in(tmp_path).values()) == {0}


async def test_many_runs_go_in_one_sweep(ledger: Ledger) -> None:
    """More than one page of them; those whose time has not come stay."""
    for number in range(retention.BATCH + 10):
        run = a_kept_run((number % 10) * DAY, id=f"{number:032x}", inputs={})
        assert await ledger.insert(run.id, records.RUN, msgspec.json.encode(run))
        what = Ending(work=msgspec.structs.replace(work(), run=run.id), outcome="Failed")
        await receipts.write(ledger, CONFIG, what)
    assert len(await purge_due(ledger, NOW + 4 * DAY)) == 30
    assert len(await purge_due(ledger, NOW + 9 * DAY)) == 30


async def test_a_run_that_cannot_be_read_keeps_no_other(ledger: SqliteLedger) -> None:
    """A broken row is left as it is and told in the log; the runs behind it are purged."""
    broken = "0" * 32
    await ledger.insert(broken, records.RECEIPT, b"{}")
    await ledger.insert(broken, records.RUN, b"{}")
    await ledger.insert(retention.DUE, retention._row(NOW - DAY, broken), broken.encode())
    await closed(ledger)
    assert await purge_due(ledger, NOW + 5 * DAY) == [RUN]
    assert await ledger.get(broken, records.RUN) is not None
