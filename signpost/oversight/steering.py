"""Owns what may be done to an open round without answering: cancel, remind, reassign, extend."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from msgspec.structs import replace

from signpost.contracts import REQUEST_CHANGES
from signpost.oversight import Case, refuse_when_over, seats, upkeep
from signpost.policy import LONGEST_WAIT, MOST_REMINDERS
from signpost.problems import Invalid, NotYours, TooSoon
from signpost.records import Note, Round, Seat

REMINDED_AT_MOST_EVERY = timedelta(minutes=10)
MOST_REASSIGNMENTS = 50
MOST_EXTENSIONS = 20  # each tells everybody again


class Extension(NamedTuple):
    """Who moves the deadline, and to when; `by` is None for an operator who showed a key."""

    by: str | None
    until: datetime


class Handover(NamedTuple):
    """Who hands whose place to whom; `by` is None for an operator who showed a key."""

    by: str | None
    came: str
    to: str


def cancel(case: Case, now: datetime, by: str | None, standing: Round) -> Round:
    """End the round by the requester's will. Raises Decided or Over.

    A round that ended with a request for changes stays: the run is then between two rounds, and
    the note on the run cancels it.
    """
    standing = upkeep.current(case, now, standing)
    if standing.outcome == REQUEST_CHANGES:
        return standing
    refuse_when_over(standing)
    return replace(standing, outcome="Canceled", closed_at=now, closed_by=by)


def cancel_if_open(case: Case, now: datetime, standing: Round) -> Round:
    """End the round by the requester's will, unless it ended otherwise."""
    return standing if standing.outcome else cancel(case, now, case.run.canceled_by, standing)


def remind(case: Case, now: datetime, standing: Round) -> Round:
    """Have everybody who is waited for told again at once. Raises Decided, Over or TooSoon."""
    standing = upkeep.current(case, now, standing)
    refuse_when_over(standing)
    if not case.policy.enable_notifications:
        raise Invalid("This flow tells nobody: enableNotifications is false.")
    if standing.reminders_sent >= MOST_REMINDERS:
        raise Invalid(f"They were reminded {MOST_REMINDERS} times: that is enough.")
    told = [standing.notified_at or standing.request_date]
    told += [note.at for note in standing.notes if note.what == "reminded"]
    earliest = max(told) + REMINDED_AT_MOST_EVERY
    if now < earliest:
        raise TooSoon(
            f"They were told minutes ago, or it was tried; again from {earliest:%H:%M} UTC.",
            earliest - now,
        )
    return replace(standing, next_reminder=now)


def extend(extension: Extension, case: Case, now: datetime, standing: Round) -> Round:
    """Move the deadline back, and have everybody told. Raises Decided, Over or Invalid."""
    by, until = extension
    standing = upkeep.current(case, now, standing)
    refuse_when_over(standing)
    if until.tzinfo is None:
        raise Invalid("Say the offset too, as 2026-12-01T12:00:00Z.", field="expiresAt")
    if not standing.expires_at < until <= now + LONGEST_WAIT:
        raise Invalid(
            f"Name a time after {standing.expires_at:%Y-%m-%dT%H:%M:%SZ}, at most a year from now.",
            field="expiresAt",
        )
    if sum(note.what == "extended" for note in standing.notes) >= MOST_EXTENSIONS:
        raise Invalid(f"It was moved {MOST_EXTENSIONS} times: that is enough.", field="expiresAt")
    at_deadline, until = standing.escalate_at == standing.expires_at, until.astimezone(UTC)
    return replace(
        standing,
        expires_at=until,
        escalate_at=until if at_deadline else standing.escalate_at,
        notified=[],  # with the deadline their links move, so all are told again
        notes=[*standing.notes, Note(at=now, what="extended", who=by, detail=until.isoformat())],
    )


def reassign(handover: Handover, case: Case, now: datetime, standing: Round) -> Round:
    """Hand the place of one person, who did not answer yet, to another.

    Raises NotYours, Decided, Over or Invalid.
    """
    standing = upkeep.current(case, now, standing)
    refuse_when_over(standing)
    by, came, to = handover
    holder, heir = case.people.canonical(came), seats.person_named(case, to, "to")
    place = next((s for s in seats.free(standing) if case.people.same(s.person, holder)), None)
    if place is None:
        raise NotYours(f"{came} has no open place in this approval.")
    _refuse_heir(case, standing, heir)
    note = Note(at=now, what="reassigned", who=by, detail=f"{place.person} to {heir}")
    return replace(
        standing,
        seats=[_handed(seat, heir, now) if seat is place else seat for seat in standing.seats],
        notified=[name for name in standing.notified if not case.people.same(name, heir)],
        notes=[*standing.notes, note],
    )


def _handed(seat: Seat, heir: str, now: datetime) -> Seat:
    return replace(seat, person=heir, instead_of=seat.person, source="reassigned", since=now)


def _refuse_heir(case: Case, standing: Round, heir: str) -> None:
    if case.is_barred(heir):
        raise Invalid("Who asks for the text can't sign it.", field="to")
    holds = any(case.people.same(seat.person, heir) for seat in seats.places(standing))
    if holds or seats.has_answered(case, standing, heir):
        raise Invalid(f"{heir} is asked already, and counts once.", field="to")
    if sum(note.what == "reassigned" for note in standing.notes) >= MOST_REASSIGNMENTS:
        raise Invalid(f"It was handed on {MOST_REASSIGNMENTS} times: that is enough.", field="to")
