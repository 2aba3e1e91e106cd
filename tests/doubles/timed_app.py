"""Runs the real app on a dev host in this process, on a clock that the test moves.

What goes through HTTP handlers takes its time from the wall clock, so people act here by the same
calls that the handlers make, with the test's time, and wake the run as the handlers do.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, partial
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest

from devhost.clock import ManualClock
from devhost.history import moment_of
from devhost.host import Host, open_host
from devhost.loader import App, load
from local.teams import LocalTeams
from signpost import rounds, runs
from signpost.contracts import DRAFTING, ORCHESTRATOR, REQUEST_CHANGES, wake_up
from signpost.flows import Flow
from signpost.ledger import open_ledger
from signpost.ledger.sqlite import SqliteLedger
from signpost.model import client
from signpost.oversight import Case, Decision, steering
from signpost.oversight.answers import Answer, Said
from signpost.people import people
from signpost.records import Responder, Round
from signpost.settings import settings
from tests.builders import KEY
from tests.doubles.quick_model import QuickModel

ROOT = Path(__file__).parents[2]
INSTANCES = "/runtime/webhooks/durabletask/instances"
ORCHESTRATORS = f"/runtime/webhooks/durabletask/orchestrators/{ORCHESTRATOR}"


@cache
def the_app(folder: Path = ROOT) -> App:
    """Load the app once a process, without what runs by the wall clock alone."""
    loaded = load(folder)
    return App([each for each in loaded.functions if each.kind != "timerTrigger"])


@dataclass(frozen=True)
class Release:
    """One version of the app: the folder whose host.json counts, and its functions."""

    folder: Path
    app: App


def today() -> Release:
    """Give the app as it stands here."""
    return Release(ROOT, the_app())


class TimedApp:
    """A running Signpost; `model` and `teams` are its loopback neighbours.

    `folder` holds the host's state and, in a folder of its own, the ledger.
    """

    def __init__(
        self, folder: Path, clock: ManualClock, neighbours: tuple[QuickModel, LocalTeams]
    ) -> None:
        self.folder, self.clock = folder, clock
        self.model, self.teams = neighbours
        self.ledger = open_ledger(settings().ledger)
        self._host: Host | None = None
        self._session = aiohttp.ClientSession()

    @property
    def host(self) -> Host:
        """The host, which must be running."""
        assert self._host is not None
        return self._host

    async def start(self, release: Release | None = None) -> None:
        """Start the host on what its state holds, with today's app unless another is given."""
        chosen = release or today()
        self._host = open_host(chosen.folder, state=self.folder, clock=self.clock, app=chosen.app)
        await self._host.start()
        await self.settle()

    async def stop(self) -> None:
        """Stop the host; its state and the ledger stay."""
        loop = self.host.worker._loop  # the model's client belongs to the loop that used it
        await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(client.close(), loop))
        await self.host.stop()
        self._host = None

    async def restart(self, release: Release | None = None) -> None:
        """Stop the host and start another on the same state."""
        await self.stop()
        await self.start(release)

    async def close(self) -> None:
        """Stop all for good."""
        if self._host is not None:
            await self.stop()
        await self._session.close()

    async def settle(self) -> None:
        """Wait until nothing is under way."""
        while not self.host.engine.idle:  # noqa: ASYNC110 - the engine has no event for it
            await asyncio.sleep(0.001)

    async def advance(self, delta: timedelta) -> None:
        """Let time pass, timer by timer."""
        await self.until(self.clock.now() + delta)

    async def until(self, moment: datetime) -> None:
        """Let time pass until a moment, timer by timer."""
        while (due := self.clock.next_alarm()) is not None and due <= moment:
            self.clock.move_to(due)
            await self.settle()
        self.clock.move_to(moment)
        await self.settle()

    async def begin(self, flow: Flow, *, version: str | None = None, **body: Any) -> str:
        """Start a run of a flow and let it go on until it waits; give its id.

        Its version is the app's own unless another is named.
        """
        asked = runs.Start(inputs={"Topic": "The terrace"}, **body)
        run, _ = await runs.start(self.ledger, flow, asked, None, self.clock.now())
        of_version = f"?version={version}" if version else ""
        await self._send(f"{ORCHESTRATORS}/{run}{of_version}", {"run": run})
        return run

    async def answer(self, run: str, person: str, response: str = "Approve", **more: Any) -> Round:
        """Let a person answer the round that is on, about its first draft unless told which."""
        story = await runs.story(self.ledger, run)
        assert story.round is not None
        answer = Answer(response=response, **{"digest": story.round.draft_digest} | more)
        said, number = Said(Responder(name=person), "page", answer), story.round.number
        standing = await rounds.respond(self.ledger, story, number, said, self.clock.now())
        await self.wake(run, wake_up(number, standing.slot))
        return standing

    async def reassign(self, run: str, came: str, to: str) -> None:
        """Hand one person's place to another."""
        await self.steer(run, partial(steering.reassign, steering.Handover(None, came, to)))

    async def steer(self, run: str, decide: Any) -> None:
        """Change the round that is on, as who asked for it may."""
        story = await runs.story(self.ledger, run)
        change: Decision = partial(decide, Case(story.run, people()), self.clock.now())
        standing = await rounds.steer(self.ledger, story, change)
        await self.wake(run, wake_up(standing.number, standing.slot))

    async def cancel(self, run: str) -> None:
        """Cancel a run."""
        standing = await runs.cancel(self.ledger, run, "", None, self.clock.now())
        if standing is None or standing.outcome == REQUEST_CHANGES:
            await self.wake(run, wake_up((standing.number if standing else 0) + 1, DRAFTING))
        else:
            await self.wake(run, wake_up(standing.number, standing.slot))

    async def wake(self, run: str, event: str) -> None:
        """Raise an event as the SDK's client does, and let it take effect."""
        await self._send(f"{INSTANCES}/{run}/raiseEvent/{event}", None)

    async def _send(self, path: str, content: object) -> None:
        # The SDK's client sends JSON in a JSON string.
        async with self._session.post(self.host.url + path, json=json.dumps(content)) as answer:
            assert answer.status == 202, await answer.text()
        await self.settle()

    async def call(self, method: str, path: str, **options: Any) -> tuple[int, Any, Any]:
        """Send a request to the app itself; gives status, headers and the body read as JSON."""
        async with self._session.request(method, self.host.url + path, **options) as answer:
            return answer.status, answer.headers, await answer.json(content_type=None)

    async def story(self, run: str) -> runs.Story:
        """Read all rows of a run."""
        return await runs.story(self.ledger, run)

    def status(self, run: str) -> str:
        """Say what the host thinks of a run, such as `Running` or `Completed`."""
        instance = self.host.store.instance(run)
        assert instance is not None
        return instance.status

    def history(self, run: str) -> list[dict[str, Any]]:
        """Give a run's history as the host keeps it."""
        return [msgspec.json.decode(event) for event in self.host.store.history(run)]

    def ended_at(self, run: str) -> datetime:
        """Say when a run's orchestration ended."""
        assert self.status(run) == "Completed"
        return moment_of(self.history(run)[-1]["Timestamp"])

    def lose_ledger(self) -> None:
        """Take the ledger's folder away."""
        (self.folder / "ledger").rename(self.folder / "away")

    def find_ledger(self) -> None:
        """Bring the ledger's folder back."""
        (self.folder / "away").rename(self.folder / "ledger")


@asynccontextmanager
async def timed_app(
    folder: Path, begin: datetime | None = None, more: dict[str, str] | None = None
) -> AsyncIterator[TimedApp]:
    """Run an app whose state and ledger are kept in a folder; its clock begins far from ours.

    `more` are further settings.
    """
    (folder / "ledger").mkdir()
    clock = ManualClock(begin) if begin else ManualClock()
    with QuickModel() as quick, pytest.MonkeyPatch.context() as patch:
        async with LocalTeams(now=clock.now) as teams:
            for name, value in (_environment(folder, quick, teams) | (more or {})).items():
                patch.setenv(name, value)
            settings.cache_clear()
            app = TimedApp(folder, clock, (quick, teams))
            try:
                await app.start()
                yield app
            finally:
                await app.close()
                assert isinstance(app.ledger, SqliteLedger)
                app.ledger.close()
                settings.cache_clear()
                open_ledger.cache_clear()


def _environment(folder: Path, quick: QuickModel, teams: LocalTeams) -> dict[str, str]:
    return {
        "SIGNPOST_ENVIRONMENT": "local",
        "SIGNPOST_BASE_URL": "http://localhost:7071",
        "SIGNPOST_SIGNING_KEYS": KEY,
        "SIGNPOST_LEDGER": f"sqlite:{folder / 'ledger' / 'ledger.db'}",
        "MODEL_BASE_URL": quick.url,
        "MODEL_NAME": "quick",
        "TEAMS_CHANNEL_WEBHOOK_URL": f"{teams.url}/channel",
        "TEAMS_CHAT_WEBHOOK_URL": f"{teams.url}/chat",
    }
