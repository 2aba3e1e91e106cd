"""Orchestrators that look right and hang or go wrong in Azure."""

from collections.abc import Generator
from datetime import timedelta
from typing import Any

import azure.durable_functions as df

app = df.DFApp()
Steps = Generator[Any, Any, Any]
failed: set[str] = set()


@app.orchestration_trigger(context_name="context")
def wrong_case(context: df.DurableOrchestrationContext) -> Steps:
    """Wait for "Go"; the test raises "go"."""
    return (yield context.wait_for_external_event("Go"))


@app.orchestration_trigger(context_name="context")
def reused_timer(context: df.DurableOrchestrationContext) -> Steps:
    """Use one deadline in every round."""
    deadline = context.create_timer(context.current_utc_datetime + timedelta(days=1))
    rounds = 0
    while True:
        event = context.wait_for_external_event(f"round-{rounds}")
        winner = yield context.task_any([event, deadline])
        if winner is deadline:
            return rounds
        rounds += 1


@app.orchestration_trigger(context_name="context")
def early_event(context: df.DurableOrchestrationContext) -> Steps:
    """Wait twice under one name after a timer; the event comes before the first wait."""
    yield context.create_timer(context.current_utc_datetime + timedelta(hours=1))
    first = yield context.wait_for_external_event("same")
    second = yield context.wait_for_external_event("same")
    return [first, second, (yield context.call_activity("nap", 2))]


@app.orchestration_trigger(context_name="context")
def caught_task_all(context: df.DurableOrchestrationContext) -> Steps:
    """Compensate while a sibling still waits."""
    event = context.wait_for_external_event("sibling")
    try:
        yield context.task_all([context.call_activity("fail", 1), event])
    except Exception:  # noqa: BLE001 - the SDK raises nothing narrower
        return (yield context.call_activity("nap", 2))


@app.orchestration_trigger(context_name="context")
def open_timer(context: df.DurableOrchestrationContext) -> Steps:
    """Leave the timer that lost open."""
    timer = context.create_timer(context.current_utc_datetime + timedelta(hours=1))
    yield context.task_any([context.call_activity("nap", 1), timer])
    return "done"


@app.orchestration_trigger(context_name="context")
def long_timer(context: df.DurableOrchestrationContext) -> Steps:
    """Cancel a timer of more than six days."""
    timer = context.create_timer(context.current_utc_datetime + timedelta(days=30))
    event = context.wait_for_external_event("go")
    yield context.task_any([event, timer])
    timer.cancel()
    return "done"


@app.orchestration_trigger(context_name="context")
def twice_encoded(context: df.DurableOrchestrationContext) -> Steps:
    """Return an event's payload as it comes."""
    return (yield context.wait_for_external_event("data"))


@app.orchestration_trigger(context_name="context")
def falsy_status(context: df.DurableOrchestrationContext) -> Steps:
    """Set a custom status and then an empty one."""
    context.set_custom_status("busy")
    yield context.wait_for_external_event("go")
    context.set_custom_status("")
    yield context.wait_for_external_event("end")


@app.orchestration_trigger(context_name="context")
def naive_timer(context: df.DurableOrchestrationContext) -> Steps:
    """Give a timer a time without a zone."""
    fire_at = context.current_utc_datetime.replace(tzinfo=None) + timedelta(seconds=1)
    yield context.create_timer(fire_at)


@app.orchestration_trigger(context_name="context")
def dropped(context: df.DurableOrchestrationContext) -> Steps:
    """Continue as new while an event of a later wait has already come."""
    if context.get_input()["round"] == 0:
        yield context.wait_for_external_event("next")
        context.continue_as_new({"round": 1})
        return None
    return (yield context.wait_for_external_event("later"))


@app.orchestration_trigger(context_name="context")
def caught_retries(context: df.DurableOrchestrationContext) -> Steps:
    """Compensate when one of two retried activities has failed for good."""
    quick = df.RetryOptions(first_retry_interval_in_milliseconds=1000, max_number_of_attempts=1)
    slow = df.RetryOptions(first_retry_interval_in_milliseconds=60_000, max_number_of_attempts=3)
    try:
        yield context.task_all(
            [
                context.call_activity_with_retry("fail", quick, 1),
                context.call_activity_with_retry("fail", slow, 2),
            ]
        )
    except Exception:  # noqa: BLE001 - the SDK raises nothing narrower
        yield context.call_activity("nap", 3)
        return "compensated"


@app.orchestration_trigger(context_name="context")
def raced_retry(context: df.DurableOrchestrationContext) -> Steps:
    """Give a retried activity a deadline, and go on when it has won."""
    options = df.RetryOptions(first_retry_interval_in_milliseconds=1000, max_number_of_attempts=2)
    deadline = context.create_timer(context.current_utc_datetime + timedelta(hours=1))
    retried = context.call_activity_with_retry("fail_once", options, context.instance_id)
    yield context.task_any([retried, deadline])
    deadline.cancel()
    return (yield context.call_activity("nap", 1))


@app.orchestration_trigger(context_name="context")
def reads_input(context: df.DurableOrchestrationContext) -> Steps:
    """Read the input after a moment."""
    yield context.call_activity("nap", 1)
    return context.get_input()


@app.orchestration_trigger(context_name="context")
def as_they_end(context: df.DurableOrchestrationContext) -> Steps:
    """Take two events in the order in which they come."""
    waiting = [context.wait_for_external_event(name) for name in ("first", "second")]
    found = []
    while waiting:
        winner = yield context.task_any(waiting)
        waiting.remove(winner)
        found.append(winner.result)
    return found


@app.activity_trigger(input_name="number")
def nap(number: int) -> int:
    """Return the input."""
    return number


@app.activity_trigger(input_name="key")
def fail_once(key: str) -> None:
    """Raise for each key the first time."""
    if key not in failed:
        failed.add(key)
        raise ValueError(key)


@app.activity_trigger(input_name="number")
def fail(number: int) -> int:
    """Raise."""
    raise ValueError(str(number))
