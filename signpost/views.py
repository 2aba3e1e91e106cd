"""Owns what is shown of runs and approvals: true at every moment, also of a clock not yet noted."""

from datetime import datetime
from typing import NamedTuple

import msgspec

from signpost import inputs, posting, usage
from signpost.contracts import REQUEST_CHANGES
from signpost.flows import Flow
from signpost.inputs import Input
from signpost.links import approval_id
from signpost.oversight import Case, answers, seats, upkeep
from signpost.oversight.verdicts import still_needed
from signpost.people import people
from signpost.policy import listed
from signpost.problems import Unknown
from signpost.records import DraftText, Post, Responder, Response, Round, Run, Seat
from signpost.runs import Story
from signpost.sentences import story_in_a_sentence
from signpost.shapes import (
    AnswerView,
    ApprovalView,
    CostView,
    DecisionView,
    DeliveryView,
    FlowView,
    NamedInput,
    ResponderView,
    ResponseView,
    RoundView,
    RunView,
    VariantView,
)
from signpost.teams import MAX_BYTES
from signpost.teams.cards import post_card
from signpost.text import digest
from signpost.usage import Cost


def flow_view(flow: Flow) -> FlowView:
    """Show what a caller needs to start this flow."""
    stages = flow.approval.all_stages
    return FlowView(
        name=flow.name,
        title=flow.title,
        description=flow.description,
        inputs=[_input(name, rule) for name, rule in flow.inputs.items()],
        approval_type=flow.approval.type,
        assigned_to=list(dict.fromkeys(name for s in stages for name in listed(s.assigned_to))),
        location=flow.post.location,
    )


def _input(name: str, rule: Input) -> NamedInput:
    said = msgspec.to_builtins(rule)
    return NamedInput(
        name=name,
        type=rule.type,
        required=rule.required,
        description=rule.description,
        default=said.get("default"),
        max_length=said.get("maxLength"),
        options=said.get("options"),
        minimum=said.get("minimum"),
        maximum=said.get("maximum"),
    )


def run_view(
    story: Story,
    now: datetime,
    *,
    word: str | None = None,
    may_steer: bool = True,
    may_reassign: bool = True,
) -> RunView:
    """Show a run; `word` is what the orchestration says of a step that takes long."""
    run = story.run
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
        inputs=inputs.outline(run.inputs),
        requestor=run.requestor,
        created_at=run.created_at,
        closed_at=story.receipt.closed_at if story.receipt else None,
        purged_at=run.purged_at,
        round=rounds[-1] if rounds else None,
        rounds=rounds,
        responses=[response_view(each, r) for each in story.rounds for r in each.responses],
        accepted_text=_accepted_text(story),
        signed_digest=story.round.signed_digest() if story.round else None,
        delivery=delivery_view(story.post, now) if story.post else None,
        prompt_tokens=sum(each.prompt_tokens for each in story.spent),
        completion_tokens=sum(each.completion_tokens for each in story.spent),
        cost=cost_view(usage.total(each.cost for each in story.spent)),
        may_steer=may_steer,
        may_reassign=may_steer and may_reassign,
    )


def _accepted_text(story: Story) -> str | None:
    """Give the text that was signed; None where the store holds another in its place by now."""
    text, standing = story.signed_text, story.round
    if text is None or standing is None or digest(text) != standing.signed_digest():
        return None
    return text


def approval_view(story: Story, number: int, approver: str, now: datetime) -> ApprovalView:
    """Show an approver what there is to sign. Raises Unknown once its texts are deleted."""
    run, policy = story.run, story.run.flow.approval
    standing, draft = round_of(story, number), story.drafts[number]
    case = Case(run, people())
    seen = _seen(case, standing, approver, now)
    at_hand, decision = seen.at_hand, seen.decision
    possible = answers.options(case, at_hand)
    variants = variant_views(run, draft, approver)
    return ApprovalView(
        id=approval_id(run.id, number),
        run=run.id,
        round=number,
        flow=run.flow.name,
        title=case.title,
        details=policy.details,
        item_link=policy.item_link,
        item_link_description=policy.item_link_description,
        state=seen.state,
        outcome=at_hand.outcome,
        decision=response_view(at_hand, decision) if decision else None,
        text=draft.text,
        digest=standing.draft_digest,
        finish_reason=draft.finish_reason,
        card=variants[0].card,
        variants=variants,
        removed=draft.removed,
        you=approver,
        on_behalf_of=seen.on_behalf_of,
        assigned_to=at_hand.assigned_to,
        waiting_for=seats.awaited(case, at_hand, now),
        responses=[response_view(at_hand, each) for each in at_hand.responses],
        requestor=run.requestor,
        inputs=run.inputs,
        request_date=standing.request_date,
        expires_at=at_hand.expires_at,
        type=policy.type,
        stage=at_hand.stage,
        stages=len(policy.all_stages),
        still_needed=0 if at_hand.outcome else still_needed(policy, at_hand),
        options=possible,
        posts=[each for each in possible if policy.signs(each)],
        allow_edits=policy.allow_edits,
        allow_reassign=policy.enable_reassignment and seen.holds_place,
        require_comment=[e for e in possible if e in (*policy.require_comment, REQUEST_CHANGES)],
        max_bytes=MAX_BYTES,
        previous=_previous(case, story, number, now),
        feedback=_feedback(story, number),
    )


class _Seen(NamedTuple):
    """A round as one approver finds it: `place` is where they may answer now."""

    at_hand: Round
    place: Seat | None
    holds_place: bool
    own: Response | None

    @property
    def state(self) -> str:
        """Say whether this approver may answer, did, has to wait, or comes too late."""
        if self.at_hand.outcome:
            return "over"
        if self.place:
            return "open"
        return "answered" if self.own else "waiting"

    @property
    def decision(self) -> Response | None:
        """The answer that decided, else their own, which they can't give twice."""
        return self.at_hand.decision or (None if self.place else self.own)

    @property
    def on_behalf_of(self) -> str | None:
        """Whose place it is, where it is not their own."""
        return self.place.person if self.place and not self.holds_place else None


def _seen(case: Case, standing: Round, approver: str, now: datetime) -> _Seen:
    at_hand, same = upkeep.current(case, now, standing), case.people.same
    place = None if at_hand.outcome else seats.place_of(case, at_hand, approver, now)
    holds = place is not None and same(place.person, approver)
    own = next((r for r in at_hand.responses if same(r.responder.name, approver)), None)
    return _Seen(at_hand, place, holds, own)


def variant_views(run: Run, draft: DraftText, approver: str) -> list[VariantView]:
    """Show the drafts to choose from, each with its card as this approver would sign it."""
    from signpost.findings import findings  # noqa: PLC0415 - only who signs pays for loading it

    title, links = run.flow.post.title, run.flow.post.links
    return [
        VariantView(
            text=text,
            digest=name,
            findings=[*_unchecked(draft), *findings(text, links)],
            card=post_card(title, text, approver, edited=False, links=links),
        )
        for name, text in draft.variants.items()
    ]


def _unchecked(draft: DraftText) -> list[str]:
    """Say what the content filter did not look at, where such texts are accepted all the same."""
    parts = draft.content_filter.get("unfiltered")
    return [f"The content filter did not work: nothing checked the {parts}."] if parts else []


def cost_view(cost: Cost | None) -> CostView | None:
    """Show what something cost, None where no prices are set."""
    return CostView(amount=cost.amount, currency=cost.currency) if cost else None


def answer_view(run: Run, standing: Round, approver: str) -> AnswerView:
    """Show an approver that the answer counted."""
    mine = (r for r in reversed(standing.responses) if people().same(r.responder.name, approver))
    own = next(mine)
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
        digest=response.accepted_digest or standing.chosen_digest(response),
        channel=response.channel,
        proof=response.responder.proof,
    )


def decision_view(response: Response) -> DecisionView:
    """Show the answer that counted to who came later."""
    return DecisionView(
        responder=_responder(response.responder),
        on_behalf_of=response.on_behalf_of,
        approver_response=response.approver_response,
        comments=response.comments,
        response_date=response.response_date,
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
    """Show one round, as time left it; of several drafts, the one that was chosen."""
    at_hand = upkeep.current(case, now, standing)
    decision = at_hand.decision
    chosen = at_hand.chosen_digest(decision) if decision else at_hand.draft_digest
    return RoundView(
        number=at_hand.number,
        state="decided" if at_hand.decision else (at_hand.outcome or "open").lower(),
        outcome=at_hand.outcome,
        text=draft.variants.get(chosen, draft.text) if draft else "",
        digest=chosen,
        variants=list(draft.variants.values()) if draft else [],
        finish_reason=draft.finish_reason if draft else "",
        model=draft.model if draft else "",
        system_fingerprint=draft.system_fingerprint if draft else None,
        assigned_to=at_hand.assigned_to,
        stage=at_hand.stage,
        stages=len(case.policy.all_stages),
        still_needed=0 if at_hand.outcome else still_needed(case.policy, at_hand),
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
