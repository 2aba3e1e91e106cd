"""Everything that can go wrong in user code."""

import sys
from collections.abc import Generator
from datetime import timedelta
from typing import Any

import azure.durable_functions as df

app = df.DFApp()
Steps = Generator[Any, Any, Any]


@app.orchestration_trigger(context_name="context")
def call(context: df.DurableOrchestrationContext) -> Steps:
    """Call the activity that the input names."""
    return (yield context.call_activity(context.get_input()["activity"], "x"))


@app.orchestration_trigger(context_name="context")
def raising(context: df.DurableOrchestrationContext) -> Steps:
    """Raise after an activity."""
    yield context.call_activity("fine", "x")
    raise ValueError("on purpose")


@app.orchestration_trigger(context_name="context")
def no_task(context: df.DurableOrchestrationContext) -> Steps:
    """Yield what is no task."""
    yield context.call_activity("fine", "x")
    yield 5


@app.orchestration_trigger(context_name="context")
def no_json(context: df.DurableOrchestrationContext) -> Steps:
    """Return what JSON can't hold."""
    yield context.call_activity("fine", "x")
    return {1, 2}


@app.orchestration_trigger(context_name="context")
def talkative(context: df.DurableOrchestrationContext) -> Steps:
    """Set a custom status that is too large."""
    context.set_custom_status("x" * 9000)
    yield context.call_activity("fine", "x")


@app.orchestration_trigger(context_name="context")
def forgetful(context: df.DurableOrchestrationContext) -> Steps:
    """Fail while a timer is open."""
    timer = context.create_timer(context.current_utc_datetime + timedelta(hours=1))
    yield context.task_any([timer, context.call_activity("fine", "x")])
    raise ValueError("the timer is still open")


@app.orchestration_trigger(context_name="context")
def large(context: df.DurableOrchestrationContext) -> Steps:
    """Pass the input through an activity."""
    return (yield context.call_activity("fine", context.get_input()["text"]))


@app.activity_trigger(input_name="value")
def fine(value: str) -> str:
    """Return the input."""
    return value


@app.activity_trigger(input_name="value")
def raises(value: str) -> str:
    """Raise."""
    raise ValueError(f"no {value}")


@app.activity_trigger(input_name="value")
def exits(value: str) -> str:
    """End the thread, or try to."""
    sys.exit(f"bye {value}")


@app.activity_trigger(input_name="value")
async def exits_async(value: str) -> str:
    """End the loop of all async functions, or try to."""
    sys.exit(f"bye {value}")


@app.activity_trigger(input_name="value")
def returns_set(value: str) -> Any:
    """Return what JSON can't hold."""
    return {value}
