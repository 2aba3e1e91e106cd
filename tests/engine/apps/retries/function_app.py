"""Activities and sub-orchestrations that fail at first, or always."""

from collections import Counter
from collections.abc import Generator
from typing import Any

import azure.durable_functions as df

app = df.DFApp()
calls: Counter[str] = Counter()
OPTIONS = df.RetryOptions(first_retry_interval_in_milliseconds=60_000, max_number_of_attempts=3)


@app.orchestration_trigger(context_name="context")
def stubborn(context: df.DurableOrchestrationContext) -> Generator[Any, Any, list[Any]]:
    """Retry an activity, then call another one."""
    request = context.get_input()
    first = yield context.call_activity_with_retry("flaky", OPTIONS, request)
    second = yield context.call_activity("count", request["key"])
    return [first, second]


@app.orchestration_trigger(context_name="context")
def both(context: df.DurableOrchestrationContext) -> Generator[Any, Any, list[Any]]:
    """Retry two activities at once, then call another one."""
    requests = [{"key": f"{context.instance_id}-{n}", "failures": n} for n in (1, 2)]
    tasks = [context.call_activity_with_retry("flaky", OPTIONS, r) for r in requests]
    results = yield context.task_all(tasks)
    return [*results, (yield context.call_activity("count", requests[0]["key"]))]


@app.orchestration_trigger(context_name="context")
def stubborn_parent(context: df.DurableOrchestrationContext) -> Generator[Any, Any, Any]:
    """Retry a sub-orchestration."""
    return (yield context.call_sub_orchestrator_with_retry("child", OPTIONS, context.get_input()))


@app.orchestration_trigger(context_name="context")
def child(context: df.DurableOrchestrationContext) -> Generator[Any, Any, Any]:
    """Call the flaky activity once."""
    return (yield context.call_activity("flaky", context.get_input()))


@app.activity_trigger(input_name="request")
def flaky(request: dict) -> int:  # type: ignore[type-arg] # the worker refuses dict[str, Any]
    """Fail as often as asked."""
    calls[request["key"]] += 1
    if calls[request["key"]] <= request["failures"]:
        raise ValueError(f"failure {calls[request['key']]}")
    return calls[request["key"]]


@app.activity_trigger(input_name="key")
def count(key: str) -> int:
    """Tell how often the flaky activity ran."""
    return calls[key]
