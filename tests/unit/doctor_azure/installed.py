"""Lays out a sound installation in the ARM double, for tests that break one thing of it."""

from typing import Any

from signpost.doctor.roles import ROLES
from tests.doubles.arm_double import ArmDouble

SUBSCRIPTION = "11111111-1111-1111-1111-111111111111"
SUB = f"/subscriptions/{SUBSCRIPTION}"
GROUP_NAME = "rg-news"
GROUP = f"{SUB}/resourceGroups/{GROUP_NAME}"
PRINCIPAL = "22222222-2222-2222-2222-222222222222"
CLIENT = "33333333-3333-3333-3333-333333333333"
SECRET = "canary-secret-value"
WEB = f"{GROUP}/providers/Microsoft.Web/sites/func-news"
STORAGE = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/stnews"
SCHEDULER = f"{GROUP}/providers/Microsoft.DurableTask/schedulers/dts-news"
HUB = f"{SCHEDULER}/taskHubs/signpost"
ACCOUNT = f"{GROUP}/providers/Microsoft.CognitiveServices/accounts/oai-news"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv-news"
INSIGHTS = f"{GROUP}/providers/Microsoft.Insights/components/appi-news"
FAR = f"{SUB}/resourceGroups/rg-models/providers/Microsoft.CognitiveServices/accounts/oai-far"
IDENTITY = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-news"
SETTINGS = f"{WEB}/config/appsettings/list"
REFERENCES = f"{WEB}/config/configreferences/appsettings"
ASSIGNMENTS = "/providers/Microsoft.Authorization/roleAssignments"
DEPLOYMENTS = "/providers/Microsoft.Resources/deployments"
DELETED_ACCOUNTS = f"{SUB}/providers/Microsoft.CognitiveServices/deletedAccounts"
DELETED_VAULTS = f"{SUB}/providers/Microsoft.KeyVault/deletedVaults"
PLACES = {
    "storage account": STORAGE,
    "Application Insights": INSIGHTS,
    "Azure OpenAI account": ACCOUNT,
    "task hub": HUB,
    "vault": VAULT,
}


def app_settings() -> dict[str, str]:
    """Give the settings as main.bicep sets them, with canaries for what is secret."""
    vault = "@Microsoft.KeyVault(SecretUri=https://kv-news.vault.azure.net/secrets/{})"
    return {
        "AzureWebJobsStorage__credential": "managedidentity",
        "AzureWebJobsStorage__clientId": CLIENT,
        "AzureWebJobsStorage__blobServiceUri": "https://stnews.blob.core.windows.net",
        "AzureWebJobsStorage__queueServiceUri": "https://stnews.queue.core.windows.net",
        "AzureWebJobsStorage__tableServiceUri": "https://stnews.table.core.windows.net",
        "APPLICATIONINSIGHTS_CONNECTION_STRING": f"InstrumentationKey={SECRET}",
        "APPLICATIONINSIGHTS_AUTHENTICATION_STRING": f"ClientId={CLIENT};Authorization=AAD",
        "TASKHUB_NAME": "signpost",
        "DURABLE_TASK_SCHEDULER_CONNECTION_STRING": (
            "Endpoint=https://dts-news.swedencentral.durabletask.io;"
            f"Authentication=ManagedIdentity;ClientID={CLIENT}"
        ),
        "AZURE_CLIENT_ID": CLIENT,
        "AZURE_OPENAI_ENDPOINT": "https://oai-news.openai.azure.com/",
        "AZURE_OPENAI_DEPLOYMENT": "drafts",
        "AZURE_OPENAI_MODEL": "gpt-5-mini",
        "MODEL_TOKENS_PER_MINUTE": "30000",
        "SIGNPOST_LEDGER": "tables:https://stnews.table.core.windows.net",
        "SIGNPOST_SIGNING_KEYS": vault.format("signing-key-1"),
        "TEAMS_CHANNEL_WEBHOOK_URL": vault.format("teams-channel-webhook-url"),
    }


def reference(setting: str, secret: str, status: str = "Resolved") -> dict[str, Any]:
    """Describe what became of a vault reference, as configreferences tells it."""
    properties = {
        "reference": f"@Microsoft.KeyVault(SecretUri=https://kv-news.vault.azure.net/{SECRET})",
        "status": status,
        "vaultName": "kv-news",
        "secretName": secret,
        "identityType": "UserAssigned",
        "details": f"Details with {SECRET}.",
        "source": "KeyVault",
    }
    return {"id": f"{REFERENCES}/{setting}", "name": setting, "properties": properties}


def assignment(role: str, scope: str) -> dict[str, Any]:
    """Describe a role that the app's identity has."""
    definition = f"{SUB}/providers/Microsoft.Authorization/roleDefinitions/{role}"
    properties = {"roleDefinitionId": definition, "principalId": PRINCIPAL, "scope": scope}
    return {"id": f"{scope}{ASSIGNMENTS}/{role}", "properties": properties}


def deployment(name: str, state: str, hour: int, scope: str = GROUP) -> dict[str, Any]:
    """Describe a deployment that ended at an hour."""
    properties = {
        "provisioningState": state,
        "timestamp": f"2026-11-20T{hour:02}:00:00.1234567Z",
        "parameters": {"environmentName": {"type": "String", "value": "news"}},
    }
    return {"id": f"{scope}{DEPLOYMENTS}/{name}", "name": name, "properties": properties}


def operation(kind: str, name: str, said: Any) -> dict[str, Any]:
    """Describe a step of a deployment that failed."""
    target = {"resourceType": kind, "resourceName": name}
    properties = {"provisioningState": "Failed", "statusMessage": said, "targetResource": target}
    return {"properties": properties}


def fail(arm: ArmDouble, kind: str, name: str, said: Any) -> None:
    """Let the newest deployment of the group fail at one step."""
    arm.at(GROUP + DEPLOYMENTS).append(deployment("parts", "Failed", 12))
    arm.put(f"{GROUP}{DEPLOYMENTS}/parts/operations", [operation(kind, name, said)])


def install(arm: ArmDouble) -> None:
    """Put a sound installation into the double."""
    ids = [WEB, STORAGE, SCHEDULER, ACCOUNT, VAULT, INSIGHTS, IDENTITY]
    arm.put("/subscriptions", [{"subscriptionId": SUBSCRIPTION}])
    group = {"id": GROUP, "name": GROUP_NAME, "location": "swedencentral"}
    arm.put(GROUP, group | {"tags": {"azd-env-name": "news"}})
    arm.put(f"{GROUP}/resources", [_resource(id_) for id_ in ids])
    _app(arm)
    _backend(arm)
    arm.put(GROUP + ASSIGNMENTS, [assignment(r.id, PLACES[r.on]) for r in ROLES])
    arm.put(GROUP + DEPLOYMENTS, [deployment("app", "Succeeded", 9)])
    arm.put(SUB + DEPLOYMENTS, [deployment("news-1763632800", "Succeeded", 10, SUB)])
    arm.put(DELETED_ACCOUNTS, [])
    arm.put(DELETED_VAULTS, [])


def use_far_account(arm: ArmDouble, **properties: Any) -> None:
    """Let the app use an account in another group, which is otherwise like its own."""
    address = {"AZURE_OPENAI_ENDPOINT": "https://oai-far.openai.azure.com"}
    arm.put(SETTINGS, {"properties": app_settings() | address})
    same = arm.at(ACCOUNT)["properties"] | {"customSubDomainName": "oai-far"}
    far = {"id": FAR, "name": "oai-far", "properties": same | properties}
    arm.put(f"{SUB}/providers/Microsoft.CognitiveServices/accounts", [far])
    role = next(role for role in ROLES if role.on == "Azure OpenAI account")
    arm.put(FAR + ASSIGNMENTS, [assignment(role.id, FAR)])
    for part in ("deployments", "models"):
        arm.put(f"{FAR}/{part}", arm.at(f"{ACCOUNT}/{part}"))


def _resource(id_: str) -> dict[str, str]:
    *_, provider, kind, name = id_.split("/")
    return {"id": id_, "name": name, "type": f"{provider}/{kind}", "location": "swedencentral"}


def _app(arm: ArmDouble) -> None:
    properties = {
        "state": "Running",
        "httpsOnly": True,
        "defaultHostName": "func-news.azurewebsites.net",
    }
    identities = {IDENTITY: {"principalId": PRINCIPAL, "clientId": CLIENT}}
    site = {"id": WEB, "name": "func-news", "properties": properties}
    arm.put(WEB, site | {"identity": {"userAssignedIdentities": identities}})
    arm.put(SETTINGS, {"properties": app_settings()})
    keys = reference("SIGNPOST_SIGNING_KEYS", "signing-key-1")
    arm.put(REFERENCES, [keys, reference("TEAMS_CHANNEL_WEBHOOK_URL", "teams-channel-webhook-url")])
    policy = {"name": "func-news/scm", "properties": {"allow": False}}
    arm.put(f"{WEB}/basicPublishingCredentialsPolicies", [policy])
    arm.put(f"{WEB}/functions", [{"name": "func-news/me"}])


def _backend(arm: ArmDouble) -> None:
    scheduler = {
        "provisioningState": "Succeeded",
        "endpoint": "https://dts-news.swedencentral.durabletask.io",
        "publicNetworkAccess": "Enabled",
        "ipAllowlist": ["0.0.0.0/0"],
    }
    arm.put(SCHEDULER, {"id": SCHEDULER, "name": "dts-news", "properties": scheduler})
    hub = {"id": HUB, "name": "signpost", "properties": {"provisioningState": "Succeeded"}}
    arm.put(f"{SCHEDULER}/taskHubs", [hub])
    account = {
        "provisioningState": "Succeeded",
        "disableLocalAuth": True,
        "customSubDomainName": "oai-news",
        "endpoint": "https://oai-news.openai.azure.com/",
    }
    named = {"id": ACCOUNT, "name": "oai-news", "location": "swedencentral"}
    arm.put(ACCOUNT, named | {"properties": account})
    model = {"format": "OpenAI", "name": "gpt-5-mini", "version": "2025-08-07"}
    ready = {"provisioningState": "Succeeded", "model": model}
    drafts = {"name": "drafts", "sku": {"name": "GlobalStandard", "capacity": 30}}
    arm.put(f"{ACCOUNT}/deployments", [drafts | {"properties": ready}])
    offered = {"lifecycleStatus": "GenerallyAvailable", "deprecation": {"inference": "2027-08-07"}}
    arm.put(f"{ACCOUNT}/models", [model | offered])
