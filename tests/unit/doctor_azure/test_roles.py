"""A missing role is told with the command that gives it; a role from above counts."""

import re
from pathlib import Path

import pytest

from signpost.doctor.roles import ROLES, needed
from tests.unit.doctor_azure.installed import (
    ACCOUNT,
    ASSIGNMENTS,
    FAR,
    GROUP,
    PLACES,
    PRINCIPAL,
    SUB,
    VAULT,
    WEB,
    assignment,
    use_far_account,
)

ROOT = Path(__file__).resolve().parents[3]
IDS = [role.name for role in ROLES]
IN_USE = [role for role in ROLES if role.when != "AzureStorage"]


def without(arm, role) -> None:
    """Take a role away from the app's identity."""
    given = arm.at(GROUP + ASSIGNMENTS)
    arm.put(GROUP + ASSIGNMENTS, [each for each in given if not each["id"].endswith(role.id)])


@pytest.mark.parametrize("role", IN_USE, ids=lambda role: role.name)
async def test_missing_role_is_told_with_its_command(arm, problems, role) -> None:
    """The command names the identity, the role and the very scope."""
    without(arm, role)
    found = await problems()
    assert {each.state for each in found} == {"problem"}
    first, *_, last = found[0].fix.splitlines()
    assert first.startswith("azd provision")  # by hand first, and Azure would refuse it after
    assert last == (
        f"az role assignment create --assignee-object-id {PRINCIPAL} "
        f'--assignee-principal-type ServicePrincipal --role "{role.name}" '
        f"--scope {PLACES[role.on]}"
    )


async def test_role_on_every_secret_counts_for_the_vault(arm, problems) -> None:
    """A team may give the role on the secrets alone, but then on each."""
    role = ROLES[IDS.index("Key Vault Secrets User")]
    without(arm, role)
    given = arm.at(GROUP + ASSIGNMENTS)
    given.append(assignment(role.id, f"{VAULT}/secrets/signing-key-1"))
    [found] = await problems()
    assert found.fix.endswith(VAULT)
    given.append(assignment(role.id, f"{VAULT}/secrets/teams-channel-webhook-url"))
    assert await problems() == []


@pytest.mark.parametrize("scope", [GROUP, SUB, "/", GROUP.upper()])
@pytest.mark.parametrize("role", IN_USE, ids=lambda role: role.name)
async def test_role_from_above_counts(arm, problems, role, scope) -> None:
    """A role on the group, the subscription or above it is inherited."""
    without(arm, role)
    arm.at(GROUP + ASSIGNMENTS).append(assignment(role.id, scope))
    assert await problems() == []


async def test_role_on_a_neighbour_does_not_count(arm, problems) -> None:
    """A scope whose name only starts alike is another one."""
    role = ROLES[IDS.index("Cognitive Services OpenAI User")]
    without(arm, role)
    arm.at(GROUP + ASSIGNMENTS).append(assignment(role.id, ACCOUNT.removesuffix("s")))
    [found] = await problems()
    assert role.name in found.detail


async def test_account_elsewhere_is_asked_for_its_own_roles(arm, problems) -> None:
    """An Azure OpenAI account in another group is found by its address."""
    use_far_account(arm)
    arm.put(FAR + ASSIGNMENTS, [])
    [found] = await problems()
    assert found.fix.endswith(FAR)


async def test_app_without_identity_is_told(arm, problems) -> None:
    """Where the app has no identity, no role is missed: the identity is."""
    del arm.at(WEB)["identity"]
    [found] = [each for each in await problems() if each.check == "azure roles"]
    assert "no user-assigned identity" in found.detail


def test_backends_need_their_own_roles() -> None:
    """Queues are for runs in storage, the task hub for the scheduler."""
    queue, hub = "Storage Queue Data Contributor", "Durable Task Data Contributor"
    assert queue in {role.name for role in needed("storage account", uses_scheduler=False)}
    assert queue not in {role.name for role in needed("storage account", uses_scheduler=True)}
    assert [role.name for role in needed("task hub", uses_scheduler=True)] == [hub]
    assert needed("task hub", uses_scheduler=False) == []


def test_roles_are_those_that_bicep_gives() -> None:
    """The doctor misses what infra/modules/roles.bicep gives to the app, and nothing else."""
    template = (ROOT / "infra/modules/roles.bicep").read_text("utf-8")
    ids = set(re.findall(r"'([^']+)': '([0-9a-f-]{36})'", template))
    given = set(re.findall(r"to: app[\s,]+role: '([^']+)'", template))
    assert {(role.name, role.id) for role in ROLES} <= ids
    assert {role.name for role in ROLES} == given
