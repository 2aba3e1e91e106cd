"""Owns the list of all checks of infra/, and runs them."""

from __future__ import annotations

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


def caught(project: Project) -> bool:
    """Say whether any check finds a mistake, without looking for more; a crash is none."""
    try:
        return any(True for check in CHECKS for _ in check(project))
    except Unreadable:
        return True
