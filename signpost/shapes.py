"""Owns the shapes of runs and approvals on the wire; openapi.json is written from them."""

from datetime import datetime
from typing import Any

import msgspec

from signpost.oversight.seats import Awaited


class View(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The base of what is shown."""


class NamedInput(View, frozen=True):
    """One field of the form that starts a run; null where a member is not for its type."""

    name: str
    type: str
    required: bool
    description: str
    default: str | bool | int | float | None
    max_length: int | None
    options: list[str] | None
    minimum: float | None
    maximum: float | None


class FlowView(View, frozen=True):
    """What a caller needs to start a flow."""

    name: str
    title: str
    description: str
    inputs: list[NamedInput]
    approval_type: str
    assigned_to: list[str]
    location: str


class ResponderView(View, frozen=True):
    """Who answered, as Power Automate tells it; what was not proved is null."""

    id: str | None
    display_name: str | None
    email: str
    tenant_id: str | None
    user_principal_name: str | None


class ResponseView(View, frozen=True):
    """One answer. `accepted_text` is null unless the approver changed the text."""

    responder: ResponderView
    on_behalf_of: str | None
    approver_response: str
    comments: str
    accepted_text: str | None
    request_date: datetime
    response_date: datetime
    round: int
    stage: int
    digest: str
    channel: str
    proof: str


class DecisionView(View, frozen=True):
    """The answer that counted, as a conflict tells of it."""

    responder: ResponderView
    on_behalf_of: str | None
    approver_response: str
    comments: str
    response_date: datetime


class CostView(View, frozen=True):
    """What tokens cost, by the prices in the settings; `amount` is a decimal number."""

    amount: str
    currency: str


class VariantView(View, frozen=True):
    """One draft to sign: what to look at in it, and the card as it would be posted."""

    text: str
    digest: str
    findings: list[str]
    card: dict[str, Any]


class RoundView(View, frozen=True):
    """One draft under review, or several to choose from, and how that ended."""

    number: int
    state: str
    outcome: str | None
    text: str
    digest: str
    variants: list[str]
    finish_reason: str
    model: str
    system_fingerprint: str | None
    assigned_to: list[str]
    stage: int
    stages: int
    still_needed: int
    waiting_for: list[Awaited]
    opened_at: datetime
    expires_at: datetime
    next_reminder_at: datetime | None
    escalated_at: datetime | None


class DeliveryView(View, frozen=True):
    """What is known of the post."""

    state: str
    target: str
    at: datetime
    detail: str
    resolved_by: str | None


class RunView(View, frozen=True):
    """A run, and what became of it. `round` is the newest of `rounds`."""

    id: str
    flow: str
    title: str
    state: str
    detail: str
    outcome: str | None
    inputs: dict[str, Any]
    requestor: str | None
    created_at: datetime
    closed_at: datetime | None
    purged_at: datetime | None
    round: RoundView | None
    rounds: list[RoundView]
    responses: list[ResponseView]
    accepted_text: str | None
    signed_digest: str | None
    delivery: DeliveryView | None
    prompt_tokens: int
    completion_tokens: int
    cost: CostView | None
    may_steer: bool
    may_reassign: bool


class ApprovalView(View, frozen=True):
    """What there is to sign, and the card as it would be posted.

    `variants` are the drafts to choose from, of which `text`, `digest` and `card` are the first.
    `removed` names the hidden characters that were taken out. `feedback` is what was said of the
    `previous` round's draft.
    """

    id: str
    run: str
    round: int
    flow: str
    title: str
    details: str
    item_link: str | None
    item_link_description: str
    state: str
    outcome: str | None
    decision: ResponseView | None
    text: str
    digest: str
    finish_reason: str
    card: dict[str, Any]
    variants: list[VariantView]
    removed: list[str]
    you: str
    on_behalf_of: str | None
    assigned_to: list[str]
    waiting_for: list[Awaited]
    responses: list[ResponseView]
    requestor: str | None
    inputs: dict[str, Any]
    request_date: datetime
    expires_at: datetime
    type: str
    stage: int
    stages: int
    still_needed: int
    options: list[str]
    posts: list[str]
    allow_edits: bool
    allow_reassign: bool
    require_comment: list[str]
    max_bytes: int
    previous: RoundView | None
    feedback: list[ResponseView]


class AnswerView(View, frozen=True):
    """That an answer counted, and what it came to so far."""

    id: str
    outcome: str | None
    decision: ResponseView
    signed_digest: str | None
