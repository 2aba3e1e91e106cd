"""Brings runs into every state that an upgrade may find them in, and out of it again."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from dataclasses import replace as replace_fields
from datetime import timedelta
from typing import Any, NamedTuple

import pytest
from msgspec.structs import replace

from devhost.history import EventType
from local.teams import Fault
from signpost import rounds, runs
from signpost.contracts import wake_up
from signpost.flows import Flow
from signpost.oversight.answers import Answer, Said
from signpost.policy import ResponseOption, Stage
from signpost.records import Responder
from signpost.settings import settings
from tests.builders import ADELE, ALEX, MEGAN, a_flow
from tests.doubles.timed_app import Release, TimedApp

DIEGO = "diego@contoso.com"
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
BUSY = (429, {"error": {"message": "busy"}})
EVERYBODY = [ADELE, ALEX, MEGAN]
QUORUM = {"type": "Approve/Reject - Quorum", "approvals": 2, "assigned_to": EVERYBODY}
CUSTOM = {
    "type": "Custom Responses - Wait for one response",
    "response_options": [ResponseOption("Ship it", posts=True), ResponseOption("Hold it")],
    "require_comment": [],
}
NO_EDITS = {"allow_edits": False}
STAGES = {
    "type": "Sequential approval",
    "stages": [Stage(assigned_to=[ADELE]), Stage(assigned_to=[ALEX])],
    "assigned_to": None,
}

Step = Callable[[TimedApp, str], Awaitable[None]]


class State(NamedTuple):
    """One state: how a new run of a flow gets there, how it goes on after, and to which end."""

    name: str
    status: str  # what the run says of itself when the upgrade comes
    outcome: str
    flow: Flow
    before: Step
    after: Step


@dataclass
class Begun:
    """A run that was left in a state."""

    run: str
    state: State
    status: str = ""


def answers(person: str, response: str = "Approve", **more: Any) -> Step:
    """Let somebody answer."""

    async def step(app: TimedApp, run: str) -> None:
        await app.answer(run, person, response, **more)

    return step


async def nothing(app: TimedApp, run: str) -> None:
    """Leave it as it is."""


async def cancel(app: TimedApp, run: str) -> None:
    """Cancel the run."""
    await app.cancel(run)


async def cancel_unheard(app: TimedApp, run: str) -> None:
    """Cancel the run in the ledger, without the word to the orchestration that it looks there."""
    await runs.cancel(app.ledger, run, "", None, app.clock.now())


async def answer_unheard(app: TimedApp, run: str) -> None:
    """Sign in the ledger, without the word to the orchestration that it looks there."""
    story = await runs.story(app.ledger, run)
    assert story.round is not None
    said = Said(
        Responder(name=ADELE), "page", Answer(response="Approve", digest=story.round.draft_digest)
    )
    await rounds.respond(app.ledger, story, story.round.number, said, app.clock.now())


async def hear(app: TimedApp, run: str) -> None:
    """Tell the orchestration to look, whatever it waits for."""
    slot = (await runs.story(app.ledger, run)).round
    await app.wake(run, wake_up(1, slot.slot if slot else 0))


async def answer_and_lose_the_ledger(app: TimedApp, run: str) -> None:
    """Sign, and take the ledger away just when the orchestration looks there."""
    await answer_unheard(app, run)
    app.lose_ledger()
    await hear_first_wait(app, run)
    app.find_ledger()


async def hear_first_wait(app: TimedApp, run: str) -> None:
    """Wake the first wait of a round."""
    await app.wake(run, wake_up(1, 1))


async def answer_while_teams_is_busy(app: TimedApp, run: str) -> None:
    """Sign, and let Teams not take the post."""
    app.teams._faults["channel"].append(Fault(status=429))
    await app.answer(run, ADELE)


async def late_answer(app: TimedApp, run: str) -> None:
    """Let the escalation's heir sign."""
    await app.answer(run, DIEGO)


async def choose(app: TimedApp, run: str) -> None:
    """Sign the second draft."""
    standing = (await app.story(run)).round
    assert standing is not None
    await app.answer(run, ADELE, digest=standing.other_digests[0])


def three() -> Flow:
    """Build a flow with three drafts to choose from."""
    flow = a_flow()
    return replace(flow, draft=replace(flow.draft, variants=3))


SIGN, REJECT = answers(ADELE), answers(ALEX, "Reject", comments="No.")
CHANGE = answers(ADELE, "Request changes", comments="Shorter.")
ESCALATING = a_flow(expires_after=DAY, on_expiry="escalate", escalate_to=[DIEGO])
CHANGEABLE = a_flow(allow_request_changes=True)

OLDEST = [  # begun before runs had versions, and a day old
    State("without a version", "waiting", "Approve", a_flow(), nothing, SIGN),
    State("without a version, changed", "waiting", "Reject", CHANGEABLE, CHANGE, REJECT),
]
OLD = [  # a day old
    State("reminded", "waiting", "Approve", a_flow(reminders=DAY), nothing, SIGN),
    State("escalated", "waiting", "Approve", ESCALATING, nothing, late_answer),
    State("let expire", "waiting", "Expired", a_flow(expires_after=7 * DAY), nothing, nothing),
]
YOUNG = [
    State("waiting", "waiting", "Approve", a_flow(), nothing, SIGN),
    State("waiting for an edit", "waiting", "Approve", a_flow(), nothing,
          answers(ADELE, accepted_text="An edited text.")),
    State("waiting for an option", "waiting", "Ship it", a_flow(**CUSTOM), nothing,
          answers(ADELE, "Ship it")),
    State("at the second stage", "waiting", "Approve", a_flow(**STAGES | NO_EDITS), SIGN,
          answers(ALEX)),
    State("short of a quorum", "waiting", "Approve", a_flow(**QUORUM | NO_EDITS), SIGN,
          answers(MEGAN)),
    State("after Request changes", "waiting", "Approve", CHANGEABLE, CHANGE, SIGN),
    State("with a choice", "waiting", "Approve", three(), nothing, choose),
    State("closed", "closed", "Approve", a_flow(), SIGN, nothing),
    State("canceled", "closed", "Canceled", a_flow(), cancel, nothing),
    State("canceled, unheard", "waiting", "Canceled", a_flow(), cancel_unheard, hear),
    State("signed, unheard", "waiting", "Approve", a_flow(), answer_unheard, hear),
    State("without a ledger", "waiting", "Approve", a_flow(), answer_and_lose_the_ledger, nothing),
    State("about to post again", "posting", "Approve", a_flow(), answer_while_teams_is_busy,
          nothing),
]  # fmt: skip
DRAFTING = [State("refused by the model", "drafting", "Approve", a_flow(), nothing, SIGN)]
IN_LINE = [State("in line for the model", "drafting", "Approve", a_flow(), nothing, SIGN)]
HELD = {  # by the activity that is scheduled and has not run
    "post": State("about to post", "posting", "Approve", a_flow(), nothing, nothing),
    "settle_round": State("about to be settled", "waiting", "Approve", a_flow(), nothing, nothing),
}
STATES = [*OLDEST, *OLD, *YOUNG, *DRAFTING, *IN_LINE, *HELD.values()]


class Crowd:
    """Runs in all states, `each` of every one."""

    def __init__(self, app: TimedApp, each: int) -> None:
        self.app, self._each = app, each
        self.begun: list[Begun] = []

    async def gather(self, before_versions: Release, patch: pytest.MonkeyPatch) -> None:
        """Bring runs into all states, and stop the app there; time stands still from YOUNG on."""
        await self.app.restart(before_versions)
        await self._begin(*OLDEST)
        await self.app.restart()
        await self._begin(*OLD)
        await self.app.advance(DAY + 20 * MINUTE)
        held = {name: await self._begin(state) for name, state in HELD.items()}
        await self._begin(*YOUNG)
        self.app.model.script = [BUSY] * self._each
        await self._begin(*DRAFTING)
        patch.setenv("MODEL_REQUESTS_PER_MINUTE", "1")
        settings.cache_clear()
        await self._begin(YOUNG[0], many=1)  # its draft is written; the next ones wait
        await self._begin(*IN_LINE)
        await self._hold(held["post"], "settle_round", "post")
        await self._hold(held["settle_round"], "settle_round")
        for each in self.begun:
            each.status = self._status(each.run)
        await self.app.stop()

    async def _begin(self, *states: State, many: int = 0) -> list[str]:
        """Begin runs of each state, one state after the other."""
        for state in states * (many or self._each):
            run = await self.app.begin(state.flow)
            await state.before(self.app, run)
            self.begun.append(Begun(run, state))
        return [each.run for each in self.begun if each.state in states]

    async def _hold(self, runs: list[str], *activities: str) -> None:
        """Sign, and let the host come no further than to schedule the last of the activities."""
        engine = self.app.host.engine
        every, none = (replace_fields(engine.config, max_activities=n) for n in (len(runs), 0))
        engine.config = none
        for run in runs:
            await answer_unheard(self.app, run)
            engine.send(run, EventType.EVENT_RAISED, Name=wake_up(1, 1), Input="null")
        await self._scheduled(runs, activities[0])
        for activity in activities[1:]:
            engine.config = every
            engine._dispatch()
            engine.config = none
            await self._scheduled(runs, activity)

    async def _scheduled(self, runs: list[str], activity: str) -> None:
        store = self.app.host.store
        wanted = {(run, activity) for run in runs}
        while True:
            calls = [store.activity(number) for number in store.activities(0)]
            if wanted <= {(call.instance, call.name) for call in calls if call}:
                return
            await asyncio.sleep(0.001)

    def _status(self, run: str) -> str:
        instance = self.app.host.store.instance(run)
        assert instance is not None
        assert instance.custom is not None
        status: str = json.loads(instance.custom)["state"]
        return status

    async def scatter(self) -> None:
        """Let each run go on to its end."""
        await self.app.advance(3 * DAY / 24)
        for each in self.begun:
            await each.state.after(self.app, each.run)
        await self.app.advance(8 * DAY)
