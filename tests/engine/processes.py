"""Owns devhost processes for tests: quick to start, and killed for good."""

import contextlib
import http.client
import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

from devhost import __main__, faults

APPS = Path(__file__).parent / "apps"
MOUNT = "/runtime/webhooks/durabletask"


class HostProcess:
    """A devhost in a process of its own, forked from this one, which has the SDK loaded."""

    def __init__(self, app: Path, state: Path, *options: str, fault: str = "") -> None:
        reading, writing = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(reading)
            _become(writing, [str(app), "--port", "0", "--state", str(state), *options], fault)
        os.close(writing)
        with os.fdopen(reading, encoding="utf-8") as output:
            line = output.readline()
        self.port = int(line.rpartition(":")[2]) if line else 0

    def call(self, method: str, path: str, body: str | None = None) -> tuple[int, Any]:
        """Send a request; raises OSError or HTTPException when the process is gone."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        with contextlib.closing(connection):
            headers = {"content-type": "application/json"}
            connection.request(method, MOUNT + path, body, headers)
            response = connection.getresponse()
            text = response.read()
            return response.status, json.loads(text) if text else None

    def wait(self) -> int:
        """Wait until the process has ended; returns its exit code, negative for a signal."""
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def end(self, number: signal.Signals = signal.SIGKILL) -> int:
        """Send a signal and wait for the end."""
        os.kill(self.pid, number)
        return self.wait()


def _become(output: int, arguments: list[str], fault: str) -> None:
    """Turn this process into a devhost; never returns."""
    code = 99
    try:
        os.dup2(output, 1)
        sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
        with Path(os.devnull).open("w") as nowhere:
            sys.stderr = nowhere
            faults.arm(fault)
            code = __main__.main(arguments)
    finally:
        os._exit(code)


def until(condition: Any, seconds: float = 10) -> Any:
    """Ask until the answer is true; returns it."""
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        answer = condition()
        if answer:
            return answer
        time.sleep(0.005)
    raise TimeoutError
