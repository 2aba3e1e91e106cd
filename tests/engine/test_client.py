"""The SDK's durable client against the management API, operation by operation."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.engine.conftest import MOUNT, Open, Running


async def do(app: Running, operation: str, **given: Any) -> tuple[int, Any]:
    """Run one operation of the SDK's client in the app under test."""
    answer = await app.call("POST", f"/api/do/{operation}", json=given)
    await app.settle()
    return answer


async def test_start_gives_links_that_work(open_app: Open):
    """The answer to a start carries the status address, and that address answers 202."""
    app = await open_app("client")
    status, links = await app.call("POST", "/api/start")
    assert status == 202
    path = links["statusQueryGetUri"].removeprefix(app.host.url)
    assert (await app.call("GET", path))[1]["input"] == json.dumps({"from": "start"})


async def test_an_event_reaches_the_waiting_instance(open_app: Open):
    """raise_event hands over its data, encoded twice as in Azure."""
    app = await open_app("client")
    _, key = await do(app, "start", orchestration_function_name="wait")
    assert (await do(app, "raise", instance_id=key, event_name="go", event_data=[1]))[0] == 200
    assert await app.output(key) == "[1]"


async def test_events_for_ended_or_unknown_instances_are_refused(open_app: Open):
    """The client gets the texts that the SDK makes of 410 and 404."""
    app = await open_app("client")
    _, key = await do(app, "start", orchestration_function_name="quick")
    gone = await do(app, "raise", instance_id=key, event_name="go")
    assert gone == (400, f"Instance with ID {key} is gone: either completed or failed")
    unknown = await do(app, "raise", instance_id="nobody", event_name="go")
    assert unknown == (400, "No instance with ID nobody found.")


async def test_the_apps_own_client_needs_no_key(open_app: Open, tmp_path: Path):
    """With --keys the SDK's calls still work, those from outside want the system key."""
    app = await open_app("client", state=tmp_path, keys=True)
    assert (await do(app, "start", orchestration_function_name="quick"))[0] == 200
    assert (await app.call("GET", f"{MOUNT}/instances"))[0] == 401


async def test_starting_the_unknown_names_the_known(open_app: Open):
    """An orchestrator that does not exist is refused with the list of those that do."""
    app = await open_app("client")
    status, text = await do(app, "start", orchestration_function_name="nobody")
    assert status == 400
    assert "known orchestrator functions: 'fragile', 'quick', 'wait'." in text


async def test_a_running_id_is_not_started_twice(open_app: Open):
    """A second start under the id of a running instance is a conflict, after its end it is not."""
    app = await open_app("client")
    assert (await do(app, "start", orchestration_function_name="wait", instance_id="one"))[0] == 200
    status, text = await do(app, "start", orchestration_function_name="wait", instance_id="one")
    assert (status, "already exists" in text) == (400, True)
    await do(app, "terminate", key="one")
    assert (await do(app, "start", orchestration_function_name="wait", instance_id="one"))[0] == 200


async def test_a_full_disk_is_said_and_survived(open_app: Open, caplog):
    """A start that can't be written is answered with 500; when there is room again it works."""
    app = await open_app("client")
    database = app.host.store._db
    database.execute("PRAGMA max_page_count=1")
    path = f"{MOUNT}/orchestrators/quick"
    body = json.dumps(json.dumps("x" * 100_000))
    status, answer = await app.call("POST", path, data=body)
    assert (status, "disk is full" in answer["ExceptionMessage"]) == (500, True)
    assert "free disk space" in caplog.text
    database.execute("PRAGMA max_page_count=100000")
    assert (await app.call("POST", path, data=body))[0] == 202


async def test_terminate_ends_an_instance_with_its_reason(open_app: Open):
    """The reason becomes the output."""
    app = await open_app("client")
    _, key = await do(app, "start", orchestration_function_name="wait")
    await do(app, "terminate", key=key)
    status = await app.status(key)
    assert (status["runtimeStatus"], status["output"]) == ("Terminated", "enough")


async def test_a_suspended_instance_waits_for_resume(open_app: Open):
    """Events that come while it is suspended are kept and take effect on resume."""
    app = await open_app("client")
    _, key = await do(app, "start", orchestration_function_name="wait")
    await do(app, "suspend", key=key)
    await app.raise_event(key, "go", "later")
    assert (await app.status(key))["runtimeStatus"] == "Suspended"
    await do(app, "resume", key=key)
    assert await app.output(key) == '"later"'


async def test_suspending_twice_and_resuming_the_running_fail(open_app: Open):
    """Both are answered with 500, as the extension does."""
    app = await open_app("client")
    _, key = await do(app, "start", orchestration_function_name="wait")
    refused = (400, "The operation failed with an unexpected status code 500")
    assert await do(app, "resume", key=key) == refused
    await do(app, "suspend", key=key)
    assert await do(app, "suspend", key=key) == refused


async def test_rewind_runs_only_what_failed_again(open_app: Open):
    """A failed orchestration goes on after its last success."""
    app = await open_app("client")
    _, key = await do(app, "start", orchestration_function_name="fragile")
    assert (await app.status(key))["runtimeStatus"] == "Failed"
    assert (await do(app, "rewind", key=key))[0] == 200
    assert await app.output(key) == [1, 2]


async def test_only_the_failed_can_be_rewound(open_app: Open):
    """A completed orchestration answers 412."""
    app = await open_app("client")
    _, key = await do(app, "start", orchestration_function_name="quick")
    assert (await app.call("POST", f"{MOUNT}/instances/{key}/rewind?reason=x"))[0] == 412


@pytest.mark.parametrize("fresh", [True, False])
async def test_restart_runs_again_with_the_same_input(open_app: Open, fresh: bool):  # noqa: FBT001 - the case
    """Restart takes a new id, or the old one when told so."""
    app = await open_app("client")
    _, key = await do(app, "start", orchestration_function_name="quick", client_input={"a": 1})
    _, links = await do(app, "restart", instance_id=key, restart_with_new_instance_id=fresh)
    assert (links["id"] == key) is not fresh
    await app.settle()
    assert await app.output(links["id"]) == {"a": 1}


async def test_wait_for_completion_answers_with_the_output(open_app: Open):
    """The SDK's waiting helper gets the result of what ends at once."""
    app = await open_app("client")
    assert await app.call("POST", "/api/wait") == (200, {"x": 1})


async def test_the_management_api_waits_when_asked(open_app: Open):
    """A start with timeout and pollingInterval answers when the orchestration has ended."""
    app = await open_app("client")
    path = f"{MOUNT}/orchestrators/quick?timeout=5&pollingInterval=1"
    assert await app.call("POST", path, data=json.dumps(json.dumps({"y": 2}))) == (200, {"y": 2})


async def test_queries_filter_by_status_prefix_and_page(open_app: Open):
    """Filters combine; the continuation token leads through all pages."""
    app = await open_app("client")
    for key in ("a-1", "a-2", "b-1"):
        await do(app, "start", orchestration_function_name="wait", instance_id=key)
    await do(app, "start", orchestration_function_name="quick", instance_id="a-3")
    assert (await do(app, "by", statuses=["Running"], prefix="a-"))[1] == ["a-1", "a-2"]
    assert len((await do(app, "all"))[1]) == 4
    _, page = await app.call("GET", f"{MOUNT}/instances?top=2")
    assert [i["instanceId"] for i in page] == ["a-1", "a-2"]
    token = {"x-ms-continuation-token": "a-2"}
    _, page = await app.call("GET", f"{MOUNT}/instances?top=2", headers=token)
    assert [i["instanceId"] for i in page] == ["a-3", "b-1"]


async def test_purging_takes_the_ended_only(open_app: Open):
    """Running instances stay; the ended ones and their history go."""
    app = await open_app("client")
    _, running = await do(app, "start", orchestration_function_name="wait")
    _, ended = await do(app, "start", orchestration_function_name="quick")
    assert (await app.call("DELETE", f"{MOUNT}/instances/{running}"))[0] == 412
    assert await do(app, "purge", key=ended) == (200, 1)
    assert await do(app, "purge", key=ended) == (200, 0)
    await do(app, "start", orchestration_function_name="quick")
    assert await do(app, "purge_by") == (200, 1)


async def test_the_client_signals_and_reads_entities(open_app: Open):
    """A signalled entity exists afterwards, others do not."""
    app = await open_app("client")
    await do(app, "signal", key="k", amount=4)
    assert await do(app, "read", key="k") == (200, [True, 4])
    assert await do(app, "read", key="other") == (200, [False, None])
    listed = await app.call("GET", f"{MOUNT}/entities/tally?fetchState=true")
    assert [e["state"] for e in listed[1]] == [4]


@pytest.mark.parametrize(
    "key,text",
    [
        ("@x", "must not start with @"),
        ("a%23b", "must not contain"),
        ("x" * 257, "must not exceed"),
    ],
)
async def test_bad_instance_ids_are_refused(open_app: Open, key: str, text: str):
    """An id that Azure would refuse is refused with the same words."""
    app = await open_app("client")
    status, answer = await app.call("POST", f"{MOUNT}/orchestrators/quick/{key}")
    assert status == 400
    assert text in answer["ExceptionMessage"]


@pytest.mark.parametrize(
    "method,path", [("GET", "nothing"), ("PUT", "instances/x"), ("GET", "instances/x/y")]
)
async def test_wrong_paths_and_methods_are_not_found(open_app: Open, method: str, path: str):
    """The management API knows 404 only."""
    app = await open_app("client")
    assert (await app.call(method, f"{MOUNT}/{path}"))[0] == 404


async def test_bodies_that_are_no_json_are_refused(open_app: Open):
    """Start and raise want JSON, raise also the content type."""
    app = await open_app("client")
    key = await app.start("wait")
    assert (await app.call("POST", f"{MOUNT}/orchestrators/quick", data="{"))[0] == 400
    event = f"{MOUNT}/instances/{key}/raiseEvent/go"
    assert (await app.call("POST", event, data="1"))[0] == 400
    headers = {"content-type": "application/json"}
    assert (await app.call("POST", event, data="{", headers=headers))[0] == 400
