"""Owns a run's beginning and its story: starting it once, and telling what became of it."""

import hashlib
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any, Literal, TypeVar
from uuid import uuid4

import msgspec
from msgspec.structs import replace

from signpost import inputs, lists, oversight, records, usage
from signpost.allowances import NO_LIMITS, Allowances
from signpost.contracts import REQUEST_CHANGES, Outcome
from signpost.flows import Flow, Parameters
from signpost.ledger import Entry, Ledger, change, write_once
from signpost.oversight import Case, seats, steering
from signpost.people import Email, people
from signpost.problems import Invalid, Over, Unknown
from signpost.records import Calls, DraftText, Post, Round, Run
from signpost.telemetry import metrics
from signpost.text import to_remove

STARTS = "start"
RUN_ID = "[0-9a-f]{32}"
NO_RUN = "There is no such run."

State = Literal["drafting", "waiting", "posting", "closed"]
BROKEN = "The receipt can't be read: its bytes were changed after it was sealed."

T = TypeVar("T", bound=msgspec.Struct)


class Start(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body that starts a run."""

    inputs: dict[str, Any]
    parameters: Parameters = Parameters()
    requestor: Email | None = None


class StartKey(records.Record, kw_only=True, frozen=True):
    """Which run an `Idempotency-Key` made, and from which body."""

    run: str
    body: str


async def start(
    ledger: Ledger,
    flow: Flow,
    body: Start,
    key: str | None,
    now: datetime,
    *,
    allowances: Allowances = NO_LIMITS,
    by_sign_in: bool = False,
) -> tuple[str, bool]:
    """Record a run and give its id, and whether it is new.

    With a key, the same body gives the same run, also after a crash half way. `by_sign_in` says
    that only people who can sign in may be asked. Raises Invalid, TooLarge or TooMany.
    """
    record = _asked_for(flow, body, await inputs.read(flow.inputs, body.inputs), now)
    case = Case(record, people())
    asked = [seat.person for seat in seats.plan(case, now)]
    asked += seats.named(case, flow.approval.escalate_to)
    if by_sign_in:
        _refuse_who_cannot_sign_in(case, asked)
    run = await _claim(ledger, flow, body, key) if key else uuid4().hex
    if key is None or await ledger.get(run, records.RUN) is None:
        await usage.count_run(ledger, allowances, record.requestor, now, run)
    record = replace(record, id=run)
    standing = await write_once(ledger, run, records.RUN, record)
    await lists.started(ledger, standing)
    if standing is record:
        metrics.started(flow.name)
    return run, standing is record


def _asked_for(flow: Flow, body: Start, values: dict[str, Any], now: datetime) -> Run:
    record = Run(
        id="",
        flow=flow,
        inputs=values,
        parameters=body.parameters,
        requestor=body.requestor,
        created_at=now,
    )
    return replace(record, requestor=_requestor(record))


def _refuse_who_cannot_sign_in(case: Case, asked: list[str]) -> None:
    for person in asked:
        if case.people.object_id(person) is None:
            raise Invalid(
                f"{person} could not answer: here people sign in, and flows/people.yaml has no"
                " `id` for that name.",
                field="assignedTo",
            )


async def _claim(ledger: Ledger, flow: Flow, body: Start, key: str) -> str:
    asked = StartKey(run=uuid4().hex, body=_fingerprint(msgspec.json.encode(body, order="sorted")))
    standing = await write_once(ledger, STARTS, _fingerprint(f"{flow.name}\n{key}".encode()), asked)
    if standing.body != asked.body:
        raise Invalid(
            "This key was used with another body: use a new one for a new run.",
            field="Idempotency-Key",
        )
    return standing.run


def _fingerprint(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _requestor(run: Run) -> str | None:
    """Say who asks: whom the request names, else whom the flow does. Raises Invalid."""
    case = Case(replace(run, requestor=None), people())
    if run.requestor:
        return case.people.canonical(run.requestor)
    found = seats.named(case, run.flow.approval.requestor)
    if len(found) > 1:
        raise Invalid(f"One person asks; these are {len(found)}.", field="requestor")
    return found[0] if found else None


async def cancel(
    ledger: Ledger, run: str, reason: str, by: str | None, now: datetime
) -> Round | None:
    """Cancel a run, also one that has no round yet; give the round to wake, if there is one.

    The note on the run comes first, and the round is looked for second. `open_round` does it the
    other way round, so one of the two sees the other. Raises Unknown, Decided or Over.
    """
    if told := to_remove(reason.replace("\r\n", "\n")):
        raise Invalid(told, field="reason")
    before = await story(ledger, run)
    if before.receipt:
        raise Over(f"The run is over: {before.receipt.outcome}.", outcome=before.receipt.outcome)
    if before.round:  # who is refused leaves no note
        steering.cancel(Case(before.run, people()), now, by, before.round)
    note = partial(_note_cancel, now, reason.strip(), by)
    noted = await change(ledger, run, records.RUN, Run, note)
    standing = (await story(ledger, run)).round
    if standing is None:
        return None
    canceling = partial(steering.cancel, Case(noted, people()), now, by)
    row = records.round_row(standing.number)
    return await change(ledger, run, row, Round, canceling)


def _note_cancel(now: datetime, reason: str, by: str | None, run: Run) -> Run:
    if run.failed_at:
        raise Over(oversight.OVER["Failed"], outcome="Failed")
    if run.canceled_at:
        return run
    return replace(run, canceled_at=now, cancel_reason=reason, canceled_by=by)


class Closed(msgspec.Struct, frozen=True, rename="camel"):
    """What a sealed receipt says in short."""

    outcome: Outcome
    closed_at: datetime | None
    failure: str | None = None


class Story(msgspec.Struct, frozen=True):
    """All rows of one run, typed; drafts and posts by the number of their round."""

    run: Run
    drafts: dict[int, DraftText]
    calls: dict[int, Calls]
    rounds: list[Round]
    posts: dict[int, Post]
    receipt: Closed | None

    @property
    def round(self) -> Round | None:
        """The round that is on, or was last."""
        return self.rounds[-1] if self.rounds else None

    @property
    def draft(self) -> DraftText | None:
        """The draft of that round."""
        return self.drafts.get(len(self.rounds))

    @property
    def post(self) -> Post | None:
        """The post of the round that was signed; it stays when the rounds are deleted."""
        return self.posts[max(self.posts)] if self.posts else None

    @property
    def spent(self) -> list[DraftText | Calls]:
        """What the drafts took, and what was spent on one that is not there."""
        unwritten = [calls for number, calls in self.calls.items() if number not in self.drafts]
        return [*self.drafts.values(), *unwritten]

    @property
    def signed_text(self) -> str | None:
        """The text that was signed."""
        return self.round.signed_text(self.draft) if self.round and self.draft else None

    @property
    def state(self) -> State:
        """What the run is doing."""
        if self.receipt:
            return "closed"
        if self.round is None or self.round.outcome == REQUEST_CHANGES:
            return "drafting"
        return "posting" if self.round.signed else "waiting"


async def story(ledger: Ledger, run: str) -> Story:
    """Read everything about a run. Raises Unknown."""
    rows = await ledger.rows(run) if re.fullmatch(RUN_ID, run) else {}
    record = _typed(rows, records.RUN, Run)
    if record is None:
        raise Unknown(NO_RUN)
    numbers = range(1, record.flow.approval.max_rounds + 1)
    found = [_typed(rows, records.round_row(number), Round) for number in numbers]
    rounds = [standing for standing in found if standing]
    return Story(
        run=record,
        drafts=_by_round(rows, numbers, records.draft_row, DraftText),
        calls=_by_round(rows, numbers, records.calls_row, Calls),
        rounds=rounds,
        posts=_by_round(rows, numbers, records.post_row, Post),
        receipt=_closed(rows, record, rounds),
    )


def _closed(rows: Mapping[str, Entry], run: Run, rounds: list[Round]) -> Closed | None:
    """Read how a run ended; where somebody broke the receipt, the other rows still tell."""
    try:
        return _typed(rows, records.RECEIPT, Closed)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        told = rounds[-1].outcome if rounds else None
        outcome = told if told and told != REQUEST_CHANGES else None
        unsigned = "Canceled" if run.canceled_at else "Failed"
        return Closed(outcome=outcome or unsigned, closed_at=None, failure=BROKEN)


def _by_round(
    rows: Mapping[str, Entry], numbers: range, name: Callable[[int], str], kind: type[T]
) -> dict[int, T]:
    found = {number: _typed(rows, name(number), kind) for number in numbers}
    return {number: record for number, record in found.items() if record}


def _typed(rows: Mapping[str, Entry], row: str, kind: type[T]) -> T | None:
    return msgspec.json.decode(rows[row].body, type=kind) if row in rows else None
