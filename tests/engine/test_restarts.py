"""State that outlives the host: restarts, and a year of waiting with restarts on the way."""

from datetime import timedelta
from pathlib import Path

from devhost.clock import ManualClock
from tests.engine.conftest import MOUNT, Open


async def test_a_waiting_instance_goes_on_after_a_restart(open_app: Open, tmp_path: Path):
    """An event that comes after the restart ends it."""
    app = await open_app("events", state=tmp_path)
    key = await app.start("approve")
    await app.host.stop()
    again = await open_app("events", state=tmp_path, clock=app.clock)
    await again.raise_event(key, "decision", "yes")
    assert await again.output(key) == '"yes"'


async def test_a_year_passes_with_restarts(open_app: Open, tmp_path: Path):
    """The SDK waits in steps of three days; a restart every fifty days changes nothing."""
    clock = ManualClock()
    app = await open_app("events", state=tmp_path, clock=clock)
    key = await app.start("year")
    for _ in range(7):
        await app.advance(timedelta(days=50))
        await app.host.stop()
        app = await open_app("events", state=tmp_path, clock=clock)
        await app.settle()
    assert (await app.status(key))["runtimeStatus"] == "Running"
    await app.advance(timedelta(days=20))
    assert await app.output(key) == "expired"


async def test_timers_that_came_due_while_it_was_off_fire_at_once(open_app: Open, tmp_path: Path):
    """A host that was off for a week catches up."""
    app = await open_app("events", state=tmp_path)
    key = await app.start("approve")
    await app.host.stop()
    app.clock.advance(timedelta(days=7))
    again = await open_app("events", state=tmp_path, clock=app.clock)
    await again.settle()
    assert await again.output(key) == "expired"


CHANGING = """
import azure.durable_functions as df
app = df.DFApp()
@app.orchestration_trigger(context_name="context")
def changing(context):
    yield context.call_activity("{0}", 1)
    yield context.wait_for_external_event("go")
@app.activity_trigger(input_name="x")
def one(x): return x
@app.activity_trigger(input_name="x")
def other(x): return x
"""


async def test_a_changed_orchestrator_is_noticed(open_app: Open, tmp_path: Path):
    """Code that no longer schedules what the history says fails with Azure's text."""
    code = tmp_path / "function_app.py"
    (tmp_path / "host.json").write_text('{"version": "2.0"}')
    code.write_text(CHANGING.format("one"))
    app = await open_app(tmp_path, state=tmp_path / "state")
    key = await app.start("changing")
    await app.host.stop()
    code.write_text(CHANGING.format("other"))
    again = await open_app(tmp_path, state=tmp_path / "state", clock=app.clock)
    await again.raise_event(key, "go")
    output = (await again.status(key))["output"]
    assert output.startswith("Non-Deterministic workflow detected: A previous execution")
    assert "named 'one', but the current orchestration replay instead scheduled" in output


async def test_an_acknowledged_event_is_not_lost_without_an_orderly_stop(
    open_app: Open, tmp_path: Path
):
    """What was answered with 202 is in the state, even when the host vanishes right after."""
    app = await open_app("events", state=tmp_path)
    key = await app.start("approve")
    app.host.engine._stopping = True  # as if it died before it took up anything
    status, _ = await app.call("POST", f"{MOUNT}/instances/{key}/raiseEvent/decision", json="1")
    assert status == 202
    await app.host.stop()
    again = await open_app("events", state=tmp_path, clock=app.clock)
    await again.settle()
    assert await again.output(key) == "1"
