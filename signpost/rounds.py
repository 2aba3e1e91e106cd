"""Owns a round's life in the ledger: opened, told about, answered, brought up to date."""

import asyncio
from datetime import datetime, timedelta
from functools import partial

from signpost import lists, oversight, records
from signpost.contracts import REQUEST_CHANGES, Standing, Work
from signpost.ledger import Ledger, change, read, write_once
from signpost.links import sign_link
from signpost.oversight import Case, answers, seats, steering, upkeep
from signpost.oversight.answers import Said
from signpost.people import people
from signpost.problems import Invalid, Over
from signpost.records import DraftText, Round, Run
from signpost.runs import Story
from signpost.settings import Settings
from signpost.teams import MAX_BYTES, cards, size_of
from signpost.teams.workflows import Workflows
from signpost.telemetry import metrics, spans

# A link outlives its round a little, so that who comes late is told how it ended.
LINK_OUTLIVES = timedelta(days=7)


async def open_up(ledger: Ledger, config: Settings, work: Work) -> Standing:
    """Put a draft under review; a round that is there stays.

    The run is read again after the round is written, because `runs.cancel` writes to the run
    first and to the round second: whichever comes later sees the other.
    """
    case, draft = await _case(ledger, work), await _draft(ledger, work)
    try:
        opened = upkeep.open_round(case, draft, work.round, work.now)
    except Invalid as error:  # people.yaml may say other things than when the run began
        there = await read(ledger, work.run, records.round_row(work.round), Round)
        if there is None:
            return Standing(outcome="Failed", failure=error.detail)
        opened = there
    if post_size(case.run, draft.text, edited=False) > MAX_BYTES:
        opened = upkeep.fail(
            work.now, f"The draft is too large: a post takes {MAX_BYTES:,} bytes.", opened
        )
    standing = await write_once(ledger, work.run, records.round_row(work.round), opened)
    case = await _case(ledger, work)
    if standing.outcome is None and case.run.canceled_at:
        standing = await _change(ledger, work, partial(steering.cancel_if_open, case, work.now))
    await lists.opened(ledger, case.run, standing)
    await _list(ledger, case, work, standing)
    return await _tend(ledger, config, work, standing)


async def settle(ledger: Ledger, config: Settings, work: Work) -> Standing:
    """Say where a round stands; expire or escalate it, or remind its approvers, in time."""
    case = await _case(ledger, work)
    settling = partial(upkeep.settle, case, work.now, work.attempt)
    standing = await _change(ledger, work, settling)
    if standing.outcome == REQUEST_CHANGES:  # the run goes on, and may do so for long
        await lists.over(ledger, work.run, standing, case.people, work.now)
    return await _tend(ledger, config, work, standing)


async def respond(ledger: Ledger, story: Story, number: int, said: Said, now: datetime) -> Round:
    """Let an answer count. Raises NotYours, Decided, Over or Invalid."""
    if said.answer.accepted_text is not None:
        _check_size(story, said.answer.accepted_text)
    decide = partial(answers.respond, Case(story.run, people()), now, said)
    standing = await change(ledger, story.run.id, records.round_row(number), Round, decide)
    metrics.answered(story.run.flow.name, said.answer.response)
    return standing


async def steer(ledger: Ledger, story: Story, decide: oversight.Decision) -> Round:
    """Change the round that is on. Raises Invalid or Over without one, and what `decide` does."""
    between = story.round is None or story.round.outcome == REQUEST_CHANGES
    if story.receipt and between:
        raise Over(f"The run is over: {story.receipt.outcome}.", outcome=story.receipt.outcome)
    if story.round is None or between:
        raise Invalid("The draft is still being written: there is no approval yet.")
    row = records.round_row(story.round.number)
    return await change(ledger, story.run.id, row, Round, decide)


def post_size(run: Run, text: str, *, edited: bool) -> int:
    """Count the bytes of the largest post that this text could become, whoever signs it.

    A text that is too large by itself is not laid out first, since that takes a block a line.
    """
    if len(text) > MAX_BYTES:
        return len(text)
    post = run.flow.post
    card = cards.post_card(post.title, text, cards.LONGEST_SIGNERS, edited=edited, links=post.links)
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
    case = await _case(ledger, work)
    due = upkeep.to_notify(case, standing, work.now)
    if due:
        await lists.asked(ledger, work.run, standing, due)
        told = await _notify(ledger, config, work, standing, due)
        standing = await _change(ledger, work, partial(upkeep.notified, case, work.now, told))
    elif not case.policy.enable_notifications:
        await _list(ledger, case, work, standing)
    if standing.outcome:
        return Standing(outcome=standing.outcome, signed=standing.signed, failure=standing.failure)
    return Standing(slot=standing.slot, wake_at=upkeep.wake_at(case, standing, work.now))


async def _list(ledger: Ledger, case: Case, work: Work, standing: Round) -> None:
    """List a round for those who may answer."""
    waiting = [each.person for each in seats.awaited(case, standing, work.now)]
    await lists.asked(ledger, work.run, standing, waiting)


async def _notify(
    ledger: Ledger, config: Settings, work: Work, standing: Round, due: list[str]
) -> list[str]:
    """Send each approver the own link; give those whom the message reached."""
    case, draft = await _case(ledger, work), await _draft(ledger, work)
    teams = Workflows(config)

    async def tell(person: str) -> bool:
        until = standing.expires_at + LINK_OUTLIVES
        link = sign_link(config, case.run.id, work.round, person, until)
        drafts = len(draft.variants)
        card = cards.request_card(case, draft.text, standing.expires_at, link, drafts)
        sent = await teams.notify(person, cards.message(card), work.now)
        return sent.delivery in ("posted", "handed over")

    reached = await asyncio.gather(*(tell(person) for person in due))
    return [person for person, told in zip(due, reached, strict=True) if told]


async def _change(ledger: Ledger, work: Work, decide: oversight.Decision) -> Round:
    return await change(ledger, work.run, records.round_row(work.round), Round, decide)


async def _case(ledger: Ledger, work: Work) -> Case:
    run = await read(ledger, work.run, records.RUN, Run)
    if run is None:
        raise LookupError("a run is in the ledger before it is started")
    spans.tell(flow=run.flow.name)
    return Case(run, people())


async def _draft(ledger: Ledger, work: Work) -> DraftText:
    draft = await read(ledger, work.run, records.draft_row(work.round), DraftText)
    if draft is None:
        raise LookupError("a round is opened after its draft is written")
    return draft
