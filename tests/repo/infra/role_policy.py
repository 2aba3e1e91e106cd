"""Checks that the app and people have the least roles that work, under their right ids."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.repo.infra.evaluation import SUBSCRIPTION
from tests.repo.infra.project import MODES, NEEDED, Project
from tests.repo.infra.values import Deployed, Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.repo.infra.deployment import Deployment

# Azure's built-in roles that may be given; no other id may stand in infra/.
ROLES = {
    "Storage Blob Data Owner": "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
    "Storage Queue Data Contributor": "974c5e8b-45b9-4653-ba55-5f855dd0fb88",
    "Storage Table Data Contributor": "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3",
    "Monitoring Metrics Publisher": "3913510d-42f4-4e42-8a64-420c390055eb",
    "Cognitive Services OpenAI User": "5e0bd9bd-7b93-4f28-af87-19fc36ad61bd",
    "Key Vault Secrets User": "4633458b-17de-408a-b874-0445c86b69e6",
    "Key Vault Secrets Officer": "b86a8fe4-44ce-4948-aee5-eccb2c155cd7",
    "Durable Task Data Contributor": "0ad04412-c4d5-4796-b79c-f76d14c8d402",
    "Durable Task Data Reader": "d6a5505f-6ebb-45a4-896e-ac8274cfc0ac",
}
NAMES = {role: name for name, role in ROLES.items()}
# What the app needs always, and with one backend only: role and type of the resource it is for.
OF_APP = {
    ("Storage Blob Data Owner", "Microsoft.Storage/storageAccounts"),
    ("Storage Table Data Contributor", "Microsoft.Storage/storageAccounts"),
    ("Monitoring Metrics Publisher", "Microsoft.Insights/components"),
    ("Cognitive Services OpenAI User", "Microsoft.CognitiveServices/accounts"),
    ("Key Vault Secrets User", "Microsoft.KeyVault/vaults"),
}
OF_BACKEND = {
    "DurableTaskScheduler": {
        ("Durable Task Data Contributor", "Microsoft.DurableTask/schedulers/taskHubs"),
    },
    "AzureStorage": {
        ("Storage Queue Data Contributor", "Microsoft.Storage/storageAccounts"),
    },
}
# What the person who deploys may do: set the webhook URL later, and see the runs.
OF_PERSON = {("Key Vault Secrets Officer", "Microsoft.KeyVault/vaults")}
OF_PERSON_BY_BACKEND = {
    "DurableTaskScheduler": {
        ("Durable Task Data Reader", "Microsoft.DurableTask/schedulers/taskHubs"),
    },
    "AzureStorage": set(),
}
GUID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
PARTS_OF_NAME = 3
ASSIGNMENTS = "Authorization/roleAssignments"


def roles_are_the_least_that_work(project: Project) -> Iterator[Finding]:
    """Demand exactly the roles that each backend needs, on the narrowest scope."""
    for mode, given in MODES.items():
        deployment = project.deployed(mode)
        backend = given.get("durableBackend", "DurableTaskScheduler")
        person = str({**NEEDED, **given}["principalId"])
        expected = {("app", *pair) for pair in OF_APP | OF_BACKEND[backend]}
        if person:
            people = OF_PERSON | OF_PERSON_BY_BACKEND[backend]
            expected |= {("deployer", *pair) for pair in people}
        found = {_given(held, person) for held in deployment.of_type(ASSIGNMENTS)}
        where = _file(project, deployment)
        for who, role, scope in sorted(expected - found):
            yield Finding(where, 1, f"{mode}: {who} is not given {role} on {scope}")
        for who, role, scope in sorted(found - expected):
            yield Finding(where, 1, f"{mode}: {who} is given {role} on {scope}, not needed")


def _given(held: Deployed, person: str) -> tuple[str, str, str]:
    """Return who is given which role, by name, on which type."""
    principal = str(held.get("properties.principalId"))
    app = principal.startswith("{") and principal.endswith(".properties.principalId}")
    app = app and "userAssignedIdentities" in principal
    who = "app" if app else "deployer" if principal == person else principal
    role = str(held.get("properties.roleDefinitionId")).rpartition("/")[2]
    return who, NAMES.get(role, role), _type_of(held.scope)


def _type_of(path: str) -> str:
    """Return the type in a resource id, or `resource group` or `subscription`."""
    before, _, after = path.rpartition("/providers/")
    if not before:
        return "resource group" if "/resourceGroups/" in path else "subscription"
    provider, *steps = after.split("/")
    return "/".join([provider, *steps[::2]])


def _file(project: Project, deployment: Deployment) -> str:
    held = deployment.of_type(ASSIGNMENTS)
    return held[0].path if held else project.main.path


def ids_of_roles_stand_once_with_their_names(project: Project) -> Iterator[Finding]:
    """Demand that each role's id is Azure's, stands once, and has its name beside it."""
    seen: dict[str, str] = {}
    for path, file in project.bicep.items():
        for number, line in enumerate(file.text.splitlines(), 1):
            for role in GUID.findall(line.lower()):
                if role not in NAMES:
                    yield Finding(path, number, f"{role} is no role that may be given")
                elif role in seen:
                    yield Finding(path, number, f"the id of {NAMES[role]} stands twice")
                elif NAMES[role] not in _around(file.text, number):
                    yield Finding(path, number, f"{role} is not named {NAMES[role]!r} here")
                seen[role] = path


def _around(text: str, number: int) -> str:
    """Return a line with the one before, where a role may be named."""
    return "\n".join(text.splitlines()[max(0, number - 2) : number])


def assignments_are_explicit(project: Project) -> Iterator[Finding]:
    """Demand names made of scope, principal and role, and ids as Azure writes them."""
    for file in project.bicep.values():
        for held in file.resources.values():
            name = held.body.get("name")
            named = name and name.value == "guid" and len(name.parts) >= PARTS_OF_NAME
            if held.type == f"Microsoft.{ASSIGNMENTS}" and not named:
                yield Finding(file.path, held.line, f"{held.name}: name it guid(scope, who, role)")
    start = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/"
    for mode in MODES:
        for given in project.deployed(mode).of_type(ASSIGNMENTS):
            if not str(given.get("properties.roleDefinitionId")).startswith(start):
                yield given.wrong("roleDefinitionId: use subscriptionResourceId()")


def kinds_of_principals_are_right(project: Project) -> Iterator[Finding]:
    """Demand that an identity is a ServicePrincipal; only the deployer may be a User or a Group."""
    for mode, asked in MODES.items():
        for held in project.deployed(mode).of_type(ASSIGNMENTS):
            person = held.get("properties.principalId") == NEEDED["principalId"]
            kind = held.get("properties.principalType")
            if kind != (asked.get("principalType", "User") if person else "ServicePrincipal"):
                yield held.wrong(f"principalType is {kind}")


def assignments_have_names_of_their_own(project: Project) -> Iterator[Finding]:
    """Demand that no two roles are given under one name: the second would fail."""
    for mode in MODES:
        held = project.deployed(mode).of_type(ASSIGNMENTS)
        for one in held:
            if sum(other.name == one.name for other in held) > 1:
                yield one.wrong("another assignment has the same name")


CHECKS = (
    roles_are_the_least_that_work,
    ids_of_roles_stand_once_with_their_names,
    assignments_are_explicit,
    kinds_of_principals_are_right,
    assignments_have_names_of_their_own,
)
