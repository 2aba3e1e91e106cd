"""Owns the check of roles: that the app has those that `infra/modules/roles.bicep` gives it."""

from collections.abc import Iterable, Sequence
from shlex import quote
from typing import Literal, NamedTuple

from signpost.doctor.azure.arm import Json, Refused, text
from signpost.doctor.azure.deployed import INSIGHTS, STORAGE, VAULT, Deployed, Identity
from signpost.doctor.azure.refusals import unreadable
from signpost.doctor.azure.scopes import account_of, secrets_in, task_hubs
from signpost.doctor.finding import Finding
from signpost.doctor.fixes import PROVISION

CHECK = "azure roles"
ASSIGNMENTS = "2022-04-01"
Kind = Literal["storage", "insights", "account", "vault", "task hub"]


class Role(NamedTuple):
    """A role that the app's identity needs: its name and id, on what, and with which backend."""

    name: str
    id: str
    on: Kind
    when: Literal["always", "DurableTaskScheduler", "AzureStorage"] = "always"


ROLES = (
    Role("Storage Blob Data Owner", "b7e6dc6d-f1e8-4753-8033-0f276bb0955b", "storage"),
    Role("Storage Table Data Contributor", "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3", "storage"),
    Role(
        "Storage Queue Data Contributor",
        "974c5e8b-45b9-4653-ba55-5f855dd0fb88",
        "storage",
        "AzureStorage",
    ),
    Role(
        "Durable Task Data Contributor",
        "0ad04412-c4d5-4796-b79c-f76d14c8d402",
        "task hub",
        "DurableTaskScheduler",
    ),
    Role("Cognitive Services OpenAI User", "5e0bd9bd-7b93-4f28-af87-19fc36ad61bd", "account"),
    Role("Key Vault Secrets User", "4633458b-17de-408a-b874-0445c86b69e6", "vault"),
    Role("Monitoring Metrics Publisher", "3913510d-42f4-4e42-8a64-420c390055eb", "insights"),
)


async def check(stand: Deployed) -> list[Finding]:
    """Find the roles that the app's identity lacks; one on a scope above counts."""
    if stand.site is None:
        return []
    identity = stand.identity
    if identity is None:
        detail = "The app has no user-assigned identity, so no role can be given to it."
        return [Finding(CHECK, "problem", detail, PROVISION)]
    given = await _assignments(stand, stand.group, identity)
    found: list[Finding] = []
    for kind in dict.fromkeys(role.on for role in ROLES):
        try:
            for scope, parts in (await _scopes(stand, kind)).items():
                near = scope.lower().startswith(f"{stand.group}/".lower())
                known = given if near else await _assignments(stand, scope, identity)
                found += [
                    _problem(role, scope, identity)
                    for role in needed(kind, uses_scheduler=stand.uses_scheduler)
                    if not _covers(known, role, [scope]) and not _covers(known, role, parts)
                ]
        except Refused as refusal:
            found.append(unreadable(CHECK, f"roles on: {kind}", refusal, stand.group))
    return found or [Finding(CHECK, "ok", "The app's identity has every role that it needs.")]


def needed(kind: Kind, *, uses_scheduler: bool) -> list[Role]:
    """Give the roles that are needed on a kind of resource, with the backend in use."""
    backend = "DurableTaskScheduler" if uses_scheduler else "AzureStorage"
    return [role for role in ROLES if role.on == kind and role.when in ("always", backend)]


def _covers(given: Iterable[Json], role: Role, scopes: Sequence[str]) -> bool:
    """Say whether a role was given on each of some scopes, or above it."""
    same = [
        each["properties"]
        for each in given
        if text(each, "properties", "roleDefinitionId").lower().endswith(f"/{role.id}")
    ]
    above = [f"{text(each, 'scope').rstrip('/')}/".lower() for each in same]
    return bool(scopes) and all(f"{scope}/".lower().startswith(tuple(above)) for scope in scopes)


def _problem(role: Role, scope: str, identity: Identity) -> Finding:
    detail = (
        f"The app's identity lacks the role {role.name} on the {role.on} "
        f"{scope.rpartition('/')[2]}. A role counts up to ten minutes after it was given."
    )
    fix = (
        f"az role assignment create --assignee-object-id {quote(identity.principal_id)} "
        f'--assignee-principal-type ServicePrincipal --role "{role.name}" --scope {quote(scope)}'
    )
    return Finding(CHECK, "problem", detail, fix)


async def _assignments(stand: Deployed, scope: str, identity: Identity) -> list[Json]:
    """List the identity's roles at, above and below a scope."""
    path = f"{scope}/providers/Microsoft.Authorization/roleAssignments"
    only = {"$filter": f"principalId eq '{identity.principal_id}'"}
    return await stand.arm.every(path, ASSIGNMENTS, **only)


async def _scopes(stand: Deployed, kind: Kind) -> dict[str, list[str]]:
    """Give the resources of a kind, each with those of its parts that the app uses."""
    if kind == "account":
        account = await account_of(stand)
        return {text(account, "id"): []} if account else {}
    if kind == "task hub":
        return {text(hub, "id"): [] for hub in await task_hubs(stand)}
    if kind == "vault":
        return {each.id: await secrets_in(stand, each) for each in stand.of(VAULT)}
    return {each.id: [] for each in stand.of(STORAGE if kind == "storage" else INSIGHTS)}
