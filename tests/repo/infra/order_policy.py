"""Checks that what a module asks Azure for is deployed, and deployed before it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.repo.infra.evaluation import SUBSCRIPTION
from tests.repo.infra.project import MAIN, MODES, Project
from tests.repo.infra.values import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.repo.infra.reader import File

# Made with their account, whether a template names them or not.
WITH_ACCOUNT = ("/blobServices/default", "/queueServices/default", "/tableServices/default")


def what_is_asked_for_is_deployed(project: Project) -> Iterator[Finding]:
    """Demand that what a module reads, or gives a role on, is deployed in that mode, too."""
    for mode in MODES:
        deployment = project.deployed(mode)
        for _, held, path in sorted(deployment.used):
            ours = held.startswith(f"/subscriptions/{SUBSCRIPTION}/resourceGroups/")
            here = "/providers/" in held and _whole(held) not in deployment.made
            if ours and here:
                yield Finding(path, 1, f"{mode}: asks for {_end(held)}, which is not deployed")


def what_is_asked_for_comes_first(project: Project) -> Iterator[Finding]:
    """Demand that a module waits for the one that makes what it asks for."""
    waits = _waits(project.main)
    for name in sorted(name for name, others in waits.items() if name in others):
        yield Finding(MAIN, 1, f"{name} waits for itself")
    for mode in MODES:
        deployment = project.deployed(mode)
        for module, held, path in sorted(deployment.used):
            maker = deployment.made.get(_whole(held), module)
            if module != maker and maker not in waits.get(module, ()):
                wrong = f"{module} asks for {_end(held)} and does not wait for {maker}"
                yield Finding(MAIN, 1, f"{wrong} ({path})")


def _whole(held: str) -> str:
    """Return the account in whose name such a service is asked for."""
    for service in WITH_ACCOUNT:
        held = held.removesuffix(service)
    return held


def _end(held: str) -> str:
    return "/".join(held.split("/")[-2:])


def _waits(main: File) -> dict[str, set[str]]:
    """Return the modules and resources that each of the template waits for, in the end."""
    blocks = {**main.modules, **main.resources}
    written = {name: block.expressions for name, block in blocks.items()}
    written |= {name: [held.value] for name, held in main.variables.items()}
    found = {
        name: {str(p.value) for whole in parts for p in whole.walk() if p.kind == "name"}
        for name, parts in written.items()
    }
    for _ in found:
        deeper = {
            name: names | {deep for one in names for deep in found.get(one, ())}
            for name, names in found.items()
        }
        if deeper == found:
            break
        found = deeper
    return found


CHECKS = (what_is_asked_for_is_deployed, what_is_asked_for_comes_first)
