"""Owns how runs and approvals look on the wire; docs/api.md shows the shapes."""

from datetime import datetime
from typing import Any

import msgspec

from signpost.flows import Flow
from signpost.links import approval_id
from signpost.oversight import OVER, outcome_at
from signpost.records import Post, Round, Run
from signpost.runs import Story
from signpost.teams import MAX_BYTES
from signpost.teams.cards import post_card
from signpost.text import digest

View = dict[str, Any]

_DELIVERED = {
    "posted": "Posted to Teams",
    "handed over": "Handed over to Teams",
    "unknown": "It is not known whether the post reached Teams",
    "failed": "The post did not reach Teams",
}


def flow_view(flow: Flow) -> View:
    """Show what a caller needs to start this flow."""
    return {
        "name": flow.name,
        "title": flow.title,
        "description": flow.description,
        "inputs": [
            {"name": name, **msgspec.to_builtins(rule)} for name, rule in flow.inputs.items()
        ],
        "assignedTo": flow.approval.assigned_to,
        "location": flow.post.location,
    }


def run_view(story: Story, waiting_for: str | None = None) -> View:
    """Show a run; `waiting_for` is what the orchestration says of a step that takes long."""
    run, standing = story.run, story.round
    signed = story.signed_text
    return {
        "id": run.id,
        "flow": run.flow.name,
        "title": run.flow.title,
        "state": story.state,
        "detail": _detail(story, waiting_for),
        "outcome": story.receipt.outcome if story.receipt else standing and standing.outcome,
        "inputs": run.inputs,
        "requestor": run.requestor,
        "createdAt": run.created_at,
        "closedAt": story.receipt.closed_at if story.receipt else None,
        "round": _round_view(story) if standing else None,
        "responses": standing.responses if standing else [],
        "signedText": signed,
        "signedDigest": digest(signed) if signed is not None else None,
        "delivery": delivery_view(story.post) if story.post else None,
    }


def approval_view(story: Story, approver: str, now: datetime) -> View:
    """Show an approver what there is to sign, and the card as it would be posted."""
    run, standing, draft = story.run, story.round, story.draft
    if standing is None or draft is None:
        raise LookupError("an approval exists only with its round and its draft")
    policy = run.flow.approval
    return {
        "id": approval_id(run.id, standing.number),
        "run": run.id,
        "round": standing.number,
        "flow": run.flow.name,
        "title": policy.title,
        "details": policy.details,
        "state": "over" if outcome_at(standing, now) else "open",
        "outcome": outcome_at(standing, now),
        "decision": standing.decision,
        "text": draft.text,
        "digest": standing.draft_digest,
        "finishReason": draft.finish_reason,
        "card": post_card(run.flow.post.title, draft.text, approver, edited=False),
        "you": approver,
        "assignedTo": standing.assigned_to,
        "requestor": run.requestor,
        "inputs": run.inputs,
        "requestDate": standing.request_date,
        "expiresAt": standing.expires_at,
        "options": ["Approve", "Reject"],
        "allowEdits": policy.allow_edits,
        "requireComment": policy.require_comment,
        "maxBytes": MAX_BYTES,
    }


def answer_view(run: Run, standing: Round) -> View:
    """Show an approver that the answer counted."""
    return {
        "id": approval_id(run.id, standing.number),
        "outcome": standing.outcome,
        "decision": standing.decision,
        "signedDigest": standing.signed_digest(),
    }


def delivery_view(post: Post) -> View | None:
    """Show what is known of the post; None while it is under way."""
    if post.state in ("claimed", "released"):
        return None
    return {"state": post.state, "target": post.target, "at": post.at, "detail": post.detail}


def _round_view(story: Story) -> View:
    standing, draft = story.round, story.draft
    if standing is None or draft is None:
        raise LookupError("a round exists only with its draft")
    return {
        "number": standing.number,
        "state": "decided" if standing.decision else (standing.outcome or "open").lower(),
        "text": draft.text,
        "digest": standing.draft_digest,
        "finishReason": draft.finish_reason,
        "assignedTo": standing.assigned_to,
        "openedAt": standing.request_date,
        "expiresAt": standing.expires_at,
        "nextReminderAt": standing.next_reminder,
    }


def _detail(story: Story, waiting_for: str | None) -> str:
    if story.receipt:
        return _ending(story)
    if story.round is None and story.run.canceled_at:
        return "The run was canceled; its end is being noted."
    return waiting_for or _moment(story, story.round)


def _moment(story: Story, standing: Round | None) -> str:
    if standing is None:
        return "The draft is being written."
    if standing.outcome is None:
        return f"Waiting for {' or '.join(standing.assigned_to)}." + _untold(standing)
    if standing.outcome == "Approve":
        return "The signed text is being posted."
    return _unposted(story, standing.failure)


def _untold(standing: Round) -> str:
    missing = [person for person in standing.assigned_to if person not in standing.notified]
    if not missing or not standing.notice_attempts:
        return ""
    return f" {' and '.join(missing)} could not be told yet; it is tried again."


def _ending(story: Story) -> str:
    receipt, standing = story.receipt, story.round
    if receipt is None:
        raise LookupError("only a closed run has an ending")
    decision = standing.decision if standing else None
    if receipt.outcome == "Approve" and decision and story.post:
        delivered = _DELIVERED[story.post.state]
        return f"{delivered}; signed by {decision.responder}."
    return _unposted(story, receipt.failure)


def _unposted(story: Story, failure: str | None) -> str:
    ending = story.receipt or story.round
    outcome = ending.outcome if ending else None
    decision = story.round.decision if story.round else None
    if decision:
        return f"Rejected by {decision.responder}; nothing was posted."
    if outcome == "Canceled" and story.run.cancel_reason:
        return f"The run was canceled ({story.run.cancel_reason}); nothing was posted."
    return f"{failure or OVER.get(outcome or '', '')} Nothing was posted."
