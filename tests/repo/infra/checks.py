"""Owns the list of all checks of infra/, and runs them."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from tests.repo.infra import (
    agreement,
    app_policy,
    house_policy,
    network_policy,
    order_policy,
    role_policy,
    secret_policy,
    secure_policy,
    watch_policy,
    wiring,
)
from tests.repo.infra.expressions import Unreadable
from tests.repo.infra.values import Finding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.repo.infra.project import Project

CHECKS: tuple[Callable[[Project], Iterator[Finding]], ...] = (
    *wiring.CHECKS,
    *role_policy.CHECKS,
    *app_policy.CHECKS,
    *secure_policy.CHECKS,
    *secret_policy.CHECKS,
    *network_policy.CHECKS,
    *watch_policy.CHECKS,
    *order_policy.CHECKS,
    *house_policy.CHECKS,
    *agreement.CHECKS,
)


def findings(project: Project) -> list[Finding]:
    """Return everything that is wrong with a project, each once."""
    try:
        return list(dict.fromkeys(found for check in CHECKS for found in check(project)))
    except Unreadable as error:
        path, _, reason = str(error).partition(": ")
        return [Finding(path, 1, reason)]


def caught_by(project: Project, asked: set[str]) -> set[str]:
    """Return which of the rules that are asked find a mistake, or else one other that does."""
    try:
        first = [check for check in CHECKS if check.__name__ in asked]
        found = {check.__name__ for check in first if sees(check, project)}
        others = (check.__name__ for check in CHECKS if sees(check, project))
        return found or set(itertools.islice(others, 1))
    except Unreadable:
        return {"reading"}


def sees(check: Callable[[Project], Iterator[Finding]], project: Project) -> bool:
    """Say whether a rule finds anything."""
    return any(True for _ in check(project))
