"""Owns Azurite's queue and table services for tests: the real emulator, in memory."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Literal, Self

import psutil

Service = Literal["queue", "table"]

_MAIN = "console/node_modules/azurite/dist/src/{0}/main.js"
_ROOT = Path(__file__).parents[2]
_ACCOUNT = "devstoreaccount1"
_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


class AzuriteError(Exception):
    """Azurite can't run; the message says what to do."""


class Azurite:
    """One running service of Azurite; use it in a `with` statement."""

    def __init__(self, port: int = 0, service: Service = "queue") -> None:
        """Listen on a port; 0: a free one."""
        self._port = port
        self._service = service
        self._url = ""

    def __enter__(self) -> Self:
        node, main = shutil.which("node"), _MAIN.format(self._service)
        if node is None or not (_ROOT / main).exists():
            raise AzuriteError(f"{main} or node is missing: run scripts/setup --browser")
        flags = ["--inMemoryPersistence", "--disableTelemetry", "--silent"]
        self._process = subprocess.Popen(
            [node, main, f"--{self._service}Port", str(self._port), *flags],
            cwd=_ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout
        for line in self._process.stdout:
            if re.search(r"successfully listens on|successfully started on", line):
                self._url = self._address()
                return self
        raise AzuriteError("Azurite ended before it listened; try scripts/setup --browser")

    def _address(self) -> str:
        """Ask the system: the table service does not tell which free port it took."""
        [at] = [
            each.laddr
            for each in psutil.Process(self._process.pid).net_connections("tcp")
            if each.status == psutil.CONN_LISTEN
        ]
        return f"http://{at.ip}:{at.port}"

    def __exit__(self, *_: object) -> None:
        self._process.kill()  # asked to end, it would wait for its clients; it keeps nothing
        self._process.wait()
        assert self._process.stdout
        self._process.stdout.close()

    @property
    def connection(self) -> str:
        """The connection string of its only account."""
        return self.connection_to(self._url, self._service)

    @property
    def ledger(self) -> str:
        """What SIGNPOST_LEDGER is to be, in a local environment, for a ledger in its tables."""
        return f"tables:{self.connection}"

    @staticmethod
    def connection_to(url: str, service: Service = "queue") -> str:
        """Return the connection string for an Azurite at a URL."""
        return (
            f"DefaultEndpointsProtocol=http;AccountName={_ACCOUNT};AccountKey={_KEY};"
            f"{service.capitalize()}Endpoint={url}/{_ACCOUNT};"
        )
