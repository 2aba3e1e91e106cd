"""Runs that an earlier version left waiting go on with today's orchestrator."""

import importlib
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from orchestrators.sign_and_post import sign_and_post
from tests.builders import KEY, TEXT
from tests.doubles.quick_model import TEXT as DRAFT
from tests.doubles.timed_app import timed_app
from tests.histories import scenarios
from tests.histories.recording import IsOutError, record
from tests.histories.replaying import (
    CHANGELOG,
    FOLDER,
    Handle,
    Json,
    differences,
    recorded,
    release,
    turns,
)
from tests.histories.scenarios import SCENARIOS, SETTINGS

HISTORIES = recorded()
HANDLE: Handle = sign_and_post._function.get_user_function()
ORCHESTRATORS = Path(__file__).parents[2] / "orchestrators"
COPY = "changed_orchestrators"
LEAST = 12


class Change(NamedTuple):
    """One edit of an orchestrator's source that runs under way could not bear."""

    what: str
    module: str
    old: str
    new: str


CHANGES = [
    Change("an activity renamed", "steps", '"settle_round"', '"look_at_round"'),
    Change(
        "an activity inserted", "sign_and_post",
        "        standing = yield from await_signature(context, work)\n",
        '        yield context.call_activity("audit", None)\n'
        "        standing = yield from await_signature(context, work)\n",
    ),
    Change(
        "an activity removed", "sign_and_post",
        "            yield from post_text(context, work)\n", "            pass\n",
    ),
    Change(
        "two steps swapped", "steps",
        'standing = yield from _call(context, "open_round", _at(work), Standing)',
        'standing = yield from _call(context, "settle_round", _at(work), Standing)',
    ),
    Change(
        "an event renamed", "steps",
        "wake_up(work.round, standing.slot)", 'wake_up(work.round, standing.slot) + "-sign"',
    ),
    Change(
        "a timer dropped", "steps",
        "        yield context.create_timer(until)\n", "        pass\n",
    ),
    Change(
        "a timer added", "sign_and_post",
        "        if standing.signed:\n",
        "        if standing.signed:\n"
        "            yield context.create_timer(context.current_utc_datetime)\n",
    ),
    Change(
        "a loop that ends earlier", "sign_and_post",
        "if standing.outcome != REQUEST_CHANGES:", "if standing.outcome:",
    ),
    Change(
        "a loop that runs once", "steps",
        "    while standing.outcome is None:\n", "    if standing.outcome is None:\n",
    ),
    Change("a timer left behind", "steps", "        alarm.cancel()\n", "        pass\n"),
    Change(
        "an error that only closes the run", "steps",
        "while standing.outcome is None:", 'while standing.outcome in (None, "Expired"):',
    ),
    Change(
        "another result", "sign_and_post",
        "return pack((yield from close(context, work, standing)))",
        'return pack((yield from close(context, work, standing)))["outcome"]',
    ),
    Change(
        "posting by the outcome's name", "sign_and_post",
        "if standing.signed:", 'if standing.outcome == "Approve":',
    ),
    Change(
        "a wait of no time skipped", "steps",
        "if drafted.retry_after is None or", "if not drafted.retry_after or",
    ),
    Change(
        "an outage taken for a failure", "steps",
        "        if not is_away(said):\n", "        if said:\n",
    ),
]  # fmt: skip


@pytest.fixture
def changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give the folder of a copy of the orchestrators, importable under another name."""
    monkeypatch.syspath_prepend(tmp_path)
    package = tmp_path / COPY
    package.mkdir()
    for source in ORCHESTRATORS.glob("*.py"):
        text = re.sub(r"\borchestrators\.", f"{COPY}.", source.read_text("utf-8"))
        (package / source.name).write_text(text, "utf-8")
    yield package
    for name in [name for name in sys.modules if name.partition(".")[0] == COPY]:
        del sys.modules[name]


def handle_of_the_copy() -> Handle:
    """Import the copy and give what the host would call."""
    importlib.invalidate_caches()
    module = importlib.import_module(f"{COPY}.sign_and_post")
    handle: Handle = module.sign_and_post._function.get_user_function()
    return handle


def test_each_scenario_has_a_history() -> None:
    """The release being made has one file for each way a run can go, and no file beside them."""
    ours = {name.partition("/")[2] for name in HISTORIES if name.startswith(f"{release()}/")}
    assert ours == set(SCENARIOS)


def test_each_release_has_its_histories() -> None:
    """Every release in the changelog left its own, at least twelve."""
    kept = Counter(name.partition("/")[0] for name in HISTORIES)
    out = re.findall(r"^## \[([\d.]+)\]", CHANGELOG.read_text("utf-8"), re.MULTILINE)
    assert {*out, release()} <= kept.keys()
    assert min(kept.values()) >= LEAST


def test_recording_leaves_what_is_there(tmp_path: Path) -> None:
    """What a release lacks is added; its other histories and those of older ones stay."""
    for release_ in ("0.0.9", "0.1.0"):
        (tmp_path / release_).mkdir()
        (tmp_path / release_ / "approved.json").write_text("[]")
    told = record([], root=tmp_path, version="0.1.0")
    assert len(told) == len(SCENARIOS) - 1
    assert {file.stem for file in (tmp_path / "0.1.0").iterdir()} == set(SCENARIOS)
    kept = [file.read_text() for file in tmp_path.glob("*/approved.json")]
    assert (kept, len(list((tmp_path / "0.0.9").iterdir()))) == (["[]", "[]"], 1)


def test_a_release_that_is_out_is_not_recorded(tmp_path: Path) -> None:
    """Not even a history that is named: runs like it may be waiting."""
    changelog = tmp_path / "CHANGELOG.md"
    changelog.write_text("# Changelog\n\n## [0.1.0] - 2026-12-01\n")
    with pytest.raises(IsOutError, match="is out"):
        record(["approved"], root=tmp_path, version="0.1.0", changelog=changelog)
    assert list(tmp_path.iterdir()) == [changelog]


@pytest.mark.parametrize("name", HISTORIES)
def test_a_recorded_run_goes_on(name: str) -> None:
    """At each turn of a recorded run today's orchestrator asks for what was asked for then."""
    assert differences(HANDLE, HISTORIES[name]) == []


@pytest.mark.parametrize("version", [None, "", "1"])
def test_the_first_versions_are_one(version: str | None) -> None:
    """A run of before there were versions goes the way of version 1."""
    oldest = {name: past for name, past in HISTORIES.items() if name.startswith("0.1.0/")}
    assert not any(differences(HANDLE, of_version(past, version)) for past in oldest.values())


def of_version(history: list[Json], version: str | None) -> list[Json]:
    """Give the history that a run of another version would have."""
    return [event | {"Version": version} if "Tags" in event else event for event in history]


@pytest.mark.parametrize("name", HISTORIES)
def test_a_recorded_run_ended_as_it_should(name: str) -> None:
    """Each file holds a whole run, to the outcome that its scenario is about."""
    end = HISTORIES[name][-2]
    scenario = SCENARIOS.get(name.partition("/")[2])
    assert scenario is None or json.loads(end["Result"])["outcome"] == scenario[1]
    assert end["OrchestrationStatus"] == "Completed"
    assert len(turns(HISTORIES[name])) > 2


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.what)
def test_an_incompatible_change_is_caught(change: Change, changed: Path) -> None:
    """A change that runs under way can't bear shows in at least one recorded run."""
    file = changed / f"{change.module}.py"
    source = file.read_text("utf-8")
    assert source.count(change.old) == 1
    file.write_text(source.replace(change.old, change.new), "utf-8")
    handle = handle_of_the_copy()
    assert [name for name, history in HISTORIES.items() if differences(handle, history)]


def test_an_unchanged_copy_passes(changed: Path) -> None:
    """What the test above catches is the change, not the copying."""
    handle = handle_of_the_copy()
    assert not any(differences(handle, history) for history in HISTORIES.values())


@pytest.mark.parametrize("name", HISTORIES)
def test_a_history_holds_no_text_and_no_person(name: str) -> None:
    """Ids, states and instants only: no draft, comment, address, link, key or path."""
    kept = (FOLDER / f"{name}.json").read_text("utf-8")
    told = [
        DRAFT,
        TEXT,
        scenarios.EDIT,
        "terrace",
        "Shorter",
        "@contoso.com",
        "http",
        "#",
        KEY,
        "ledger.db",
    ]
    assert [text for text in told if text in kept] == []


@pytest.mark.parametrize("name", SCENARIOS)
async def test_a_run_of_today_replays_too(
    name: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The replaying here agrees with the dev host, which has nothing to warn of."""
    async with timed_app(tmp_path, more=SETTINGS.get(name)) as app:
        play, outcome = SCENARIOS[name]
        history = app.history(await play(app))
    assert differences(HANDLE, history) == []
    assert json.loads(history[-2]["Result"])["outcome"] == outcome
    assert "in Azure" not in caplog.text
