"""The checks see mistakes: those that are planted in our own templates, one at a time."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from tests.repo.infra.checks import CHECKS, caught_by, findings
from tests.repo.infra.edits import EDITS
from tests.repo.infra.mutations import mistakes
from tests.repo.infra.project import project

LEAST_CAUGHT = 0.95


class Seen(NamedTuple):
    """What came of planting all mistakes: how many, those missed, and rules that saw none."""

    planted: int
    missed: list[str]
    blind: set[str]


@pytest.fixture(scope="module")
def seen() -> Seen:
    """Plant each mistake; ask all rules that saw none yet, then others until one sees it."""
    planted, missed = mistakes(project()), []
    blind = {check.__name__ for check in CHECKS}
    for one in planted:
        seeing = caught_by(project().changed(one.path, one.text), blind)
        blind -= seeing
        missed += [] if seeing else [f"{one.path}: {one.about}"]
    return Seen(len(planted), missed, blind)


def test_planted_mistakes_are_caught(seen: Seen) -> None:
    """Of all planted mistakes at least 95 of 100 are found; those that are not are named."""
    assert seen.planted >= 200
    assert len(seen.missed) <= (1 - LEAST_CAUGHT) * seen.planted, "\n".join(seen.missed)


def test_every_rule_sees_a_mistake(seen: Seen) -> None:
    """No rule is there for nothing."""
    assert seen.blind == set()


def test_mistakes_by_hand_differ() -> None:
    """No mistake is planted twice."""
    assert len(set(EDITS)) == len(EDITS) >= 60


def test_mistakes_by_hand_have_their_place() -> None:
    """Who changes a line of a template changes the mistake in edits.py that stood there."""
    texts = project().texts
    assert [edit for edit in EDITS if edit.old not in texts[f"infra/{edit.file}"]] == []


def test_unchanged_templates_have_no_findings() -> None:
    """What the checks find in a changed file is due to the change."""
    assert findings(project()) == []
