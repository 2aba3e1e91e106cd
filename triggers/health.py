"""Owns the routes that say whether Signpost is ready: to the platform, and in full to operators.

The host checks keys by route, so the full examination has one of its own for who holds a key;
who is signed in may also ask for it by `?deep`.
"""

import asyncio
from collections.abc import Sequence
from time import monotonic
from typing import Literal
from urllib.parse import parse_qs
from weakref import WeakKeyDictionary

import azure.durable_functions as df
import azure.functions as func
import msgspec

from signpost import flows
from signpost.doctor.finding import Finding
from signpost.identity import Caller, caller_of
from signpost.people import Directory, people
from signpost.problems import BrokenFile, Misconfigured, NotYours, SignInNeeded
from signpost.settings import asks_for_keys, settings
from signpost.shapes import View
from triggers import access
from triggers.answers import answer, guarded

bp = df.Blueprint()

KEPT_SECONDS = 5.0  # as long the same findings are shown, so that nobody hammers what they are of
NOBODY = "signpost-doctor"  # the id of a run that there is not
BY_KEY = "Sign-in is off here: GET /api/health/deep opens to the header x-functions-key."
UNKNOWABLE = (
    "The settings of the sign-in are wrong, so nobody can be known: python -m signpost.doctor"
    " --resource-group GROUP says which."
)
SIGN_IN = ("SIGNPOST_SIGN_IN", "SIGNPOST_OPERATORS")


class Health(View, frozen=True, omit_defaults=True):
    """Whether runs can be started; with `findings` where an operator asked for them."""

    status: Literal["ready", "misconfigured"]
    findings: list[Finding] | msgspec.UnsetType = msgspec.UNSET


@bp.route(route="api/health", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@bp.durable_client_input(client_name="client")
@guarded
async def health(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Say whether settings and flows can be used, and look at nothing outside."""
    if not _is_deep(req):
        return _told(Health(status="ready" if _is_set_up() else "misconfigured"))
    if asks_for_keys():
        raise SignInNeeded(BY_KEY)
    return await _examined(req, client)


@bp.route(route="api/health/deep", methods=["GET"], auth_level=access.LEVEL)
@bp.durable_client_input(client_name="client")
@guarded
async def examine(
    req: func.HttpRequest, client: df.DurableOrchestrationClient
) -> func.HttpResponse:
    """Look at everything that Signpost needs, and name what mends it."""
    return await _examined(req, client)


async def _examined(
    req: func.HttpRequest, client: df.DurableOrchestrationClient
) -> func.HttpResponse:
    _require_operator(req)
    findings = await _recent(client)
    sound = all(each.state != "problem" for each in findings)
    return _told(Health(status="ready" if sound else "misconfigured", findings=list(findings)))


def _told(health: Health) -> func.HttpResponse:
    return answer(health, 200 if health.status == "ready" else 503)


def _is_deep(req: func.HttpRequest) -> bool:
    """Read the address too: the host leaves parameters without a value out of `params`.

    Only what follows the `?`, since what is before it holds whatever Host a caller sends.
    """
    asked = parse_qs(req.url.partition("?")[2], keep_blank_values=True)
    return "deep" in req.params or "deep" in asked


def _is_set_up() -> bool:
    try:
        settings()
        flows.load_all()
    except Misconfigured:
        return False
    return True


def _require_operator(req: func.HttpRequest) -> None:
    """Let operators in, also while settings are wrong that do not say who that is."""
    from signpost.doctor.surroundings import (  # noqa: PLC0415 - few ask for it: cold start
        environment,
        look_around,
    )

    if asks_for_keys():
        return  # the host has checked the key
    around = look_around(environment())
    if around.lacks(*SIGN_IN):
        raise SignInNeeded(UNKNOWABLE)
    who: Caller | None = caller_of(req.headers, around.config, _everybody())
    if who is None:
        raise SignInNeeded(access.SIGN_IN)
    if not who.is_operator:
        raise NotYours("Only operators may see what is wrong: SIGNPOST_OPERATORS names them.")


def _everybody() -> Directory:
    try:
        return people()
    except BrokenFile:
        return Directory()  # operators are known by their object ids then


Examination = asyncio.Task[Sequence[Finding]]
_examinations: WeakKeyDictionary[asyncio.AbstractEventLoop, tuple[float, Examination]]
_examinations = WeakKeyDictionary()


async def _recent(client: df.DurableOrchestrationClient) -> Sequence[Finding]:
    """Give the findings of the examination that is on, or was a moment ago, else of a new one."""
    loop = asyncio.get_running_loop()
    begun, task = _examinations.get(loop, (0.0, None))
    if task is None or (task.done() and monotonic() - begun > KEPT_SECONDS):
        task = loop.create_task(_look(client))
        _examinations[loop] = (monotonic(), task)
    return await asyncio.shield(task)  # others may wait for it, too


async def _look(client: df.DurableOrchestrationClient) -> Sequence[Finding]:
    from signpost.doctor.inside import examine as examine_inside  # noqa: PLC0415 - as above
    from signpost.doctor.surroundings import environment, look_around  # noqa: PLC0415 - as above

    return await examine_inside(look_around(environment(), lambda: client.get_status(NOBODY)))
