"""Flows, people and instructions that can't be used are told by file, line and field."""

import shutil
from pathlib import Path

import pytest

from signpost import flows, instructions
from signpost.doctor.checks import user_files
from signpost.doctor.finding import Finding
from tests.unit.doctor.installed import an_installation, problem, states


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Lay out the app's own files where they can be broken."""
    shutil.copytree(flows.FOLDER, tmp_path / "flows")
    shutil.copytree(instructions.FOLDER, tmp_path / "instructions")
    return tmp_path


async def look(files: Path) -> list[Finding]:
    """Look at the files of a folder."""
    return await user_files.check(an_installation(), (files / "flows", files / "instructions"))


async def test_the_apps_own_files_are_sound(files: Path) -> None:
    """One line for each kind."""
    assert states(await look(files)) == ["ok", "ok", "ok"]


async def test_a_broken_flow_is_told_with_line_and_field(files: Path) -> None:
    """The others are still looked at."""
    flow = files / "flows" / "topic-post.yaml"
    flow.write_text(flow.read_text().replace("location: Channel", "location: Cellar"))
    (files / "flows" / "other.yaml").write_text("title: [\n")
    found = await look(files)
    assert [each.check for each in found if each.state == "problem"] == ["flows", "flows"]
    assert "flows/topic-post.yaml, line " in found[2].detail
    assert "post.location" in found[2].detail


async def test_broken_people_are_told(files: Path) -> None:
    """With the person's place in the file."""
    (files / "flows" / "people.yaml").write_text("people:\n- email: adele\n")
    finding = problem(await look(files))
    assert finding.check == "people"
    assert "flows/people.yaml, line 2, people[0].email" in finding.detail


async def test_broken_instructions_are_told_once(files: Path) -> None:
    """Their flow fails for the same reason, and need not repeat it."""
    (files / "instructions" / "topic-post.prompty").write_text("no front matter")
    assert "instructions/topic-post.prompty, line 1" in problem(await look(files)).detail


async def test_an_app_without_flows_starts_nothing(files: Path) -> None:
    """A deployment that left them behind is told."""
    for path in (files / "flows").glob("*.yaml"):
        path.unlink()
    assert "no flow" in problem(await look(files)).detail
