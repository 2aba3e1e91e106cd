"""Owns the routes that start, follow and cancel runs."""

import re
from datetime import UTC, datetime
from typing import Annotated

import azure.durable_functions as df
import azure.functions as func
import msgspec
from msgspec import Meta

from signpost import flows, runs, views
from signpost.contracts import STOPPED
from signpost.flows import Flow
from signpost.ledger import open_ledger
from signpost.problems import Invalid, Unknown
from signpost.settings import settings
from triggers import durable
from triggers.answers import answer, guarded, read_body

bp = df.Blueprint()

KEY = "[ -~]{1,255}"
FLOWS = flows.load_all()  # a broken file stops the app as it starts: file, line and field


class Cancel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body that cancels a run."""

    reason: Annotated[str, Meta(max_length=1000)] = ""


@bp.route(route="api/flows", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
@guarded
async def list_flows(req: func.HttpRequest) -> func.HttpResponse:
    """Show the flows and what each needs to start."""
    return answer({"flows": [views.flow_view(flow) for flow in FLOWS.values()]})


@bp.route(route="api/flows/{flow}/runs", methods=["POST"], auth_level=func.AuthLevel.FUNCTION)
@bp.durable_client_input(client_name="client")
@guarded
async def start_run(
    req: func.HttpRequest, client: df.DurableOrchestrationClient
) -> func.HttpResponse:
    """Start a run of a flow, once for each idempotency key."""
    config = settings()
    flow = _flow(req.route_params["flow"])
    body = read_body(req, runs.Start)
    key = _idempotency_key(req)
    run, new = await runs.start(open_ledger(config.ledger), flow, body, key, datetime.now(UTC))
    await durable.start(client, run, new=new)
    status_url = f"{config.base_url}/api/runs/{run}"
    return answer(
        {
            "id": run,
            "flow": flow.name,
            "statusUrl": status_url,
            "pageUrl": f"{config.base_url}/runs/{run}",
        },
        202,
        {"Location": status_url, "Retry-After": "1"},
    )


@bp.route(route="api/runs/{id}", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
@bp.durable_client_input(client_name="client")
@guarded
async def follow_run(
    req: func.HttpRequest, client: df.DurableOrchestrationClient
) -> func.HttpResponse:
    """Show where a run stands."""
    ledger = open_ledger(settings().ledger)
    story = await runs.story(ledger, req.route_params["id"])
    said = None
    if story.receipt is None:
        said = await durable.look_after(client, ledger, story, datetime.now(UTC))
        if said == STOPPED:  # it was closed just now
            story = await runs.story(ledger, story.run.id)
    return answer(views.run_view(story, said))


@bp.route(route="api/runs/{id}/receipt", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
@guarded
async def show_receipt(req: func.HttpRequest) -> func.HttpResponse:
    """Show the receipt of a closed run."""
    story = await runs.story(open_ledger(settings().ledger), req.route_params["id"])
    if story.receipt is None:
        raise Unknown("The run is not closed yet.")
    return answer(story.receipt)


@bp.route(route="api/runs/{id}/cancel", methods=["POST"], auth_level=func.AuthLevel.FUNCTION)
@bp.durable_client_input(client_name="client")
@guarded
async def cancel_run(
    req: func.HttpRequest, client: df.DurableOrchestrationClient
) -> func.HttpResponse:
    """Cancel a run that nobody has decided yet."""
    body = read_body(req, Cancel)
    run = req.route_params["id"]
    standing = await runs.cancel(
        open_ledger(settings().ledger), run, body.reason, datetime.now(UTC)
    )
    await durable.wake(client, run, standing)
    return answer({"id": run, "outcome": "Canceled"})


def _flow(name: str) -> Flow:
    if name not in FLOWS:
        raise Unknown(f"There is no flow {name!r}; there is {', '.join(FLOWS)}.", field="flow")
    return FLOWS[name]


def _idempotency_key(req: func.HttpRequest) -> str | None:
    key: str | None = req.headers.get("idempotency-key")
    if key is None:
        return None
    if not re.fullmatch(KEY, key):
        raise Invalid("Use 1 to 255 visible ASCII characters.", field="Idempotency-Key")
    return key
