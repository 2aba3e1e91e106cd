"""The host as a process: start, stop, and what it says when it can't start."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.engine.processes import APPS, HostProcess, until


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command line to its end."""
    return subprocess.run(
        [sys.executable, "-m", "devhost", *arguments],
        capture_output=True, text=True, timeout=20, check=False, env=os.environ | environment,
    )  # fmt: skip


def test_it_says_where_it_listens_and_what_it_serves(tmp_path: Path):
    """One line on standard output, with the port in it; the functions are in the log."""
    arguments = [str(APPS / "web"), "--port", "0", "--state", str(tmp_path)]
    command = [sys.executable, "-m", "devhost", *arguments]
    with subprocess.Popen(command, stdout=-1, stderr=-1, text=True) as host:
        assert host.stdout is not None
        assert host.stderr is not None
        assert host.stdout.readline().startswith("Listening on http://127.0.0.1:")
        host.send_signal(signal.SIGTERM)
        assert "maybe: httpTrigger [GET] http://127.0.0.1:" in host.stderr.read()
        assert host.wait() == 0


def test_a_second_host_on_the_same_state_refuses(tmp_path: Path):
    """It says so and leaves the first alone."""
    first = HostProcess(APPS / "chain", tmp_path)
    second = run(str(APPS / "chain"), "--port", "0", "--state", str(tmp_path))
    assert (second.returncode, "in use by another devhost" in second.stderr) == (1, True)
    assert first.call("GET", "/instances")[0] == 200
    first.end()


def test_a_taken_port_is_named(tmp_path: Path):
    """The message names the port and the option."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        refused = run(str(APPS / "chain"), "--port", port, "--state", str(tmp_path))
    assert refused.returncode == 1
    assert f"127.0.0.1:{port} can't be used" in refused.stderr
    assert "--port" in refused.stderr


@pytest.mark.parametrize(
    "folder,text",
    [("nowhere", "is no folder"), (str(Path(__file__).parent), "host.json is missing")],
)
def test_an_app_that_is_none_is_named(tmp_path: Path, folder: str, text: str):
    """The message names what is missing."""
    refused = run(folder, "--state", str(tmp_path))
    assert (refused.returncode, text in refused.stderr) == (1, True)


def test_options_come_from_the_environment_too(tmp_path: Path):
    """A state folder that can't be made is named, though no option was given."""
    (tmp_path / "file").write_text("")
    refused = run(str(APPS / "chain"), DEVHOST_STATE=str(tmp_path / "file" / "state"))
    assert refused.returncode == 1
    assert "can't be written" in refused.stderr
    assert "--state DIR" in refused.stderr


def test_fresh_forgets_the_state(tmp_path: Path):
    """Without the option instances are kept, with it they are gone."""
    first = HostProcess(APPS / "events", tmp_path)
    first.call("POST", "/orchestrators/approve/kept")
    first.end()
    second = HostProcess(APPS / "events", tmp_path)
    assert second.call("GET", "/instances/kept")[0] == 202
    second.end()
    third = HostProcess(APPS / "events", tmp_path, "--fresh")
    assert third.call("GET", "/instances/kept")[0] == 404
    third.end()


def test_a_term_signal_lets_running_activities_finish(tmp_path: Path, monkeypatch):
    """The activity under way ends and its answer is written before the process goes."""
    monkeypatch.setenv("NOTES", str(tmp_path / "notes"))
    host = HostProcess(APPS / "slow", tmp_path / "state")
    host.call("POST", "/orchestrators/slow/one")
    until((tmp_path / "notes").exists)
    assert host.end(signal.SIGTERM) == 0
    assert (tmp_path / "notes").read_text() == "begun ended "
    again = HostProcess(APPS / "slow", tmp_path / "state")
    until(lambda: again.call("GET", "/instances/one")[1]["runtimeStatus"] == "Completed")
    assert (tmp_path / "notes").read_text() == "begun ended "
    again.end()


def test_what_an_app_does_at_exit_is_done(tmp_path: Path):
    """An app that sends something with `atexit` when its process ends does so here too."""
    (tmp_path / "host.json").write_text('{"version": "2.0"}')
    code = "import atexit, azure.functions as func\napp = func.FunctionApp()\n"
    code += "@app.route(route='x')\ndef x(req): return 'x'\natexit.register(print, 'goodbye')\n"
    (tmp_path / "function_app.py").write_text(code)
    command = [sys.executable, "-m", "devhost", str(tmp_path), "--port", "0"]
    with subprocess.Popen(command, stdout=-1, stderr=subprocess.DEVNULL, text=True) as host:
        assert host.stdout is not None
        assert "Listening" in host.stdout.readline()
        host.send_signal(signal.SIGTERM)
        assert (host.stdout.read(), host.wait()) == ("goodbye\n", 0)


def test_reload_starts_again_with_the_new_code(tmp_path: Path):
    """A changed file is noticed; port and state stay."""
    app = tmp_path
    (app / "host.json").write_text('{"version": "2.0"}')
    code = "import azure.functions as func\napp = func.FunctionApp()\n# {0}\n"
    code += "@app.route(route='x')\ndef x(req): return 'x'\n"
    (app / "function_app.py").write_text(code.format("old"))
    command = [sys.executable, "-m", "devhost", str(app), "--port", "0", "--reload"]
    with subprocess.Popen(command, stdout=-1, stderr=subprocess.DEVNULL, text=True) as host:
        assert host.stdout is not None
        first = host.stdout.readline()
        (app / "function_app.py").write_text(code.format("new, longer"))
        assert host.stdout.readline() == first
        host.send_signal(signal.SIGTERM)
        assert host.wait() == 0
