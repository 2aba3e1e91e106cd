"""Owns the steps of a run that wait: for the model, for people, for Teams, for the ledger."""

from collections.abc import Generator
from datetime import datetime
from typing import Any

import azure.durable_functions as df
import msgspec

from signpost.contracts import (
    DRAFTING,
    MAX_ATTEMPTS,
    C,
    Drafted,
    Ending,
    Posted,
    Standing,
    Work,
    away_for,
    is_away,
    pack,
    unpack,
    wake_up,
)

Step = Generator[Any, Any, C]


def draft_text(context: df.DurableOrchestrationContext, work: Work) -> Step[Drafted]:
    """Ask for the draft until it is there, refused for good, or asked for often enough.

    Waiting for one's turn at the model is no attempt.
    """
    _tell(context, "drafting", "The draft is being written.")
    attempt = 1
    while True:
        drafted = yield from _call(context, "draft", _at(work, attempt), Drafted)
        attempt += drafted.calls
        if drafted.retry_after is None or attempt > MAX_ATTEMPTS:
            return drafted
        until = context.current_utc_datetime + drafted.retry_after
        _tell(context, "drafting", f"{drafted.failure} {_next_try(context, until)}")
        yield from _wait(context, wake_up(work.round, DRAFTING), until)


def await_signature(context: df.DurableOrchestrationContext, work: Work) -> Step[Standing]:
    """Open the round, wait until the ledger says that it is over, and say how.

    The event and the timer only wake: what happened is asked of the ledger. Each wait has its
    own event name, since the SDK hands an early event to every later wait of the same name.
    """
    standing = yield from _call(context, "open_round", _at(work), Standing)
    while standing.outcome is None:
        _tell(context, "waiting", "Waiting for a signature.")
        yield from _wait(context, wake_up(work.round, standing.slot), standing.wake_at)
        upcoming = _at(work, standing.slot + 1)
        standing = yield from _call(context, "settle_round", upcoming, Standing)
    return standing


def post_text(context: df.DurableOrchestrationContext, work: Work) -> Step[Posted]:
    """Post the signed text; try again only after what certainly did not go out."""
    _tell(context, "posting", "The signed text is being posted.")
    for attempt in range(1, MAX_ATTEMPTS + 1):
        posted = yield from _call(context, "post", _at(work, attempt), Posted)
        if posted.retry_after is None or attempt == MAX_ATTEMPTS:
            return posted
        until = context.current_utc_datetime + posted.retry_after
        _tell(context, "posting", f"Teams can't be reached. {_next_try(context, until)}")
        yield context.create_timer(until)
    raise AssertionError("the last attempt returns")


def close(context: df.DurableOrchestrationContext, work: Work, standing: Standing) -> Step[Ending]:
    """Write the receipt and say how the run ended."""
    outcome = standing.outcome or "Failed"
    ending = Ending(work=_at(work), outcome=outcome, failure=standing.failure)
    closed = yield from _call(context, "close_run", ending, Ending)
    _tell(context, "closed", closed.outcome)
    return closed


def _call(
    context: df.DurableOrchestrationContext, activity: str, given: Work | Ending, answer: type[C]
) -> Step[C]:
    """Call an activity; while the ledger is away, wait and call again, for as long as it takes."""
    tried = 0
    while True:
        said = yield context.call_activity(activity, pack(_timed(context, given)))
        if not is_away(said):
            return unpack(said, answer)
        tried += 1
        yield context.create_timer(context.current_utc_datetime + away_for(tried))


def _at(work: Work, attempt: int = 1) -> Work:
    return msgspec.structs.replace(work, attempt=attempt)


def _timed(context: df.DurableOrchestrationContext, given: Work | Ending) -> Work | Ending:
    """Say what time it is at this call: a step that waited for the ledger is told anew."""
    if isinstance(given, Ending):
        work = msgspec.structs.replace(given.work, now=context.current_utc_datetime)
        return msgspec.structs.replace(given, work=work)
    return msgspec.structs.replace(given, now=context.current_utc_datetime)


def _next_try(context: df.DurableOrchestrationContext, until: datetime) -> str:
    """Say when it goes on, with the day where that is not today."""
    if until.date() == context.current_utc_datetime.date():
        return f"Next try at {until:%H:%M} UTC."
    return f"Next try on {until:%d %b, %H:%M} UTC."


def _tell(context: df.DurableOrchestrationContext, state: str, detail: str) -> None:
    context.set_custom_status({"state": state, "detail": detail})


def _wait(
    context: df.DurableOrchestrationContext, event: str, until: datetime | None
) -> Generator[Any, Any, None]:
    """Wait for an event or an instant, and leave no timer behind."""
    woken = context.wait_for_external_event(event)
    alarm = context.create_timer(until)
    winner = yield context.task_any([woken, alarm])
    if winner is woken:
        alarm.cancel()
