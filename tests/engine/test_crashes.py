"""Crashes at every durable write and call: nothing acknowledged is lost, nothing done is redone."""

import http.client
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.engine.processes import APPS, HostProcess, until

# Between these points an activity has run and its answer is not written: it runs again.
UNWRITTEN = ("after activity, before its answer is written", "before finish activity")
GONE = (OSError, http.client.HTTPException)


class Survivor:
    """A client that starts the host again when it dies, and repeats what was not acknowledged."""

    def __init__(self, folder: Path, fault: str) -> None:
        self._folder = folder
        self.host = HostProcess(APPS / "crashes", folder / "state", fault=fault)

    def insist(self, method: str, path: str, body: str | None = None) -> tuple[int, Any]:
        """Send a request until it is answered."""
        while True:
            try:
                return self.host.call(method, path, body)
            except GONE:
                self.host.wait()
                self.host = HostProcess(APPS / "crashes", self._folder / "state")

    def play(self) -> Any:
        """Run the scenario; returns the output."""
        self.insist("POST", "/orchestrators/everything/one")
        until(lambda: self.insist("GET", "/instances/one")[1]["customStatus"] == "waiting")
        self.insist("POST", "/instances/one/raiseEvent/go", '"event"')
        status = until(self._ended)
        assert status["runtimeStatus"] == "Completed", status
        return status["output"]

    def _ended(self) -> Any:
        status = self.insist("GET", "/instances/one")[1]
        return status if status["runtimeStatus"] not in ("Pending", "Running") else None


def _lines(file: Path) -> list[str]:
    return file.read_text().split("\n")[:-1]


Played = tuple[Any, Counter[str], list[str]]


@pytest.fixture
def play(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Played]:
    """Return a function that plays the scenario under a fault in a fresh folder.

    It gives the output, how often each note was written, and the fault points written down.
    """

    def run(fault: str) -> Played:
        folder = tmp_path / fault.replace(":", "-")
        folder.mkdir()
        monkeypatch.setenv("NOTES", str(folder / "notes"))
        points = folder / "points"
        points.touch()
        survivor = Survivor(folder, f"{fault}:{points}")
        output = survivor.play()
        survivor.host.end()
        return output, Counter(_lines(folder / "notes")), _lines(points)

    return run


def test_a_crash_at_any_point_loses_and_repeats_nothing(play):
    """Killed at each point in turn, the run ends with the same output and one run an activity.

    Only an activity whose answer was not yet written runs once more: at least once, as in Azure.
    """
    expected, notes, points = play("count")
    assert expected == ["first", "child", 1, "event", "last"]
    assert len(notes) == 3
    for number in range(1, len(points) + 1):
        output, notes, died_at = play(f"kill:{number}")
        assert output == expected, (number, died_at)
        extra = sum(notes.values()) - len(notes)
        assert extra == (1 if died_at and died_at[0] in UNWRITTEN else 0), (number, died_at)


def test_every_kind_of_write_and_call_has_its_points(play):
    """The scenario passes each durable write and each call of user code, before and after."""
    _, _, points = play("count")
    writes = ("create", "post", "commit episode", "finish activity", "commit entity")
    for write in writes:
        assert f"before {write}" in points
        assert f"after {write}" in points
    assert "call note" in points
