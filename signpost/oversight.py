"""Owns the rules of signing: pure decisions about a round, which the ledger then makes count."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated, Literal

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from signpost.contracts import Outcome
from signpost.flows import Approval
from signpost.problems import Decided, Invalid, NotYours, Over
from signpost.records import DraftText, Response, Round, Run
from signpost.text import digest, to_remove

# The SDK can't cancel a timer that it splits into pieces (over 6 days), so no wait is that long.
LONGEST_WAIT = timedelta(days=5)
LONGEST_BACKOFF = timedelta(hours=6)  # between notices; each wait makes the history longer
OVER = {
    "Expired": "The time to answer is over: nobody signed by the deadline.",
    "Canceled": "The run was canceled.",
    "Failed": "The run failed before anybody could answer.",
}


Decision = Callable[[Round], Round]


class Answer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """What an approver sends: the answer, and the digest of the text that it is about."""

    response: Literal["Approve", "Reject"]
    digest: str
    comments: Annotated[str, Meta(max_length=4000)] = ""
    accepted_text: str | None = None


def open_round(run: Run, draft: DraftText, number: int, now: datetime) -> Round:
    """Put a draft under review by everybody who may sign it."""
    policy = run.flow.approval
    return Round(
        number=number,
        draft_digest=digest(draft.text),
        assigned_to=may_sign(policy, run.requestor),
        request_date=now,
        expires_at=now + policy.expires_after,
        reminders=policy.reminders,
        next_reminder=now + policy.reminders if policy.reminders else None,
    )


def may_sign(policy: Approval, requestor: str | None) -> list[str]:
    """List who may sign: the assigned people, without the one who asks."""
    asking = None if policy.allow_self_approval else requestor
    return [
        person
        for person in dict.fromkeys(policy.assigned_to)
        if asking is None or person.casefold() != asking.casefold()
    ]


def respond(
    now: datetime, approver: str, answer: Answer, policy: Approval, standing: Round
) -> Round:
    """Let an answer decide the round.

    Raises NotYours for who was not asked, Decided when an answer counted already, Over when the
    round ended without one, and Invalid when this answer can't count as it is.
    """
    if approver not in standing.assigned_to:
        raise NotYours
    refuse_when_over(standing, now)
    _check(answer, policy, standing)
    own = answer.accepted_text
    edited = own is not None and digest(own) != standing.draft_digest
    response = Response(
        responder=approver,
        approver_response=answer.response,
        comments=answer.comments.strip(),
        accepted_text=own if edited else None,
        request_date=standing.request_date,
        response_date=now,
        channel="page",
    )
    return replace(
        standing, outcome=answer.response, closed_at=now, responses=[*standing.responses, response]
    )


def cancel(now: datetime, standing: Round) -> Round:
    """End the round by the requester's will. Raises Decided or Over."""
    refuse_when_over(standing, now)
    return replace(standing, outcome="Canceled", closed_at=now)


def cancel_if_open(now: datetime, standing: Round) -> Round:
    """End the round by the requester's will, unless it ended otherwise."""
    return standing if standing.outcome else cancel(now, standing)


def fail(now: datetime, failure: str, standing: Round) -> Round:
    """End a round that can't be held."""
    if standing.outcome:
        return standing
    return replace(standing, outcome="Failed", failure=failure, closed_at=now)


def settle(now: datetime, slot: int, standing: Round) -> Round:
    """Bring a round up to date: expire it, or note the slot of the wait that comes next.

    Done twice it changes nothing more, so an activity that the host runs again does not part
    the slot that an answer wakes from the one that the orchestration waits in.
    """
    if standing.outcome:
        return standing
    if now >= standing.expires_at:
        return replace(standing, outcome="Expired", closed_at=standing.expires_at)
    return standing if slot <= standing.slot else replace(standing, slot=slot)


def wake_at(standing: Round, now: datetime) -> datetime:
    """Say when an open round needs looking after: deadline, reminder, or an unsent notice."""
    due = [standing.expires_at, now + LONGEST_WAIT]
    if standing.next_reminder:
        due.append(standing.next_reminder)
    if set(standing.assigned_to) - set(standing.notified):
        due.append(now + min(timedelta(minutes=2**standing.notice_attempts), LONGEST_BACKOFF))
    return min(due)


def to_notify(standing: Round, now: datetime) -> list[str]:
    """List who is to be told about an open round: who wasn't yet, or all when it is time again."""
    if standing.next_reminder and now >= standing.next_reminder:
        return standing.assigned_to
    return [person for person in standing.assigned_to if person not in standing.notified]


def notified(now: datetime, told: list[str], standing: Round) -> Round:
    """Note who was told, and when they are to be told again."""
    if standing.outcome:
        return standing
    upcoming = standing.next_reminder
    while standing.reminders and upcoming and upcoming <= now:
        upcoming += standing.reminders
    return replace(
        standing,
        notified=list(dict.fromkeys([*standing.notified, *told])),
        notice_attempts=standing.notice_attempts + 1,
        next_reminder=upcoming,
    )


def outcome_at(standing: Round, now: datetime) -> Outcome | None:
    """Say how a round ended; at its deadline it is over, noted down or not."""
    return standing.outcome or ("Expired" if now >= standing.expires_at else None)


def refuse_when_over(standing: Round, now: datetime) -> None:
    """Raise Decided or Over unless the round can still be decided."""
    decision = standing.decision
    if decision is not None:
        raise Decided(
            f"{decision.responder} answered {decision.approver_response} first.",
            outcome=standing.outcome,
            decision=decision,
        )
    if outcome := outcome_at(standing, now):
        raise Over(OVER[outcome], outcome=outcome)


def _check(answer: Answer, policy: Approval, standing: Round) -> None:
    if answer.digest != standing.draft_digest:
        raise Invalid("This is not the text under review: load the page again.", field="digest")
    if answer.response in policy.require_comment and not answer.comments.strip():
        raise Invalid(f"{answer.response} needs a comment that says why.", field="comments")
    if told := to_remove(answer.comments.replace("\r\n", "\n")):
        raise Invalid(told, field="comments")
    if answer.accepted_text is not None:
        _check_edit(answer, policy)


def _check_edit(answer: Answer, policy: Approval) -> None:
    field = "acceptedText"
    if not policy.allow_edits:
        raise Invalid("This flow does not allow edits.", field=field)
    if answer.response != "Approve":
        raise Invalid("An edited text can only be approved.", field=field)
    if not (answer.accepted_text or "").strip():
        raise Invalid("The text is empty.", field=field)
    if told := to_remove(answer.accepted_text or ""):
        raise Invalid(told, field=field)
