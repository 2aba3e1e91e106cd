"""Details of the management API as the durable extension's HttpApiHandler has them."""

import pytest

from devhost import __main__
from tests.engine.conftest import MOUNT, Open

_JSON = {"content-type": "application/json"}


async def test_paths_and_parameters_are_read_in_any_case(open_app: Open):
    """Routes and names of query parameters match whatever their case; ids do not."""
    app = await open_app("events")
    key = await app.start("approve")
    path = f"{MOUNT}/Instances/{key}"
    _, shown = await app.call("GET", f"{path}?SHOWHISTORY=True")
    assert shown["historyEvents"]
    assert (await app.call("GET", path.replace(key, key.upper() + "X")))[0] == 404
    status, _ = await app.call("POST", f"{path}/RaiseEvent/go", data=b"1", headers=_JSON)
    assert status == 202


@pytest.mark.parametrize("path", ["orchestrators/approve", "instances/it/raiseEvent/go"])
async def test_broken_json_is_named(open_app: Open, path: str):
    """Message says what is wrong, ExceptionMessage where."""
    app = await open_app("events")
    await app.start("approve", key="it")
    status, answer = await app.call("POST", f"{MOUNT}/{path}", data=b"{", headers=_JSON)
    assert (status, answer["Message"]) == (400, "Invalid JSON content")
    assert "Invalid JSON content: " in answer["ExceptionMessage"]


async def test_unknown_states_do_not_filter(open_app: Open):
    """A runtimeStatus that is none is passed over, with all instances listed if it is the only."""
    app = await open_app("events")
    await app.start("approve", key="it")
    for query, count in (("Bogus", 1), ("Bogus,Running", 1), ("Bogus,Completed", 0)):
        _, listed = await app.call("GET", f"{MOUNT}/instances?runtimeStatus={query}")
        assert len(listed) == count


@pytest.mark.parametrize("top", ["-1", "0", "nan", "inf", "1e30", "x"])
async def test_a_page_size_that_is_none_counts_as_absent(open_app: Open, top: str):
    """What .NET does not read as a page size leaves the default."""
    app = await open_app("events")
    await app.start("approve", key="it")
    status, listed = await app.call("GET", f"{MOUNT}/instances?top={top}")
    assert (status, len(listed)) == (200, 1)


@pytest.mark.parametrize("port", ["99999", "-1", "web", ""])
def test_a_port_that_is_none_is_refused(capsys, monkeypatch, port: str):
    """The command line says which port is wrong, also from the environment."""
    monkeypatch.setenv("DEVHOST_PORT", port)
    with pytest.raises(SystemExit) as ended:
        __main__.main([])
    assert ended.value.code == 2
    assert f"{port!r} is no port" in capsys.readouterr().err


async def test_a_wrong_thread_count_leaves_the_default(open_app: Open, monkeypatch, caplog):
    """As in Azure, a setting that is no number is passed over, and the log says so."""
    monkeypatch.setenv("PYTHON_THREADPOOL_THREAD_COUNT", "many")
    app = await open_app("events")
    await app.start("approve", key="it")
    assert (await app.status("it"))["runtimeStatus"] == "Running"
    assert "PYTHON_THREADPOOL_THREAD_COUNT is 'many'" in caplog.text


async def test_numbers_that_json_lacks_are_shown_as_text(open_app: Open):
    """Answers stay JSON that any client can read, also with NaN and infinities in them."""
    app = await open_app("events")
    path = f"{MOUNT}/orchestrators/approve/it"
    await app.call("POST", path, data=b'{"a":[NaN,-Infinity]}', headers=_JSON)
    assert (await app.status("it"))["input"] == {"a": ["NaN", "-Infinity"]}
