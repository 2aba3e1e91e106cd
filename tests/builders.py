"""Builds the things that unit tests are about, with defaults for all that a test is not about."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import azure.functions as func
import msgspec

from signpost import inputs, records
from signpost.allowances import Allowances
from signpost.contracts import Work
from signpost.flows import Draft, Flow, Parameters, Post
from signpost.ledger import Ledger, read
from signpost.oversight import Case
from signpost.oversight.answers import Answer, Said
from signpost.oversight.upkeep import open_round
from signpost.people import Directory
from signpost.policy import Approval
from signpost.records import DraftText, Responder, Round, Run
from signpost.settings import Settings
from signpost.text import digest

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
RUN = "9f2c41d0a7e84b0d8c5b1f3e6a7d2c90"
TEXT = "The terrace opens on Monday.\n\nCoffee is free until noon."
ADELE, ALEX, MEGAN = "adele@contoso.com", "alex@contoso.com", "megan@contoso.com"
KEY, OLD_KEY = "n" * 32, "o" * 32


def a_config(**fields: Any) -> Settings:
    """Build settings under which nothing can be reached unless a test says where."""
    defaults: dict[str, Any] = {
        "local": True,
        "base_url": "http://localhost:7071",
        "signing_keys": (KEY,),
        "ledger": "sqlite:unused",
        "model_base_url": "http://127.0.0.1:9/v1",
        "model_name": "gpt",
        "model_api_key": "unused",
        "model_api_version": None,
        "model_behind": None,
        "unfiltered": "refuse",
        "identity_client_id": None,
        "channel_webhook_url": "http://127.0.0.1:9/channel",
        "chat_webhook_url": "http://127.0.0.1:9/chat",
        "sign_in": "off",
        "tenant_id": None,
        "operators": (),
        "allowances": Allowances(),
    }
    return Settings(**defaults | fields)


def a_flow(**approval: Any) -> Flow:
    """Build a flow; the fields given are those of its approval."""
    policy: dict[str, Any] = {
        "type": "Approve/Reject - First to respond",
        "title": "Sign it",
        "assigned_to": [ADELE, ALEX],
        "allow_edits": True,
        "require_comment": ["Reject"],
    }
    return Flow(
        name="news",
        title="News",
        inputs={"Topic": inputs.Text(required=True), "Tone": inputs.Text()},
        draft=Draft(instructions="topic-post"),
        approval=Approval(**policy | approval),
        post=Post(location="Channel", title="News"),
    )


def a_run(**fields: Any) -> Run:
    """Build a run that was just asked for."""
    defaults: dict[str, Any] = {
        "id": RUN,
        "flow": a_flow(),
        "inputs": {"Topic": "The terrace"},
        "parameters": Parameters(),
        "requestor": MEGAN,
        "created_at": NOW,
    }
    return Run(**defaults | fields)


def a_draft(text: str = TEXT, **fields: Any) -> DraftText:
    """Build a draft of a text."""
    defaults: dict[str, Any] = {
        "finish_reason": "stop",
        "prompt_tokens": 10,
        "completion_tokens": 20,
        "model": "gpt",
        "parameters": Parameters(),
        "instructions": "topic-post",
        "instructions_digest": "sha256:0",
    }
    return DraftText(text=text, **defaults | fields)


def a_case(people: Directory | None = None, **approval: Any) -> Case:
    """Build what a round is judged by, under a policy with these fields."""
    return Case(a_run(flow=a_flow(**approval)), people or Directory())


def a_round(**approval: Any) -> Round:
    """Open the round of the default draft under a policy with these fields."""
    return open_round(a_case(**approval), a_draft(), 1, NOW)


def said(person: str = ADELE, response: Any = "Approve", **fields: Any) -> Said:
    """Build an answer about the default draft, by a person who followed their link."""
    return Said(Responder(name=person), "page", an_answer(response, **fields))


def an_answer(response: Any = "Approve", **fields: Any) -> Answer:
    """Build an answer about the default draft."""
    comments = "" if response == "Approve" else "Too long."
    defaults: dict[str, Any] = {"digest": digest(TEXT), "comments": comments}
    return Answer(response=response, **defaults | fields)


def work(attempt: int = 1, after: timedelta = timedelta()) -> Work:
    """Build what an activity is given, some time after the run began."""
    return Work(run=RUN, round=1, attempt=attempt, now=NOW + after)


async def put(ledger: Ledger, row: str, record: records.Record) -> None:
    """Write a row of the default run."""
    assert await ledger.insert(RUN, row, msgspec.json.encode(record))


async def get_round(ledger: Ledger) -> Round:
    """Read the round of the default run."""
    standing = await read(ledger, RUN, records.round_row(1), Round)
    assert standing is not None
    return standing


async def get_post(ledger: Ledger) -> records.Post:
    """Read the post of the default run."""
    post = await read(ledger, RUN, records.post_row(1), records.Post)
    assert post is not None
    return post


def a_request(
    body: object = None, *, headers: dict[str, str] | None = None, **route: str
) -> func.HttpRequest:
    """Build the request that the host hands to a route; bytes go as they are, all else as JSON."""
    raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
    sent = {"Content-Type": "application/json"} | (headers or {})
    return func.HttpRequest(
        method="POST",
        url="http://spoofed.example/api",
        headers={name: value for name, value in sent.items() if value},
        params={},
        route_params=route,
        body=b"" if body is None else raw,
    )


def handler(route: Any) -> Callable[..., Awaitable[func.HttpResponse]]:
    """Give the function behind a route, as the worker calls it."""
    return cast("Callable[..., Awaitable[func.HttpResponse]]", route._function.get_user_function())


def json_of(answer: func.HttpResponse) -> Any:
    """Read the JSON of an answer."""
    return msgspec.json.decode(answer.get_body())
