"""What happens when user code goes wrong: the instance fails, everything else goes on."""

from pathlib import Path

import pytest

from devhost.invoke import _warn_slow
from devhost.loader import Function
from tests.engine.conftest import Open

FAILED = "Orchestrator function 'call' failed: Activity function '{0}' failed:  "


async def test_an_activitys_exception_fails_its_orchestration(open_app: Open):
    """The text is the one of Azure: two blanks, the type, the message."""
    app = await open_app("failures")
    status = await app.status(await app.start("call", {"activity": "raises"}))
    assert status["runtimeStatus"] == "Failed"
    assert status["output"].startswith(FAILED.format("raises") + "ValueError: no x \n {")


@pytest.mark.parametrize("activity", ["exits", "exits_async"])
async def test_an_activity_that_ends_its_thread_only_fails(open_app: Open, activity: str):
    """SystemExit is contained, and the next activities run."""
    app = await open_app("failures")
    status = await app.status(await app.start("call", {"activity": activity}))
    assert "tried to end its thread with SystemExit: bye x" in status["output"]
    assert await app.output(await app.start("call", {"activity": "fine"})) == "x"


async def test_an_activity_must_return_json(open_app: Open):
    """A set is refused by the worker's converter."""
    app = await open_app("failures")
    status = await app.status(await app.start("call", {"activity": "returns_set"}))
    assert "activity trigger output must be json serializable" in status["output"]


async def test_an_unknown_activity_fails_and_names_the_known(open_app: Open):
    """The orchestration does not hang."""
    app = await open_app("failures")
    status = await app.status(await app.start("call", {"activity": "nobody"}))
    assert status["runtimeStatus"] == "Failed"
    assert "The function 'nobody' doesn't exist, is disabled" in status["output"]


@pytest.mark.parametrize(
    "name,text",
    [
        ("raising", "Orchestrator function 'raising' failed: on purpose"),
        ("no_task", "'int' object has no attribute"),
        ("no_json", "Object of type set is not JSON serializable"),
        ("talkative", "must not exceed 16 KB. The current payload size is 17 KB."),
    ],
)
async def test_an_orchestrators_mistakes_fail_it(open_app: Open, name: str, text: str):
    """Each mistake ends the instance with a text that tells it."""
    app = await open_app("failures")
    status = await app.status(await app.start(name))
    assert status["runtimeStatus"] == "Failed"
    assert text in status["output"]


async def test_megabytes_go_through(open_app: Open):
    """Four megabytes pass as input, activity result and output."""
    app = await open_app("failures")
    text = "\u00e9" * 100_000 + "x" * 4_000_000
    assert await app.output(await app.start("large", {"text": text})) == text


async def test_an_activity_that_takes_too_long_fails(open_app: Open):
    """FunctionTimeout of host.json ends the wait for it, with Azure's words."""
    app = await open_app("endless")
    status = await app.status(await app.start("patient"))
    assert "Timeout value of 00:00:00.0500000 was exceeded by function" in status["output"]


@pytest.mark.parametrize(
    "kind,is_async,advice",
    [
        ("orchestrationTrigger", False, "an orchestrator only schedules"),
        ("activityTrigger", False, "its thread is taken"),
        ("activityTrigger", True, "no other async function runs"),
    ],
)
def test_a_function_that_does_not_end_is_named(kind: str, is_async: bool, advice: str, caplog):  # noqa: FBT001 - the case
    """The log says which function has been running for how long, and what that means."""
    trigger = {"type": kind, "name": "x"}
    function = Function("stuck", print, trigger, (), Path(), is_async, False, {}, {}, None)  # noqa: FBT003 - as declared
    _warn_slow(function, 2)
    assert "Function 'stuck' has been running for 2 s" in caplog.text
    assert advice in caplog.text
