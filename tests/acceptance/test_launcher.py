"""`make run` and `make demo` as a person meets them: real processes, signals and output."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

import psutil
import pytest

from local.__main__ import forget
from local.stack import ROOT, answers, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def launched(state: Path, *more: str) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """Start the launcher on free ports; give the process and the addresses that it prints."""
    command = [sys.executable, "-m", "local", f"--port={free_port()}", f"--state={state}", *more]
    env = os.environ | {"MODEL_BASE_URL": "http://127.0.0.1:9/v1", "MODEL_NAME": "none"}
    with subprocess.Popen(
        command, cwd=ROOT, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        try:
            yield process, addresses(process.stdout)
        finally:
            process.terminate()


def addresses(output: IO[str] | None) -> list[str]:
    """Return the two addresses to open, from the launcher's welcome."""
    found: list[str] = []
    for line in output or ():
        found += re.findall(r"^  (?:Signpost|local Teams) +(\S+)", line)
        if "Ctrl-C" in line:
            break
    return found


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_launcher_serves_until_it_is_told_to_stop(tmp_path: Path, number: signal.Signals) -> None:
    """Both addresses answer, and after the signal neither does."""
    with launched(tmp_path, f"--teams-port={free_port()}") as (process, urls):
        assert len(urls) == 2
        assert all(answers(url) for url in urls)
        process.send_signal(number)
        said, _ = process.communicate(timeout=20)
    assert process.returncode == 0
    assert said.endswith("\nStopped.\n")
    assert not any(answers(url) for url in urls)


def test_second_launcher_stops_at_the_taken_port(tmp_path: Path) -> None:
    """Starting twice ends at once and leaves the first one alone."""
    with launched(tmp_path, f"--teams-port={free_port()}") as (_, urls):
        port = urls[1].rsplit(":", 1)[1]
        with launched(tmp_path, f"--teams-port={port}") as (second, none):
            assert second.wait(10) == 1
        assert none == []
        assert all(answers(url) for url in urls)


def test_launcher_ends_when_a_part_dies(tmp_path: Path) -> None:
    """A process that is killed takes the others with it, and is named."""
    with launched(tmp_path, f"--teams-port={free_port()}") as (process, urls):
        [teams] = [
            c for c in psutil.Process(process.pid).children() if "local.teams" in c.cmdline()
        ]
        teams.kill()
        said, _ = process.communicate(timeout=20)
    assert process.returncode == 1
    assert "local Teams ended with exit code -9" in said
    assert not any(answers(url) for url in urls)


def test_fresh_start_forgets_only_state(tmp_path: Path) -> None:
    """`FRESH=1` removes what earlier starts kept, and nothing of a folder that isn't ours."""
    for name in ("ours/signing-key", "ours/ledger.db", "ours/more/a.db", "theirs/letters.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).write_text("x")
    forget(tmp_path / "ours")
    forget(tmp_path / "theirs")
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["letters.txt"]


def test_fresh_start_leaves_a_state_in_use_alone(tmp_path: Path) -> None:
    """A second start on other ports can't empty the folder under the first."""
    with launched(tmp_path, f"--teams-port={free_port()}") as (_, urls):
        with launched(tmp_path, f"--teams-port={free_port()}", "--fresh") as (second, none):
            assert second.wait(10) == 1
        assert none == []
        assert (tmp_path / "signing-key").exists()
        assert all(answers(url) for url in urls)


@pytest.mark.parametrize(
    "given,told",
    [
        (["--port=7079", "--teams-port=7079"], "signpost: PORT and TEAMS_PORT are both 7079"),
        (["--port=0"], "0 is no port: use 1 to 65535"),
        (["--port=70710"], "70710 is no port: use 1 to 65535"),
    ],
)
def test_ports_that_can_not_work_are_named(tmp_path: Path, given: list[str], told: str) -> None:
    """Nothing is started and called ready on a port that it can't have."""
    command = [sys.executable, "-m", "local", f"--state={tmp_path}", *given]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    assert done.returncode
    assert told in done.stderr
    assert done.stdout == ""


def test_a_broken_flow_is_told_in_one_line(tmp_path: Path) -> None:
    """`make run` names file, line and field of the mistake, without a traceback."""
    for name in ("local", "signpost", "flows", "instructions"):
        shutil.copytree(ROOT / name, tmp_path / name)
    flow = tmp_path / "flows/topic-post.yaml"
    flow.write_text(flow.read_text().replace("expiresAfter: P30D", "expiresAfter: soon"))
    ports = [f"--port={free_port()}", f"--teams-port={free_port()}"]
    command = [sys.executable, "-m", "local", *ports]
    done = subprocess.run(command, cwd=tmp_path, check=False, capture_output=True, text=True)
    assert re.fullmatch(
        r"signpost: flows/topic-post.yaml, line \d+, approval.expiresAfter: .+\n", done.stderr
    )


def test_a_setting_that_can_not_be_used_is_told_in_one_line(tmp_path: Path) -> None:
    """Nothing is started when every request would fail: the setting and its range are told."""
    given = [sys.executable, "-m", "local", f"--port={free_port()}", f"--teams-port={free_port()}"]
    env = os.environ | {"MODEL_REQUESTS_PER_MINUTE": "0"}
    command = [*given, f"--state={tmp_path / 'state'}"]
    done = subprocess.run(command, env=env, cwd=ROOT, check=False, capture_output=True, text=True)
    assert done.returncode == 1
    assert re.fullmatch(r"signpost: MODEL_REQUESTS_PER_MINUTE must be .+\n", done.stderr)


def test_demo_posts_what_was_signed() -> None:
    """`make demo` goes through the whole chain with the real model, in plain text."""
    done = subprocess.run(
        [sys.executable, "-m", "local.demo"],
        cwd=ROOT, check=False, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "The posted text is the signed text, byte for byte." in done.stdout
    assert "\033" not in done.stdout
