"""Owns the routes on which an approver sees and signs; the token says who that is."""

from datetime import UTC, datetime

import azure.durable_functions as df
import azure.functions as func

from signpost import rounds, runs, views
from signpost.ledger import open_ledger
from signpost.links import Claims, approver_of
from signpost.oversight import Answer
from signpost.problems import NotYours
from signpost.settings import settings
from triggers import durable
from triggers.answers import answer, guarded, read_body

bp = df.Blueprint()


@bp.route(route="api/approvals/{id}", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@guarded
async def show_approval(req: func.HttpRequest) -> func.HttpResponse:
    """Show what there is to sign. Decides nothing."""
    now = datetime.now(UTC)
    claims = _claims(req, now)
    story = await runs.story(open_ledger(settings().ledger), claims.run)
    return answer(views.approval_view(story, claims.approver, now))


@bp.route(route="api/approvals/{id}", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
@bp.durable_client_input(client_name="client")
@guarded
async def sign(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Let an answer decide, if it is the first."""
    now = datetime.now(UTC)
    claims = _claims(req, now)
    body = read_body(req, Answer)
    ledger = open_ledger(settings().ledger)
    story = await runs.story(ledger, claims.run)
    standing = await rounds.respond(ledger, story, claims.approver, body, now)
    await durable.wake(client, claims.run, standing)
    return answer(views.answer_view(story.run, standing))


def _claims(req: func.HttpRequest, now: datetime) -> Claims:
    token = req.headers.get("x-approval-token", "")
    if not token:
        raise NotYours
    return approver_of(token, req.route_params["id"], settings(), now)
