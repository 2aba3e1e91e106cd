"""Owns what time does to a round: deadlines, escalations, reminders, and whom to tell."""

from datetime import datetime, timedelta

from msgspec.structs import replace

from signpost.oversight import Case, seats
from signpost.policy import MOST_REMINDERS, REJECT
from signpost.problems import Invalid
from signpost.records import DraftText, Note, Round, Seat
from signpost.reminders import upcoming

# The SDK can't cancel a timer that it splits into pieces (over 6 days), so no wait is that long.
LONGEST_TIMER = timedelta(days=5)
LONGEST_BACKOFF = timedelta(hours=6)  # between notices; each wait makes the history longer
MOST_NAMED = 3
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def open_round(case: Case, draft: DraftText, number: int, now: datetime) -> Round:
    """Put a draft under review by everybody who may sign it."""
    policy = case.policy
    first, *others = draft.variants
    cadence = policy.cadence if policy.enable_notifications else None
    expires_at = now + policy.expires_after
    escalate_at = expires_at if policy.on_expiry == "escalate" else None
    if policy.escalate_after is not None:
        escalate_at = now + policy.escalate_after
    return Round(
        number=number,
        draft_digest=first,
        other_digests=others,
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
    due = [standing.expires_at, now + LONGEST_TIMER]
    due += [standing.escalate_at] if standing.escalate_at else []
    if standing.next_reminder and standing.next_reminder > now:  # else nobody is there to remind
        due.append(standing.next_reminder)
    if _untold(case, standing, now):
        due.append(now + _backoff(standing.notice_attempts))
    if change := _delegates_change(case, standing, now):
        due.append(change)
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
        notified_at=now if told else standing.notified_at,
    )
    missed = bool(_untold(case, changed, now))
    changed = replace(changed, notice_attempts=standing.notice_attempts + 1 if missed else 0)
    if standing.next_reminder is None or now < standing.next_reminder:
        return changed
    sent, cadence = standing.reminders_sent + 1, case.policy.cadence
    again = cadence is not None and sent < MOST_REMINDERS
    return replace(
        changed,
        reminders_sent=sent,
        next_reminder=upcoming(cadence, standing.request_date, now) if cadence and again else None,
        notes=[*standing.notes, Note(at=now, what="reminded", detail=_in_short(told))],
    )


def _in_short(people: list[str]) -> str:
    """Name a few people; there may be 400 notes of 50 each, and a row has its limit."""
    more = len(people) - MOST_NAMED
    return ", ".join(people[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _untold(case: Case, standing: Round, now: datetime) -> list[str]:
    if not case.policy.enable_notifications:
        return []
    waiting = [each.person for each in seats.awaited(case, standing, now)]
    return [person for person in waiting if person not in standing.notified]


def _backoff(attempts: int) -> timedelta:
    """Wait 1, 2, 4 ... minutes; the power is bounded, since no timedelta holds 2**41 minutes."""
    return min(timedelta(minutes=2 ** min(attempts, 10)), LONGEST_BACKOFF)


def _delegates_change(case: Case, standing: Round, now: datetime) -> datetime | None:
    """Say by when a delegation of somebody who is waited for has begun or ended, to the hour."""
    people = [seat.person for seat in seats.free(standing)]

    def changed(at: datetime) -> bool:
        return any(case.people.stand_in(p, at) != case.people.stand_in(p, now) for p in people)

    days = (now + day * DAY for day in range(1, LONGEST_TIMER // DAY + 1))
    day = next(filter(changed, days), None)
    if day is None:
        return None
    return next(filter(changed, (day - DAY + hour * HOUR for hour in range(1, 25))))


def _escalate(case: Case, standing: Round, at: datetime) -> Round:
    """Ask more people, who may answer for those who are silent; at the deadline, also move it."""
    try:
        asked, why = seats.named(case, case.policy.escalate_to), ""
    except Invalid as error:  # people.yaml may say other things than when the run began
        asked, why = [], error.detail
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
        # With the deadline their links move, so all are told again.
        notified=[] if moves else standing.notified,
        notes=[*standing.notes, Note(at=at, what="escalated", detail=", ".join(asked) or why)],
    )


def _expire(case: Case, standing: Round) -> Round:
    rejects = case.policy.on_expiry == "Reject"
    return replace(
        standing,
        outcome=REJECT if rejects else "Expired",
        failure="The deadline passed, which counts as Reject." if rejects else None,
        closed_at=standing.expires_at,
    )
