"""Random interleavings of events, time, crashes and restarts: the invariants hold."""

import asyncio
import os
import tempfile
from collections import Counter
from datetime import timedelta
from pathlib import Path

import aiohttp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.engine.conftest import Running, open_running

COUNT = 4
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("raise"), st.integers(0, COUNT - 1)),
        st.tuples(st.just("pass"), st.integers(1, 8)),
        st.tuples(st.just("crash"), st.booleans()),
        st.tuples(st.sampled_from(["suspend", "resume"]), st.none()),
    ),
    max_size=14,
)


class Story:
    """One orchestration that relays events, and what happens to it and its host."""

    def __init__(self, folder: Path, session: aiohttp.ClientSession, app: Running) -> None:
        self.folder, self.session, self.app = folder, session, app
        self.raised: set[int] = set()

    async def step(self, kind: str, argument: int | bool | None) -> None:  # noqa: FBT001 - a random value
        """Do one thing to the orchestration or its host."""
        if kind == "raise" and argument not in self.raised:
            number = int(argument or 0)
            await self.post(f"raiseEvent/item-{number}", str(number))
            self.raised.add(number)
        elif kind == "pass":
            await self.app.advance(timedelta(hours=int(argument or 0)))
        elif kind == "crash":
            await (self.app.crash() if argument else self.app.host.stop())
            self.app = await open_running(
                self.session, "crashes", self.folder / "state", clock=self.app.clock
            )
        elif kind in ("suspend", "resume"):
            await self.post(kind, None)

    async def post(self, operation: str, body: str | None) -> None:
        """Send to the orchestration without waiting for the effect; the answer is durable."""
        path = f"/durabletask/instances/relay/{operation}"
        headers = {"content-type": "application/json"}
        await self.app.call("POST", path, data=body, headers=headers)

    async def finish(self) -> object:
        """Resume, raise what is left, and return the output."""
        await self.app.settle()
        await self.post("resume", None)
        for number in range(COUNT):
            await self.step("raise", number)
        await self.app.settle()
        return await self.app.output("relay")


async def tell(folder: Path, steps: list[tuple[str, int | bool | None]]) -> object:
    """Tell a story from its start to its end; returns the output."""
    async with aiohttp.ClientSession() as session:
        app = await open_running(session, "crashes", folder / "state")
        story = Story(folder, session, app)
        try:
            await app.call(
                "POST", "/durabletask/orchestrators/relay/relay", data='"{\\"count\\": 4}"'
            )
            for kind, argument in steps:
                await story.step(kind, argument)
            return await story.finish()
        finally:
            await story.app.host.stop()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(STEPS)
def test_acknowledged_events_are_consumed_in_order_whatever_happens(
    steps: list[tuple[str, int | bool | None]],
):
    """The output has every event in its order; no activity whose answer was written runs again."""
    with tempfile.TemporaryDirectory() as name:
        os.environ["NOTES"] = f"{name}/notes"
        assert asyncio.run(tell(Path(name), steps)) == [str(n) for n in range(COUNT)]
        notes = Counter(Path(name, "notes").read_text().split("\n")[:-1])
        crashes = sum(1 for kind, hard in steps if kind == "crash" and hard)
        assert sum(notes.values()) <= COUNT + crashes
