"""Runs the real app against a loopback Azure OpenAI, keyless, on a clock that the test moves."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from tests.builders import a_flow
from tests.doubles.identity_double import IdentityDouble
from tests.doubles.openai_double import OpenAIDouble
from tests.doubles.timed_app import TimedApp, timed_app

DEPLOYMENT = "news-drafts"


class AzureStand(NamedTuple):
    """A running Signpost, and Azure OpenAI and the managed identity's endpoint beside it."""

    app: TimedApp
    model: OpenAIDouble
    identity: IdentityDouble

    async def begin(self, **body: Any) -> str:
        """Start a run, which goes on until it waits; give its id."""
        return await self.app.begin(a_flow(), **body)

    async def view(self, run: str) -> dict[str, Any]:
        """Read a run as its requester does, over HTTP."""
        status, _, body = await self.app.call("GET", f"/api/runs/{run}")
        assert status == 200, body
        shown: dict[str, Any] = body
        return shown

    async def drafted(self, run: str) -> dict[str, Any]:
        """Let time pass until a run is past its draft, or over, and read it."""
        while (shown := await self.view(run))["state"] == "drafting":
            due = self.app.clock.next_alarm()
            assert due is not None
            await self.app.until(due)
        return shown

    @property
    def gaps(self) -> list[float]:
        """The seconds between one request to the model and the next."""
        came = self.model.arrivals
        return [later - earlier for earlier, later in pairwise(came)]


@asynccontextmanager
async def azure_stand(folder: Path, **settings: str) -> AsyncIterator[AzureStand]:
    """Run an app that calls the model as its own identity; the settings win."""
    async with AsyncExitStack() as stack:
        model = await stack.enter_async_context(OpenAIDouble())
        identity = await stack.enter_async_context(IdentityDouble())
        model.token = identity.tokens[0]
        asked = {
            "MODEL_BASE_URL": "",
            "AZURE_OPENAI_ENDPOINT": model.endpoint,
            "AZURE_OPENAI_DEPLOYMENT": DEPLOYMENT,
            "IDENTITY_ENDPOINT": identity.url,
            "IDENTITY_HEADER": "made-up",
        }
        app = await stack.enter_async_context(timed_app(folder, more=asked | settings))
        model.clock = lambda: app.clock.now().timestamp()
        yield AzureStand(app, model, identity)
