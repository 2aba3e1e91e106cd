"""The document on telemetry tells what the app does: its names, variables and limits."""

from __future__ import annotations

import re

import pytest

from signpost import backlog
from signpost.telemetry import exporters, sending
from signpost.telemetry.names import METRICS, SPANS
from tests.repo.sources import modules, read

DOCUMENT = read("docs/telemetry.md")
MOST_LINES = 90


def rows(heading: str) -> list[list[str]]:
    """Return the cells of the table under a heading, without its head."""
    part = DOCUMENT.split(f"## {heading}\n")[1].split("\n## ")[0]
    table = [line.strip("| ").split(" | ") for line in part.splitlines() if line.startswith("|")]
    return table[2:]


def code(names: tuple[str, ...]) -> str:
    """Write names as a cell does."""
    return ", ".join(f"`{name}`" for name in names) or "-"


def test_the_table_of_spans_is_the_app_s() -> None:
    """Every span with its attributes, in the order of a run, and no other."""
    assert rows("Traces") == [[f"`{s.name}`", s.what, code(s.told)] for s in SPANS]


def test_the_table_of_metrics_is_the_app_s() -> None:
    """Every metric with kind, unit and attributes, and no other."""
    told = [[f"`{m.name}`", m.kind, m.unit, code(m.by), m.what] for m in METRICS]
    assert rows("Metrics") == told


@pytest.mark.parametrize("variable", [exporters.AZURE, exporters.OTLP, exporters.CONSOLE_TRACES])
def test_every_place_is_told(variable: str) -> None:
    """Which variable sends telemetry where."""
    assert any(variable in row[0] for row in rows("Where it goes"))


@pytest.mark.parametrize(
    "said",
    [
        f"requests take {sending.TIMEOUT_SECONDS:.0f} seconds at most",
        f"every {sending.INTERVAL_MS / 1000:.0f} seconds",
        f"the {backlog.MOST:,} oldest rounds",
        f"up to {backlog.MOST * 96:,} transactions a day",
    ],
)
def test_numbers_are_the_app_s(said: str) -> None:
    """What the text says of limits is what the code has."""
    assert said in DOCUMENT


def test_queries_ask_for_metrics_that_there_are() -> None:
    """A query for a name that nothing tells would be empty for ever."""
    asked = set(re.findall(r'Name == "([^"]+)"', DOCUMENT))
    assert asked
    assert asked <= {metric.name for metric in METRICS}


def test_every_metric_is_counted_somewhere() -> None:
    """A name in the table that no code uses would be a promise alone."""
    [module] = [m for m in modules("signpost") if str(m.path) == "signpost/telemetry/metrics.py"]
    [names] = [m for m in modules("signpost") if str(m.path) == "signpost/telemetry/names.py"]
    constants = re.findall(r"^([A-Z_]+) = Metric\(", names.text, re.MULTILINE)
    assert len(constants) == len(METRICS)
    assert [name for name in constants if f"names.{name}" not in module.text] == []


def test_it_is_short() -> None:
    """The document is read to its end."""
    assert len(DOCUMENT.splitlines()) <= MOST_LINES
