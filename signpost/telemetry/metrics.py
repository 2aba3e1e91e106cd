"""Owns counting: one function for each thing that happens, called where a write decided it.

The ledger takes each of these writes once, whoever runs twice, so each is counted once. What is
lost is a count between the write and the end of a process, never a decision.
"""

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from signpost.contracts import REQUEST_CHANGES, Outcome
from signpost.telemetry import exporters, names
from signpost.telemetry.names import Metric

if TYPE_CHECKING:
    from opentelemetry.metrics import MeterProvider

    from signpost.model.outcomes import Completion, Refusal
    from signpost.runs import Story
    from signpost.usage import Cost

MINUTE, HOUR, DAY = 60, 3600, 86400
WAITS = (
    MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 4 * HOUR, 8 * HOUR,
    DAY, 2 * DAY, 3 * DAY, 7 * DAY, 14 * DAY, 30 * DAY, 90 * DAY,
)  # fmt: skip


def started(flow: str) -> None:
    """Count a run that began."""
    _add(names.RUNS_STARTED, flow=flow)


def drafted(flow: str) -> None:
    """Count a draft that is in the ledger."""
    _add(names.DRAFTS, flow=flow, result="written")


def asked(answer: "Completion | Refusal", cost: "Cost | None") -> None:
    """Count a call of the model: each one, since each costs."""
    _add(names.TOKENS, answer.prompt_tokens, direction="input")
    _add(names.TOKENS, answer.completion_tokens, direction="output")
    if cost is not None:
        _add(names.COST, float(cost.amount), currency=cost.currency)


def refused(kind: str) -> None:
    """Count a call of the model that gave no text."""
    _add(names.REFUSALS, kind=kind)


def answered(flow: str, outcome: Outcome) -> None:
    """Count an answer that counts."""
    _add(names.RESPONSES, flow=flow, outcome=outcome)


def delivered(flow: str, state: str) -> None:
    """Count what is known of a post."""
    _add(names.DELIVERIES, flow=flow, state=state)


def closed(story: "Story", outcome: Outcome) -> None:
    """Count a run whose receipt was sealed, with all that is certain only then."""
    flow = story.run.flow.name
    _add(names.RUNS_CLOSED, flow=flow, outcome=outcome)
    for each in story.rounds:
        if each.outcome and each.closed_at:
            waited = (each.closed_at - each.request_date).total_seconds()
            wait = _instrument(names.APPROVAL_WAIT, exporters.providers().metrics)
            wait.record(waited, {"flow": flow, "outcome": each.outcome})
    if outcome == "Failed" and _lacks_draft(story):
        _add(names.DRAFTS, flow=flow, result="failed")
    if story.post is not None:
        delivered(flow, story.post.state)


def waiting(flows: Mapping[str, int], overdue: int) -> None:
    """Say how many runs wait now, by flow, and how many of them should not wait any more."""
    meters = exporters.providers().metrics
    for flow, number in flows.items():
        _instrument(names.RUNS_WAITING, meters).set(number, {"flow": flow})
    _instrument(names.RUNS_OVERDUE, meters).set(overdue)


def _lacks_draft(story: "Story") -> bool:
    between = story.round is None or story.round.outcome == REQUEST_CHANGES
    return between and len(story.rounds) + 1 not in story.drafts


def _add(metric: Metric, amount: float = 1, **by: str) -> None:
    _instrument(metric, exporters.providers().metrics).add(amount, by)


@cache
def _instrument(metric: Metric, meters: "MeterProvider") -> Any:  # noqa: ANN401 - of one of three kinds
    meter = meters.get_meter(names.SCOPE)
    match metric.kind:
        case "counter":
            return meter.create_counter(metric.name, metric.unit, metric.what)
        case "gauge":
            return meter.create_gauge(metric.name, metric.unit, metric.what)
        case "histogram":
            return meter.create_histogram(
                metric.name,
                metric.unit,
                metric.what,
                explicit_bucket_boundaries_advisory=WAITS,
            )
