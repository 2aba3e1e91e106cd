"""Timer triggers, each of which writes down when it was called and what it was told."""

import threading
from typing import Any

import azure.functions as func

app = func.FunctionApp()
calls: list[tuple[str, bool, dict[str, Any]]] = []
released = threading.Event()
released.set()


def note(name: str, timer: Any) -> None:
    """Write a call down; the SDK's type knows nothing of the status that it carries."""
    calls.append((name, timer.past_due, timer.schedule_status))


@app.timer_trigger(arg_name="timer", schedule="0 0 */2 * * *")
def every_two_hours(timer: func.TimerRequest) -> None:
    """Note the call; wait while a test holds it."""
    note("every_two_hours", timer)
    released.wait(5)


@app.timer_trigger(arg_name="timer", schedule="%DAILY%", run_on_startup=True)
async def by_setting(timer: func.TimerRequest) -> None:
    """Note the call, and fail."""
    note("by_setting", timer)
    raise ValueError("this never stops the schedule")


@app.timer_trigger(arg_name="timer", schedule="0 15 * * * *", use_monitor=False)
def forgetful(timer: func.TimerRequest) -> None:
    """Note the call."""
    note("forgetful", timer)
