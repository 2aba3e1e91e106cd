"""Owns the chain of a run: draft, signature, post, receipt."""

from collections.abc import Generator
from typing import Any

import azure.durable_functions as df

from orchestrators.steps import await_signature, close, draft_text, post_text
from signpost.contracts import Work, pack

bp = df.Blueprint()


@bp.orchestration_trigger(context_name="context")
def sign_and_post(context: df.DurableOrchestrationContext) -> Generator[Any, Any, Any]:
    """Draft a text, have it signed, post exactly what was signed, and write the receipt.

    Ends with one of: Approve (the text was sent; the receipt says how that went), Reject,
    Expired, Canceled, or Failed (no draft could be had, or it is too large for Teams).
    """
    work = Work(run=context.instance_id, round=1, attempt=1, now=context.current_utc_datetime)

    drafted = yield from draft_text(context, work)
    if drafted.outcome:
        return pack((yield from close(context, work, drafted.outcome, drafted.failure)))

    outcome, failure = yield from await_signature(context, work)
    if outcome == "Approve":
        yield from post_text(context, work)
    return pack((yield from close(context, work, outcome, failure)))
