"""While the ledger is away nothing is decided and nothing posted; when it is back, runs go on."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from local.teams import Fault
from signpost import rounds, runs
from signpost.contracts import wake_up
from signpost.ledger import LedgerAway
from signpost.oversight.answers import Answer, Said
from signpost.problems import Problem
from signpost.records import Responder
from tests.acceptance.client import PATIENCE_SECONDS, Signpost, plan
from tests.acceptance.conftest import started
from tests.builders import ADELE, ALEX, a_flow
from tests.doubles.quick_model import TEXT, QuickModel
from tests.doubles.timed_app import INSTANCES, ORCHESTRATORS, TimedApp, timed_app

# What the SDK says of itself, and of events that nobody waits for, is no fault of the app.
pytestmark = [
    pytest.mark.filterwarnings("ignore:azure.functions:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Potential duplicate Task completion"),
]

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
STORIES = 12
AWAY = 503


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[TimedApp]:
    """Run an app on a clock that begins now, as that of the HTTP handlers."""
    async with timed_app(tmp_path, datetime.now(UTC)) as running:
        yield running


async def one_waiting(app: TimedApp, **approval: Any) -> str:
    """Bring a run to where it waits for a signature."""
    return await app.begin(a_flow(**approval))


async def decided(app: TimedApp, run: str, response: str = "Approve") -> None:
    """Let an answer count, and stop before the run is woken by it."""
    story = await app.story(run)
    assert story.round is not None
    answer = Answer(response=response, digest=story.round.draft_digest, comments="So.")
    said = Said(Responder(name=ADELE), "page", answer)
    await rounds.respond(app.ledger, story, 1, said, app.clock.now())


async def closed(app: TimedApp, run: str) -> tuple[str, str | None]:
    """Give a run's outcome and what became of its post; the run must be over."""
    story = await app.story(run)
    assert app.status(run) == "Completed"
    assert story.receipt is not None
    return story.receipt.outcome, story.post.state if story.post else None


async def link_of(app: TimedApp) -> tuple[str, dict[str, str]]:
    """Give the path of the newest approval and what proves to be its approver."""
    [*_, newest] = app.teams.chats[ADELE]
    url = newest.message["attachments"][0]["content"]["actions"][0]["url"]
    page, _, token = url.partition("#")
    return f"/api/approvals/{page.rsplit('/', 1)[1]}", {"X-Approval-Token": token}


async def requests(app: TimedApp, run: str) -> list[tuple[str, str, dict[str, Any]]]:
    """List one request for each route that needs the ledger."""
    approval, proof = await link_of(app)
    later = (datetime.now(UTC) + 60 * DAY).isoformat()
    answer = {"response": "Approve", "digest": "sha256:0"}
    start = {"inputs": {"Topic": "The terrace"}}
    return [
        ("GET", approval, {"headers": proof}),
        ("POST", approval, {"headers": proof, "json": answer}),
        ("POST", f"{approval}/reassign", {"headers": proof, "json": {"to": ALEX}}),
        ("POST", "/api/flows/topic-post/runs", {"json": start}),
        ("GET", f"/api/runs/{run}", {}),
        ("GET", f"/api/runs/{run}/receipt", {}),
        ("POST", f"/api/runs/{run}/cancel", {"json": {}}),
        ("POST", f"/api/runs/{run}/remind", {"json": {}}),
        ("POST", f"/api/runs/{run}/extend", {"json": {"expiresAt": later}}),
        ("POST", f"/api/runs/{run}/reassign", {"json": {"from": ADELE, "to": ALEX}}),
        ("POST", f"/api/runs/{run}/resolve", {"json": {"delivery": "it is there"}}),
    ]


async def test_every_route_says_that_it_is_away(app: TimedApp) -> None:
    """Each answer is 503 with Retry-After and a problem document, whoever asks for what."""
    run = await one_waiting(app)
    asked = await requests(app, run)
    app.lose_ledger()
    for method, path, options in asked:
        status, headers, body = await app.call(method, path, **options)
        assert (status, headers["Retry-After"]) == (AWAY, "5"), f"{method} {path}"
        assert headers["Content-Type"] == "application/problem+json"
        assert "ledger.db" not in str(body)


async def test_nothing_is_half_done(app: TimedApp) -> None:
    """After all these requests every row is as it was, no run began, and Teams heard nothing."""
    run = await one_waiting(app)
    before, told = await app.ledger.rows(run), len(app.teams.chats[ADELE])
    everything = await app.ledger.rows("all")
    asked = await requests(app, run)
    app.lose_ledger()
    for method, path, options in asked:
        await app.call(method, path, **options)
    await app.settle()
    app.find_ledger()
    assert (await app.ledger.rows(run), await app.ledger.rows("all")) == (before, everything)
    assert (len(app.teams.chats[ADELE]), app.teams.channel) == (told, [])


async def test_an_answer_counts_once_it_is_back(app: TimedApp) -> None:
    """Who was told to come again signs then, over HTTP, and the text is posted once."""
    run = await one_waiting(app)
    approval, proof = await link_of(app)
    _, _, seen = await app.call("GET", approval, headers=proof)
    answer = {"response": "Approve", "digest": seen["digest"]}
    app.lose_ledger()
    assert (await app.call("POST", approval, headers=proof, json=answer))[0] == AWAY
    app.find_ledger()
    assert (await app.call("POST", approval, headers=proof, json=answer))[0] == 200
    await app.settle()
    assert await closed(app, run) == ("Approve", "handed over")
    assert len(app.teams.channel) == 1


async def test_a_start_that_was_refused_makes_one_run(app: TimedApp) -> None:
    """The same key and body, sent again when it is back, begin a single run."""
    start: dict[str, Any] = {
        "json": {"inputs": {"Topic": "The terrace"}},
        "headers": {"Idempotency-Key": "one"},
    }
    await one_waiting(app)
    app.lose_ledger()
    assert (await app.call("POST", "/api/flows/topic-post/runs", **start))[0] == AWAY
    app.find_ledger()
    first = await app.call("POST", "/api/flows/topic-post/runs", **start)
    second = await app.call("POST", "/api/flows/topic-post/runs", **start)
    assert (first[0], first[2]["id"]) == (202, second[2]["id"])
    await app.settle()


async def test_a_run_waits_for_the_ledger_over_a_restart(app: TimedApp) -> None:
    """Away for a day, with a restart in its midst: the run is still there and can be signed."""
    run = await one_waiting(app, reminders=4 * HOUR)
    app.lose_ledger()
    await app.advance(DAY / 2)
    await app.restart()
    await app.advance(DAY / 2)
    assert app.status(run) == "Running"
    app.find_ledger()
    await app.advance(HOUR)
    await app.answer(run, ADELE)
    assert await closed(app, run) == ("Approve", "handed over")


async def test_why_it_is_away_goes_to_the_log_alone(
    app: TimedApp, caplog: pytest.LogCaptureFixture
) -> None:
    """The app's log names the ledger and the reason; the run's history names neither."""
    run = await one_waiting(app, expires_after=DAY)
    app.lose_ledger()
    await app.advance(DAY + MINUTE)
    assert "ledger.db is away: it can't be opened" in caplog.text
    assert "ledger.db" not in str(app.history(run))
    app.find_ledger()


async def test_a_deadline_that_passes_meanwhile_is_kept(app: TimedApp) -> None:
    """A round whose time ran out while nobody could answer ends as expired, not as signed."""
    run = await one_waiting(app, expires_after=DAY)
    app.lose_ledger()
    await app.advance(2 * DAY)
    assert app.status(run) == "Running"
    app.find_ledger()
    await app.advance(HOUR)
    assert await closed(app, run) == ("Expired", None)


async def test_a_run_that_starts_meanwhile_is_drafted_later(app: TimedApp) -> None:
    """The first activity waits too; its approvers get the whole time to answer."""
    body = runs.Start(inputs={"Topic": "The terrace"})
    run, _ = await runs.start(
        app.ledger, a_flow(expires_after=2 * HOUR), body, None, app.clock.now()
    )
    app.lose_ledger()
    await app._send(f"{ORCHESTRATORS}/{run}", {"run": run})
    await app.advance(3 * HOUR)
    assert (app.model.calls, app.teams.chats) == (0, {})
    app.find_ledger()
    await app.advance(HOUR)
    story = await app.story(run)
    assert story.round is not None
    assert story.round.expires_at - story.round.request_date == 2 * HOUR
    assert story.round.outcome is None


async def test_nothing_is_posted_between_signature_and_post(app: TimedApp) -> None:
    """Signed, then away for a day: no post meanwhile, one when it is back, of what was signed."""
    run = await one_waiting(app)
    await decided(app, run)
    app.lose_ledger()
    await app.wake(run, wake_up(1, 1))
    await app.advance(DAY)
    assert (app.teams.channel, app.status(run)) == ([], "Running")
    app.find_ledger()
    await app.advance(HOUR)
    assert await closed(app, run) == ("Approve", "handed over")
    assert len(app.teams.channel) == 1


async def lost_while_sending(app: TimedApp, run: str) -> None:
    """Take the ledger away while Teams has the post but has not answered."""
    app.teams._faults["channel"].append(Fault(delay=0.05))
    await decided(app, run)
    waking = asyncio.create_task(app.wake(run, wake_up(1, 1)))
    while not app.teams.channel:  # noqa: ASYNC110 - Teams has no event for it
        await asyncio.sleep(0.001)
    app.lose_ledger()
    await waking


async def test_a_post_whose_end_is_lost_is_not_sent_again(app: TimedApp) -> None:
    """Away while Teams was answering: what is out stays out once, and is told as unknown."""
    run = await one_waiting(app)
    await lost_while_sending(app, run)
    await app.advance(HOUR)
    app.find_ledger()
    await app.advance(2 * HOUR)
    assert await closed(app, run) == ("Approve", "unknown")
    assert len(app.teams.channel) == 1


async def test_a_draft_that_could_not_be_kept_is_written_again(app: TimedApp) -> None:
    """Away while the model was writing: the draft is asked for anew, and shown once."""
    app.model.delay = 0.05
    starting = asyncio.create_task(app.begin(a_flow()))
    while not app.model.calls:  # noqa: ASYNC110 - the model has no event for it
        await asyncio.sleep(0.001)
    app.lose_ledger()
    run = await starting
    await app.advance(MINUTE)
    app.find_ledger()
    await app.advance(HOUR)
    assert app.model.calls == 2
    await app.answer(run, ADELE)
    assert await closed(app, run) == ("Approve", "handed over")


class Unsteady:
    """One run whose ledger comes and goes while people act and time passes."""

    def __init__(self, app: TimedApp, seed: int) -> None:
        self.app, self.chance, self.run = app, Random(seed), ""
        self.is_away = False

    async def play(self) -> None:
        """Go through thirty moves, and then let the ledger be there until the run is over.

        Teams takes its time, so that the ledger also goes and comes while a step is under way.
        """
        for place in self.app.teams._faults.values():
            place.extend([Fault(delay=0.004)] * 9)
        policy = {"reminders": HOUR, "expires_after": 12 * HOUR, "allow_request_changes": True}
        self.run = await self.app.begin(a_flow(**policy))
        moves = [self.toggle, self.toggle_meanwhile, self.act, self.forge, self.wait]
        for _ in range(30):
            await self.chance.choice(moves)()
        if self.is_away:
            await self.toggle()
        await self.app.advance(5 * DAY)

    async def toggle_meanwhile(self) -> None:
        """Take the ledger away, or bring it back, in the midst of what an answer sets off."""
        acting = asyncio.create_task(self.act())
        await asyncio.sleep(self.chance.random() / 100)
        await self.toggle()
        await acting

    async def toggle(self) -> None:
        """Take the ledger away, or bring it back."""
        (self.app.find_ledger if self.is_away else self.app.lose_ledger)()
        self.is_away = not self.is_away

    async def act(self) -> None:
        """Answer in some way, or cancel."""
        response = self.chance.choice(["Approve", "Reject", "Request changes", "cancel"])
        with suppress(Problem, LedgerAway):
            if response == "cancel":
                await self.app.cancel(self.run)
            else:
                who = self.chance.choice([ADELE, ALEX])
                await self.app.answer(self.run, who, response, comments="So.")

    async def forge(self) -> None:
        """Wake the run for nothing."""
        if self.app.status(self.run) == "Running":
            await self.app.wake(self.run, wake_up(1, self.chance.randrange(4)))

    async def wait(self) -> None:
        """Let some time pass."""
        await self.app.advance(self.chance.random() * 4 * HOUR)


@pytest.mark.parametrize("seed", range(STORIES))
async def test_every_run_ends_truthfully(app: TimedApp, seed: int) -> None:
    """Whenever the ledger goes and comes: one outcome, told as it was, and no post too many."""
    story = Unsteady(app, seed)
    await story.play()
    outcome, post = await closed(app, story.run)
    known = await app.story(story.run)
    assert outcome != "Failed"
    assert known.round is None or outcome in (known.round.outcome, "Canceled")
    told = {"handed over": [1], "unknown": [0, 1], None: [0]}
    assert len(app.teams.channel) in told[post]
    assert (post is not None) == (outcome == "Approve")
    assert (known.signed_text == TEXT) == (outcome == "Approve")


@pytest.fixture
def own(model: QuickModel, tmp_path: Path) -> Iterator[Signpost]:
    """Start the processes of a Signpost that no other test uses."""
    with started(plan(tmp_path, model.url)) as signpost:
        yield signpost


def looked_in_vain(own: Signpost, run: str) -> None:
    """Wait until a run that was woken began to wait for the ledger, which takes a second timer."""
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        status = own.http.get(f"{INSTANCES}/{run}", params={"showHistory": "true"}).json()
        kinds = [event["EventType"] for event in status["historyEvents"]]
        if kinds.count("TimerCreated") == 2:
            return
        time.sleep(0.02)
    raise AssertionError(f"the run did not wait for the ledger: {kinds}")


def test_the_processes_go_on_by_themselves(own: Signpost) -> None:
    """A signature is refused while it is away; a run that was woken meanwhile looks again."""
    run, link = own.drafted()
    answer = {"digest": own.see(link).json()["digest"]}
    kept, away = own.plan.state / "ledger.db", own.plan.state / "away.db"
    kept.rename(away)
    refused = own.sign(link, **answer)
    assert (refused.status_code, refused.headers["Retry-After"]) == (AWAY, "5")
    woken = own.http.post(f"{INSTANCES}/{run}/raiseEvent/{wake_up(1, 1)}", json="null")
    assert woken.status_code == 202
    looked_in_vain(own, run)
    away.rename(kept)
    assert own.sign(link, **answer).status_code == 200
    assert own.wait(run, "closed")["delivery"]["state"] == "handed over"
    assert len(own.posts()) == 1
