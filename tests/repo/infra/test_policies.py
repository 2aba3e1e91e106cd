"""The templates of infra/ keep every rule that is written down here, without a compiler."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.repo.infra import shapes
from tests.repo.infra.checks import CHECKS
from tests.repo.infra.project import MAIN, MODES, project

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.repo.infra.project import Project
    from tests.repo.infra.values import Finding


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_infra_keeps_the_rule(check: Callable[[Project], Iterator[Finding]]) -> None:
    """The check of this name finds nothing; its first sentence says what it demands."""
    assert [str(found) for found in check(project())] == []


def test_every_rule_says_what_it_demands() -> None:
    """A failure is understood by the rule's own sentence."""
    wrong = [check.__name__ for check in CHECKS if not (check.__doc__ or "").startswith("Demand")]
    assert wrong == []


def test_every_type_in_use_has_its_shape() -> None:
    """scripts/arm_types was run after the last type or version was added."""
    used = {
        f"{held.type}@{held.version}"
        for file in project().bicep.values()
        for held in file.resources.values()
    }
    assert used == set(shapes.data()["types"])


def test_shapes_name_their_sources() -> None:
    """Where the shapes come from is told with commit and licence."""
    sources = shapes.data()["sources"].values()
    assert all(source["licence"] == "MIT" and len(source["commit"]) == 40 for source in sources)
    assert shapes.DATA.stat().st_size < 60_000


def deployed_in(mode: str) -> set[tuple[str, str]]:
    """Return file and name of each resource that a mode deploys."""
    found = project().deployed(mode).resources
    return {(held.path, held.reference.symbol) for held in found}


def deployable(*, conditional: bool) -> set[tuple[str, str]]:
    """Return file and name of what the main template and its modules may deploy."""
    return {
        (path, held.name)
        for path, file in project().bicep.items()
        for held in file.resources.values()
        if not held.existing and (path == MAIN or path not in project().roots)
        if held.condition or not conditional
    }


def test_every_resource_is_deployed_in_some_mode() -> None:
    """What is checked is all that the templates may deploy."""
    reached = set.union(*(deployed_in(mode) for mode in MODES))
    assert deployable(conditional=False) - reached == set()


def test_every_condition_is_unmet_in_some_mode() -> None:
    """What is deployed on a condition is also checked where it is left out."""
    always = set.intersection(*(deployed_in(mode) for mode in MODES))
    within_loops = {pair for pair in always if pair[0] == "infra/modules/role.bicep"}
    assert deployable(conditional=True) & always - within_loops == set()
