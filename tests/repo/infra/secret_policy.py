"""Checks that no key, password or other secret is read, written down or given away."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from tests.repo.infra.app_policy import settings_of
from tests.repo.infra.deployment import SECRET
from tests.repo.infra.project import MODES, Project
from tests.repo.infra.values import Finding
from tests.repo.infra.wiring import PARAMETERS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.repo.infra.expressions import Expression

LISTS_KEYS = re.compile(r"\blist[A-Z]\w*$")
KEYS = re.compile(
    r"AccountKey=|SharedAccessKey|SharedAccessSignature|InstrumentationKey=|[?&]sig=|password=",
    re.IGNORECASE,
)
# Members that hold a key or a string with one; of a component it is no secret, since it takes none.
KEYED = re.compile(
    r"(primary|secondary)?(shared)?(key|password)s?$|connectionStrings?$", re.IGNORECASE
)
NO_KEY_IN = {"ConnectionString"}
TELLING = re.compile(
    r"(secret|password|webhook|sas|signingkey|accountkey|apikey|newkey)", re.IGNORECASE
)
NOT_SECRET = ("generation", "name", "id", "uri")
SHORTEST_KEY = 32


def no_key_is_asked_for(project: Project) -> Iterator[Finding]:
    """Demand that no template lists keys, or reads a member that holds one."""
    for file in project.bicep.values():
        for part in file.parts:
            name = str(part.value)
            calls = part.kind == "call" and LISTS_KEYS.match(name)
            reads = part.kind in ("member", "safe") and KEYED.search(name)
            if calls or (reads and name not in NO_KEY_IN):
                yield Finding(file.path, part.line, f"{name} gives a key away")


def no_key_is_written(project: Project) -> Iterator[Finding]:
    """Demand that no file of infra/ holds a key, or a URL with a signature."""
    for path, text in project.texts.items():
        for number, line in enumerate(text.splitlines(), 1):
            if path.startswith("infra/") and KEYS.search(line):
                yield Finding(path, number, "a key stands here")


def outputs_hold_no_secret(project: Project) -> Iterator[Finding]:
    """Demand that outputs, which stay in histories, hold nothing that came in as a secret."""
    for file in project.bicep.values():
        secrets = _tainted(file.path, project)
        for output in file.outputs.values():
            used = {str(part.value) for part in output.value.walk() if part.kind == "name"}
            if used & secrets:
                yield Finding(file.path, output.line, f"the output {output.name} is a secret")
    for mode in MODES:
        for name, value in project.deployed(mode).outputs.items():
            if SECRET in repr(value) or "ConnectionString" in repr(value):
                yield Finding(project.main.path, 1, f"the output {name} is a secret")


def _tainted(path: str, project: Project) -> set[str]:
    """Return the secure params of a file and the variables that are made of them."""
    file = project.bicep[path]
    found = {param.name for param in file.params.values() if param.secure}
    for held in file.variables.values():
        names = {str(part.value) for part in held.value.walk() if part.kind == "name"}
        found |= {held.name} if names & found else set()
    return found


def secrets_end_in_the_vault(project: Project) -> Iterator[Finding]:
    """Demand that what comes in as a secret is written to the vault and nowhere else."""
    for mode in MODES:
        deployment = project.deployed(mode)
        for held in deployment.resources:
            body = dict(held.body)
            if held.type == "Microsoft.KeyVault/vaults/secrets":
                value = str(held.get("properties.value"))
                body["properties"] = {**(held.get("properties") or {}), "value": ""}
                if not value.startswith(SECRET):
                    yield held.wrong("its value is not a secure parameter")
            if SECRET in repr(body):
                yield held.wrong("holds a secret")


def secrets_are_those_that_are_asked_for(project: Project) -> Iterator[Finding]:
    """Demand that each vault secret has its own value, and settings hold none."""
    wanted = {
        "teams-channel-webhook-url": "channelWebhookUrl",
        "teams-chat-webhook-url": "chatWebhookUrl",
    }
    for mode in MODES:
        deployment = project.deployed(mode)
        given = MODES[mode]
        found = {held.name for held in deployment.of_type("KeyVault/vaults/secrets")}
        for name, param in wanted.items():
            if (name in found) == (given.get(param) == ""):
                yield Finding(
                    project.main.path, 1, f"{mode}: the secret {name} is there: {name in found}"
                )
        for held in deployment.of_type("KeyVault/vaults/secrets"):
            param = wanted.get(held.name, "newSigningKey")
            if held.get("properties.value") != f"{SECRET}{param}":
                yield held.wrong(f"{mode}: {held.name} is not {param}")
        for name, value in settings_of(deployment).items():
            if SECRET in str(value):
                yield Finding(project.main.path, 1, f"{mode}: the setting {name} holds a secret")


def keys_are_made_once(project: Project) -> Iterator[Finding]:
    """Demand that a signing key that is there stays: a second deployment makes none anew."""
    for file in project.bicep.values():
        for held in file.resources.values():
            keeps = held.decorated("onlyIfNotExists") is not None
            text = str(getattr(held.body.get("name"), "text", ""))
            if held.type == "Microsoft.KeyVault/vaults/secrets" and keeps != ("signing" in text):
                yield Finding(file.path, held.line, f"{held.name}: @onlyIfNotExists is {keeps}")
    default = project.main.params["newSigningKey"].default
    random = default.text.count("newGuid()") if default else 0
    if random * 32 < SHORTEST_KEY * 2:
        yield Finding(project.main.path, 1, "newSigningKey is not made of two random ids")


def secrets_are_secure_params(project: Project) -> Iterator[Finding]:
    """Demand that a param whose name tells of a secret is @secure(), and has no literal default."""
    for file in project.bicep.values():
        for param in file.params.values():
            plain = param.name.lower().endswith(NOT_SECRET) or param.kind in ("int", "bool")
            if TELLING.search(param.name) and not plain and not param.secure:
                yield Finding(file.path, param.line, f"{param.name} is not @secure()")
            default = param.default
            if param.secure and default and default.kind == "constant" and default.value:
                yield Finding(file.path, param.line, f"{param.name} has a default in clear text")
    for path, text in project.texts.items():
        if path == PARAMETERS:
            yield from _written(project, json.loads(text).get("parameters", {}))


def _written(project: Project, given: dict[str, dict[str, str]]) -> Iterator[Finding]:
    """Look for values of secure params in the parameters file."""
    for name, entry in given.items():
        param = project.main.params.get(name)
        if param and param.secure and not re.fullmatch(r"\$\{\w+=?\}", str(entry.get("value"))):
            yield Finding(PARAMETERS, 1, f"{name} is a secret and stands here")


def secrets_stay_secure_on_their_way(project: Project) -> Iterator[Finding]:
    """Demand that a secret is handed to modules by secure params alone."""
    for path, file in project.bicep.items():
        secrets = _tainted(path, project)
        for module in file.modules.values():
            inner = project.bicep.get(f"infra/{module.path}")
            for name, value in module.params.items():
                used = {str(part.value) for part in _values(value) if part.kind == "name"}
                param = inner.params.get(name) if inner else None
                if used & secrets and param and not param.secure:
                    yield Finding(path, module.line, f"{name} of {module.path} is not @secure()")


def _values(value: Expression) -> Iterator[Expression]:
    """Leave out what only asks whether a secret is empty."""
    if value.kind == "call" and value.value == "empty":
        return
    yield value
    for part in [side for pair in value.entries for side in pair] + list(value.parts):
        yield from _values(part)


CHECKS = (
    no_key_is_asked_for,
    no_key_is_written,
    outputs_hold_no_secret,
    secrets_end_in_the_vault,
    secrets_are_those_that_are_asked_for,
    keys_are_made_once,
    secrets_are_secure_params,
    secrets_stay_secure_on_their_way,
)
