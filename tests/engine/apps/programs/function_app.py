"""Runs orchestrations that a test makes up: each step of the input is done in turn."""

from collections import Counter
from collections.abc import Generator
from datetime import timedelta
from typing import Any

import azure.durable_functions as df

app = df.DFApp()
attempts: Counter[str] = Counter()
OPTIONS = df.RetryOptions(first_retry_interval_in_milliseconds=60_000, max_number_of_attempts=3)


@app.orchestration_trigger(context_name="context")
def program(context: df.DurableOrchestrationContext) -> Generator[Any, Any, list[Any]]:
    """Do the steps; failures are caught, timers that lost are cancelled."""
    done = []
    for step in context.get_input():
        tasks = [_task(context, part) for part in step["of"]]
        try:
            if step["how"] == "all":
                done.append((yield context.task_all(tasks)))
            elif step["how"] == "any":
                winner = yield context.task_any(tasks)
                _cancel_losers(step["of"], tasks, winner)
                done.append(step["of"][tasks.index(winner)]["do"])
            else:
                done.append((yield tasks[0]))
        except Exception:  # noqa: BLE001 - the SDK raises nothing narrower
            done.append("caught")
    return done


def _cancel_losers(parts: list[dict[str, Any]], tasks: list[Any], winner: Any) -> None:
    for part, task in zip(parts, tasks, strict=True):
        if part["do"] == "timer" and task is not winner and not task.is_completed:
            task.cancel()


def _task(context: df.DurableOrchestrationContext, part: dict[str, Any]) -> Any:
    match part["do"]:
        case "timer":
            return context.create_timer(context.current_utc_datetime + timedelta(hours=part["n"]))
        case "event":
            return context.wait_for_external_event(part["name"])
        case "retry":
            given = {"key": f"{context.instance_id} {part['name']}", "failures": part["n"]}
            return context.call_activity_with_retry("flaky", OPTIONS, given)
        case "child":
            return context.call_sub_orchestrator("program", [])
        case other:
            return context.call_activity(other, part["n"])


@app.activity_trigger(input_name="number")
def activity(number: int) -> int:
    """Return the input."""
    return number


@app.activity_trigger(input_name="number")
def failure(number: int) -> int:
    """Raise."""
    raise ValueError(str(number))


@app.activity_trigger(input_name="given")
def flaky(given: dict) -> str:  # type: ignore[type-arg] # the worker refuses dict[str, Any]
    """Fail as often as asked."""
    attempts[given["key"]] += 1
    if attempts[given["key"]] <= given["failures"]:
        raise ValueError("not yet")
    return "at last"
