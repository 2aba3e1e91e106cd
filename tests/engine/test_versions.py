"""Orchestration versions: defaults, given ones, and those that this host must not run."""

import json
import shutil
from pathlib import Path

import pytest

from devhost import versions
from devhost.config import HostConfig
from tests.engine.conftest import APPS, MOUNT, Open


@pytest.mark.parametrize(
    "query,expected", [("", "2.0"), ("?version=", ""), ("?version=1.0", "1.0")]
)
async def test_an_instance_has_the_version_it_was_started_with(
    open_app: Open, query: str, expected: str
):
    """Without a version in the request, host.json's defaultVersion counts."""
    app = await open_app("versions")
    _, answer = await app.call("POST", f"{MOUNT}/orchestrators/tell{query}")
    await app.settle()
    assert await app.output(answer["id"]) == expected


@pytest.mark.parametrize("child,expected", [(None, "2.0"), ("", ""), ("1.0", "1.0")])
async def test_a_child_has_its_own_version(open_app: Open, child: str | None, expected: str):
    """The call may name it; else it is the default too."""
    app = await open_app("versions")
    assert await app.output(await app.start("tell_both", {"child": child})) == ["2.0", expected]


async def test_a_newer_instance_fails_when_told_so(open_app: Open):
    """VersionFailureStrategy Fail ends what this host must not run."""
    app = await open_app("versions")
    _, answer = await app.call("POST", f"{MOUNT}/orchestrators/tell?version=3.0")
    await app.settle()
    status = await app.status(answer["id"])
    assert status["runtimeStatus"] == "Failed"
    assert "did not comply with Worker Versioning" in status["output"]


def write_app(folder: Path, version: str) -> Path:
    """Write the fixture app with a default version of its own; returns the folder."""
    folder.mkdir(exist_ok=True)
    host = {"version": "2.0", "extensions": {"durableTask": {"defaultVersion": version}}}
    (folder / "host.json").write_text(json.dumps(host))
    shutil.copy(APPS / "versions" / "function_app.py", folder)
    return folder


async def test_a_newer_instance_waits_for_a_newer_host(open_app: Open, tmp_path: Path):
    """VersionFailureStrategy Reject leaves it alone; a host of that version runs it."""
    folder, state = tmp_path / "app", tmp_path / "state"
    app = await open_app(write_app(folder, "1.0"), state=state)
    _, answer = await app.call("POST", f"{MOUNT}/orchestrators/tell?version=2.0")
    await app.settle()
    assert (await app.status(answer["id"]))["runtimeStatus"] == "Pending"
    await app.host.stop()
    newer = await open_app(write_app(folder, "2.0"), state=state)
    await newer.settle()
    assert await newer.output(answer["id"]) == "2.0"


@pytest.mark.parametrize(
    "one,other,order",
    [
        ("", "", 0),
        ("", "1", -1),
        ("1", "", 1),
        ("1.10", "1.9", 1),
        ("1.0", "1.0", 0),
        ("b", "a", 1),
    ],
)
def test_versions_compare_as_in_net(one: str, other: str, order: int):
    """Numbers count as numbers, other text as text, nothing is the oldest."""
    assert versions.compare(one, other) == order


@pytest.mark.parametrize(
    "strategy,accepted",
    [
        ("Strict", [False, True, False]),
        ("CurrentOrOlder", [True, True, False]),
        ("None", [True, True, True]),
    ],
)
def test_strategies(strategy: str, accepted: list[bool]):
    """Each strategy takes its share of older, equal and newer instances."""
    config = HostConfig(default_version="2.0", version_match=strategy)
    assert [versions.accepts(config, v) for v in ("1.0", "2.0", "3.0")] == accepted
