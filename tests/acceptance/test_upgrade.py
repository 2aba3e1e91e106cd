"""The app is replaced under runs in every state, and none is lost: the real app, own clock."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from local.teams import Fault
from signpost.contracts import ORCHESTRATOR
from tests.acceptance.client import Signpost, app_with
from tests.acceptance.conftest import serving
from tests.acceptance.sizes import UPGRADED_RUNS
from tests.acceptance.states import STATES, Begun, Crowd
from tests.builders import ADELE, a_flow
from tests.doubles.quick_model import QuickModel
from tests.doubles.releases import of_version
from tests.doubles.timed_app import INSTANCES, ROOT, Release, TimedApp, timed_app, today
from tests.doubles.version_two import version_two, without_the_old_way
from tests.histories.replaying import Handle, Json, differences, recorded

# What the SDK says once in a process is no fault of the app.
pytestmark = pytest.mark.filterwarnings("ignore:azure.functions:DeprecationWarning")

MINUTE = timedelta(minutes=1)


class Upgraded(NamedTuple):
    """What became of runs of version 1 in every state, under version 2."""

    begun: list[Begun]
    histories: dict[str, list[Json]]
    posts: int


@pytest.fixture(scope="module")
def upgraded(tmp_path_factory: pytest.TempPathFactory) -> Upgraded:
    """Replace the app under runs in every state, and let them go on to their ends."""
    return asyncio.run(_upgraded(tmp_path_factory.mktemp("upgrade")))


async def _upgraded(folder: Path) -> Upgraded:
    oldest, newest = of_version(folder / "0", None), version_two(folder / "2")
    (folder / "state").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        async with timed_app(folder / "state") as app:
            crowd = Crowd(app, -(-UPGRADED_RUNS // len(STATES)))
            await crowd.gather(oldest, patch)
            await app.start(newest)
            await crowd.scatter()
            histories = {each.run: app.history(each.run) for each in crowd.begun}
            return Upgraded(crowd.begun, histories, len(app.teams.channel))


def test_the_upgrade_meets_every_state(upgraded: Upgraded) -> None:
    """The runs were where their states say when the app was replaced."""
    assert len(upgraded.begun) >= UPGRADED_RUNS
    assert [each for each in upgraded.begun if each.status != each.state.status] == []


def test_no_run_is_lost(upgraded: Upgraded) -> None:
    """Each comes to the end that it would have come to without an upgrade."""
    ends = {each.run: ended(upgraded.histories[each.run]) for each in upgraded.begun}
    wanted = {each.run: each.state.outcome for each in upgraded.begun}
    assert ends == wanted


def test_what_was_signed_is_posted_once(upgraded: Upgraded) -> None:
    """No post is lost or doubled by an upgrade between a signature and its post."""
    signed = [each for each in upgraded.begun if each.state.outcome in ("Approve", "Ship it")]
    assert upgraded.posts == len(signed)


def test_each_run_keeps_its_way(upgraded: Upgraded) -> None:
    """The orchestrator of version 1 finds nothing strange in the histories, to the last turn."""
    strange = {run: differences(of_today(), past) for run, past in upgraded.histories.items()}
    assert [found for found in strange.values() if found] == []


def test_runs_of_before_there_were_versions_have_none(upgraded: Upgraded) -> None:
    """They are told apart from those of version 1 by the history alone."""
    versions = {each.state.name: version(upgraded.histories[each.run]) for each in upgraded.begun}
    assert {versions[name] for name in versions if "version" in name} == {None}
    assert {versions[name] for name in versions if "version" not in name} == {"1"}


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[TimedApp]:
    """Run the app of today."""
    (tmp_path / "state").mkdir()
    async with timed_app(tmp_path / "state") as running:
        yield running


async def test_new_runs_take_the_new_way(app: TimedApp, tmp_path: Path) -> None:
    """A run that begins under version 2 does what is new, and says which version it has."""
    await app.restart(version_two(tmp_path / "2"))
    run = await app.begin(a_flow())
    await app.answer(run, ADELE)
    assert (version(app.history(run)), ended(app.history(run))) == ("2", "Approve")
    assert called(app.history(run)) == ["draft", "open_round", "settle_round", "announce", "post",
                                        "close_run"]  # fmt: skip
    assert differences(of_today(), app.history(run)) != []


@pytest.mark.parametrize("signed", [False, True])
async def test_an_older_app_leaves_newer_runs_alone(
    app: TimedApp, tmp_path: Path, *, signed: bool
) -> None:
    """Back on version 1 a run of version 2 stands still, also when signed, and goes on later."""
    newest = version_two(tmp_path / "2")
    await app.restart(newest)
    run = await app.begin(a_flow())
    await app.restart()
    before = app.history(run)
    if signed:
        await app.answer(run, ADELE)
    await app.advance(40 * MINUTE)
    assert (app.status(run), app.history(run), app.teams.channel) == ("Running", before, [])
    await app.restart(newest)
    if not signed:
        await app.answer(run, ADELE)
    assert (ended(app.history(run)), len(app.teams.channel)) == ("Approve", 1)


async def test_an_older_app_does_not_begin_newer_runs(app: TimedApp, tmp_path: Path) -> None:
    """A run of version 2 that had no turn yet stays Pending until version 2 is back."""
    newest = version_two(tmp_path / "2")
    run = await app.begin(a_flow(), version="2")
    await app.advance(40 * MINUTE)
    assert (app.status(run), app.model.calls) == ("Pending", 0)
    await app.restart(newest)
    await app.answer(run, ADELE)
    assert ended(app.history(run)) == "Approve"


async def test_a_new_task_hub_takes_open_runs_up(tmp_path: Path) -> None:
    """A run whose instance stayed behind goes on when it is looked at: nothing happens twice."""
    (tmp_path / "state").mkdir()
    begun = datetime.now(UTC) - timedelta(hours=1)  # the page's look takes the time of the day
    async with timed_app(tmp_path / "state", begin=begun) as app:
        run = await app.begin(a_flow(allow_request_changes=True))
        await app.answer(run, ADELE, "Request changes", comments="Shorter.")
        before = (app.model.calls, len(app.teams.chats[ADELE]))
        await app.stop()
        (tmp_path / "state" / "state.db").unlink()
        await app.start()
        assert (await app.call("GET", f"/api/runs/{run}"))[0] == 200
        await app.settle()
        assert (app.model.calls, len(app.teams.chats[ADELE])) == before
        await app.answer(run, ADELE)
        assert (ended(app.history(run)), len(app.teams.channel)) == ("Approve", 1)


def test_a_process_is_replaced(model: QuickModel, tmp_path: Path) -> None:
    """A host of version 1 is killed, one of version 2 takes its state: old and new runs end."""
    (tmp_path / "app").mkdir()
    folder = app_with(tmp_path / "app")
    with serving(tmp_path / "state", model.url, folder) as signpost:
        old, link = signpost.drafted()
        signpost.kill()
        put_in(version_two(tmp_path / "2").folder, folder)
        signpost.restart()
        new, other = signpost.drafted()
        assert [signpost.sign(each).status_code for each in (link, other)] == [200, 200]
        outcomes = [signpost.wait(run, "closed")["outcome"] for run in (old, new)]
        assert outcomes == ["Approve", "Approve"]
        assert ["announce" in past(signpost, run) for run in (old, new)] == [False, True]


def put_in(release: Path, folder: Path) -> None:
    """Put a release in the place of an app that is laid out by links."""
    for part in release.iterdir():
        if part.name == "__pycache__":
            continue
        (folder / part.name).unlink()
        (folder / part.name).symlink_to(part)


def past(signpost: Signpost, run: str) -> str:
    """Give the history of a run as the management API tells it."""
    answer = signpost.http.get(f"{INSTANCES}/{run}", params={"showHistory": "true"})
    return answer.raise_for_status().text


async def test_a_year_and_an_upgrade(app: TimedApp, tmp_path: Path) -> None:
    """A run that waits for 365 days, half of them under version 2, expires on time."""
    run = await app.begin(a_flow(expires_after=timedelta(days=365)))
    begun = app.clock.now()
    await app.advance(timedelta(days=180))
    await app.restart(version_two(tmp_path / "2"))
    await app.advance(timedelta(days=186))
    late = app.ended_at(run) - begun - timedelta(days=365)
    assert (timedelta() <= late <= MINUTE, ended(app.history(run))) == (True, "Expired")


def test_histories_catch_a_change_without_the_old_way(tmp_path: Path) -> None:
    """What docs/upgrade.md tells of the example without its `if` is so."""
    changed = handle(without_the_old_way(tmp_path / "2"))
    failing = [name for name, past in recorded().items() if differences(changed, past)]
    told = f"{len(failing)} of the {len(recorded())} histories of 0.1.0 fail"
    assert told in (ROOT / "docs" / "upgrade.md").read_text("utf-8")


def test_histories_bear_the_change_with_the_old_way(tmp_path: Path) -> None:
    """With its `if` the example replays the histories of all releases."""
    changed = handle(version_two(tmp_path / "2"))
    assert not any(differences(changed, past) for past in recorded().values())


async def test_the_host_catches_a_change_without_the_old_way(
    app: TimedApp, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A run that is past the change ends as non-deterministic, and posts nothing."""
    app.teams._faults["channel"].append(Fault(status=429))
    run = await app.begin(a_flow())
    await app.answer(run, ADELE)
    await app.restart(without_the_old_way(tmp_path / "2"))
    await app.advance(30 * MINUTE)
    instance = app.host.store.instance(run)
    assert instance is not None
    assert (instance.status, app.teams.channel) == ("Failed", [])
    assert "Was a change made to the orchestrator code" in f"{instance.output}"
    await app.call("GET", f"/api/runs/{run}")
    post = (await app.story(run)).post
    assert post is not None
    assert post.state == "failed"


def of_today() -> Handle:
    """Give the orchestrator that is in the repository."""
    return handle(today())


def handle(release: Release) -> Handle:
    """Give the orchestrator of a version as the host calls it."""
    found = release.app.find("orchestrator", ORCHESTRATOR)
    assert found is not None
    return found.call


def ended(history: list[Json]) -> str:
    """Give the outcome that a run's orchestration returned."""
    last = history[-2]
    assert (last["EventType"], last["OrchestrationStatus"]) == (1, "Completed")
    outcome: str = json.loads(last["Result"])["outcome"]
    return outcome


def version(history: list[Json]) -> str | None:
    """Give the version that a run was started under."""
    [found] = [event["Version"] for event in history if event["EventType"] == 0]
    assert found is None or isinstance(found, str)
    return found


def called(history: list[Json]) -> list[str]:
    """Name the activities of a run in their order."""
    return [event["Name"] for event in history if event["EventType"] == 4]
