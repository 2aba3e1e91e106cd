"""Owns what an answer does to a round, and which answers can't count."""

from datetime import datetime
from typing import Annotated, NamedTuple

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from signpost.contracts import REQUEST_CHANGES
from signpost.oversight import Case, refuse_when_over, seats, upkeep
from signpost.oversight.verdicts import NEXT_STAGE, verdict
from signpost.problems import Decided, Invalid, NotYours
from signpost.records import Channel, Responder, Response, Round, Seat
from signpost.text import digest, to_remove


class Answer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """What an approver sends: the answer, and the digest of the draft that it is about."""

    response: Annotated[str, Meta(min_length=1, max_length=64)]
    digest: str
    comments: Annotated[str, Meta(max_length=4000)] = ""
    accepted_text: str | None = None


class Said(NamedTuple):
    """An answer, who gave it, and how it came."""

    responder: Responder
    channel: Channel
    answer: Answer


def respond(case: Case, now: datetime, said: Said, standing: Round) -> Round:
    """Let an answer count.

    Raises NotYours for who was not asked, Decided when an answer counted already, Over when the
    round ended without one, and Invalid when this answer can't count as it is.
    """
    responder, channel, answer = said
    standing = upkeep.current(case, now, standing)
    seat = _place(case, standing, responder.name, now)
    _check(case, answer, standing)
    about, edited = answer.digest, answer.accepted_text
    if edited is not None and digest(edited) in _drafts(standing):
        about, edited = digest(edited), None  # a draft to the letter is chosen, whoever typed it
    holds = case.people.same(seat.person, responder.name)
    response = Response(
        # A place is taken by its holder's name to the letter, whatever people.yaml says later.
        responder=replace(responder, name=seat.person) if holds else responder,
        on_behalf_of=None if holds else seat.person,
        approver_response=answer.response,
        comments=answer.comments.strip(),
        accepted_text=edited,
        accepted_digest=None if edited is None else digest(edited),
        draft_digest=None if about == standing.draft_digest else about,
        request_date=seat.since,
        response_date=now,
        stage=standing.stage,
        channel=channel,
    )
    return _judge(case, now, replace(standing, responses=[*standing.responses, response]))


def options(case: Case, standing: Round) -> list[str]:
    """List the answers that this round takes; the last round takes no request for changes."""
    is_last = standing.number >= case.policy.max_rounds
    return [each for each in case.policy.options if each != REQUEST_CHANGES or not is_last]


def _drafts(standing: Round) -> list[str]:
    return [standing.draft_digest, *standing.other_digests]


def _place(case: Case, standing: Round, person: str, now: datetime) -> Seat:
    if not seats.is_involved(case, standing, person, now):
        raise NotYours
    refuse_when_over(standing)
    seat = seats.place_of(case, standing, person, now)
    if seat is not None:
        return seat
    for each in standing.responses:
        if case.people.same(each.responder.name, person):
            said = f"Your answer {each.approver_response} was recorded already."
            raise Decided(said, outcome=None, decision=each)
        if each.on_behalf_of and case.people.same(each.on_behalf_of, person):
            said = f"{each.responder.name} answered {each.approver_response} in your place."
            raise Decided(said, outcome=None, decision=each)
    raise NotYours("You are not asked now: it is somebody else's turn, or was handed to them.")


def _judge(case: Case, now: datetime, standing: Round) -> Round:
    ruling = verdict(case.policy, standing)
    if ruling is None:
        return standing
    if ruling is not NEXT_STAGE:
        return replace(standing, outcome=ruling.outcome, signed=ruling.signed, closed_at=now)
    stage = standing.stage + 1
    waiting = [replace(s, since=now) if s.stage == stage else s for s in standing.seats]
    return replace(standing, stage=stage, seats=waiting, notified=[], notice_attempts=0)


def _check(case: Case, answer: Answer, standing: Round) -> None:
    policy = case.policy
    if answer.digest not in _drafts(standing):
        raise Invalid("This is not the text under review: load the page again.", field="digest")
    if answer.response not in (possible := options(case, standing)):
        raise Invalid(f"Answer one of: {', '.join(possible)}.", field="response")
    needed = answer.response in [*policy.require_comment, REQUEST_CHANGES]
    if needed and not answer.comments.strip():
        raise Invalid(f"{answer.response} needs a comment that says why.", field="comments")
    if told := to_remove(answer.comments.replace("\r\n", "\n")):
        raise Invalid(told, field="comments")
    if answer.accepted_text is not None:
        _check_edit(case, answer)


def _check_edit(case: Case, answer: Answer) -> None:
    field = "acceptedText"
    if not case.policy.allow_edits:
        raise Invalid("This flow does not allow edits.", field=field)
    if not case.policy.signs(answer.response):
        raise Invalid("An edited text can only be signed, not turned down.", field=field)
    if not (answer.accepted_text or "").strip():
        raise Invalid("The text is empty.", field=field)
    if told := to_remove(answer.accepted_text or ""):
        raise Invalid(told, field=field)
