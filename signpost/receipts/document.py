"""Owns what a receipt says of a run: digests in place of texts, so that it can be kept for long."""

from datetime import datetime
from typing import Any

import msgspec

from signpost import usage
from signpost.contracts import Ending
from signpost.records import DraftText, Post, Response, Round
from signpost.runs import Story
from signpost.text import digest
from signpost.usage import Cost

VERSION = 1

Json = dict[str, Any]


class _Delivered(msgspec.Struct, frozen=True):
    """What is read of a sealed receipt."""

    delivery: Json | None


def facts(story: Story, ending: Ending) -> Json:
    """Give what is known of a run as it closes, as plain JSON values."""
    run, standing = story.run, story.round
    return {
        "version": VERSION,
        "run": run.id,
        "flow": run.flow.name,
        "approvalType": run.flow.approval.type,
        "outcome": ending.outcome,
        "failure": ending.failure,
        "requestor": run.requestor,
        "inputsDigest": digest(msgspec.json.encode(run.inputs, order="sorted").decode()),
        "rounds": [_round(each, story.drafts.get(each.number)) for each in story.rounds],
        "signedDigest": standing.signed_digest() if standing else None,
        "signedBy": standing.signers if standing else [],
        "cost": _cost(usage.total(each.cost for each in story.spent)),
        "delivery": _delivery(story.post),
        "createdAt": _at(run.created_at),
        "closedAt": _at(ending.work.now),
    }


def entries(story: Story, ending: Ending) -> list[Json]:
    """Tell what happened, in order."""
    run, now = story.run, ending.work.now
    told = [_entry(run.created_at, "started", run.requestor, 0, "")]
    for number, draft in sorted(story.drafts.items()):
        named = ", ".join(draft.variants)
        told.append(_entry(draft.created_at or now, "drafted", None, number, named))
    for standing in story.rounds:
        told += _happened(standing)
    if run.canceled_at and ending.outcome == "Canceled":  # else it came too late
        told.append(_entry(run.canceled_at, "canceled", run.canceled_by, len(story.rounds), ""))
    if story.post:
        told.append(_entry(story.post.at, "posted", None, len(story.rounds), story.post.state))
    told.append(_entry(now, "closed", None, len(story.rounds), ending.outcome))
    return sorted(told, key=lambda entry: datetime.fromisoformat(entry["at"]))


def later(sealed: bytes, story: Story) -> tuple[list[Json], Json] | None:
    """Give what a sealed receipt does not know yet of the delivery; None when it knows all.

    None also for a receipt that can't be read: nothing is added to what somebody changed.
    """
    post, delivery = story.post, _delivery(story.post)
    known = _known(sealed)
    if post is None or known is None or delivery == known:
        return None
    detail = f"{known.get('state')} -> {post.state}"
    entry = _entry(post.at, "resolved", post.resolved_by, max(story.posts), detail)
    return [entry], {"delivery": delivery}


def _known(sealed: bytes) -> Json | None:
    """Read what a receipt says of the delivery."""
    try:
        return msgspec.json.decode(sealed, type=_Delivered).delivery
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _happened(standing: Round) -> list[Json]:
    number = standing.number
    told = [_entry(n.at, n.what, n.who, number, n.detail) for n in standing.notes]
    for each in standing.responses:
        said, who = each.approver_response, each.responder.name
        told.append(_entry(each.response_date, "answered", who, number, said))
    if standing.closed_at and standing.outcome:
        by = standing.closed_by
        told.append(_entry(standing.closed_at, "decided", by, number, standing.outcome))
    return told


def _entry(at: datetime, what: str, who: str | None, number: int, detail: str) -> Json:
    return {"at": _at(at), "what": what, "who": who, "round": number, "detail": detail}


def _round(standing: Round, draft: DraftText | None) -> Json:
    return {
        "number": standing.number,
        "draftDigest": standing.draft_digest,
        "otherDigests": standing.other_digests,
        "requestDate": _at(standing.request_date),
        "closedAt": _at(standing.closed_at) if standing.closed_at else None,
        "outcome": standing.outcome,
        "responses": [_response(each) for each in standing.responses],
        "draft": _draft(draft) if draft else None,
    }


def _draft(draft: DraftText) -> Json:
    return {
        "instructions": draft.instructions,
        "instructionsDigest": draft.instructions_digest,
        "model": draft.model,
        "parameters": msgspec.to_builtins(draft.parameters),
        "promptTokens": draft.prompt_tokens,
        "completionTokens": draft.completion_tokens,
        "calls": draft.calls,
        "cost": _cost(draft.cost),
        "systemFingerprint": draft.system_fingerprint,
        "finishReason": draft.finish_reason,
        "contentFilter": draft.content_filter,
    }


def _cost(cost: Cost | None) -> Json | None:
    return {"amount": cost.amount, "currency": cost.currency} if cost else None


def _response(response: Response) -> Json:
    who = response.responder
    return {
        "responder": who.name,
        "proof": who.proof,
        "id": who.id,
        "tenantId": who.tenant_id,
        "onBehalfOf": response.on_behalf_of,
        "approverResponse": response.approver_response,
        "commentsDigest": digest(response.comments) if response.comments else None,
        "draftDigest": response.draft_digest,
        "acceptedTextDigest": response.accepted_digest,
        "requestDate": _at(response.request_date),
        "responseDate": _at(response.response_date),
        "stage": response.stage,
        "channel": response.channel,
    }


def _delivery(post: Post | None) -> Json | None:
    if post is None:
        return None
    return {
        "state": post.state,
        "target": post.target,
        "digest": post.digest,
        "at": _at(post.at),
        "detail": post.detail,
        "resolvedBy": post.resolved_by,
    }


def _at(instant: datetime) -> str:
    return msgspec.json.decode(msgspec.json.encode(instant), type=str)
