"""Owns Azurite's queue service for tests: the real emulator, in memory, on a free port."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Self

_MAIN = Path("console/node_modules/azurite/dist/src/queue/main.js")
_ROOT = Path(__file__).parents[2]
_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


class AzuriteError(Exception):
    """Azurite can't run; the message says what to do."""


class Azurite:
    """A running Azurite; use it in a `with` statement."""

    def __init__(self, port: int = 0) -> None:
        """Listen on a port; 0: a free one."""
        self._port = port

    def __enter__(self) -> Self:
        node = shutil.which("node")
        if node is None or not (_ROOT / _MAIN).exists():
            raise AzuriteError(f"{_MAIN} or node is missing: run scripts/setup --browser")
        flags = ["--inMemoryPersistence", "--disableTelemetry", "--silent"]
        self._process = subprocess.Popen(
            [node, _MAIN, "--queuePort", str(self._port), *flags],
            cwd=_ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout
        for line in self._process.stdout:
            if found := re.search(r"listens on (http://127\.0\.0\.1:\d+)", line):
                self._url = found[1]
                return self
        raise AzuriteError("Azurite ended before it listened; try scripts/setup --browser")

    def __exit__(self, *_: object) -> None:
        self._process.kill()  # asked to end, it would wait for its clients; it keeps nothing
        self._process.wait()
        assert self._process.stdout
        self._process.stdout.close()

    @property
    def connection(self) -> str:
        """The connection string of its only account."""
        return self.connection_to(self._url)

    @staticmethod
    def connection_to(url: str) -> str:
        """Return the connection string for an Azurite at a URL."""
        return (
            f"DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey={_KEY};"
            f"QueueEndpoint={url}/devstoreaccount1;"
        )
