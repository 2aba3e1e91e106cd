"""Owns the routes by which who asked for a run, or operates, steers it."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Annotated

import azure.durable_functions as df
import azure.functions as func
import msgspec
from msgspec import Meta

from signpost import posting, receipts, rounds, runs, views
from signpost.identity import Caller
from signpost.ledger import Ledger
from signpost.oversight import Case, steering
from signpost.people import Name, people
from signpost.posting import Resolution, Word
from signpost.problems import NotYours
from signpost.records import Round
from signpost.runs import Story
from signpost.settings import settings
from signpost.shapes import View
from signpost.teams.workflows import Workflows
from triggers import access, durable
from triggers.answers import answer, guarded, read_body

bp = df.Blueprint()

Steering = Callable[[Case, datetime, Round], Round]


class Body(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """The base of the bodies read here."""


class Canceled(View, frozen=True):
    """That a run was canceled."""

    id: str
    outcome: str


class Cancel(Body, frozen=True):
    """The body that cancels a run."""

    reason: Annotated[str, Meta(max_length=1000)] = ""


class Remind(Body, frozen=True):
    """The body that has approvers told again: nothing, so far."""


class Extend(Body, frozen=True):
    """The body that moves the deadline back."""

    expires_at: datetime


class Reassign(Body, frozen=True, rename={"came": "from"}):
    """The body that hands the place of one person to another."""

    came: Name
    to: Name


class Resolve(Body, frozen=True):
    """The body that says what became of a post that is `unknown`."""

    delivery: Resolution


@bp.route(route="api/runs/{id}/cancel", methods=["POST"], auth_level=access.LEVEL)
@bp.durable_client_input(client_name="client")
@guarded
async def cancel_run(
    req: func.HttpRequest, client: df.DurableOrchestrationClient
) -> func.HttpResponse:
    """Cancel a run that nobody has decided yet."""
    who, story, ledger = await access.steerable(req)
    reason, run = read_body(req, Cancel).reason, story.run.id
    async with durable.waking_in_doubt(client, story):
        standing = await runs.cancel(ledger, run, reason, who.name, datetime.now(UTC))
    await durable.stop(client, run, standing)
    return answer(Canceled(id=run, outcome="Canceled"))


@bp.route(route="api/runs/{id}/remind", methods=["POST"], auth_level=access.LEVEL)
@bp.durable_client_input(client_name="client")
@guarded
async def remind(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Have everybody who is waited for told again."""
    who, story, ledger = await access.steerable(req)
    read_body(req, Remind)
    return await _steer(client, ledger, story, who, steering.remind)


@bp.route(route="api/runs/{id}/extend", methods=["POST"], auth_level=access.LEVEL)
@bp.durable_client_input(client_name="client")
@guarded
async def extend(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Move the deadline back."""
    who, story, ledger = await access.steerable(req)
    moved = steering.Extension(who.name, read_body(req, Extend).expires_at)
    return await _steer(client, ledger, story, who, partial(steering.extend, moved))


@bp.route(route="api/runs/{id}/reassign", methods=["POST"], auth_level=access.LEVEL)
@bp.durable_client_input(client_name="client")
@guarded
async def reassign(
    req: func.HttpRequest, client: df.DurableOrchestrationClient
) -> func.HttpResponse:
    """Hand the place of one person to another; who asks for a text can't choose who signs it."""
    who, story, ledger = await access.steerable(req)
    if not access.may_reassign(who, story):
        raise NotYours("Who asks for a text can't choose who signs it; an operator can.")
    body = read_body(req, Reassign)
    handover = steering.Handover(who.name, body.came, body.to)
    return await _steer(client, ledger, story, who, partial(steering.reassign, handover))


@bp.route(route="api/runs/{id}/resolve", methods=["POST"], auth_level=access.LEVEL)
@guarded
async def resolve(req: func.HttpRequest) -> func.HttpResponse:
    """Let a person say that an `unknown` post is there, or have it posted again."""
    who, story, ledger = await access.steerable(req)
    how, config, now = read_body(req, Resolve).delivery, settings(), datetime.now(UTC)
    await receipts.read(ledger, config, story)  # notes a word before this that was cut off
    await posting.resolve(ledger, Workflows(config), story, Word(how, who.name), now)
    after = await runs.story(ledger, story.run.id)
    await receipts.read(ledger, config, after)  # so that the receipt knows it, too
    return answer(views.run_view(after, now, may_reassign=access.may_reassign(who, story)))


async def _steer(
    client: df.DurableOrchestrationClient,
    ledger: Ledger,
    story: Story,
    who: Caller,
    steer: Steering,
) -> func.HttpResponse:
    """Change the round that is on, wake its wait, and show the run as it is then."""
    now = datetime.now(UTC)
    decide = partial(steer, Case(story.run, people()), now)
    async with durable.waking_in_doubt(client, story):
        standing = await rounds.steer(ledger, story, decide)
    await durable.wake(client, story.run.id, standing)
    after = msgspec.structs.replace(story, rounds=[*story.rounds[:-1], standing])
    return answer(views.run_view(after, now, may_reassign=access.may_reassign(who, story)))
