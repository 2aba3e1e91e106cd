"""Owns which roles the app's identity needs: those that `infra/modules/roles.bicep` gives it.

Names and ids are Azure's own: https://learn.microsoft.com/azure/role-based-access-control/built-in-roles
"""

from typing import Literal, NamedTuple

from signpost.model.refusals import ROLE as OF_MODEL

Kind = Literal[
    "storage account", "Application Insights", "Azure OpenAI account", "vault", "task hub"
]


class Role(NamedTuple):
    """A role that the app's identity needs: its name and id, on what, and with which backend."""

    name: str
    id: str
    on: Kind
    when: Literal["always", "DurableTaskScheduler", "AzureStorage"] = "always"


BLOBS = Role("Storage Blob Data Owner", "b7e6dc6d-f1e8-4753-8033-0f276bb0955b", "storage account")
TABLES = Role(
    "Storage Table Data Contributor", "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3", "storage account"
)
QUEUES = Role(
    "Storage Queue Data Contributor",
    "974c5e8b-45b9-4653-ba55-5f855dd0fb88",
    "storage account",
    "AzureStorage",
)
TASK_HUB = Role(
    "Durable Task Data Contributor",
    "0ad04412-c4d5-4796-b79c-f76d14c8d402",
    "task hub",
    "DurableTaskScheduler",
)
MODEL = Role(OF_MODEL, "5e0bd9bd-7b93-4f28-af87-19fc36ad61bd", "Azure OpenAI account")
SECRETS = Role("Key Vault Secrets User", "4633458b-17de-408a-b874-0445c86b69e6", "vault")
METRICS = Role(
    "Monitoring Metrics Publisher",
    "3913510d-42f4-4e42-8a64-420c390055eb",
    "Application Insights",
)
ROLES = (BLOBS, TABLES, QUEUES, TASK_HUB, MODEL, SECRETS, METRICS)


def needed(kind: Kind, *, uses_scheduler: bool) -> list[Role]:
    """Give the roles that are needed on a kind of resource, with the backend in use."""
    backend = "DurableTaskScheduler" if uses_scheduler else "AzureStorage"
    return [role for role in ROLES if role.on == kind and role.when in ("always", backend)]
