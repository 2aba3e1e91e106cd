"""Owns the routes that list approvals and runs."""

import re
from datetime import UTC, datetime
from typing import Literal, get_args

import azure.durable_functions as df
import azure.functions as func

from signpost import catalog
from signpost.catalog import ApprovalQuery, RunQuery, Window
from signpost.identity import Caller
from signpost.ledger import open_ledger
from signpost.people import is_address, is_object_id, people
from signpost.problems import Invalid, Unknown
from signpost.runs import State
from signpost.settings import settings
from triggers import access
from triggers.answers import answer, guarded

bp = df.Blueprint()

FEW = "25"
RunBox = Literal["sent", "all"]


@bp.route(route="api/approvals", methods=["GET"], auth_level=access.LEVEL)
@guarded
async def list_approvals(req: func.HttpRequest) -> func.HttpResponse:
    """Show what waits for a person to answer, or what they were asked that is over."""
    person = _whose(req, access.caller(req))
    past = _choice(req, "box", get_args(catalog.Box)) == "history"
    box: catalog.Box = "history" if past else "received"
    query = ApprovalQuery(person, box, req.params.get("flow"), req.params.get("outcome"))
    ledger, now = open_ledger(settings().ledger), datetime.now(UTC)
    return answer(await catalog.list_approvals(ledger, query, _window(req), now))


@bp.route(route="api/runs", methods=["GET"], auth_level=access.LEVEL)
@guarded
async def list_runs(req: func.HttpRequest) -> func.HttpResponse:
    """Show the runs that a person asked for, or all of them to an operator."""
    who = access.caller(req)
    nobodys = who.name is None and "person" not in req.params
    if (_choice(req, "box", get_args(RunBox)) or ("all" if nobodys else "sent")) == "all":
        if not who.is_operator:
            raise Unknown("There is no such list.")
        person = None
    else:
        person = _whose(req, who)
    query = RunQuery(person, req.params.get("flow"), _choice(req, "state", get_args(State)))
    ledger, now = open_ledger(settings().ledger), datetime.now(UTC)
    return answer(await catalog.list_runs(ledger, query, _window(req), now))


def _whose(req: func.HttpRequest, who: Caller) -> str:
    """Say whose list is asked for: one's own, or for an operator anybody's. Raises Unknown."""
    person: str | None = req.params.get("person")
    if person is None:
        if who.name is None:
            raise Invalid("You operate under no name: say whose list it is.", field="person")
        return who.name
    if not (is_address(person) or is_object_id(person)):
        raise Invalid("Name one person by e-mail address or Entra object id.", field="person")
    if not who.is_operator and not people().same(who.name or "", person):
        raise Unknown("There is no such list.")
    return people().canonical(person)


def _choice(req: func.HttpRequest, name: str, choices: tuple[str, ...]) -> str | None:
    chosen: str | None = req.params.get(name)
    if chosen is not None and chosen not in choices:
        raise Invalid(f"Choose one of: {', '.join(choices)}.", field=name)
    return chosen


def _window(req: func.HttpRequest) -> Window:
    limit, cursor = req.params.get("limit", FEW), req.params.get("cursor", "")
    if not re.fullmatch(r"[1-9][0-9]?|100", limit):
        raise Invalid("Ask for 1 to 100 entries.", field="limit")
    if cursor and not catalog.is_cursor(cursor):
        raise Invalid("Give what the page before named as `next`.", field="cursor")
    return Window(cursor, int(limit))
