"""The activity that drafts goes by the time at which it runs, not by that of its asking."""

from datetime import UTC, datetime, timedelta
from typing import Any

from activities import draft as activity
from signpost import records
from signpost.contracts import Drafted, Work, pack, unpack
from signpost.ledger import put, read
from signpost.records import DraftText
from tests.builders import a_run
from tests.unit.trials import Trials

DRAFT: Any = activity.draft._function.get_user_function()


async def drafted(trials: Trials, run: str, asked_at: datetime) -> Drafted:
    """Have the first draft of a run written that was asked for some time ago."""
    await put(trials.site.ledger, run, records.RUN, a_run(id=run))
    work = Work(run=run, round=1, attempt=1, now=asked_at)
    return unpack(await DRAFT(pack(work)), Drafted)


async def test_drafts_that_were_queued_do_not_call_at_once(trials: Trials) -> None:
    """What a host kept back for minutes is let in at the rate of now, one after the other."""
    trials.enter(MODEL_REQUESTS_PER_MINUTE="10")
    asked_at = datetime.now(UTC) - timedelta(minutes=5)
    told = [await drafted(trials, f"{n}", asked_at + timedelta(minutes=n)) for n in range(3)]
    assert [each.calls for each in told] == [1, 0, 0]
    assert len(trials.model.requests) == 1


async def test_a_clock_that_is_ahead_is_followed(trials: Trials) -> None:
    """The orchestration's clock never runs backwards, whatever that of the instance says."""
    ahead = datetime.now(UTC) + timedelta(minutes=5)
    await drafted(trials, "a", ahead)
    written = await read(trials.site.ledger, "a", records.draft_row(1), DraftText)
    assert written is not None
    assert written.created_at == ahead
