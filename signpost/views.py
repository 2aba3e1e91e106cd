"""Owns how runs and approvals look on the wire; openapi.json and docs/api.md show the shapes."""

from datetime import datetime
from typing import Any

import msgspec

from signpost import posting
from signpost.contracts import REQUEST_CHANGES
from signpost.flows import Flow, Input
from signpost.links import approval_id
from signpost.oversight import Case, answers, seats, upkeep
from signpost.oversight.seats import Awaited
from signpost.people import people
from signpost.policy import listed
from signpost.problems import Unknown
from signpost.records import DraftText, Post, Responder, Response, Round, Run
from signpost.runs import Story
from signpost.sentences import story_in_a_sentence
from signpost.teams import MAX_BYTES
from signpost.teams.cards import post_card
from signpost.text import digest


class View(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The base of what is shown."""


class NamedInput(View, frozen=True):
    """One field of the form that starts a run."""

    name: str
    type: str
    required: bool
    max_length: int
    description: str


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


class RoundView(View, frozen=True):
    """One draft under review, and how that ended."""

    number: int
    state: str
    outcome: str | None
    text: str
    digest: str
    finish_reason: str
    assigned_to: list[str]
    stage: int
    stages: int
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
    may_steer: bool
    may_reassign: bool


class ApprovalView(View, frozen=True):
    """What there is to sign, and the card as it would be posted.

    `feedback` is what was said of the `previous` round's draft.
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


def flow_view(flow: Flow) -> FlowView:
    """Show what a caller needs to start this flow."""
    steps = flow.approval.steps
    return FlowView(
        name=flow.name,
        title=flow.title,
        description=flow.description,
        inputs=[_input(name, rule) for name, rule in flow.inputs.items()],
        approval_type=flow.approval.type,
        assigned_to=list(dict.fromkeys(name for s in steps for name in listed(s.assigned_to))),
        location=flow.post.location,
    )


def _input(name: str, rule: Input) -> NamedInput:
    return NamedInput(
        name=name,
        type=rule.type,
        required=rule.required,
        max_length=rule.max_length,
        description=rule.description,
    )


def run_view(
    story: Story, now: datetime, *, word: str | None = None, may_steer: bool = True
) -> RunView:
    """Show a run; `word` is what the orchestration says of a step that takes long."""
    run, signed = story.run, story.signed_text
    case = Case(run, people())
    rounds = [round_view(case, each, story.drafts.get(each.number), now) for each in story.rounds]
    outcome = story.round.outcome if story.round else None
    return RunView(
        id=run.id,
        flow=run.flow.name,
        title=run.flow.title,
        state=story.state,
        detail=story_in_a_sentence(story, now, word),
        outcome=story.receipt.outcome
        if story.receipt
        else (None if outcome == REQUEST_CHANGES else outcome),
        inputs=run.inputs,
        requestor=run.requestor,
        created_at=run.created_at,
        closed_at=story.receipt.closed_at if story.receipt else None,
        purged_at=run.purged_at,
        round=rounds[-1] if rounds else None,
        rounds=rounds,
        responses=[response_view(each, r) for each in story.rounds for r in each.responses],
        accepted_text=signed,
        signed_digest=digest(signed) if signed is not None else None,
        delivery=delivery_view(story.post, now) if story.post else None,
        may_steer=may_steer,
        may_reassign=may_steer or case.policy.enable_reassignment,
    )


def approval_view(story: Story, number: int, approver: str, now: datetime) -> ApprovalView:
    """Show an approver what there is to sign. Raises Unknown once its texts are deleted."""
    run = story.run
    case = Case(run, people())
    standing, draft = round_of(story, number), story.drafts[number]
    at_hand = upkeep.current(case, now, standing)
    place = None if at_hand.outcome else seats.place_of(case, at_hand, approver, now)
    own = next((r for r in at_hand.responses if case.people.same(r.responder.name, approver)), None)
    decision = at_hand.decision or (own if place is None else None)
    policy = case.policy
    possible = answers.options(case, at_hand)
    card = post_card(run.flow.post.title, draft.text, approver, edited=False)
    return ApprovalView(
        id=approval_id(run.id, number),
        run=run.id,
        round=number,
        flow=run.flow.name,
        title=policy.title,
        details=policy.details,
        item_link=policy.item_link,
        item_link_description=policy.item_link_description,
        state="over" if at_hand.outcome else "open" if place else "answered" if own else "waiting",
        outcome=at_hand.outcome,
        decision=response_view(at_hand, decision) if decision else None,
        text=draft.text,
        digest=standing.draft_digest,
        finish_reason=draft.finish_reason,
        card=card,
        you=approver,
        on_behalf_of=place.person
        if place and not case.people.same(place.person, approver)
        else None,
        assigned_to=[seat.person for seat in at_hand.seats],
        waiting_for=seats.awaited(case, at_hand, now),
        responses=[response_view(at_hand, each) for each in at_hand.responses],
        requestor=run.requestor,
        inputs=run.inputs,
        request_date=standing.request_date,
        expires_at=at_hand.expires_at,
        type=policy.type,
        stage=at_hand.stage,
        stages=len(policy.steps),
        options=possible,
        posts=[each for each in possible if policy.signs(each)],
        allow_edits=policy.allow_edits,
        allow_reassign=policy.enable_reassignment
        and place is not None
        and case.people.same(place.person, approver),
        require_comment=[
            each for each in possible if each in policy.require_comment or each == REQUEST_CHANGES
        ],
        max_bytes=MAX_BYTES,
        previous=_previous(case, story, number, now),
        feedback=_feedback(story, number),
    )


def answer_view(run: Run, standing: Round, approver: str) -> AnswerView:
    """Show an approver that the answer counted."""
    own = next(r for r in reversed(standing.responses) if r.responder.name == approver)
    return AnswerView(
        id=approval_id(run.id, standing.number),
        outcome=standing.outcome,
        decision=response_view(standing, own),
        signed_digest=standing.signed_digest(),
    )


def response_view(standing: Round, response: Response) -> ResponseView:
    """Show one answer of a round."""
    return ResponseView(
        responder=_responder(response.responder),
        on_behalf_of=response.on_behalf_of,
        approver_response=response.approver_response,
        comments=response.comments,
        accepted_text=response.accepted_text,
        request_date=response.request_date,
        response_date=response.response_date,
        round=standing.number,
        stage=response.stage,
        digest=standing.draft_digest
        if response.accepted_text is None
        else digest(response.accepted_text),
        channel=response.channel,
        proof=response.responder.proof,
    )


def _responder(who: Responder) -> ResponderView:
    directory = people()
    return ResponderView(
        id=who.id or directory.object_id(who.name),
        display_name=who.display_name or directory.display_name(who.name),
        email=who.name,
        tenant_id=who.tenant_id,
        user_principal_name=who.user_principal_name,
    )


def delivery_view(post: Post, now: datetime) -> DeliveryView | None:
    """Show what is known of the post; None while it is under way."""
    known = posting.as_known(post, now)
    if known.state in ("claimed", "released"):
        return None
    return DeliveryView(
        state=known.state,
        target=known.target,
        at=known.at,
        detail=known.detail,
        resolved_by=known.resolved_by,
    )


def round_of(story: Story, number: int) -> Round:
    """Find one round of a run. Raises Unknown, also once its texts are deleted."""
    if story.run.purged_at:
        raise Unknown("The texts of this run were deleted, as its flow says.")
    if not 1 <= number <= len(story.rounds):
        raise Unknown("There is no such approval.")
    return story.rounds[number - 1]


def round_view(case: Case, standing: Round, draft: DraftText | None, now: datetime) -> RoundView:
    """Show one round, as time left it."""
    at_hand = upkeep.current(case, now, standing)
    return RoundView(
        number=at_hand.number,
        state="decided" if at_hand.decision else (at_hand.outcome or "open").lower(),
        outcome=at_hand.outcome,
        text=draft.text if draft else "",
        digest=at_hand.draft_digest,
        finish_reason=draft.finish_reason if draft else "",
        assigned_to=[seat.person for seat in at_hand.seats],
        stage=at_hand.stage,
        stages=len(case.policy.steps),
        waiting_for=seats.awaited(case, at_hand, now),
        opened_at=at_hand.request_date,
        expires_at=at_hand.expires_at,
        next_reminder_at=at_hand.next_reminder,
        escalated_at=at_hand.escalated_at,
    )


def _previous(case: Case, story: Story, number: int, now: datetime) -> RoundView | None:
    if number == 1:
        return None
    before = story.rounds[number - 2]
    return round_view(case, before, story.drafts.get(before.number), now)


def _feedback(story: Story, number: int) -> list[ResponseView]:
    if number == 1:
        return []
    before = story.rounds[number - 2]
    return [response_view(before, each) for each in before.responses]
