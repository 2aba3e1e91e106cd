"""Owns the table of what the API does, from which its description is written.

It is loaded with the first request for the description, so that no cold start pays for it.
"""

from typing import Any, get_args

from signpost import catalog, inbox, runs, shapes, trying
from signpost.openapi import Operation, Parameter
from signpost.oversight.answers import Answer
from signpost.problems import (
    Away,
    Decided,
    Invalid,
    NotYours,
    Over,
    SignInNeeded,
    TooMany,
    TooSoon,
    Unknown,
)
from triggers import about, approvals, boxes, health, instructions, steering
from triggers import runs as runs_routes


class Receipt(shapes.View, frozen=True):
    """The sealed record of a run, in canonical JSON (RFC 8785); its bytes are what was signed."""

    version: int
    run: str
    flow: str
    approval_type: str
    outcome: str
    failure: str | None
    requestor: str | None
    inputs_digest: str
    rounds: list[dict[str, Any]]
    signed_digest: str | None
    signed_by: list[str]
    delivery: dict[str, Any] | None
    created_at: str
    closed_at: str
    entries: list[dict[str, Any]]
    signature: dict[str, str]
    cost: shapes.CostView | None = None  # receipts of runs that closed before it existed have none


TEXT = {"type": "string"}
IDEMPOTENCY_KEY = Parameter(
    "Idempotency-Key",
    "header",
    "The same key with the same body gives the same run.",
    {"type": "string", "pattern": f"^{runs_routes.KEY}$"},
)
PERSON = Parameter("person", "query", "Whose list; anybody else's only for an operator.", TEXT)
FLOW = Parameter("flow", "query", "Only what belongs to this flow.", TEXT)
LIMIT = Parameter(
    "limit", "query", "How many at most.", {"type": "integer", "minimum": 1, "maximum": 100}
)
CURSOR = Parameter("cursor", "query", "The `next` of the page before.", TEXT)
PAGING = (PERSON, FLOW, LIMIT, CURSOR)


def _choice(name: str, description: str, choices: Any) -> Parameter:  # noqa: ANN401 - a Literal
    return Parameter(name, "query", description, {"enum": list(get_args(choices))})


STEERING = (NotYours, Unknown, Decided, Over, Away)

OPERATIONS = (
    Operation("listFlows", "get", "/api/flows", "List the flows.", "key", runs_routes.Flows),
    Operation(
        "startRun",
        "post",
        "/api/flows/{flow}/runs",
        "Start a run of a flow.",
        "key",
        runs_routes.Started,
        bodies=[runs.Start],
        refuses=[Unknown, TooMany, Away],
        parameters=[IDEMPOTENCY_KEY],
        status=202,
    ),
    Operation(
        "listRuns",
        "get",
        "/api/runs",
        "List one's own runs, or all of them to an operator.",
        "key",
        catalog.RunPage,
        refuses=[Unknown, Invalid, Away],
        parameters=[
            _choice("box", "`sent` by default.", boxes.RunBox),
            _choice("state", "Only runs in this state.", runs.State),
            *PAGING,
        ],
    ),
    Operation(
        "followRun",
        "get",
        "/api/runs/{id}",
        "Say where a run stands.",
        "key",
        shapes.RunView,
        refuses=[Unknown, Away],
    ),
    Operation(
        "showReceipt",
        "get",
        "/api/runs/{id}/receipt",
        "Show the receipt of a closed run.",
        "key",
        Receipt,
        refuses=[Unknown, Away],
    ),
    Operation(
        "cancelRun",
        "post",
        "/api/runs/{id}/cancel",
        "Cancel a run that nobody has decided yet.",
        "key",
        steering.Canceled,
        bodies=[steering.Cancel],
        refuses=STEERING,
    ),
    Operation(
        "remind",
        "post",
        "/api/runs/{id}/remind",
        "Have everybody who is waited for told again.",
        "key",
        shapes.RunView,
        bodies=[steering.Remind],
        refuses=[*STEERING, TooSoon],
    ),
    Operation(
        "extend",
        "post",
        "/api/runs/{id}/extend",
        "Move the deadline back.",
        "key",
        shapes.RunView,
        bodies=[steering.Extend],
        refuses=STEERING,
    ),
    Operation(
        "reassign",
        "post",
        "/api/runs/{id}/reassign",
        "Hand the place of one person to another.",
        "key",
        shapes.RunView,
        bodies=[steering.Reassign],
        refuses=STEERING,
    ),
    Operation(
        "resolve",
        "post",
        "/api/runs/{id}/resolve",
        "Say what became of a post that is `unknown`, or post it again.",
        "key",
        shapes.RunView,
        bodies=[steering.Resolve],
        refuses=STEERING,
    ),
    Operation(
        "listApprovals",
        "get",
        "/api/approvals",
        "List what waits for a person, or what they were asked that is over.",
        "key",
        catalog.ApprovalPage,
        refuses=[Unknown, Invalid, Away],
        parameters=[
            _choice("box", "`received` by default.", catalog.Box),
            Parameter("outcome", "query", "Only what ended so.", TEXT),
            *PAGING,
        ],
    ),
    Operation(
        "showApproval",
        "get",
        "/api/approvals/{id}",
        "Show what there is to sign.",
        "link",
        shapes.ApprovalView,
        refuses=[Unknown, Away],
    ),
    Operation(
        "answer",
        "post",
        "/api/approvals/{id}",
        "Answer, in our own words or in those of Agent Inbox.",
        "link",
        shapes.AnswerView,
        bodies=[Answer, inbox.HumanResponse, list[inbox.HumanResponse]],
        refuses=[Unknown, Decided, Over, Away],
    ),
    Operation(
        "handOn",
        "post",
        "/api/approvals/{id}/reassign",
        "Hand one's own place to somebody else.",
        "link",
        approvals.HandedOn,
        bodies=[approvals.HandOn],
        refuses=[Unknown, Decided, Over, Away],
    ),
    Operation(
        "listInstructions",
        "get",
        "/api/instructions",
        "List the instructions.",
        "key",
        instructions.Gallery,
    ),
    Operation(
        "showInstructions",
        "get",
        "/api/instructions/{name}",
        "Show instructions with their file's text.",
        "key",
        instructions.InstructionsFile,
        refuses=[Unknown],
    ),
    Operation(
        "testInstructions",
        "post",
        "/api/instructions/test",
        "Have the model write by instructions, and keep nothing of it.",
        "key",
        trying.Tried,
        bodies=[trying.Trial],
        refuses=[Unknown, TooMany, Away],
    ),
    Operation("me", "get", "/api/me", "Say who asks.", "open", about.Me),
    Operation(
        "receiptKeys",
        "get",
        "/api/receipts/keys",
        "List the keys that receipts are checked with.",
        "open",
        about.PublicKeys,
    ),
    Operation(
        "health",
        "get",
        "/api/health",
        "Say whether Signpost is ready.",
        "open",
        health.Health,
        refuses=[SignInNeeded, NotYours],
        parameters=[Parameter("deep", "query", "With findings, for a signed-in operator.", TEXT)],
        tells_faults=True,
    ),
    Operation(
        "examine",
        "get",
        "/api/health/deep",
        "Say what is wrong, and what mends it; only to operators.",
        "key",
        health.Health,
        refuses=[NotYours],
        tells_faults=True,
    ),
    Operation("openapi", "get", "/api/openapi.json", "Give this document.", "open", dict[str, Any]),
)
