"""Owns the chain of a run: draft, signature, post, receipt."""

from collections.abc import Generator
from typing import Any

import azure.durable_functions as df

from orchestrators.steps import await_signature, close, draft_text, post_text
from signpost.contracts import REQUEST_CHANGES, STOPPED, Standing, Work, next_round, pack

bp = df.Blueprint()


@bp.orchestration_trigger(context_name="context")
def sign_and_post(context: df.DurableOrchestrationContext) -> Generator[Any, Any, Any]:
    """Draft a text, have it signed, post exactly what was signed, and write the receipt.

    Ends with one of: Approve or an option that posts (the text was sent; the receipt says how
    that went), Reject or another option, Expired, Canceled, or Failed (no draft could be had, or
    it is too large for Teams).
    """
    work = Work(run=context.instance_id, round=1, attempt=1, now=context.current_utc_datetime)
    try:
        work, standing = yield from draft_and_sign(context, work)
        if standing.signed:
            yield from post_text(context, work)
    except Exception:  # noqa: BLE001 - whatever stops an activity, the run is closed and says so
        standing = Standing(outcome="Failed", failure=STOPPED)
    return pack((yield from close(context, work, standing)))


def draft_and_sign(
    context: df.DurableOrchestrationContext, work: Work
) -> Generator[Any, Any, tuple[Work, Standing]]:
    """Have the text written and signed, and written anew when an approver asks for changes."""
    while True:
        drafted = yield from draft_text(context, work)
        if drafted.outcome:
            return work, Standing(outcome=drafted.outcome, failure=drafted.failure)
        standing = yield from await_signature(context, work)
        if standing.outcome != REQUEST_CHANGES:
            return work, standing
        work = next_round(work)
