"""Activities, timers, events and what orchestrations do with them, one feature a test."""

from datetime import timedelta

from devhost.history import EventType, event
from devhost.replay import compact
from devhost.store import Message
from tests.engine.conftest import MOUNT, Open


async def test_a_chain_of_activities_returns_their_results(open_app: Open):
    """Activities run one after the other; output and custom status show in the status."""
    app = await open_app("chain")
    key = await app.start("chain")
    assert await app.output(key) == ["Hello Tokyo!", "Hello Seattle!", "Hello London!"]
    assert (await app.status(key))["customStatus"] == {"greeted": 1}


async def test_own_classes_travel_to_activities_and_back(open_app: Open):
    """Objects with to_json and from_json arrive as objects, alone and in lists; nothing is None."""
    app = await open_app("objects")
    assert await app.output(await app.start("travel")) == [[2, 3], 10, "Megan", None]


async def test_guarded_logging_speaks_once(open_app: Open, caplog):
    """is_replaying is false only where the code runs for the first time."""
    app = await open_app("chain")
    assert await app.output(await app.start("talking")) == [True, True, False]
    assert [r.getMessage() for r in caplog.records if r.name == "app"] == [
        "before Oslo",
        "before Bergen",
    ]


async def test_history_shows_each_activity_once_with_its_result(open_app: Open):
    """A scheduled activity is merged into its completion, as the extension shows it."""
    app = await open_app("chain")
    key = await app.start("chain")
    shown = (await app.status(key, showHistory="true", showHistoryOutput="true"))["historyEvents"]
    kinds = [e["EventType"] for e in shown]
    assert kinds == ["ExecutionStarted", *["TaskCompleted"] * 3, "ExecutionCompleted"]
    assert set(shown[0]) == {"EventType", "Timestamp", "FunctionName", "Input"}
    assert (shown[1]["FunctionName"], shown[1]["Result"]) == ("greet", "Hello Tokyo!")


async def test_events_are_consumed_by_name_whenever_they_come(open_app: Open):
    """Events that come before their wait, or out of turn, wait for it."""
    app = await open_app("events")
    key = await app.start("collect", {"count": 3})
    for number in (2, 0, 1):
        assert await app.raise_event(key, f"item-{number}", number) == 202
    assert await app.output(key) == ["0", "1", "2"]


async def test_an_event_before_the_deadline_wins(open_app: Open):
    """The winner's result comes back and the cancelled timer does not keep the instance running."""
    app = await open_app("events")
    key = await app.start("approve")
    await app.raise_event(key, "decision", "yes")
    assert await app.output(key) == '"yes"'


async def test_the_deadline_wins_when_no_event_comes(open_app: Open):
    """A timer fires when the clock gets there, not before."""
    app = await open_app("events")
    key = await app.start("approve")
    await app.advance(timedelta(hours=23))
    assert (await app.status(key))["runtimeStatus"] == "Running"
    await app.advance(timedelta(hours=2))
    assert await app.output(key) == "expired"


async def test_fan_out_gathers_all_results(open_app: Open):
    """A hundred activities run at once and their results come back in order."""
    app = await open_app("fan")
    key = await app.start("squares", {"below": 100})
    assert await app.output(key) == sum(n * n for n in range(100))


async def test_gathering_nothing_goes_on_at_once(open_app: Open):
    """An empty task_all does not block."""
    app = await open_app("fan")
    assert await app.output(await app.start("nothing")) == [9]


async def test_a_failing_activity_is_retried_after_its_interval(open_app: Open):
    """The host retries by itself, and the ids of what follows still match."""
    app = await open_app("retries")
    key = await app.start("stubborn", {"key": "a", "failures": 2})
    assert (await app.status(key))["runtimeStatus"] == "Running"
    await app.advance(timedelta(minutes=3))
    assert await app.output(key) == [3, 3]


async def test_retries_run_side_by_side(open_app: Open):
    """Two retried activities in a task_all keep their ids apart, and what follows matches."""
    app = await open_app("retries")
    key = await app.start("both")
    await app.advance(timedelta(minutes=5))
    assert await app.output(key) == [2, 3, 2]


async def test_terminating_a_suspended_instance_ends_it(open_app: Open):
    """Only resume and terminate pass a suspension."""
    app = await open_app("events")
    key = await app.start("approve")
    for operation in ("suspend", "terminate"):
        await app.call("POST", f"{MOUNT}/instances/{key}/{operation}?reason=enough")
        await app.settle()
    status = await app.status(key)
    assert (status["runtimeStatus"], status["output"]) == ("Terminated", "enough")


async def test_an_activity_that_ends_during_a_suspension_counts_afterwards(open_app: Open):
    """Its result waits, and nothing new is scheduled before the resume."""
    app = await open_app("retries")
    key = await app.start("stubborn", {"key": "s", "failures": 1})
    await app.call("POST", f"{MOUNT}/instances/{key}/suspend?reason=x")
    await app.advance(timedelta(minutes=5))
    assert (await app.status(key))["runtimeStatus"] == "Suspended"
    await app.call("POST", f"{MOUNT}/instances/{key}/resume?reason=x")
    await app.settle()
    assert await app.output(key) == [2, 2]


async def test_retries_end_after_the_last_attempt(open_app: Open):
    """The last failure fails the orchestration."""
    app = await open_app("retries")
    key = await app.start("stubborn", {"key": "b", "failures": 9})
    await app.advance(timedelta(minutes=5))
    status = await app.status(key)
    assert status["runtimeStatus"] == "Failed"
    assert "failure 3" in status["output"]


async def test_a_failing_child_is_retried(open_app: Open):
    """Sub-orchestrations are retried under a new id each time."""
    app = await open_app("retries")
    key = await app.start("stubborn_parent", {"key": "c", "failures": 1})
    await app.advance(timedelta(minutes=3))
    assert await app.output(key) == 2


async def test_children_know_their_parent(open_app: Open):
    """Sub-orchestrations get their input and see who started them."""
    app = await open_app("family")
    key = await app.start("parent")
    assert await app.output(key) == [["a", key], ["b", key]]


async def test_a_childs_failure_reaches_its_parent(open_app: Open):
    """The parent sees the child's failure text and details."""
    app = await open_app("family")
    key = await app.start("careful", {"child": "child-1"})
    output = await app.output(key)
    assert output.startswith("Orchestrator function 'broken' failed: broken on purpose")
    assert "Message: broken on purpose, StackTrace: " in output
    assert (await app.status("child-1"))["runtimeStatus"] == "Failed"


async def test_continue_as_new_starts_over_with_a_new_history(open_app: Open):
    """Each execution has its own history; events raised in between reach the next one."""
    app = await open_app("eternal")
    key = await app.start("eternal", {"left": 3, "seen": []})
    for number in (3, 2, 1):
        await app.raise_event(key, f"tick-{number}", number)
    assert await app.output(key) == ["3", "2", "1"]
    status = await app.status(key, showHistory="true")
    assert len(status["historyEvents"]) == 2


async def test_entities_keep_state_and_answer(open_app: Open):
    """Signals are taken in order and a call returns the state."""
    app = await open_app("counter")
    assert await app.output(await app.start("adder", {"key": "k"})) == 5
    assert await app.call("GET", f"{MOUNT}/entities/Counter/k") == (200, 5)


async def test_an_entitys_failure_reaches_its_caller(open_app: Open):
    """The orchestration can catch what an operation raises."""
    app = await open_app("counter")
    assert "the counter failed" in await app.output(await app.start("failing"))


async def test_calling_an_unknown_entity_fails_and_names_the_known(open_app: Open):
    """An orchestration that calls what does not exist fails at once."""
    app = await open_app("counter")
    status = await app.status(await app.start("stranger"))
    assert status["runtimeStatus"] == "Failed"
    assert "The following are the known entity functions: 'Counter'." in status["output"]


async def test_a_child_never_takes_the_place_of_a_running_instance(open_app: Open):
    """A sub-orchestration under the id of a running orchestration fails instead."""
    app = await open_app("family")
    await app.start("waiting", key="taken")
    output = await app.output(await app.start("careful", {"child": "taken"}))
    assert "An Orchestration instance with the status Running already exists: taken." in output
    assert (await app.status("taken"))["runtimeStatus"] == "Running"


async def test_a_full_disk_delays_an_episode(open_app: Open, caplog):
    """An episode that can't be written is run again when there is room."""
    app = await open_app("events")
    key = await app.start("approve")
    database = app.host.store._db
    await app.call("POST", f"{MOUNT}/instances/{key}/raiseEvent/decision", json="x" * 1000)
    database.execute("PRAGMA max_page_count=1")
    await app.settle()
    database.execute("PRAGMA max_page_count=100000")
    app.host.engine.wake(key)
    await app.settle()
    assert (await app.status(key))["runtimeStatus"] == "Completed"


async def test_more_messages_than_an_episode_takes_are_all_seen(open_app: Open):
    """An instance with a full inbox is run until it is empty."""
    app = await open_app("events")
    key = await app.start("collect", {"count": 1200})
    engine = app.host.engine
    for number in range(1200):
        raised = event(EventType.EVENT_RAISED, app.clock.now(), Name=f"item-{number}", Input="1")
        engine.store.post(Message(key, compact(raised)))
    engine.wake(key)
    await app.settle()
    assert len(await app.output(key)) == 1200


async def test_text_that_utf_8_can_not_hold_goes_through(open_app: Open):
    """A lone surrogate is kept as an escape."""
    app = await open_app("failures")
    assert await app.output(await app.start("large", {"text": "a\ud800b"})) == "a\ud800b"
