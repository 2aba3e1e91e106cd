"""Starts Signpost's processes on this machine, waits until all answer, stops them together."""

from __future__ import annotations

import fcntl
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from local import MODEL_NAME

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = Path(__file__).resolve().parent.parent
SIGNING_KEY = "signing-key"
START_SECONDS = 60.0
STOP_SECONDS = 10.0
LOG_TAIL = 2000  # characters
# A model that somebody chose by one of these is used in place of the local one.
OTHER_MODEL = ("MODEL_BASE_URL", "AZURE_OPENAI_ENDPOINT")


class StackError(RuntimeError):
    """The processes can't start or go on; the message says which one and what to do."""


@dataclass(frozen=True)
class Plan:
    """Where everything is served and kept; `state` is an absolute folder.

    `quiet` keeps the dev host's log lines, like the others', in a file beside the state.
    """

    state: Path
    port: int
    teams_port: int
    model_port: int
    quiet: bool = False
    given: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))

    @property
    def url(self) -> str:
        """Where people open Signpost."""
        return f"http://localhost:{self.port}"

    @property
    def teams_url(self) -> str:
        """Where people open local Teams."""
        return f"http://localhost:{self.teams_port}"

    @property
    def model_url(self) -> str:
        """The model's base URL: the local one, unless the environment names another."""
        chosen = (self.given[name] for name in OTHER_MODEL if self.given.get(name))
        return next(chosen, f"http://127.0.0.1:{self.model_port}/v1")

    @property
    def own_model(self) -> bool:
        """Whether the local model is wanted."""
        return not any(self.given.get(name) for name in OTHER_MODEL)

    def environment(self) -> dict[str, str]:
        """Return the environment of the children: what was given, and the app's settings."""
        model = {"MODEL_BASE_URL": self.model_url, "MODEL_NAME": MODEL_NAME}
        return {
            **self.given,
            "SIGNPOST_ENVIRONMENT": "local",
            "SIGNPOST_SIGN_IN": self.given.get("SIGNPOST_SIGN_IN", "local"),
            "SIGNPOST_BASE_URL": self.url,
            "SIGNPOST_SIGNING_KEYS": signing_key(self.state),
            "SIGNPOST_LEDGER": f"sqlite:{self.state / 'ledger.db'}",
            "TEAMS_CHANNEL_WEBHOOK_URL": f"http://127.0.0.1:{self.teams_port}/channel",
            "TEAMS_CHAT_WEBHOOK_URL": f"http://127.0.0.1:{self.teams_port}/chat",
            "AzureWebJobsDisableHomepage": "true",
            "TASKHUB_NAME": "Signpost",
            **(model if self.own_model else {}),
        }

    def children(self) -> list[Child]:
        """Return what has to run; the dev host comes last and is stopped first."""
        kept = self.state
        teams = [f"--port={self.teams_port}", f"--journal={kept / 'teams.jsonl'}"]
        model = [f"--port={self.model_port}"]
        host = [".", f"--port={self.port}", f"--state={kept}"]
        models = f"{self.model_url}/models"
        host_log = kept / "devhost.log" if self.quiet else None
        children = [
            Child("local Teams", ["local.teams", *teams], self.teams_url, kept / "teams.log"),
            Child("local model", ["local.model", *model], models, kept / "model.log"),
            Child("dev host", ["devhost", *host], self.url, host_log),
        ]
        return [child for child in children if child.name != "local model" or self.own_model]


@dataclass
class Child:
    """One process: `python -m <arguments>`, ready when a GET of `answers` gets any answer.

    `log` takes what it prints; without one it prints to the terminal.
    """

    name: str
    arguments: list[str]
    answers: str
    log: Path | None
    process: subprocess.Popen[bytes] | None = None

    def start(self, environment: Mapping[str, str]) -> None:
        """Start it in its own group, so that Ctrl-C reaches the launcher alone."""
        with self.log.open("wb") if self.log else nullcontext() as output:
            self.process = subprocess.Popen(  # noqa: S603 - our own modules, no shell
                [sys.executable, "-m", *self.arguments],
                cwd=ROOT,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                process_group=0,
            )

    def check(self) -> None:
        """Raise StackError when the process is gone."""
        code = self.process.poll() if self.process else None
        if code is not None:
            raise StackError(f"{self.name} ended with exit code {code}.\n{self.said()}".rstrip())

    def said(self) -> str:
        """Return the end of its log."""
        return self.log.read_text("utf-8", "replace")[-LOG_TAIL:] if self.log else ""

    def wait(self, deadline: float) -> None:
        """Return when it answers; `deadline` is in seconds of the monotonic clock."""
        while not answers(self.answers):
            self.check()
            if time.monotonic() > deadline:
                raise StackError(f"{self.name} doesn't answer at {self.answers}\n{self.said()}")
            time.sleep(0.05)

    def stop(self) -> None:
        """Ask it to stop, and kill it when it doesn't within STOP_SECONDS."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@contextmanager
def held(state: Path) -> Iterator[None]:
    """Keep a state folder for this process alone: two stacks would mix or empty each other's."""
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = os.open(state, os.O_RDONLY)
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StackError(
                f"{state} is in use by another start; stop that one, or choose another folder:"
                " .venv/bin/python -m local --state FOLDER"
            ) from None
        yield
    finally:
        os.close(folder)


@contextmanager
def running(plan: Plan) -> Iterator[list[Child]]:
    """Run everything that the plan names, the dev host last."""
    plan.state.mkdir(mode=0o700, parents=True, exist_ok=True)
    environment, children = plan.environment(), plan.children()
    with ExitStack() as started:  # stops all of them, the last one first, whatever happens
        for child in children:
            started.callback(child.stop)
            child.start(environment)
        deadline = time.monotonic() + START_SECONDS
        for child in children:
            child.wait(deadline)
        yield children


def answers(url: str) -> bool:
    """Tell whether a GET gets any HTTP answer within two seconds."""
    try:
        with urllib.request.urlopen(url, timeout=2):  # noqa: S310 - an http URL of our own
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


def signing_key(state: Path) -> str:
    """Return the key that signs approvers' links; made once, readable by its owner alone."""
    file = state / SIGNING_KEY
    file.touch(mode=0o600)
    if not file.stat().st_size:
        file.write_text(secrets.token_urlsafe(32), "ascii")
    return file.read_text("ascii")


def free_port() -> int:
    """Return a loopback port that nothing uses now."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def require_free(port: int, option: str) -> None:
    """Raise StackError when a port is taken, on either of localhost's addresses."""
    try:
        with socket.create_connection(("localhost", port), timeout=1):
            pass
    except OSError:
        return
    raise StackError(
        f"port {port} is taken; stop the program that uses it, or choose another:"
        f" make run {option}={port + 10}"
    )
