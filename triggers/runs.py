"""Owns the routes that start and follow runs."""

import re
from datetime import UTC, datetime

import azure.durable_functions as df
import azure.functions as func
from msgspec.structs import replace

from signpost import flows, inputs, receipts, runs, views
from signpost.contracts import STOPPED
from signpost.flows import Flow
from signpost.ledger import open_ledger
from signpost.people import people
from signpost.problems import Invalid, Unknown
from signpost.settings import settings
from signpost.shapes import FlowView, View
from signpost.telemetry import names, spans
from triggers import access, durable
from triggers.answers import MAX_BODY_BYTES, answer, answer_raw, guarded, read_body

bp = df.Blueprint()

KEY = "[ -~]{1,255}"


class Flows(View, frozen=True):
    """All flows."""

    flows: list[FlowView]


class Started(View, frozen=True):
    """Which run was started, and where to follow it."""

    id: str
    flow: str
    status_url: str
    page_url: str


@bp.route(route="api/flows", methods=["GET"], auth_level=access.LEVEL)
@guarded
async def list_flows(req: func.HttpRequest) -> func.HttpResponse:
    """Show the flows and what each needs to start."""
    access.caller(req)
    return answer(Flows(flows=[views.flow_view(flow) for flow in flows.load_all().values()]))


@bp.route(route="api/flows/{flow}/runs", methods=["POST"], auth_level=access.LEVEL)
@bp.durable_client_input(client_name="client")
@spans.traced(names.START, func.Context)
@guarded
async def start_run(
    req: func.HttpRequest, client: df.DurableOrchestrationClient
) -> func.HttpResponse:
    """Start a run of a flow, once for each idempotency key."""
    config = settings()
    who, flow = access.caller(req), _flow(req.route_params["flow"])
    body = _asked_by(who.name, read_body(req, runs.Start, _most_bytes(flow)))
    key = _idempotency_key(req)
    run, new = await runs.start(
        open_ledger(config.ledger),
        flow,
        body,
        key,
        datetime.now(UTC),
        allowances=config.allowances,
        by_sign_in=config.sign_in == "required",
    )
    spans.tell(run=run, flow=flow.name)
    await durable.start(client, run, new=new)
    status_url = f"{config.base_url}/api/runs/{run}"
    return answer(
        Started(
            id=run,
            flow=flow.name,
            status_url=status_url,
            page_url=f"{config.base_url}/runs/{run}",
        ),
        202,
        {"Location": status_url, "Retry-After": "1"},
    )


@bp.route(route="api/runs/{id}", methods=["GET"], auth_level=access.LEVEL)
@bp.durable_client_input(client_name="client")
@guarded
async def follow_run(
    req: func.HttpRequest, client: df.DurableOrchestrationClient
) -> func.HttpResponse:
    """Show where a run stands."""
    who, story, ledger = await access.visible(req)
    said, now = None, datetime.now(UTC)
    if story.receipt is None:
        said = await durable.look_after(client, ledger, story, now)
        if said == STOPPED:  # it was closed just now
            story = await runs.story(ledger, story.run.id)
    may_steer = access.may_steer(who, story)
    may_reassign = access.may_reassign(who, story)
    view = views.run_view(story, now, word=said, may_steer=may_steer, may_reassign=may_reassign)
    return answer(view)


@bp.route(route="api/runs/{id}/receipt", methods=["GET"], auth_level=access.LEVEL)
@guarded
async def show_receipt(req: func.HttpRequest) -> func.HttpResponse:
    """Show the receipt of a closed run, byte for byte as it was sealed."""
    _, story, ledger = await access.visible(req)
    sealed = await receipts.read(ledger, settings(), story)
    if sealed is None:
        raise Unknown("The run is not closed yet.")
    return answer_raw(sealed)


def _most_bytes(flow: Flow) -> int:
    """Say how large a body may be: one file fits in, where the flow takes files."""
    takes_files = any(isinstance(rule, inputs.File) for rule in flow.inputs.values())
    return MAX_BODY_BYTES + inputs.MOST_ENCODED * takes_files


def _asked_by(name: str | None, body: runs.Start) -> runs.Start:
    """Take who is signed in as who asks; a claim to be somebody else is refused."""
    if name is None:
        return body
    if body.requestor is not None and not people().same(body.requestor, name):
        raise Invalid("You are signed in as somebody else: leave this out.", field="requestor")
    return replace(body, requestor=name)


def _flow(name: str) -> Flow:
    known = flows.load_all()
    if name not in known:
        raise Unknown(f"There is no flow {name!r}; there is {', '.join(known)}.", field="flow")
    return known[name]


def _idempotency_key(req: func.HttpRequest) -> str | None:
    key: str | None = req.headers.get("idempotency-key")
    if key is None:
        return None
    if not re.fullmatch(KEY, key):
        raise Invalid("Use 1 to 255 visible ASCII characters.", field="Idempotency-Key")
    return key
