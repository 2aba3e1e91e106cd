"""Whole runs under random answers, faults, redeliveries and crashes keep every promise.

The orchestrator replays through the SDK, the rounds, posts and receipts are the real ones over a
ledger in a file and a loopback Teams; only the model is left out. Each seed is one run.
"""

import asyncio
from contextlib import suppress
from datetime import timedelta
from functools import partial
from random import Random
from typing import Any

import msgspec
import pytest

from local.teams import Fault, LocalTeams
from orchestrators.sign_and_post import sign_and_post
from signpost import lists, posting, receipts, records, rounds, runs
from signpost.contracts import REQUEST_CHANGES, Away, Drafted, Ending, Work, pack, unpack, wake_up
from signpost.ledger import Ledger, write_once
from signpost.oversight import Case, steering
from signpost.oversight.answers import Answer, Said
from signpost.people import people
from signpost.policy import CUSTOM_ONE, EVERYONE, FIRST, QUORUM, ResponseOption, Stage
from signpost.problems import Problem
from signpost.receipts.sealing import public_keys, verify
from signpost.records import Responder, Round
from signpost.settings import Settings
from signpost.teams.cards import text_of
from signpost.teams.workflows import Workflows
from signpost.text import digest
from tests.builders import ADELE, ALEX, KEY, MEGAN, NOW, RUN, a_draft, a_flow, a_run, put
from tests.doubles.replayed import Replayed

pytestmark = [
    pytest.mark.filterwarnings("ignore:Potential duplicate Task completion"),
    pytest.mark.filterwarnings("ignore:azure.functions df_loads:DeprecationWarning"),
]

HALF_DAY = timedelta(hours=12)
SEEDS = range(36)
HANDLE: Any = sign_and_post._function.get_user_function()
DIEGO, LEE, EVE = "diego@contoso.com", "lee@contoso.com", "eve@contoso.com"
EVERYBODY = [ADELE, ALEX, DIEGO, LEE, EVE, MEGAN]
CHANNEL_FAULTS = [
    Fault(), Fault(), Fault(), Fault(status=429), Fault(status=412), Fault(status=500),
    Fault(status=403), Fault(close=True), Fault(status=500, close=True),
]  # fmt: skip
CHAT_FAULTS = [Fault(), Fault(), Fault(status=500), Fault(status=429), Fault(close=True)]

ALL: dict[str, Any] = {"allow_edits": False, "assigned_to": [ADELE, ALEX, DIEGO]}
OPTIONS = [ResponseOption(name="Print", posts=True), ResponseOption(name="Bin")]
POLICIES: list[dict[str, Any]] = [
    {"enable_reassignment": True},
    ALL | {"type": EVERYONE, "escalate_to": LEE, "escalate_after": HALF_DAY},
    ALL | {"type": QUORUM, "approvals": 2, "escalate_to": LEE, "on_expiry": "escalate"},
    {
        "type": "Sequential approval",
        "assigned_to": None,
        "allow_edits": False,
        "on_expiry": "Reject",
        "stages": [
            Stage(assigned_to=[ADELE, ALEX]),
            Stage(assigned_to=[ALEX, DIEGO, LEE], type="Approve/Reject - Quorum", approvals=2),
        ],
    },
    {
        "type": "Custom Responses - Wait for all responses",
        "allow_edits": False,
        "require_comment": [],
        "response_options": OPTIONS,
    },
    {
        "type": "Custom Responses - Wait for one response",
        "require_comment": [],
        "response_options": OPTIONS,
    },
]
COMMON: dict[str, Any] = {
    "reminders": HALF_DAY,
    "expires_after": 2 * HALF_DAY,
    "allow_request_changes": True,
}


class Played:
    """One run, and everything that chance does to it."""

    def __init__(self, seed: int, ledger: Ledger, config: Settings, teams: LocalTeams) -> None:
        self.chance = Random(seed)
        self.ledger, self.config, self.teams = ledger, config, teams
        self.run = Replayed(HANDLE, RUN, NOW)
        self.counted = 0
        self.accepted: dict[int, str] = {}  # what the last answer that counted was about
        self.seen: list[tuple[str, Any]] = []
        teams._faults["channel"].extend(self.chance.choices(CHANNEL_FAULTS, k=9))
        teams._faults["chat"].extend(self.chance.choices(CHAT_FAULTS, k=20))

    async def play(self) -> None:
        """Go on until the run is closed."""
        moves = [*[self.answer] * 5, self.cancel, self.steer, self.forge, self.redeliver, self.idle]
        for _ in range(900):
            if self.run.output["isDone"]:
                break
            await self.chance.choice(moves)()
            await self.go_on()
        assert self.run.output["isDone"]

    async def go_on(self) -> None:
        """Do what the orchestration asks for, or let a timer fire now and then."""
        if name := self.run.open_activity:
            self.seen.append((name, self.run.given(name)))
            result = await self.perform(*self.seen[-1])
            if name != "close_run" and self.chance.random() < 0.02:
                self.run.fail("an error that nobody foresaw")
            else:
                self.run.complete(result)
        elif self.chance.random() < 0.15 and self.run._open(10, (11,), "TimerId"):
            self.run.fire()

    async def perform(self, name: str, given: Any) -> Any:
        """Run an activity, sometimes after an attempt that was cut off or whose end was lost."""
        luck = self.chance.random()
        if luck < 0.1:
            with suppress(TimeoutError):
                await asyncio.wait_for(self.call(name, given), luck / 50)
        elif luck < 0.2:
            await self.call(name, given)
        elif luck < 0.25:
            return pack(Away(away="the ledger is away"))
        return await self.call(name, given)

    async def call(self, name: str, given: Any) -> Any:
        """Run an activity once."""
        if name == "close_run":
            return pack(await receipts.write(self.ledger, self.config, unpack(given, Ending)))
        work = unpack(given, Work)
        if name == "draft":
            return pack(await self.draft(work))
        if name == "post":
            return pack(await posting.post_signed_text(self.ledger, Workflows(self.config), work))
        step = {"open_round": rounds.open_up, "settle_round": rounds.settle}[name]
        return pack(await step(self.ledger, self.config, work))

    async def draft(self, work: Work) -> Drafted:
        """Write drafts as the model would, busy, behind others or without room now and then."""
        run = (await runs.story(self.ledger, RUN)).run
        if run.canceled_at:
            return Drafted(outcome="Canceled", calls=0)
        if self.chance.random() < 0.4:
            wait, calls = self.chance.choice([(1, 1), (1, 0), (1, 0), (0, 1)])
            later = timedelta(minutes=wait)
            return Drafted(outcome="Failed", failure="Later.", retry_after=later, calls=calls)
        others = [f"Draft {work.round}{letter}." for letter in "BC"]
        one_decides = run.flow.approval.type in (FIRST, CUSTOM_ONE)
        draft = a_draft(f"Draft {work.round}.", others=others if one_decides else [])
        await write_once(self.ledger, RUN, records.draft_row(work.round), draft)
        return Drafted()

    async def answer(self) -> None:
        """Answer some round, rightly or wrongly, and lose the wake-up now and then."""
        story = await runs.story(self.ledger, RUN)
        if not story.rounds:
            return
        number = self.chance.choice(
            [len(story.rounds)] * 4 + [each.number for each in story.rounds]
        )
        yes = "Print" if story.run.flow.approval.is_custom else "Approve"
        options = [yes] * 12 + ["Approve", "Print", "Reject", "Bin", *[REQUEST_CHANGES] * 4]
        drafts = list(story.drafts[number].variants.values())
        shown = self.chance.choice(drafts * 6 + ["No draft."])
        said = Answer(
            response=self.chance.choice(options),
            digest=digest(shown),
            comments="Because.",
            accepted_text=self.chance.choice([None, None, "Mine."]),
        )
        who = Responder(name=self.chance.choice(EVERYBODY))
        with suppress(Problem):
            standing = await rounds.respond(
                self.ledger, story, number, Said(who, "page", said), self.later()
            )
            self.counted += 1
            self.accepted[number] = said.accepted_text or shown
            self.wake(standing)

    async def cancel(self) -> None:
        """Cancel, rarely."""
        if self.chance.random() < 0.03:
            with suppress(Problem):
                self.wake(await runs.cancel(self.ledger, RUN, "", None, self.later()))

    async def steer(self) -> None:
        """Remind, extend or hand on, as whoever asked might."""
        story, now = await runs.story(self.ledger, RUN), self.later()
        came, to = self.chance.sample(EVERYBODY, 2)
        decide: Any = self.chance.choice(
            [
                steering.remind,
                partial(steering.extend, steering.Extension(MEGAN, now + 3 * HALF_DAY)),
                partial(steering.reassign, steering.Handover(MEGAN, came, to)),
            ]
        )
        with suppress(Problem):
            changed = partial(decide, Case(story.run, people()), now)
            self.wake(await rounds.steer(self.ledger, story, changed))

    async def forge(self) -> None:
        """Raise an event that stands for nothing."""
        self.run.wake(wake_up(self.chance.randrange(1, 4), self.chance.randrange(4)))

    async def redeliver(self) -> None:
        """Run an earlier activity again, whose answer nobody waits for."""
        if self.seen:
            await self.call(*self.chance.choice(self.seen))

    async def idle(self) -> None:
        """Do nothing."""

    def later(self) -> Any:
        """Give a moment up to a minute from now."""
        return self.run.now + timedelta(seconds=self.chance.randrange(60))

    def wake(self, standing: Round | None) -> None:
        """Wake the run, unless the wake-up is lost."""
        if self.chance.random() < 0.8 and not self.run.output["isDone"]:
            over = standing is None or standing.outcome == REQUEST_CHANGES
            number = standing.number if standing else 0
            slot = standing.slot if standing else 0
            self.run.wake(wake_up(number + 1, 0) if over else wake_up(number, slot))


@pytest.fixture(params=SEEDS)
async def played(
    request: pytest.FixtureRequest, ledger: Ledger, config: Settings, teams: LocalTeams
) -> Played:
    """Play one run to its end."""
    policy = COMMON | POLICIES[request.param % len(POLICIES)]
    await put(ledger, records.RUN, a_run(flow=a_flow(**policy)))
    one = Played(request.param, ledger, config, teams)
    await one.play()
    return one


async def test_every_promise_is_kept(played: Played) -> None:
    """One outcome, at most one post, only of what was signed, and a receipt that says it."""
    story = await runs.story(played.ledger, RUN)
    check_answers(story, played.counted)
    if story.signed_text is not None:
        assert story.signed_text == played.accepted[len(story.rounds)]
    check_posts(story, [received.message for received in played.teams.channel])
    await check_receipt(story, played)
    await check_lists(story, played.ledger)


def check_answers(story: runs.Story, counted: int) -> None:
    """See that every answer that was told to count is kept, once, and was somebody's to give."""
    given = [each for standing in story.rounds for each in standing.responses]
    assert len(given) == counted
    assert MEGAN not in {each.responder.name for each in given}  # who asks
    for standing in story.rounds:
        stages = [(each.stage, each.responder.name) for each in standing.responses]
        assert len(set(stages)) == len(stages)
        assert not standing.signed or is_enough(story, standing)
        assert (standing.outcome == REQUEST_CHANGES) <= (standing.number < 3)


def is_enough(story: runs.Story, standing: Round) -> bool:
    """Judge a signed round again, by counting."""
    policy = story.run.flow.approval
    if policy.is_custom:
        return all(each.approver_response == "Print" for each in standing.responses)
    yes = [each.stage for each in standing.responses if each.approver_response == "Approve"]
    needed = {
        stage: step.approvals
        or (sum(seat.stage == stage for seat in standing.seats) if step.type == EVERYONE else 1)
        for stage, step in enumerate(policy.all_stages, start=1)
    }
    return all(yes.count(stage) >= count for stage, count in needed.items())


def check_posts(story: runs.Story, posts: list[dict[str, Any]]) -> None:
    """See that what went out is what was signed, at most once, and known as far as it is."""
    signed = story.signed_text
    assert [text_of(p["attachments"][0]["content"]) for p in posts] in ([], [signed])
    known = {"handed over": {1}, "failed": {0}, "unknown": {0, 1}, None: {0}}
    assert len(posts) in known[story.post.state if story.post else None]
    assert (story.post is not None) == (signed is not None)


async def check_receipt(story: runs.Story, played: Played) -> None:
    """See that the receipt is sealed, and says what the ledger says."""
    sealed = await receipts.read(played.ledger, played.config, story)
    assert sealed is not None
    verify(sealed, [each["publicKey"] for each in public_keys([KEY])])
    told = msgspec.json.decode(sealed)
    standing = story.round
    decided = standing.outcome if standing and standing.outcome != REQUEST_CHANGES else None
    assert told["outcome"] in ([decided] if decided else ["Canceled", "Failed"])
    assert told["outcome"] == played.run.result["outcome"]
    assert told["signedDigest"] == (digest(story.signed_text) if story.signed_text else None)
    assert len(told["rounds"]) == len(story.rounds)
    assert sum(each["what"] == "answered" for each in told["entries"]) == played.counted


async def check_lists(story: runs.Story, ledger: Ledger) -> None:
    """See that nothing waits for anybody, and that all who answered find it."""
    for person in EVERYBODY:
        assert await ledger.page(lists.received(person), "", 9) == []
        done = await lists.page(ledger, lists.history(person), "", 9)
        answered = {
            standing.number
            for standing in story.rounds
            if person in {each.responder.name for each in standing.responses}
        }
        assert answered <= {each.round for each in done.pointers}
