"""Owns the fixtures of the engine tests: hosts with fixture apps, own clocks and own state."""

import asyncio
import io
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from devhost import divergence
from devhost.clock import ManualClock
from devhost.host import Host, open_host

APPS = Path(__file__).parent / "apps"
MOUNT = "/runtime/webhooks/durabletask"


# What the SDK says once in a process is no fault of the code under test.
_SDK_SAYS = (
    "ignore:azure.functions df_loads was called:DeprecationWarning",
    "ignore:azure.functions Durable JSON codec:DeprecationWarning",
    "ignore:Potential duplicate Task completion:UserWarning",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the SDK's own advice pass."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            for advice in _SDK_SAYS:
                item.add_marker(pytest.mark.filterwarnings(advice))


class Running:
    """A host under test with a client and a clock that the test moves."""

    def __init__(self, host: Host, clock: ManualClock, session: aiohttp.ClientSession) -> None:
        self.host, self.clock, self._session = host, clock, session

    async def call(self, method: str, path: str, **options: Any) -> tuple[int, Any]:
        """Send a request; returns the status and the body, read as JSON where it is."""
        async with self._session.request(method, self.host.url + path, **options) as response:
            text = await response.text()
            try:
                return response.status, json.loads(text)
            except ValueError:
                return response.status, text

    async def start(self, name: str, given: object = None, key: str = "") -> str:
        """Start an orchestration by the management API and let it run; returns its id."""
        path = f"{MOUNT}/orchestrators/{name}" + (f"/{key}" if key else "")
        # The SDK's client sends JSON in a JSON string.
        body = None if given is None else json.dumps(json.dumps(given))
        status, answer = await self.call("POST", path, data=body and io.BytesIO(body.encode()))
        assert status == 202, answer
        await self.settle()
        return str(answer["id"])

    async def raise_event(self, key: str, name: str, payload: object = None) -> int:
        """Raise an event as the SDK's client does and let it take effect."""
        path = f"{MOUNT}/instances/{key}/raiseEvent/{name}"
        status, _ = await self.call("POST", path, json=json.dumps(payload))
        await self.settle()
        return status

    async def status(self, key: str, **flags: str) -> dict[str, Any]:
        """Return the status of an instance."""
        _, answer = await self.call("GET", f"{MOUNT}/instances/{key}", params=flags)
        assert isinstance(answer, dict), answer
        return answer

    async def output(self, key: str) -> Any:
        """Return the output of an instance, which must have completed."""
        status = await self.status(key)
        assert status["runtimeStatus"] == "Completed", status
        return status["output"]

    async def settle(self) -> None:
        """Wait until nothing is under way."""
        while not self.host.engine.idle:  # noqa: ASYNC110 - the engine has no event for it
            await asyncio.sleep(0.001)

    async def advance(self, delta: timedelta) -> None:
        """Let time pass, timer by timer."""
        target = self.clock.now() + delta
        while (due := self.clock.next_alarm()) is not None and due <= target:
            self.clock.move_to(due)
            await self.settle()
        self.clock.move_to(target)
        await self.settle()

    async def crash(self) -> None:
        """Let the host vanish: what is not in its state is lost."""
        for task in self.host.engine._tasks:
            task.cancel()
        await self.host.stop()


async def open_running(
    session: aiohttp.ClientSession, app: str | Path, state: Path | None = None, **options: Any
) -> Running:
    """Start a host for a fixture app, or for one in a folder, with a clock of its own."""
    clock = options.pop("clock", None) or ManualClock()
    folder = APPS / app if isinstance(app, str) else app
    host = open_host(folder, state=state, clock=clock, **options)
    await host.start()
    return Running(host, clock, session)


Open = Callable[..., Awaitable[Running]]


@pytest.fixture
async def open_app() -> AsyncIterator[Open]:
    """Open hosts by the name of their fixture app, in memory unless given a state folder."""
    opened: list[Running] = []
    async with aiohttp.ClientSession() as session:

        async def open_one(app: str | Path, state: Path | None = None, **options: Any) -> Running:
            opened.append(await open_running(session, app, state, **options))
            return opened[-1]

        yield open_one
        for running in opened:
            await running.host.stop()


@pytest.fixture(autouse=True)
def _fresh_findings() -> None:
    """Let the divergence detector speak in every test."""
    divergence.forget()
