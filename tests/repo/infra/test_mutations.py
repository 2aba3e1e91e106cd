"""The checks see mistakes: those that are planted in our own templates, one at a time."""

from __future__ import annotations

from tests.repo.infra.checks import caught, findings
from tests.repo.infra.mutations import EDITS, mistakes
from tests.repo.infra.project import project

LEAST_CAUGHT = 0.95


def test_planted_mistakes_are_caught() -> None:
    """Of all planted mistakes at least 95 of 100 are found; those that are not are named."""
    planted = mistakes(project())
    missed = [one for one in planted if not caught(project().changed(one.path, one.text))]
    shown = [f"{one.path}: {one.about}" for one in missed]
    assert len(planted) >= 60
    assert len(missed) <= (1 - LEAST_CAUGHT) * len(planted), "\n".join(shown)


def test_mistakes_by_hand_differ() -> None:
    """No mistake is planted twice."""
    assert len(set(EDITS)) == len(EDITS) >= 60


def test_unchanged_templates_have_no_findings() -> None:
    """What the checks find in a changed file is due to the change."""
    assert findings(project()) == []
