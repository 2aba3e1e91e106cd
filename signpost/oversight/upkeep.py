"""Owns what time does to a round: deadlines, escalations, reminders, and whom to tell."""

from datetime import datetime, timedelta

from msgspec.structs import replace

from signpost.oversight import Case, seats
from signpost.policy import MOST_REMINDERS, REJECT
from signpost.records import DraftText, Note, Round, Seat
from signpost.reminders import upcoming
from signpost.text import digest

# The SDK can't cancel a timer that it splits into pieces (over 6 days), so no wait is that long.
LONGEST_WAIT = timedelta(days=5)
LONGEST_BACKOFF = timedelta(hours=6)  # between notices; each wait makes the history longer
DAY = timedelta(days=1)


def open_round(case: Case, draft: DraftText, number: int, now: datetime) -> Round:
    """Put a draft under review by everybody who may sign it."""
    policy, cadence = case.policy, case.policy.cadence
    expires_at = now + policy.expires_after
    escalate_at = expires_at if policy.on_expiry == "escalate" else None
    if policy.escalate_after is not None:
        escalate_at = now + policy.escalate_after
    return Round(
        number=number,
        draft_digest=digest(draft.text),
        seats=seats.plan(case, now),
        request_date=now,
        expires_at=expires_at,
        escalate_at=escalate_at,
        next_reminder=upcoming(cadence, now, now) if cadence else None,
        notes=[Note(at=now, what="opened")],
    )


def current(case: Case, now: datetime, standing: Round) -> Round:
    """Give the round as time left it: escalated, expired, or as it is."""
    if standing.outcome is None and standing.escalate_at and now >= standing.escalate_at:
        standing = _escalate(case, standing, standing.escalate_at)
    if standing.outcome is None and now >= standing.expires_at:
        standing = _expire(case, standing)
    return standing


def settle(case: Case, now: datetime, slot: int, standing: Round) -> Round:
    """Bring a round up to date, and note the slot of the wait that comes next.

    Done twice it changes nothing more, so an activity that the host runs again does not part
    the slot that an answer wakes from the one that the orchestration waits in.
    """
    standing = current(case, now, standing)
    if standing.outcome or slot <= standing.slot:
        return standing
    return replace(standing, slot=slot)


def fail(now: datetime, failure: str, standing: Round) -> Round:
    """End a round that can't be held."""
    if standing.outcome:
        return standing
    return replace(standing, outcome="Failed", failure=failure, closed_at=now)


def wake_at(case: Case, standing: Round, now: datetime) -> datetime:
    """Say when an open round needs looking after: deadline, reminder, escalation, notice."""
    due = [standing.expires_at, now + LONGEST_WAIT]
    due += [at for at in (standing.next_reminder, standing.escalate_at) if at]
    if _untold(case, standing, now):
        due.append(now + min(timedelta(minutes=2**standing.notice_attempts), LONGEST_BACKOFF))
    if _delegates_change(case, standing, now):
        due.append(now + DAY)
    return min(due)


def to_notify(case: Case, standing: Round, now: datetime) -> list[str]:
    """List who is to be told about an open round: who wasn't yet, or all when it is time again."""
    if not case.policy.enable_notifications or standing.outcome:
        return []
    if standing.next_reminder and now >= standing.next_reminder:
        return [each.person for each in seats.awaited(case, standing, now)]
    return _untold(case, standing, now)


def notified(case: Case, now: datetime, told: list[str], standing: Round) -> Round:
    """Note who was told, and when they are to be told again."""
    if standing.outcome:
        return standing
    changed = replace(
        standing,
        notified=list(dict.fromkeys([*standing.notified, *told])),
        notified_at=now,
        notice_attempts=standing.notice_attempts + 1,
    )
    if standing.next_reminder is None or now < standing.next_reminder:
        return changed
    sent, cadence = standing.reminders_sent + 1, case.policy.cadence
    again = cadence is not None and sent < MOST_REMINDERS
    return replace(
        changed,
        reminders_sent=sent,
        next_reminder=upcoming(cadence, standing.request_date, now) if cadence and again else None,
        notes=[*standing.notes, Note(at=now, what="reminded", detail=", ".join(told))],
    )


def _untold(case: Case, standing: Round, now: datetime) -> list[str]:
    if not case.policy.enable_notifications:
        return []
    waiting = [each.person for each in seats.awaited(case, standing, now)]
    return [person for person in waiting if person not in standing.notified]


def _delegates_change(case: Case, standing: Round, now: datetime) -> bool:
    """Say whether a delegation of somebody who is waited for begins or ends in the next wait."""
    days = range(1, LONGEST_WAIT // DAY + 1)
    return any(
        case.people.stand_in(seat.person, now + day * DAY) != case.people.stand_in(seat.person, now)
        for seat in seats.free(standing)
        for day in days
    )


def _escalate(case: Case, standing: Round, at: datetime) -> Round:
    """Ask more people, who may answer for those who are silent; at the deadline, also move it."""
    asked = seats.named(case, case.policy.escalate_to)
    added = [Seat(person=person, since=at, stage=0, source="escalated") for person in asked]
    moves = case.policy.on_expiry == "escalate"
    return replace(
        standing,
        seats=[*standing.seats, *added],
        escalate_at=None,
        escalated_at=at,
        expires_at=standing.expires_at + case.policy.expires_after
        if moves
        else standing.expires_at,
        notes=[*standing.notes, Note(at=at, what="escalated", detail=", ".join(asked))],
    )


def _expire(case: Case, standing: Round) -> Round:
    rejects = case.policy.on_expiry == "Reject"
    return replace(
        standing,
        outcome=REJECT if rejects else "Expired",
        failure="The deadline passed, which counts as Reject." if rejects else None,
        closed_at=standing.expires_at,
    )
