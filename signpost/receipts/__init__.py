"""Owns the receipt: the sealed record of a run, which outlives its texts."""

from datetime import datetime
from functools import partial

from msgspec.structs import replace

from signpost import lists, oversight, posting, records, retention, runs
from signpost.contracts import REQUEST_CHANGES, Ending, Outcome
from signpost.ledger import Ledger, change
from signpost.oversight import Case, upkeep
from signpost.people import people
from signpost.receipts import document, sealing
from signpost.records import Round, Run
from signpost.runs import Story
from signpost.settings import Settings
from signpost.telemetry import metrics, spans


async def write(ledger: Ledger, config: Settings, ending: Ending) -> Ending:
    """Close a run with its receipt; one that is there stays, and is what is told.

    The ledger decides here too: what is still open is ended first, so that nobody signs or
    posts afterwards, and what the round or the run says wins over `ending`.
    """
    run, now = ending.work.run, ending.work.now
    if (await runs.story(ledger, run)).receipt is None:
        await _seal(ledger, config, ending)
    story = await runs.story(ledger, run)
    closed = story.receipt
    if closed is None:
        raise LookupError("a run was closed just now")
    spans.tell(flow=story.run.flow.name)
    for standing in story.rounds:
        await lists.over(ledger, run, standing, people(), now)
    if story.run.purged_at is None:
        await retention.schedule(ledger, story.run, closed.closed_at or now)
    return replace(ending, outcome=closed.outcome, failure=closed.failure)


async def _seal(ledger: Ledger, config: Settings, ending: Ending) -> None:
    run = ending.work.run
    outcome, failure = await _end(ledger, ending)
    await posting.end(ledger, await runs.story(ledger, run), ending.work.now)
    ended = replace(ending, outcome=outcome, failure=failure)
    story = await runs.story(ledger, run)
    facts, entries = document.facts(story, ended), document.entries(story, ended)
    sealed = sealing.seal(facts, entries, config.signing_keys[0])
    if await ledger.insert(run, records.RECEIPT, sealed):
        metrics.closed(story, outcome)


async def read(ledger: Ledger, config: Settings, story: Story) -> bytes | None:
    """Give the receipt as it was sealed, with what became known of the delivery since."""
    while True:
        entry = await ledger.get(story.run.id, records.RECEIPT)
        if entry is None:
            return None
        added = document.later(entry.body, story)
        if added is None:
            return entry.body
        entries, changed = added
        trusted = [each["publicKey"] for each in sealing.public_keys(config.signing_keys)]
        try:
            sealed = sealing.append(
                entry.body, entries, changed, config.signing_keys[0], trusted=trusted
            )
        except sealing.Tampered:
            return entry.body  # signed by a key that is gone, or changed: nothing is added to it
        if await ledger.replace(story.run.id, records.RECEIPT, sealed, entry.etag):
            return sealed


async def _end(ledger: Ledger, ending: Ending) -> tuple[Outcome, str | None]:
    """End the round, or the run that is between two, and say how it ended."""
    run, now, failure = ending.work.run, ending.work.now, ending.failure
    story = await runs.story(ledger, run)
    standing = story.round
    if standing is None or standing.outcome == REQUEST_CHANGES:
        record = await change(ledger, run, records.RUN, Run, partial(_fail, now))
        return ("Canceled", None) if record.canceled_at else ("Failed", failure)

    def fail(before: Round) -> Round:
        at_hand = upkeep.current(Case(story.run, people()), now, before)
        return upkeep.fail(now, failure or oversight.OVER["Failed"], at_hand)

    ended = await change(ledger, run, records.round_row(standing.number), Round, fail)
    return ended.outcome or ending.outcome, ended.failure


def _fail(now: datetime, run: Run) -> Run:
    return run if run.canceled_at or run.failed_at else replace(run, failed_at=now)
