"""Owns a run's beginning and its story: starting it once, and telling what became of it."""

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any, TypeVar
from uuid import uuid4

import msgspec
from msgspec.structs import replace

from signpost import oversight, records
from signpost.flows import Flow, Parameters, Person
from signpost.ledger import Entry, Ledger, change, write_once
from signpost.problems import Invalid, Over, Unknown
from signpost.records import DraftText, Post, Receipt, Round, Run
from signpost.text import to_remove

STARTS = "start"
RUN_ID = "[0-9a-f]{32}"

T = TypeVar("T", bound=records.Record)


class Start(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body that starts a run."""

    inputs: dict[str, Any]
    parameters: Parameters = Parameters()
    requestor: Person | None = None


class StartKey(records.Record, kw_only=True, frozen=True):
    """Which run an `Idempotency-Key` made, and from which body."""

    run: str
    body: str


async def start(
    ledger: Ledger, flow: Flow, body: Start, key: str | None, now: datetime
) -> tuple[str, bool]:
    """Record a run and give its id, and whether it is new.

    With a key, the same body gives the same run, also after a crash half way. Raises Invalid.
    """
    _check(flow, body)
    run = await _claim(ledger, flow, body, key) if key else uuid4().hex
    record = Run(
        id=run,
        flow=flow,
        inputs=body.inputs,
        parameters=body.parameters,
        requestor=body.requestor,
        created_at=now,
    )
    new = await ledger.insert(run, records.RUN, msgspec.json.encode(record))
    return run, new


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


def _check(flow: Flow, body: Start) -> None:
    for name in body.inputs:
        if name not in flow.inputs:
            raise Invalid(
                f"The flow has no input {name!r}; it has {', '.join(flow.inputs)}.",
                field=f"inputs.{name}",
            )
    for name, rule in flow.inputs.items():
        _check_text(
            f"inputs.{name}", body.inputs.get(name), rule.max_length, required=rule.required
        )
    if told := to_remove(body.requestor or ""):
        raise Invalid(told, field="requestor")
    if not oversight.may_sign(flow.approval, body.requestor):
        raise Invalid(
            "Nobody is left to sign: who asks may not, and no one else is assigned.",
            field="requestor",
        )


def _check_text(field: str, value: object, max_length: int, *, required: bool) -> None:
    if value is None and not required:
        return
    if not isinstance(value, str):
        raise Invalid(
            "Give a text." if value is not None else "This input is missing.", field=field
        )
    if required and not value.strip():
        raise Invalid("This input is empty.", field=field)
    if len(value) > max_length:
        raise Invalid(f"At most {max_length} characters; these are {len(value)}.", field=field)
    if told := to_remove(value.replace("\r\n", "\n")):
        raise Invalid(told, field=field)


async def cancel(ledger: Ledger, run: str, reason: str, now: datetime) -> Round | None:
    """Cancel a run, also one that has no round yet; give the round to wake, if there is one.

    The note on the run comes first and the round second. `open_round` does it the other way
    round, so one of the two sees the other. Raises Unknown, Decided or Over.
    """
    if told := to_remove(reason.replace("\r\n", "\n")):
        raise Invalid(told, field="reason")
    if receipt := (await story(ledger, run)).receipt:
        raise Over(f"The run is over: {receipt.outcome}.", outcome=receipt.outcome)
    note = partial(_note_cancel, now, reason.strip())
    await change(ledger, run, records.RUN, Run, note)
    try:
        return await change(
            ledger,
            run,
            records.round_row(1),
            Round,
            lambda standing: oversight.cancel(now, standing),
        )
    except LookupError:
        return None


def _note_cancel(now: datetime, reason: str, run: Run) -> Run:
    if run.failed_at:
        raise Over(oversight.OVER["Failed"], outcome="Failed")
    return run if run.canceled_at else replace(run, canceled_at=now, cancel_reason=reason)


class Story(msgspec.Struct, frozen=True):
    """All rows of one run, typed."""

    run: Run
    draft: DraftText | None
    round: Round | None
    post: Post | None
    receipt: Receipt | None

    @property
    def signed_text(self) -> str | None:
        """The text that was signed."""
        return self.round.signed_text(self.draft.text) if self.round and self.draft else None

    @property
    def state(self) -> str:
        """`drafting`, `waiting`, `posting` or `closed`."""
        if self.receipt:
            return "closed"
        if self.round is None:
            return "drafting"
        return "posting" if self.round.outcome == "Approve" else "waiting"


async def story(ledger: Ledger, run: str) -> Story:
    """Read everything about a run. Raises Unknown."""
    rows = await ledger.rows(run) if re.fullmatch(RUN_ID, run) else {}
    record = _typed(rows, records.RUN, Run)
    if record is None:
        raise Unknown("There is no such run.")
    return Story(
        run=record,
        draft=_typed(rows, records.draft_row(1), DraftText),
        round=_typed(rows, records.round_row(1), Round),
        post=_typed(rows, records.post_row(1), Post),
        receipt=_typed(rows, records.RECEIPT, Receipt),
    )


def _typed(rows: Mapping[str, Entry], row: str, kind: type[T]) -> T | None:
    return msgspec.json.decode(rows[row].body, type=kind) if row in rows else None
