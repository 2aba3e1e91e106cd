"""The documents are short, and what they name exists."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

import pytest

from tests.repo.sources import ROOT, files, markdown, read

README_LINES = 150
COMMANDS_BY_LINE = 25
ADR_LINES = 40
DECISIONS = Path("docs/decisions")
CHANGE_KINDS = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def links(text: str) -> set[str]:
    """Return the relative targets of markdown links, images and HTML attributes."""
    targets = re.findall(r"\]\(([^)\s]+)\)|(?:src|srcset|href)=\"([^\"]+)\"", text)
    found = {unquote((a or b).split("#")[0]) for a, b in targets}
    return {target for target in found if target and "://" not in target}


def test_readme_is_short() -> None:
    """The README is read to its end."""
    assert len(read("README.md").splitlines()) <= README_LINES


def test_readme_shows_the_commands_early() -> None:
    """A newcomer finds the two commands without scrolling."""
    top = read("README.md").splitlines()[:COMMANDS_BY_LINE]
    assert {"make run", "make test"} <= {line.split("#")[0].strip() for line in top}


@pytest.mark.parametrize("path", markdown(), ids=str)
def test_links_lead_somewhere(path: Path) -> None:
    """Every relative link and picture of a document exists in the repository."""
    known = {(ROOT / file).resolve() for file in files()}
    known |= {parent for file in known for parent in file.parents}
    folder = (ROOT / path).parent
    assert [link for link in links(read(path)) if (folder / link).resolve() not in known] == []


@pytest.mark.parametrize("path", markdown(), ids=str)
def test_make_targets_exist(path: Path) -> None:
    """Every `make` command that a document shows is a target."""
    shown = set(re.findall(r"^(?: {4})?make ([a-z]+)|`make ([a-z]+)", read(path), re.MULTILINE))
    targets = set(re.findall(r"^([a-z]+):", read("Makefile"), re.MULTILINE))
    assert {a or b for a, b in shown} <= targets


def test_decisions_are_short_and_listed() -> None:
    """A decision fits a screen and stands in the index."""
    decisions = [path for path in files() if path.parent == DECISIONS and path.stem[0].isdigit()]
    long = [path.name for path in decisions if len(read(path).splitlines()) > ADR_LINES]
    assert decisions
    assert long == []
    assert {path.name for path in decisions} <= links(read(DECISIONS / "README.md"))


def test_changelog_keeps_its_shape() -> None:
    """The changelog has released and unreleased parts, known kinds, and one line per change."""
    lines = [line for line in read("CHANGELOG.md").splitlines() if line]
    assert lines[0] == "# Changelog"
    assert "## [Unreleased]" in lines
    assert {line[4:] for line in lines if line.startswith("### ")} <= CHANGE_KINDS
    body = lines[lines.index("## [Unreleased]") :]
    assert all(re.match(r"#{2,3} |- [A-Z`].*\.$|\[.+\]: ", line) for line in body)


def test_links_are_found_in_every_form() -> None:
    """The check itself sees markdown links, pictures and HTML sources."""
    text = '[a](b.md#c) ![d](e.png) <img src="f.svg"> [g](https://contoso.com/h)'
    assert links(text) == {"b.md", "e.png", "f.svg"}
