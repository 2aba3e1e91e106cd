"""Checks that files, params, outputs and names fit together, and values the types of Azure."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from tests.repo.infra.evaluation import joined
from tests.repo.infra.project import MAIN, MODES, Project
from tests.repo.infra.values import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.repo.infra.expressions import Expression
    from tests.repo.infra.reader import File

PARAMETERS = "infra/main.parameters.json"
VARIABLE = re.compile(r"\$\{([A-Z][A-Z0-9_]*)(?:=([^}]*))?\}")
SPACES = ("sys", "az")
READ_BY_TEXT = re.compile(r"load\w+\('([^']+)'")


def deploys_in_every_mode(project: Project) -> Iterator[Finding]:
    """Demand that every mode comes to values that fit the types of Azure."""
    for mode in MODES:
        yield from project.deployed(mode).findings
    for path in project.roots:
        if path != MAIN:
            yield from project.alone(path).findings


def names_are_declared(project: Project) -> Iterator[Finding]:
    """Demand that an expression names what its file declares, also where no mode reaches it."""
    for file in project.bicep.values():
        for whole in file.expressions():
            yield from _undeclared(file, whole, file.declared | _loops(file) | set(SPACES))


def _loops(file: File) -> set[str]:
    """Return the variables of the loops around whole resources."""
    blocks = [*file.resources.values(), *file.modules.values()]
    return {name for block in blocks if block.loop for name in block.loop.names}


def _undeclared(file: File, part: Expression, known: set[str]) -> Iterator[Finding]:
    if part.kind == "name" and part.value not in known:
        yield Finding(file.path, part.line, f"{part.value} is declared nowhere in this file")
    known = known | set(part.names)
    for inner in [side for pair in part.entries for side in pair] + list(part.parts):
        yield from _undeclared(file, inner, known)


def nothing_is_declared_twice(project: Project) -> Iterator[Finding]:
    """Demand that a name stands for one thing."""
    for file in project.bicep.values():
        for name in file.duplicates:
            yield Finding(file.path, 1, f"{name} is declared twice")


def nothing_is_unused(project: Project) -> Iterator[Finding]:
    """Demand that every param, variable and existing resource is used in its file."""
    for file in project.bicep.values():
        used = file.names() | {resource.inside for resource in file.resources.values()}
        existing = [held for held in file.resources.values() if held.existing]
        for held in [*file.params.values(), *file.variables.values(), *existing]:
            if held.name not in used:
                yield Finding(file.path, held.line, f"{held.name} is used nowhere")


def modules_are_given_their_params(project: Project) -> Iterator[Finding]:
    """Demand that modules are given what they need, also where no mode reaches them."""
    for file in project.bicep.values():
        for module in file.modules.values():
            inner = project.bicep.get(joined(file.path, module.path))
            if inner is None:
                yield Finding(file.path, module.line, f"{module.path} does not exist")
                continue
            needed = {name for name, param in inner.params.items() if param.default is None}
            for name in sorted(needed - module.params.keys()):
                yield Finding(file.path, module.line, f"{module.name} is not given {name}")
            for name in sorted(module.params.keys() - inner.params.keys()):
                yield Finding(file.path, module.line, f"{module.path} has no param {name}")


def modules_and_data_are_used(project: Project) -> Iterator[Finding]:
    """Demand that each module, and each file of data beside it, is used by a template."""
    used = {MAIN, PARAMETERS}
    for file in project.bicep.values():
        used |= {joined(file.path, module.path) for module in file.modules.values()}
        used |= {joined(file.path, path) for path in READ_BY_TEXT.findall(file.text)}
    for path in sorted(project.texts):
        if path.startswith("infra/modules/") and path not in used:
            yield Finding(path, 1, "no template uses this file")


def outputs_of_modules_are_used(project: Project) -> Iterator[Finding]:
    """Demand that a module gives nothing out that nobody takes."""
    taken: set[tuple[str, str]] = set()
    for file in project.bicep.values():
        taken |= {pair for part in file.parts if (pair := _taken(file, part))}
    for path, file in project.bicep.items():
        for output in file.outputs.values() if path not in project.roots else ():
            if (path, output.name) not in taken:
                yield Finding(path, output.line, f"nobody reads the output {output.name}")


def _taken(file: File, part: Expression) -> tuple[str, str] | None:
    """Return the file and the output that `module.outputs.name` reads."""
    if part.kind not in ("member", "safe") or part.parts[0].value != "outputs":
        return None
    names = [inner for inner in part.walk() if inner.kind == "name" and inner.value in file.modules]
    if not names:
        return None
    return joined(file.path, file.modules[str(names[0].value)].path), str(part.value)


def parameters_file_names_the_params(project: Project) -> Iterator[Finding]:
    """Demand that main.parameters.json gives each param, from a variable of azd."""
    given = json.loads(project.texts.get(PARAMETERS, "{}")).get("parameters", {})
    params = project.main.params
    filled = {name for name, param in params.items() if "newGuid" in _default(param.default)}
    filled |= {name for name, param in params.items() if "utcNow" in _default(param.default)}
    for name in sorted(params.keys() - given.keys() - filled):
        yield Finding(PARAMETERS, 1, f"{name} of main.bicep is not here")
    for name in sorted(given.keys() - params.keys()):
        yield Finding(PARAMETERS, 1, f"main.bicep has no param {name}")
    for name in sorted(given.keys() & params.keys()):
        yield from _given(project, name, given[name])


def _given(project: Project, name: str, given: dict[str, object]) -> Iterator[Finding]:
    """Compare one entry of the parameters file with its param."""
    param = project.main.params[name]
    value = given.get("value")
    match = VARIABLE.fullmatch(value) if isinstance(value, str) else None
    if isinstance(value, str) and not match:
        yield Finding(PARAMETERS, 1, f"{name} is not taken from a variable of azd")
    if not match:
        return
    default = match.group(2)
    literal = param.default is not None and param.default.kind == "constant"
    if default is not None and param.default is not None and literal:
        ours = _shown(param.default.value)
        if default != ours:
            yield Finding(PARAMETERS, 1, f"{name} is {default!r} here, {ours!r} in main.bicep")
    if default is None and param.default is not None:
        yield Finding(PARAMETERS, 1, f"{name} has no default here, so that azd would ask for it")
    if default is not None and param.default is None:
        yield Finding(PARAMETERS, 1, f"{name} has a default here alone")


def _default(default: Expression | None) -> str:
    return default.text if default else ""


def _shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


CHECKS = (
    deploys_in_every_mode,
    names_are_declared,
    nothing_is_declared_twice,
    nothing_is_unused,
    modules_are_given_their_params,
    modules_and_data_are_used,
    outputs_of_modules_are_used,
    parameters_file_names_the_params,
)
