"""The orchestrations that `bench/devhost.py` measures, each as small as can be."""

import time
from collections.abc import Generator
from datetime import timedelta
from typing import Any

import azure.durable_functions as df

app = df.DFApp()


@app.orchestration_trigger(context_name="context")
def chain(context: df.DurableOrchestrationContext) -> Generator[Any, Any, int]:
    """Call as many activities as the input says, one after the other."""
    length: int = context.get_input()["length"]
    for number in range(length):
        yield context.call_activity("echo", number)
    return length


@app.orchestration_trigger(context_name="context")
def fan(context: df.DurableOrchestrationContext) -> Generator[Any, Any, int]:
    """Call as many activities as the input says, all at once."""
    width: int = context.get_input()["width"]
    answers = yield context.task_all([context.call_activity("echo", n) for n in range(width)])
    return len(answers)


@app.orchestration_trigger(context_name="context")
def park(context: df.DurableOrchestrationContext) -> Generator[Any, Any, float]:
    """Wait five days for an event, then tell when the activity after it ran."""
    deadline = context.create_timer(context.current_utc_datetime + timedelta(days=5))
    event = context.wait_for_external_event("go")
    winner = yield context.task_any([event, deadline])
    if winner is deadline:
        return 0.0
    deadline.cancel()
    moment = yield context.call_activity("instant", "clock")
    return float(moment)


@app.orchestration_trigger(context_name="context")
def finish(context: df.DurableOrchestrationContext) -> str:
    """Complete at once."""
    return str(context.instance_id)


@app.activity_trigger(input_name="number")
def echo(number: int) -> int:
    """Return what was given."""
    return number


@app.activity_trigger(input_name="what")
def instant(what: str) -> float:
    """Tell the time, on the clock that all processes of a machine share."""
    del what
    return time.monotonic()
