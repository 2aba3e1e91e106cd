"""Owns the chain of a run: draft, signature, post, receipt."""

from collections.abc import Generator
from typing import Any

import azure.durable_functions as df

from orchestrators.steps import await_signature, close, draft_text, post_text
from signpost.contracts import STOPPED, Outcome, Work, pack

bp = df.Blueprint()


@bp.orchestration_trigger(context_name="context")
def sign_and_post(context: df.DurableOrchestrationContext) -> Generator[Any, Any, Any]:
    """Draft a text, have it signed, post exactly what was signed, and write the receipt.

    Ends with one of: Approve (the text was sent; the receipt says how that went), Reject,
    Expired, Canceled, or Failed (no draft could be had, or it is too large for Teams).
    """
    work = Work(run=context.instance_id, round=1, attempt=1, now=context.current_utc_datetime)
    try:
        outcome, failure = yield from draft_and_sign(context, work)
        if outcome == "Approve":
            yield from post_text(context, work)
    except Exception:  # noqa: BLE001 - whatever stops an activity, the run is closed and says so
        outcome, failure = "Failed", STOPPED
    return pack((yield from close(context, work, outcome, failure)))


def draft_and_sign(
    context: df.DurableOrchestrationContext, work: Work
) -> Generator[Any, Any, tuple[Outcome, str | None]]:
    """Have the text written and signed, and say how that ended, and why."""
    drafted = yield from draft_text(context, work)
    if drafted.outcome:
        return drafted.outcome, drafted.failure
    return (yield from await_signature(context, work))
