"""Owns the routes on which an approver finds, sees and answers what there is to sign."""

from datetime import UTC, datetime
from functools import partial
from typing import Any

import azure.durable_functions as df
import azure.functions as func
import msgspec

from signpost import inbox, rounds, views
from signpost.ledger import open_ledger
from signpost.oversight import Case, refuse_when_over, steering
from signpost.oversight.answers import Answer, Said
from signpost.people import Name, people
from signpost.problems import NotYours
from signpost.records import Channel
from signpost.settings import settings
from signpost.shapes import View
from signpost.telemetry import names, spans
from triggers import access, durable
from triggers.answers import answer, guarded, read_body

bp = df.Blueprint()


class HandedOn(View, frozen=True):
    """Who is asked after an approver handed an approval on."""

    id: str
    assigned_to: list[str]


class HandOn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body by which an approver hands an approval on; `to` is one person."""

    to: Name


@bp.route(route="api/approvals/{id}", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@guarded
async def show_approval(req: func.HttpRequest) -> func.HttpResponse:
    """Show what there is to sign. Decides nothing."""
    story, number, responder = await access.approver(req)
    return answer(views.approval_view(story, number, responder.name, datetime.now(UTC)))


@bp.route(route="api/approvals/{id}", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
@bp.durable_client_input(client_name="client")
@spans.traced(names.ANSWER, func.Context)
@guarded
async def sign(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Let an answer count, if it is in time and from somebody who is asked."""
    story, number, responder = await access.approver(req)
    spans.tell(run=story.run.id, flow=story.run.flow.name, round=number)
    ledger = open_ledger(settings().ledger)
    answered, channel = _read_answer(req, views.round_of(story, number).draft_digest)
    said = Said(responder, channel, answered)
    async with durable.waking_in_doubt(client, story):
        standing = await rounds.respond(ledger, story, number, said, datetime.now(UTC))
    spans.tell(outcome=standing.outcome)
    if standing.calls_for_a_look:
        await durable.wake(client, story.run.id, standing)
    return answer(views.answer_view(story.run, standing, responder.name))


@bp.route(
    route="api/approvals/{id}/reassign", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS
)
@bp.durable_client_input(client_name="client")
@guarded
async def hand_on(
    req: func.HttpRequest, client: df.DurableOrchestrationClient
) -> func.HttpResponse:
    """Let an approver hand their own place to somebody else, where the flow allows it."""
    story, number, responder = await access.approver(req)
    to = read_body(req, HandOn).to
    if not story.run.flow.approval.enable_reassignment:
        raise NotYours("This flow does not let approvers hand an approval on.")
    refuse_when_over(views.round_of(story, number))  # so that it is the round that is on
    handover = steering.Handover(responder.name, responder.name, to)
    decide = partial(steering.reassign, handover, Case(story.run, people()), datetime.now(UTC))
    async with durable.waking_in_doubt(client, story):
        standing = await rounds.steer(open_ledger(settings().ledger), story, decide)
    await durable.wake(client, story.run.id, standing)
    return answer(HandedOn(id=req.route_params["id"], assigned_to=standing.assigned_to))


def _read_answer(req: func.HttpRequest, digest: str) -> tuple[Answer, Channel]:
    """Read an answer of the page, or of an inbox that speaks as Agent Inbox does."""
    body = read_body(req, Any)
    if inbox.is_inbox(body):
        return inbox.translate(body, digest), "inbox"
    return read_body(req, Answer), "page"
