"""Checks that every resource is closed to keys, old protocols and, where asked, the internet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.repo.infra.project import MODES, Project
from tests.repo.infra.values import Deployed, Finding, Value

if TYPE_CHECKING:
    from collections.abc import Iterator

ALWAYS: dict[str, dict[str, Value]] = {
    "Storage/storageAccounts": {
        "kind": "StorageV2",
        "properties.allowSharedKeyAccess": False,
        "properties.allowBlobPublicAccess": False,
        "properties.allowCrossTenantReplication": False,
        "properties.defaultToOAuthAuthentication": True,
        "properties.minimumTlsVersion": "TLS1_2",
        "properties.supportsHttpsTrafficOnly": True,
        "properties.networkAcls.bypass": "None",
    },
    "Storage/storageAccounts/blobServices": {
        "properties.deleteRetentionPolicy.enabled": True,
        "properties.containerDeleteRetentionPolicy.enabled": True,
    },
    "Storage/storageAccounts/blobServices/containers": {"properties.publicAccess": "None"},
    "Web/sites": {
        "properties.httpsOnly": True,
        "properties.siteConfig.minTlsVersion": "1.2",
        "properties.siteConfig.scmMinTlsVersion": "1.2",
    },
    "Web/sites/basicPublishingCredentialsPolicies": {"properties.allow": False},
    "CognitiveServices/accounts": {
        "kind": "OpenAI",
        "sku.name": "S0",
        "properties.disableLocalAuth": True,
    },
    "CognitiveServices/accounts/deployments": {
        "properties.versionUpgradeOption": "OnceCurrentVersionExpired",
    },
    "Insights/workbooks": {"kind": "shared", "properties.category": "workbook"},
    "KeyVault/vaults": {
        "properties.enableRbacAuthorization": True,
        "properties.enableSoftDelete": True,
        "properties.softDeleteRetentionInDays": 90,
        "properties.networkAcls.bypass": "AzureServices",  # deployments write secrets
    },
    "Insights/components": {
        "properties.DisableLocalAuth": True,
        "properties.IngestionMode": "LogAnalytics",
    },
    "OperationalInsights/workspaces": {
        "properties.features.disableLocalAuth": True,
        "properties.features.enableLogAccessUsingOnlyResourcePermissions": True,
    },
}
# Closed to the internet where a virtual network is used, all of them together.
PRIVATE = (
    "Storage/storageAccounts",
    "KeyVault/vaults",
    "CognitiveServices/accounts",
    "DurableTask/schedulers",
)
NEEDED = (
    *("Storage/storageAccounts", "Web/sites", "KeyVault/vaults", "Insights/components"),
    *("OperationalInsights/workspaces", "ManagedIdentity/userAssignedIdentities"),
)
MODEL_RULES = {"raiPolicyName": "Microsoft.DefaultV2"}


def resources_are_secure(project: Project) -> Iterator[Finding]:
    """Demand that resources take no keys and only TLS 1.2, and are kept from loss."""
    for mode in MODES:
        deployment = project.deployed(mode)
        for kind, wanted in ALWAYS.items():
            for held in deployment.of_type(kind):
                yield from _compared(held, wanted)


def _compared(held: Deployed, wanted: dict[str, Value]) -> Iterator[Finding]:
    for path, value in wanted.items():
        if held.get(path) != value or isinstance(held.get(path), bool) != isinstance(value, bool):
            yield held.wrong(f"{path} is {held.get(path)!r}, not {value!r}")


def every_mode_has_what_the_app_needs(project: Project) -> Iterator[Finding]:
    """Demand that what the app lives on is deployed once, the backend's by choice."""
    for mode, given in MODES.items():
        deployment = project.deployed(mode)
        scheduled = given.get("durableBackend") != "AzureStorage"
        ours = "existingOpenAiResourceId" not in given
        counts = dict.fromkeys(NEEDED, 1)
        for kind in ("", "/taskHubs", "/retentionPolicies"):
            counts[f"DurableTask/schedulers{kind}"] = int(scheduled)
        for kind in ("", "/deployments"):
            counts[f"CognitiveServices/accounts{kind}"] = int(ours)
        counts["Network/virtualNetworks"] = int(bool(given.get("vnetEnabled")))
        counts["Consumption/budgets"] = int(bool(given.get("budgetAmount")))
        for kind, count in counts.items():
            found = len(deployment.of_type(kind))
            if found != count:
                yield Finding(project.main.path, 1, f"{mode}: {found} of {kind}, not {count}")


def telemetry_lies_in_the_workspace(project: Project) -> Iterator[Finding]:
    """Demand that Application Insights keeps what it is told in the workspace."""
    for mode in MODES:
        deployment = project.deployed(mode)
        spaces = [held.id for held in deployment.of_type("OperationalInsights/workspaces")]
        for held in deployment.of_type("Insights/components"):
            if [held.get("properties.WorkspaceResourceId")] != spaces:
                yield held.wrong("is not in the workspace")


def publishing_by_password_is_off(project: Project) -> Iterator[Finding]:
    """Demand that neither FTP nor the deployment site takes a name and a password."""
    for mode in MODES:
        deployment = project.deployed(mode)
        held = deployment.of_type("Web/sites/basicPublishingCredentialsPolicies")
        for name in sorted({"ftp", "scm"} - {policy.name for policy in held}):
            yield Finding(project.main.path, 1, f"{mode}: publishing by {name} is not turned off")


def purge_protection_follows_its_parameter(project: Project) -> Iterator[Finding]:
    """Demand that vaults can't be purged, unless asked for; Azure refuses `false`."""
    for mode, given in MODES.items():
        wanted = True if given.get("purgeProtection", True) else None
        for vault in project.deployed(mode).of_type("KeyVault/vaults"):
            if vault.get("properties.enablePurgeProtection") is not wanted:
                yield vault.wrong(f"{mode}: enablePurgeProtection is not {wanted}")


def what_is_restored_is_asked_for(project: Project) -> Iterator[Finding]:
    """Demand that a deleted vault or model account comes back when asked for, and only then."""
    for mode, given in MODES.items():
        asked = bool(given.get("restoreSoftDeleted"))
        for vault in project.deployed(mode).of_type("KeyVault/vaults"):
            if (vault.get("properties.createMode") == "recover") != asked:
                yield vault.wrong(f"{mode}: createMode is {vault.get('properties.createMode')}")
        for account in project.deployed(mode).of_type("CognitiveServices/accounts"):
            if bool(account.get("properties.restore")) != asked:
                yield account.wrong(f"{mode}: restore is {account.get('properties.restore')}")


def public_access_is_closed_with_a_network(project: Project) -> Iterator[Finding]:
    """Demand that with a virtual network nothing but the app is reached from the internet."""
    for mode, given in MODES.items():
        private = bool(given.get("vnetEnabled"))
        for held in project.deployed(mode).of_type(*PRIVATE):
            wanted = "Disabled" if private else "Enabled"
            if held.get("properties.publicNetworkAccess") != wanted:
                yield held.wrong(f"{mode}: publicNetworkAccess is not {wanted}")
            action = held.get("properties.networkAcls.defaultAction")
            if private and action not in (None, "Deny"):
                yield held.wrong(f"{mode}: networkAcls.defaultAction is {action}")
            if "schedulers" not in held.type and private and action is None:
                yield held.wrong(f"{mode}: networkAcls.defaultAction is not set")


def the_scheduler_is_open_only_without_a_network(project: Project) -> Iterator[Finding]:
    """Demand that no address is let to the scheduler where there is a network."""
    for mode, given in MODES.items():
        for held in project.deployed(mode).of_type("DurableTask/schedulers"):
            allowed = held.get("properties.ipAllowlist")
            listed = given.get("schedulerIpAllowlist", ["0.0.0.0/0"])
            wanted = [] if given.get("vnetEnabled") else listed
            if allowed != wanted:
                yield held.wrong(f"{mode}: ipAllowlist is {allowed}")
            sku = given.get("schedulerSku", "Consumption")
            capacity = 1 if sku == "Dedicated" else None
            found = held.get("properties.sku.name"), held.get("properties.sku.capacity")
            if found != (sku, capacity):
                yield held.wrong(f"{mode}: sku is {held.get('properties.sku')}")


def runs_are_kept_as_long_as_asked(project: Project) -> Iterator[Finding]:
    """Demand that the scheduler forgets runs that ended, after the days of its parameter."""
    for mode, given in MODES.items():
        days = given.get("taskHubRetentionDays", 30)
        for held in project.deployed(mode).of_type("DurableTask/schedulers/retentionPolicies"):
            policies = held.get("properties.retentionPolicies") or [{}]
            if held.name != "default" or policies[0].get("retentionPeriodInDays") != days:
                yield held.wrong(f"{mode}: runs are not kept {days} days")


def the_model_is_reached_by_entra(project: Project) -> Iterator[Finding]:
    """Demand a subdomain, without which Entra's tokens are refused, and filters."""
    for mode in MODES:
        deployment = project.deployed(mode)
        for account in deployment.of_type("CognitiveServices/accounts"):
            if account.get("properties.customSubDomainName") != account.name:
                yield account.wrong("customSubDomainName is not its name")
        for held in deployment.of_type("CognitiveServices/accounts/deployments"):
            if held.get("properties.raiPolicyName") != MODEL_RULES["raiPolicyName"]:
                yield held.wrong("raiPolicyName is not Microsoft.DefaultV2")
            if held.get("properties.model.format") != "OpenAI":
                yield held.wrong("model.format is not OpenAI")


def locks_are_set_when_asked(project: Project) -> Iterator[Finding]:
    """Demand that locks keep what can't be made again from deletion, when the parameter says so."""
    for mode, given in MODES.items():
        locks = project.deployed(mode).of_type("Authorization/locks")
        if bool(locks) != bool(given.get("lockResources")):
            yield Finding(project.main.path, 1, f"{mode}: there are {len(locks)} locks")
        for lock in locks:
            if lock.get("properties.level") != "CanNotDelete":
                yield lock.wrong("level is not CanNotDelete")


CHECKS = (
    resources_are_secure,
    every_mode_has_what_the_app_needs,
    telemetry_lies_in_the_workspace,
    publishing_by_password_is_off,
    purge_protection_follows_its_parameter,
    what_is_restored_is_asked_for,
    public_access_is_closed_with_a_network,
    the_scheduler_is_open_only_without_a_network,
    runs_are_kept_as_long_as_asked,
    the_model_is_reached_by_entra,
    locks_are_set_when_asked,
)
