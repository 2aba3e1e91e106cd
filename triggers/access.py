"""Owns who may do what: callers by key or sign-in, approvers also by their link."""

import re
from datetime import UTC, datetime
from typing import NamedTuple

import azure.functions as func

from signpost import runs
from signpost.identity import Caller, caller_of, is_same_origin
from signpost.ledger import Ledger, open_ledger
from signpost.links import approver_of
from signpost.oversight import Case, seats
from signpost.people import people
from signpost.problems import BadLink, Foreign, NotYours, SignInNeeded, Unknown
from signpost.records import Responder
from signpost.runs import Story
from signpost.settings import asks_for_keys, settings
from signpost.telemetry import logs

log = logs.logger(__name__)

# The host checks keys before the app sees a request. With a sign-in the app decides by itself,
# and a key would open what belongs to a person.
LEVEL = func.AuthLevel.FUNCTION if asks_for_keys() else func.AuthLevel.ANONYMOUS
SIGN_IN = "This needs a sign-in with your organisation's account."
APPROVAL_ID = rf"({runs.RUN_ID})-([1-9]\d?)"


class Approver(NamedTuple):
    """Who answers, proved by a link or a sign-in, and which round it is about."""

    story: Story
    round: int
    responder: Responder


def caller(req: func.HttpRequest) -> Caller:
    """Say who sends a request. Raises SignInNeeded, and Foreign for another site's page."""
    who = known(req)
    if who is None:
        raise SignInNeeded(SIGN_IN)
    return who


def known(req: func.HttpRequest) -> Caller | None:
    """Say who sends a request, None where nobody signed in. Raises Foreign."""
    config = settings()
    if req.method not in ("GET", "HEAD") and not is_same_origin(req.headers, config):
        raise Foreign("Open Signpost's own page and try again there.")
    return caller_of(req.headers, config, people())


async def visible(req: func.HttpRequest) -> tuple[Caller, Story, Ledger]:
    """Give the run of a route to who asked for it, operates, or is asked. Raises Unknown."""
    who, ledger = caller(req), open_ledger(settings().ledger)
    story = await runs.story(ledger, req.route_params["id"])
    if not may_steer(who, story) and not (who.name and _is_asked(who.name, story)):
        raise Unknown(runs.NO_RUN)
    return who, story, ledger


async def steerable(req: func.HttpRequest) -> tuple[Caller, Story, Ledger]:
    """Give the run of a route to who asked for it or operates.

    Raises Unknown, and NotYours for who may only see it.
    """
    who, story, ledger = await visible(req)
    if not may_steer(who, story):
        raise NotYours("Only who asked for the run, or operates, may do this.")
    return who, story, ledger


def may_steer(who: Caller, story: Story) -> bool:
    """Say whether somebody may cancel, remind, extend and resolve."""
    asked_for = story.run.requestor
    own = who.name is not None and asked_for is not None and people().same(who.name, asked_for)
    return who.is_operator or own


def may_reassign(who: Caller, story: Story) -> bool:
    """Say whether somebody may choose who signs: an operator, but not who asks for the text."""
    asks = who.name is not None and Case(story.run, people()).is_barred(who.name)
    return who.is_operator and not asks


async def approver(req: func.HttpRequest) -> Approver:
    """Say who answers which approval.

    Raises BadLink for a token that is not good here, SignInNeeded, NotYours for somebody else's
    link, and Unknown for who has nothing to do with the run.
    """
    who, token = known(req), req.headers.get("x-approval-token", "")
    ledger = open_ledger(settings().ledger)
    if who is None and (not token or settings().sign_in == "required"):
        raise SignInNeeded(SIGN_IN)
    if token:
        return await _by_link(ledger, who, token, req.route_params["id"])
    if who is None or who.name is None:
        raise BadLink
    return await _by_sign_in(ledger, who, who.name, req.route_params["id"])


async def _by_sign_in(ledger: Ledger, who: Caller, name: str, approval: str) -> Approver:
    named = re.fullmatch(APPROVAL_ID, approval, re.ASCII)
    if named is None:
        raise Unknown(runs.NO_RUN)
    story = await runs.story(ledger, named[1])
    if not _is_asked(name, story):
        raise NotYours if may_steer(who, story) else Unknown(runs.NO_RUN)
    return Approver(story, int(named[2]), responder_of(who, name))


async def _by_link(ledger: Ledger, who: Caller | None, token: str, approval: str) -> Approver:
    claims = approver_of(token, approval, settings(), datetime.now(UTC))
    name = who.name if who else None
    if name is not None and not people().same(name, claims.approver):
        told = {"action": "approver", "approval": approval}
        log.warning("The link of approval %s was used by somebody else.", approval, extra=told)
        raise NotYours("This link was made for somebody else.")
    story = await runs.story(ledger, claims.run)
    if not story.run.purged_at and not _is_asked(claims.approver, story):
        raise NotYours
    proved = responder_of(who, name) if who and name else Responder(name=claims.approver)
    return Approver(story, claims.round, proved)


def responder_of(who: Caller, name: str) -> Responder:
    """Write down who answered, as far as it was proved."""
    return Responder(
        name=name,
        proof="switch" if who.proof == "switch" else "sign-in",
        id=who.id,
        tenant_id=who.tenant_id,
        display_name=who.display_name,
        user_principal_name=who.user_principal_name,
    )


def _is_asked(name: str, story: Story) -> bool:
    case, now = Case(story.run, people()), datetime.now(UTC)
    return any(seats.is_involved(case, standing, name, now) for standing in story.rounds)
