"""The doctor looks for what the templates give: the same roles and ids."""

from __future__ import annotations

from signpost.doctor.roles import ROLES as ASKED
from tests.repo.infra.role_policy import OF_APP, OF_BACKEND, ROLES

KINDS = {
    "storage account": "Microsoft.Storage/storageAccounts",
    "Application Insights": "Microsoft.Insights/components",
    "Azure OpenAI account": "Microsoft.CognitiveServices/accounts",
    "vault": "Microsoft.KeyVault/vaults",
    "task hub": "Microsoft.DurableTask/schedulers/taskHubs",
}


def test_doctor_misses_what_the_app_is_given() -> None:
    """Roles, what they are for and with which backend are the templates'."""
    given = {("always", *pair) for pair in OF_APP}
    given |= {(backend, *pair) for backend, pairs in OF_BACKEND.items() for pair in pairs}
    assert {(role.when, role.name, KINDS[role.on]) for role in ASKED} == given


def test_doctor_has_the_same_ids() -> None:
    """A role that is given is found under its id."""
    assert {role.name: role.id for role in ASKED}.items() <= ROLES.items()
