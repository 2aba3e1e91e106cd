"""Owns a round's life in the ledger: opened, told about, answered, brought up to date."""

import asyncio
from datetime import datetime, timedelta
from functools import partial

import msgspec

from signpost import oversight, records
from signpost.contracts import Standing, Work
from signpost.ledger import Ledger, change, read, write_once
from signpost.links import sign_link
from signpost.oversight import Answer
from signpost.problems import Invalid
from signpost.records import DraftText, Round, Run
from signpost.runs import Story
from signpost.settings import Settings
from signpost.teams import MAX_BYTES, cards, size_of
from signpost.teams.workflows import Workflows

# A link outlives its round a little, so that who comes late is told how it ended.
LINK_OUTLIVES = timedelta(days=7)


async def open_up(ledger: Ledger, config: Settings, work: Work) -> Standing:
    """Put a draft under review; a round that is there stays.

    The run is read again after the round is written, because `runs.cancel` writes to the run
    first and to the round second: whichever comes later sees the other.
    """
    run, draft = await _run(ledger, work), await _draft(ledger, work)
    opened = oversight.open_round(run, draft, work.round, work.now)
    if post_size(run, draft.text, edited=False) > MAX_BYTES:
        opened = oversight.fail(
            work.now, f"The draft is too large: a post takes {MAX_BYTES:,} bytes.", opened
        )
    standing = await write_once(ledger, work.run, records.round_row(work.round), opened)
    if standing.outcome is None and (await _run(ledger, work)).canceled_at:
        canceling = partial(oversight.cancel_if_open, work.now)
        standing = await _change(ledger, work, canceling)
    return await _tend(ledger, config, work, standing)


async def settle(ledger: Ledger, config: Settings, work: Work) -> Standing:
    """Say where a round stands; expire it, or remind its approvers, when it is time."""
    standing = await _change(ledger, work, partial(oversight.settle, work.now, work.attempt))
    return await _tend(ledger, config, work, standing)


async def respond(
    ledger: Ledger, story: Story, approver: str, answer: Answer, now: datetime
) -> Round:
    """Let an answer decide the round. Raises Decided, Over or Invalid."""
    run = story.run
    if answer.accepted_text is not None:
        _check_size(story, answer.accepted_text)
    decide = partial(oversight.respond, now, approver, answer, run.flow.approval)
    return await change(ledger, run.id, records.round_row(1), Round, decide)


def post_size(run: Run, text: str, *, edited: bool) -> int:
    """Count the bytes of the largest post that this text could become, whoever signs it.

    A text that is too large by itself is not laid out first, since that takes a block a line.
    """
    if len(text) > MAX_BYTES:
        return len(text)
    signer = max(run.flow.approval.assigned_to, key=lambda person: len(msgspec.json.encode(person)))
    card = cards.post_card(run.flow.post.title, text, signer, edited=edited)
    return size_of(cards.message(card, ai_generated=True))


def _check_size(story: Story, text: str) -> None:
    size = post_size(story.run, text, edited=True)
    if size > MAX_BYTES:
        raise Invalid(
            f"The text is too long for Teams: the post would have {size:,} bytes of {MAX_BYTES:,}.",
            field="acceptedText",
        )


async def _tend(ledger: Ledger, config: Settings, work: Work, standing: Round) -> Standing:
    """Tell who is to be told, and say when to look again."""
    due = [] if standing.outcome else oversight.to_notify(standing, work.now)
    if due:
        told = await _notify(ledger, config, work, standing, due)
        standing = await _change(ledger, work, partial(oversight.notified, work.now, told))
    if standing.outcome:
        return Standing(outcome=standing.outcome, failure=standing.failure)
    return Standing(slot=standing.slot, wake_at=oversight.wake_at(standing, work.now))


async def _notify(
    ledger: Ledger, config: Settings, work: Work, standing: Round, people: list[str]
) -> list[str]:
    """Send each approver the own link; give those whom the message reached."""
    run, draft = await _run(ledger, work), await _draft(ledger, work)
    teams = Workflows(config)

    async def tell(person: str) -> bool:
        until = standing.expires_at + LINK_OUTLIVES
        link = sign_link(config, run.id, work.round, person, until)
        card = cards.request_card(
            run.flow.approval.title, run.requestor, draft.text, standing.expires_at, link
        )
        sent = await teams.notify(person, cards.message(card), work.now)
        return sent.delivery in ("posted", "handed over")

    reached = await asyncio.gather(*(tell(person) for person in people))
    return [person for person, told in zip(people, reached, strict=True) if told]


async def _change(ledger: Ledger, work: Work, decide: oversight.Decision) -> Round:
    return await change(ledger, work.run, records.round_row(work.round), Round, decide)


async def _run(ledger: Ledger, work: Work) -> Run:
    run = await read(ledger, work.run, records.RUN, Run)
    if run is None:
        raise LookupError("a run is in the ledger before it is started")
    return run


async def _draft(ledger: Ledger, work: Work) -> DraftText:
    draft = await read(ledger, work.run, records.draft_row(work.round), DraftText)
    if draft is None:
        raise LookupError("a round is opened after its draft is written")
    return draft
