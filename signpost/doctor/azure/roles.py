"""Owns the check of roles: that the app's identity was given those that it needs."""

from collections.abc import Iterable, Sequence

from signpost.doctor.azure.arm import Json, Refused, text
from signpost.doctor.azure.deployed import INSIGHTS, STORAGE, VAULT, Deployed, Identity
from signpost.doctor.azure.refusals import unreadable
from signpost.doctor.azure.scopes import account_of, secrets_in, task_hubs
from signpost.doctor.finding import Finding
from signpost.doctor.fixes import PROVISION, assign_to_object
from signpost.doctor.roles import ROLES, Kind, Role, needed

CHECK = "azure roles"
ASSIGNMENTS = "2022-04-01"


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
                near = stand.holds(scope)
                known = given if near else await _assignments(stand, scope, identity)
                found += [
                    _problem(role, scope, identity)
                    for role in needed(kind, uses_scheduler=stand.uses_scheduler)
                    if not _covers(known, role, [scope]) and not _covers(known, role, parts)
                ]
        except Refused as refusal:
            found.append(unreadable(CHECK, f"roles on: {kind}", refusal, stand.group))
    return found or [Finding(CHECK, "ok", "The app's identity has every role that it needs.")]


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
    fix = assign_to_object(identity.principal_id, role.name, scope)
    return Finding(CHECK, "problem", detail, fix)


async def _assignments(stand: Deployed, scope: str, identity: Identity) -> list[Json]:
    """List the identity's roles at, above and below a scope."""
    path = f"{scope}/providers/Microsoft.Authorization/roleAssignments"
    only = {"$filter": f"principalId eq '{identity.principal_id}'"}
    return await stand.arm.every(path, ASSIGNMENTS, **only)


async def _scopes(stand: Deployed, kind: Kind) -> dict[str, list[str]]:
    """Give the resources of a kind, each with those of its parts that the app uses."""
    if kind == "Azure OpenAI account":
        account = await account_of(stand)
        return {text(account, "id"): []} if account else {}
    if kind == "task hub":
        return {text(hub, "id"): [] for hub in await task_hubs(stand)}
    if kind == "vault":
        return {each.id: await secrets_in(stand, each) for each in stand.of(VAULT)}
    return {each.id: [] for each in stand.of(STORAGE if kind == "storage account" else INSIGHTS)}
