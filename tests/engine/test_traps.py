"""The traps of Durable Functions for Python: they work here as in Azure, and the log says why."""

import json
import logging
from datetime import timedelta

import pytest

from tests.engine.conftest import MOUNT, Open


async def test_event_names_match_in_the_host_but_not_in_the_sdk(open_app: Open, caplog):
    """An event in other letters hangs the instance, and the detector names the event."""
    app = await open_app("traps")
    key = await app.start("wrong_case")
    await app.raise_event(key, "go")
    assert (await app.status(key))["runtimeStatus"] == "Running"
    assert "would hang or go wrong in Azure: event 'go' was raised, the code waits" in caplog.text


async def test_a_reused_timer_hangs(open_app: Open, caplog):
    """The host waits only for the new tasks of a later task_any."""
    app = await open_app("traps")
    key = await app.start("reused_timer")
    await app.raise_event(key, "round-0")
    await app.advance(timedelta(days=2))
    assert (await app.status(key))["runtimeStatus"] == "Running"
    assert "a task_any waits only for the tasks that are new in it" in caplog.text


async def test_an_early_event_answers_every_later_wait(open_app: Open, caplog):
    """The SDK hands it out again, the host does not: what follows is never scheduled."""
    app = await open_app("traps")
    key = await app.start("early_event")
    await app.raise_event(key, "same")
    await app.advance(timedelta(hours=2))
    assert (await app.status(key))["runtimeStatus"] == "Running"
    assert "use one name for each wait" in caplog.text


async def test_compensation_waits_for_the_siblings(open_app: Open, caplog):
    """A caught failure of task_all goes on only when all of its tasks have ended."""
    app = await open_app("traps")
    key = await app.start("caught_task_all")
    assert (await app.status(key))["runtimeStatus"] == "Running"
    assert "a task_all failed early" in caplog.text
    await app.raise_event(key, "sibling")
    assert await app.output(key) == 2


async def test_an_open_timer_keeps_the_instance_running(open_app: Open, caplog):
    """The orchestrator has returned, the instance ends with its timer."""
    app = await open_app("traps")
    key = await app.start("open_timer")
    assert (await app.status(key))["runtimeStatus"] == "Running"
    assert "cancel each timer that lost" in caplog.text
    await app.advance(timedelta(hours=2))
    assert await app.output(key) == "done"


async def test_a_long_timer_can_not_be_cancelled(open_app: Open, caplog):
    """The SDK forgets to cancel the piece of three days that it has scheduled."""
    app = await open_app("traps")
    key = await app.start("long_timer")
    await app.raise_event(key, "go")
    assert (await app.status(key))["runtimeStatus"] == "Running"
    assert "does not cancel timers of more than six days" in caplog.text


async def test_a_failure_waits_for_open_timers_too(open_app: Open):
    """Also a failed orchestration stays Running until its last task has ended."""
    app = await open_app("failures")
    key = await app.start("forgetful")
    assert (await app.status(key))["runtimeStatus"] == "Running"
    await app.advance(timedelta(hours=2))
    assert (await app.status(key))["runtimeStatus"] == "Failed"


async def test_events_of_the_sdk_are_encoded_twice(open_app: Open):
    """The same payload arrives as text from the SDK and as a value from the management API."""
    app = await open_app("traps")
    one, other = await app.start("twice_encoded"), await app.start("twice_encoded")
    await app.raise_event(one, "data", {"a": 1})
    await app.call("POST", f"{MOUNT}/instances/{other}/raiseEvent/data", json={"a": 1})
    await app.settle()
    assert await app.output(one) == json.dumps({"a": 1})
    assert await app.output(other) == {"a": 1}


async def test_an_empty_custom_status_can_not_be_set(open_app: Open):
    """The SDK leaves it out, so the host shows none."""
    app = await open_app("traps")
    key = await app.start("falsy_status")
    assert (await app.status(key))["customStatus"] == "busy"
    await app.raise_event(key, "go")
    assert (await app.status(key))["customStatus"] is None


async def test_a_timer_wants_a_time_with_zone(open_app: Open):
    """A naive time fails, since the host sends the durations of long timers."""
    app = await open_app("traps")
    status = await app.status(await app.start("naive_timer"))
    assert "can't compare offset-naive and offset-aware datetimes" in status["output"]


async def test_continue_as_new_drops_buffered_events(open_app: Open):
    """What came for a later wait is gone in the next execution."""
    app = await open_app("traps")
    key = await app.start("dropped", {"round": 0})
    await app.raise_event(key, "later")
    await app.raise_event(key, "next")
    assert (await app.status(key))["runtimeStatus"] == "Running"
    await app.raise_event(key, "later", "again")
    assert await app.output(key) == '"again"'


async def test_a_failed_retry_in_a_caught_task_all_is_found(open_app: Open, caplog):
    """The siblings' timers can take ids that the SDK gives to what follows."""
    app = await open_app("traps")
    await app.start("caught_retries")
    await app.advance(timedelta(seconds=30))
    assert "a task_all failed early" in caplog.text


async def test_a_retry_beside_a_cancelled_timer_is_not_deterministic(open_app: Open, caplog):
    """The host takes the cancelled timer for the winner from the start, and numbers anew."""
    app = await open_app("traps")
    key = await app.start("raced_retry")
    await app.advance(timedelta(minutes=5))
    assert (await app.status(key))["output"].startswith("Non-Deterministic workflow detected")
    assert "a retried call in a task_any" in caplog.text


async def test_a_signal_without_input_crashes_get_input(open_app: Open):
    """An operation that reads its input fails when the client sent none; the state stays."""
    app = await open_app("client")
    assert (await app.call("POST", f"{MOUNT}/entities/tally/k?op=add"))[0] == 202
    await app.settle()
    assert (await app.call("GET", f"{MOUNT}/entities/tally/k"))[0] == 404


async def test_inputs_other_than_objects_crash_get_input(open_app: Open):
    """A raw start with a number reaches the SDK undecoded."""
    app = await open_app("traps")
    _, answer = await app.call("POST", f"{MOUNT}/orchestrators/reads_input", data="7")
    await app.settle()
    status = await app.status(answer["id"])
    assert "the JSON object must be str, bytes or bytearray, not int" in status["output"]


async def test_the_detector_is_silent_on_tasks_taken_as_they_end(open_app: Open, caplog):
    """Waiting again for tasks that were scheduled before is sound."""
    app = await open_app("traps")
    key = await app.start("as_they_end")
    await app.raise_event(key, "second", 2)
    await app.raise_event(key, "first", 1)
    assert await app.output(key) == ["2", "1"]
    assert "in Azure" not in caplog.text


@pytest.mark.parametrize(
    "app_name,name",
    [("chain", "chain"), ("fan", "squares"), ("family", "parent"), ("retries", "both")],
)
async def test_the_detector_is_silent_on_sound_code(
    open_app: Open, caplog, app_name: str, name: str
):
    """No finding for orchestrators that run in Azure as they run here."""
    caplog.set_level(logging.WARNING)
    app = await open_app(app_name)
    await app.start(name, {"below": 5})
    assert "in Azure" not in caplog.text
