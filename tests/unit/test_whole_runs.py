"""Whole runs under random answers, faults, redeliveries and crashes keep every promise.

The orchestrator replays through the SDK, the rounds, posts and receipts are the real ones over a
ledger in a file and a loopback Teams; only the model is left out. Each seed is one run.
"""

import asyncio
from contextlib import suppress
from datetime import timedelta
from random import Random
from typing import Any

import pytest

from local.teams import Fault, LocalTeams
from orchestrators.sign_and_post import sign_and_post
from signpost import posting, receipts, records, rounds, runs
from signpost.contracts import Drafted, Ending, Work, pack, unpack, wake_up
from signpost.ledger import Ledger, write_once
from signpost.problems import Problem
from signpost.settings import Settings
from signpost.teams.cards import text_of
from signpost.teams.workflows import Workflows
from tests.builders import ADELE, ALEX, NOW, RUN, a_draft, a_flow, a_run, an_answer, put
from tests.doubles.replayed import Replayed

pytestmark = [
    pytest.mark.filterwarnings("ignore:Potential duplicate Task completion"),
    pytest.mark.filterwarnings("ignore:azure.functions df_loads:DeprecationWarning"),
]

HALF_DAY = timedelta(hours=12)
SEEDS = range(40)
HANDLE: Any = sign_and_post._function.get_user_function()
CHANNEL_FAULTS = [
    Fault(), Fault(), Fault(), Fault(status=429), Fault(status=412), Fault(status=500),
    Fault(status=403), Fault(close=True), Fault(status=500, close=True),
]  # fmt: skip
CHAT_FAULTS = [Fault(), Fault(), Fault(status=500), Fault(status=429), Fault(close=True)]


class Story:
    """One run, and everything that chance does to it."""

    def __init__(self, seed: int, ledger: Ledger, config: Settings, teams: LocalTeams) -> None:
        self.chance = Random(seed)
        self.ledger, self.config, self.teams = ledger, config, teams
        self.run = Replayed(HANDLE, RUN, NOW)
        self.wins = 0
        self.seen: list[tuple[str, Any]] = []
        teams._faults["channel"].extend(self.chance.choices(CHANNEL_FAULTS, k=9))
        teams._faults["chat"].extend(self.chance.choices(CHAT_FAULTS, k=9))

    async def play(self) -> records.Receipt:
        """Go on until the run is closed, and give its receipt."""
        moves = [self.answer, self.answer, self.cancel, self.forge, self.redeliver, self.idle]
        for _ in range(400):
            if self.run.output["isDone"]:
                break
            await self.chance.choice(moves)()
            await self.go_on()
        closed = (await runs.story(self.ledger, RUN)).receipt
        assert closed is not None
        return closed

    async def go_on(self) -> None:
        """Do what the orchestration asks for, or let a timer fire now and then."""
        open_calls = self.run._open(4, (5, 6), "TaskScheduledId")
        if open_calls:
            name = open_calls[0]["Name"]
            self.seen.append((name, self.run.given(name)))
            result = await self.perform(*self.seen[-1])
            if name != "close_run" and self.chance.random() < 0.05:
                self.run.fail("an error that nobody foresaw")
            else:
                self.run.complete(result)
        elif self.chance.random() < 0.4 and self.run._open(10, (11,), "TimerId"):
            self.run.fire()

    async def perform(self, name: str, given: Any) -> Any:
        """Run an activity, sometimes after an attempt that was cut off or whose end was lost."""
        luck = self.chance.random()
        if luck < 0.1:
            with suppress(TimeoutError):
                await asyncio.wait_for(self.call(name, given), luck / 50)
        elif luck < 0.2:
            await self.call(name, given)
        return await self.call(name, given)

    async def call(self, name: str, given: Any) -> Any:
        """Run an activity once."""
        if name == "close_run":
            await receipts.write(self.ledger, unpack(given, Ending))
            return None
        work = unpack(given, Work)
        if name == "draft":
            return pack(await self.draft())
        if name == "post":
            return pack(await posting.post_signed_text(self.ledger, Workflows(self.config), work))
        step = {"open_round": rounds.open_up, "settle_round": rounds.settle}[name]
        return pack(await step(self.ledger, self.config, work))

    async def draft(self) -> Drafted:
        """Write the draft as the model would, busy now and then."""
        if (await runs.story(self.ledger, RUN)).run.canceled_at:
            return Drafted(outcome="Canceled")
        if self.chance.random() < 0.3:
            wait = timedelta(minutes=1)
            return Drafted(outcome="Failed", failure="Busy.", retry_after=wait)
        await write_once(self.ledger, RUN, records.draft_row(1), a_draft())
        return Drafted()

    async def answer(self) -> None:
        """Answer, rightly or wrongly, and lose the wake-up now and then."""
        story = await runs.story(self.ledger, RUN)
        if story.round is None:
            return
        fields: dict[str, Any] = self.chance.choice(
            [{}, {}, {"accepted_text": "Mine."}, {"response": "Reject"}, {"digest": "sha256:0"}]
        )
        who = self.chance.choice([ADELE, ALEX, "eve@contoso.com"])
        now = self.run.now + timedelta(seconds=self.chance.randrange(60))
        with suppress(Problem):
            standing = await rounds.respond(self.ledger, story, who, an_answer(**fields), now)
            self.wins += 1
            self.wake(standing)

    async def cancel(self) -> None:
        """Cancel, rarely."""
        if self.chance.random() < 0.1:
            with suppress(Problem):
                self.wake(await runs.cancel(self.ledger, RUN, "", self.run.now))

    async def forge(self) -> None:
        """Raise an event that stands for nothing."""
        self.run.wake(wake_up(1, self.chance.randrange(4)))

    async def redeliver(self) -> None:
        """Run an earlier activity again, whose answer nobody waits for."""
        if self.seen:
            await self.call(*self.chance.choice(self.seen))

    async def idle(self) -> None:
        """Do nothing."""

    def wake(self, standing: records.Round | None) -> None:
        """Wake the run, unless the wake-up is lost."""
        if self.chance.random() < 0.8 and not self.run.output["isDone"]:
            self.run.wake(wake_up(1, standing.slot) if standing else wake_up(1, 0))


@pytest.fixture(params=SEEDS)
async def story(
    request: pytest.FixtureRequest, ledger: Ledger, config: Settings, teams: LocalTeams
) -> Story:
    """Begin one run."""
    await put(
        ledger, records.RUN, a_run(flow=a_flow(reminders=HALF_DAY, expires_after=2 * HALF_DAY))
    )
    return Story(request.param, ledger, config, teams)


async def test_every_promise_is_kept(story: Story) -> None:
    """One outcome, at most one post, only of what was signed, and a receipt that says it."""
    receipt = await story.play()
    standing = (await runs.story(story.ledger, RUN)).round
    posts = [received.message for received in story.teams.channel]
    assert story.wins <= 1
    assert len(posts) <= (receipt.outcome == "Approve")
    assert receipt.outcome == (standing.outcome if standing else receipt.outcome)
    assert [text_of(p["attachments"][0]["content"]) for p in posts] in ([], [signed(standing)])
    known = {"handed over": {1}, "failed": {0}, "unknown": {0, 1}, None: {0}}
    assert len(posts) in known[(receipt.delivery or {"state": None})["state"]]


def signed(standing: records.Round | None) -> str | None:
    """Give the text that a round's decision signed."""
    return standing.signed_text(a_draft().text) if standing else None
