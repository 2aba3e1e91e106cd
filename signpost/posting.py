"""Owns posting at most once: claim, send, and be honest about what is not known."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Literal, NamedTuple

from msgspec.structs import replace

from signpost import records, runs
from signpost.contracts import MAX_ATTEMPTS, Posted, PostState, Work
from signpost.ledger import Ledger, change, write_once
from signpost.problems import Decided, Over
from signpost.records import Post
from signpost.runs import Story
from signpost.teams import Sent, Teams, cards
from signpost.telemetry import metrics, spans
from signpost.text import digest

STALE = timedelta(minutes=5)  # far longer than a post may take
NEVER = "The run stopped before the text was posted."
LOST = "The app stopped while it was posting: the post may be there or not."


Resolution = Literal["it is there", "post again"]
IT_IS_THERE = "it is there"


class DigestMismatch(Exception):  # noqa: N818 - it names what is wrong
    """What would be sent is not what was signed; nothing is sent."""


async def post_signed_text(ledger: Ledger, teams: Teams, work: Work) -> Posted:
    """Send the signed text unless a claim says that it may be out already."""
    try:
        message, signed_digest = await _message(ledger, work)
    except DigestMismatch as error:
        return await _refuse(ledger, teams, work, str(error))
    claim = Post(digest=signed_digest, target=teams.target, state="claimed", detail="", at=work.now)
    standing = await _claim(ledger, work, claim)
    if standing is not claim:
        return Posted(delivery=standing.state)
    sent = await teams.post(message, work.now)
    sent = _final(work, sent)
    await _change(ledger, work, partial(_note, sent, work.now))
    return Posted(delivery=sent.delivery or "released", retry_after=sent.retry_after)


class Word(NamedTuple):
    """What a person says of a post that is `unknown`; `by` is None for who showed a key."""

    how: Resolution
    by: str | None


async def resolve(ledger: Ledger, teams: Teams, story: Story, word: Word, now: datetime) -> Post:
    """Let a person say what became of a post that is `unknown`, or post it again.

    Raises Decided when there is nothing to resolve, and Over when the text is deleted.
    """
    known = await _resolve(ledger, teams, story, word, now)
    if story.receipt:  # else it is counted when the run closes
        metrics.delivered(story.run.flow.name, known.state)
    return known


async def _resolve(ledger: Ledger, teams: Teams, story: Story, word: Word, now: datetime) -> Post:
    if story.post is None:
        raise Decided("Nothing was posted in this run.")
    work = Work(run=story.run.id, round=max(story.posts), attempt=MAX_ATTEMPTS, now=now)
    if word.how == IT_IS_THERE:
        return await _change(ledger, work, partial(_found, word.by, now))
    _refuse_unless_unknown(story.post, now)
    if story.run.purged_at:
        raise Over("The signed text was deleted, as its flow says: it can't be posted again.")
    try:
        message, _ = await _message(ledger, work)
    except DigestMismatch as error:
        raise Decided(str(error)) from error
    await _change(ledger, work, partial(_claim_again, word.by, now))
    sent = await teams.post(message, now)
    return await _change(ledger, work, partial(_note, _still_in_doubt(sent), now))


def as_known(post: Post, now: datetime) -> Post:
    """Give a post as it is known now: a claim that was left long ago may be out or not."""
    if post.state == "claimed" and now - post.at > STALE:
        return replace(post, state="unknown", detail=LOST)
    return post


async def end(ledger: Ledger, story: Story, now: datetime) -> None:
    """Say for good what became of the post of a run that ends; nothing is sent afterwards."""
    signed, standing = story.signed_text, story.round
    if signed is None or standing is None:
        return
    never = Post(digest=digest(signed), target="Teams", state="failed", detail=NEVER, at=now)
    work = Work(run=story.run.id, round=standing.number, attempt=MAX_ATTEMPTS, now=now)
    await write_once(ledger, story.run.id, records.post_row(standing.number), never)
    await _change(ledger, work, partial(_end, now))


async def _refuse(ledger: Ledger, teams: Teams, work: Work, why: str) -> Posted:
    refused = Post(digest="", target=teams.target, state="failed", detail=why, at=work.now)
    standing = await write_once(ledger, work.run, records.post_row(work.round), refused)
    return Posted(delivery=standing.state)


async def _message(ledger: Ledger, work: Work) -> tuple[dict[str, Any], str]:
    """Build the message, and read the text back from it: the last look before it goes out."""
    story = await runs.story(ledger, work.run)
    spans.tell(flow=story.run.flow.name)
    text, standing = story.signed_text, story.round
    if text is None or standing is None or standing.decision is None:
        raise DigestMismatch("There is no signed text in this run.")
    edited = standing.decision.accepted_text is not None
    signers = cards.signers_line(standing.signers)
    post = story.run.flow.post
    card = cards.post_card(post.title, text, signers, edited=edited, links=post.links)
    signed_digest = standing.signed_digest()
    if digest(cards.text_of(card)) != signed_digest:
        raise DigestMismatch("The text that would be posted is not the text that was signed.")
    return cards.message(card, ai_generated=True), signed_digest


async def _claim(ledger: Ledger, work: Work, claim: Post) -> Post:
    """Claim the post; it is ours to send when what stands is our claim."""
    standing = await write_once(ledger, work.run, records.post_row(work.round), claim)
    if standing is not claim:
        standing = await _change(ledger, work, partial(_take, claim))
    return standing


def _still_in_doubt(sent: Sent) -> Sent:
    """Keep the doubt about the first post when this one certainly did not go out."""
    if sent.delivery not in (None, "failed"):
        return sent
    return Sent("unknown", f"{sent.detail} The post may still be there from before.")


def _final(work: Work, sent: Sent) -> Sent:
    if sent.delivery is None and work.attempt >= MAX_ATTEMPTS:
        return Sent("failed", f"{sent.detail} It was not tried again.")
    return sent


def _found(by: str | None, now: datetime, post: Post) -> Post:
    _refuse_unless_unknown(post, now)
    return replace(post, state="posted", detail="A person saw it.", at=now, resolved_by=by)


def _claim_again(by: str | None, now: datetime, post: Post) -> Post:
    _refuse_unless_unknown(post, now)
    return replace(post, state="claimed", detail="", at=now, resolved_by=by)


def _refuse_unless_unknown(post: Post, now: datetime) -> None:
    state = as_known(post, now).state
    if state != "unknown":
        raise Decided(f"There is nothing to resolve: the post is {state}.", delivery=state)


def _take(claim: Post, standing: Post) -> Post:
    """Take over what was given back; what somebody left unfinished may be out already."""
    match standing.state:
        case "released":
            return claim
        case "claimed":
            return replace(standing, state="unknown", detail=LOST, at=claim.at)
        case _:
            return standing


def _note(sent: Sent, claimed_at: datetime, post: Post) -> Post:
    """Note what became of a claim, unless a person or a later claim spoke since.

    Who gave the claim up in the meantime does not try again.
    """
    if post.state != "unknown" and (post.state != "claimed" or post.at != claimed_at):
        return post
    given_back: PostState = "released" if post.state == "claimed" else "failed"
    return replace(post, state=sent.delivery or given_back, detail=sent.detail)


def _end(now: datetime, post: Post) -> Post:
    match post.state:
        case "claimed":
            return replace(post, state="unknown", detail=LOST, at=now)
        case "released":
            return replace(post, state="failed", at=now)
        case _:
            return post


async def _change(ledger: Ledger, work: Work, decide: Callable[[Post], Post]) -> Post:
    return await change(ledger, work.run, records.post_row(work.round), Post, decide)
