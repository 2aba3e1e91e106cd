"""Owns the rows that the ledger keeps of a run; the run's id is their partition."""

from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec

from signpost.contracts import Outcome, PostState
from signpost.flows import Flow, Parameters
from signpost.text import digest

RUN = "run"
RECEIPT = "receipt"


def draft_row(number: int) -> str:
    """Name the row of a round's draft."""
    return f"draft-{number}"


def round_row(number: int) -> str:
    """Name the row of a round."""
    return f"round-{number}"


def post_row(number: int) -> str:
    """Name the row of a round's post."""
    return f"post-{number}"


class Record(msgspec.Struct, frozen=True, rename="camel"):
    """The base of all rows."""


class Run(Record, kw_only=True, frozen=True):
    """What was asked, with the flow as it stood then: editing a flow changes no run.

    A run that ends before it has a round is decided here: canceled, or failed.
    """

    id: str
    flow: Flow
    inputs: dict[str, Any]
    parameters: Parameters
    requestor: str | None
    created_at: datetime
    canceled_at: datetime | None = None
    failed_at: datetime | None = None
    cancel_reason: str = ""


class DraftText(Record, kw_only=True, frozen=True):
    """What the model wrote, after cleaning, and what that took."""

    text: str
    finish_reason: str
    prompt_tokens: int
    completion_tokens: int
    model: str
    parameters: Parameters
    instructions: str
    instructions_digest: str


class Response(Record, kw_only=True, frozen=True):
    """One approver's answer. `accepted_text` is set when it is not the draft."""

    responder: str
    approver_response: Literal["Approve", "Reject"]
    comments: str
    accepted_text: str | None
    request_date: datetime
    response_date: datetime
    channel: Literal["page"]


class Round(Record, kw_only=True, frozen=True):
    """One draft under review. It is over as soon as it has an `outcome`.

    `slot` counts the orchestration's waits, so that an answer wakes the wait of its time;
    `notified` lists who was told about the round, `next_reminder` is when to tell them again.
    """

    number: int
    draft_digest: str
    assigned_to: list[str]
    request_date: datetime
    expires_at: datetime
    reminders: timedelta | None = None
    next_reminder: datetime | None = None
    notified: list[str] = []
    notice_attempts: int = 0
    slot: int = 1
    outcome: Outcome | None = None
    failure: str | None = None
    closed_at: datetime | None = None
    responses: list[Response] = []

    @property
    def decision(self) -> Response | None:
        """The response that decided, if one did."""
        return self.responses[-1] if self.responses and self.outcome else None

    def signed_text(self, draft: str) -> str | None:
        """Give the text that was signed: the draft, or the approver's edit of it."""
        decision = self.decision
        if decision is None or self.outcome != "Approve":
            return None
        return draft if decision.accepted_text is None else decision.accepted_text

    def signed_digest(self) -> str | None:
        """Name the signed text, None when nothing was signed."""
        decision = self.decision
        if decision is None or self.outcome != "Approve":
            return None
        edited = decision.accepted_text
        return self.draft_digest if edited is None else digest(edited)


class Post(Record, kw_only=True, frozen=True):
    """The claim on posting one signed text, and what became of it.

    `claimed` means that it may be out: whoever finds it so sends nothing.
    """

    digest: str
    target: str
    state: PostState
    detail: str
    at: datetime


class Receipt(Record, kw_only=True, frozen=True):
    """What happened in one run, without any of its texts but the comments."""

    run: str
    flow: str
    outcome: Outcome
    failure: str | None
    requestor: str | None
    inputs_digest: str
    instructions: str | None
    instructions_digest: str | None
    model: str | None
    parameters: Parameters
    prompt_tokens: int
    completion_tokens: int
    finish_reason: str | None
    draft_digest: str | None
    signed_digest: str | None
    decision: Response | None
    delivery: dict[str, Any] | None
    created_at: datetime
    closed_at: datetime
