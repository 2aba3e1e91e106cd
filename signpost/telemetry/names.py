"""Owns the names of all that is told: spans, their attributes, metrics and their attributes.

docs/telemetry.md shows the same tables. Alerts and the workbook ask for these names, so a change
here is a change there.
"""

from typing import Literal

from msgspec import Struct

SCOPE = "signpost"  # the name of the tracer and of the meter

START = "signpost.start"
DRAFT = "signpost.draft"
CHAT = "chat"  # followed by the deployment, as the conventions for generative AI have it
OPEN_ROUND = "signpost.open_round"
SETTLE_ROUND = "signpost.settle_round"
ANSWER = "signpost.answer"
POST = "signpost.post"
CLOSE_RUN = "signpost.close_run"

RUN = "signpost.run"
FLOW = "signpost.flow"
ROUND = "signpost.round"
OUTCOME = "signpost.outcome"
DELIVERY = "signpost.delivery"
ERROR = "error.type"


class Span(Struct, frozen=True):
    """One kind of span; `told` are the attributes that it may have."""

    name: str
    what: str
    told: tuple[str, ...]


SPANS = (
    Span(START, "a run is started over HTTP", (RUN, FLOW)),
    Span(DRAFT, "one try at the draft of a round", (RUN, FLOW, ROUND, OUTCOME)),
    Span(
        f"{CHAT} DEPLOYMENT",
        "one call of the model",
        (
            "gen_ai.operation.name",
            "gen_ai.provider.name",
            "gen_ai.request.model",
            "gen_ai.response.model",
            "gen_ai.response.finish_reasons",
            "gen_ai.usage.input_tokens",
            "gen_ai.usage.output_tokens",
        ),
    ),
    Span(OPEN_ROUND, "a draft is put under review", (RUN, FLOW, ROUND, OUTCOME)),
    Span(ANSWER, "an approver answers over HTTP", (RUN, FLOW, ROUND, OUTCOME)),
    Span(SETTLE_ROUND, "a round is brought up to date", (RUN, FLOW, ROUND, OUTCOME)),
    Span(POST, "one try to post the signed text", (RUN, FLOW, ROUND, DELIVERY)),
    Span(CLOSE_RUN, "the receipt is written", (RUN, FLOW, ROUND, OUTCOME)),
)


class Metric(Struct, frozen=True):
    """One instrument of the meter; `by` are the attributes that split its values."""

    name: str
    kind: Literal["counter", "histogram", "gauge"]
    unit: str
    by: tuple[str, ...]
    what: str


RUNS_STARTED = Metric("signpost.runs.started", "counter", "{run}", ("flow",), "runs that began")
RUNS_CLOSED = Metric(
    "signpost.runs.closed", "counter", "{run}", ("flow", "outcome"), "receipts that were sealed"
)
DRAFTS = Metric(
    "signpost.drafts",
    "counter",
    "{draft}",
    ("flow", "result"),
    "drafts: `written`, or `failed` for good",
)
REFUSALS = Metric(
    "signpost.model.refusals",
    "counter",
    "{call}",
    ("kind",),
    "calls of the model without a text, such as `throttled`",
)
TOKENS = Metric(
    "signpost.tokens", "counter", "{token}", ("direction",), "tokens: `input` and `output`"
)
COST = Metric(
    "signpost.cost", "counter", "1", ("currency",), "what these tokens cost, where prices are set"
)
RESPONSES = Metric(
    "signpost.responses", "counter", "{response}", ("flow", "outcome"), "answers that counted"
)
DELIVERIES = Metric(
    "signpost.deliveries",
    "counter",
    "{post}",
    ("flow", "state"),
    "what is known of posts when runs close, and again when a person resolves one",
)
APPROVAL_WAIT = Metric(
    "signpost.approval.wait",
    "histogram",
    "s",
    ("flow", "outcome"),
    "from asking to the end of a round, told when its run closes",
)
RUNS_WAITING = Metric(
    "signpost.runs.waiting", "gauge", "{run}", ("flow",), "runs that wait for people"
)
RUNS_OVERDUE = Metric(
    "signpost.runs.overdue",
    "gauge",
    "{run}",
    (),
    "of these, past their deadline, or with approvers who could not be told",
)
METRICS = (
    RUNS_STARTED,
    RUNS_CLOSED,
    DRAFTS,
    REFUSALS,
    TOKENS,
    COST,
    RESPONSES,
    DELIVERIES,
    APPROVAL_WAIT,
    RUNS_WAITING,
    RUNS_OVERDUE,
)
