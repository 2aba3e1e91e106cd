"""Owns the rows that the ledger keeps of a run; the run's id is their partition."""

from datetime import datetime
from typing import Any, Literal

import msgspec

from signpost.contracts import Drafted, Outcome, PostState
from signpost.flows import Flow, Parameters
from signpost.policy import REJECT
from signpost.text import digest
from signpost.usage import Cost

RUN = "run"
RECEIPT = "receipt"

Channel = Literal["page", "inbox"]
Proof = Literal["link", "sign-in", "switch"]
Source = Literal["assigned", "reassigned", "escalated"]


def draft_row(number: int) -> str:
    """Name the row of a round's draft."""
    return f"draft-{number}"


def calls_row(number: int) -> str:
    """Name the row of the calls that a round's draft took, while it is not there yet."""
    return f"calls-{number}"


def round_row(number: int) -> str:
    """Name the row of a round."""
    return f"round-{number}"


def post_row(number: int) -> str:
    """Name the row of a round's post."""
    return f"post-{number}"


class Record(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """The base of all rows."""


class Run(Record, kw_only=True, frozen=True):
    """What was asked, with the flow as it stood then: editing a flow changes no run.

    A run that ends before it has a round, or between two, is decided here: canceled, or failed.
    After `purged_at` its texts are gone; the receipt tells what happened.
    """

    id: str
    flow: Flow
    inputs: dict[str, Any]
    parameters: Parameters
    requestor: str | None
    created_at: datetime
    canceled_at: datetime | None = None
    canceled_by: str | None = None
    failed_at: datetime | None = None
    cancel_reason: str = ""
    purged_at: datetime | None = None


class DraftText(Record, kw_only=True, frozen=True):
    """What the model wrote, after cleaning, and what that took, with all calls it needed.

    `others` are further texts to choose from. `removed` names the hidden characters that were
    taken out.
    """

    text: str
    finish_reason: str
    prompt_tokens: int
    completion_tokens: int
    model: str
    parameters: Parameters
    instructions: str
    instructions_digest: str
    others: list[str] = []
    removed: list[str] = []
    content_filter: dict[str, str] = {}
    system_fingerprint: str | None = None
    calls: int = 1
    cost: Cost | None = None
    created_at: datetime | None = None

    @property
    def variants(self) -> dict[str, str]:
        """All texts that may be chosen, by digest, the first one first."""
        return {digest(text): text for text in (self.text, *self.others)}


class Calls(Record, kw_only=True, frozen=True):
    """What a draft took before it was there, and its place in the line for the model.

    `widened` says that the model gets twice the room, since it had too little. `cut` is the draft
    that it could not finish then: it stands if a longer one can't be had. `answer` is what the
    last call came to, in the try `attempt`: the same try asks the model no second time.
    """

    made: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: Cost | None = None
    place: float | None = None
    widened: bool = False
    cut: DraftText | None = None
    attempt: int = 0
    answer: Drafted | None = None


class Responder(Record, kw_only=True, frozen=True):
    """Who answered, as far as it was proved; `name` is how the flow names that person."""

    name: str
    proof: Proof = "link"
    id: str | None = None
    tenant_id: str | None = None
    display_name: str | None = None
    user_principal_name: str | None = None


class Response(Record, kw_only=True, frozen=True):
    """One answer. `accepted_text` and its digest are set when it is not a draft of the model's.

    The digest is kept beside the text, so that a text which changes in the store is not posted.
    `draft_digest` names the draft that it is about, where that is not the first of several.
    `on_behalf_of` names whose place the responder took, as a delegate or after an escalation.
    """

    responder: Responder
    approver_response: str
    comments: str
    request_date: datetime
    response_date: datetime
    accepted_text: str | None = None
    accepted_digest: str | None = None
    draft_digest: str | None = None
    on_behalf_of: str | None = None
    stage: int = 1
    channel: Channel = "page"


class Seat(Record, kw_only=True, frozen=True):
    """One place in a stage, and who is asked to take it.

    `instead_of` was asked before a reassignment. Who was added by an escalation has no place of
    their own: they answer in one that is still open.
    """

    person: str
    since: datetime
    stage: int = 1
    source: Source = "assigned"
    instead_of: str | None = None


class Note(Record, kw_only=True, frozen=True):
    """One thing that happened in a round besides the answers, for the receipt."""

    at: datetime
    what: Literal["opened", "reassigned", "reminded", "escalated", "extended"]
    who: str | None = None
    detail: str = ""


class Round(Record, kw_only=True, frozen=True):
    """One draft under review, or one of several to choose. It is over once it has an `outcome`.

    `signed` says that the outcome is in favour of posting. `slot` counts the orchestration's
    waits, so that an answer wakes the wait of its time; `notified` lists who was told in this
    stage, `next_reminder` is when to tell them again.
    """

    number: int
    draft_digest: str
    other_digests: list[str] = []
    seats: list[Seat]
    request_date: datetime
    expires_at: datetime
    stage: int = 1
    next_reminder: datetime | None = None
    reminders_sent: int = 0
    escalate_at: datetime | None = None
    escalated_at: datetime | None = None
    notified: list[str] = []
    notified_at: datetime | None = None
    notice_attempts: int = 0
    slot: int = 1
    outcome: Outcome | None = None
    signed: bool = False
    failure: str | None = None
    closed_at: datetime | None = None
    closed_by: str | None = None
    responses: list[Response] = []
    notes: list[Note] = []

    @property
    def decision(self) -> Response | None:
        """The response that decided, if one did."""
        by_deadline = self.outcome in ("Expired", "Canceled", "Failed") or self.failure
        return self.responses[-1] if self.responses and self.outcome and not by_deadline else None

    @property
    def assigned_to(self) -> list[str]:
        """Everybody who is asked, in whatever stage, each once."""
        return list(dict.fromkeys(seat.person for seat in self.seats))

    @property
    def calls_for_a_look(self) -> bool:
        """Whether the last answer ended the round or its stage, so that the run has to go on."""
        return self.outcome is not None or self.responses[-1].stage != self.stage

    @property
    def signers(self) -> list[str]:
        """Who signed the text; a quorum may be met although somebody rejected."""
        favourable = [r for r in self.responses if self.signed and r.approver_response != REJECT]
        return list(dict.fromkeys(each.responder.name for each in favourable))

    def signed_text(self, draft: DraftText) -> str | None:
        """Give the text that was signed: a draft, or the approver's edit of it.

        A draft that is not in the store as it was signed gives the first one, which `posting`
        then refuses by its digest.
        """
        decision = self.decision
        if decision is None or not self.signed:
            return None
        if decision.accepted_text is not None:
            return decision.accepted_text
        return draft.variants.get(self.chosen_digest(decision), draft.text)

    def signed_digest(self) -> str | None:
        """Name the signed text, None when nothing was signed."""
        decision = self.decision
        if decision is None or not self.signed:
            return None
        if decision.accepted_text is not None:
            return decision.accepted_digest
        return self.chosen_digest(decision)

    def chosen_digest(self, response: Response) -> str:
        """Name the draft that an answer is about."""
        return response.draft_digest or self.draft_digest


class Post(Record, kw_only=True, frozen=True):
    """The claim on posting one signed text, and what became of it.

    `claimed` means that it may be out: whoever finds it so sends nothing. `resolved_by` is who
    told what really became of a post that was `unknown`.
    """

    digest: str
    target: str
    state: PostState
    detail: str
    at: datetime
    resolved_by: str | None = None
