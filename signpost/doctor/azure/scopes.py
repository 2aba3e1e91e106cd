"""Owns where things lie: the ids of the resources that the app uses, some outside its group."""

from typing import Any
from urllib.parse import urlsplit

from signpost.doctor.azure.arm import Json, listed, text
from signpost.doctor.azure.deployed import ACCOUNT, SCHEDULER, SITE, SITES, Deployed, Resource

ACCOUNTS = "2025-06-01"
SCHEDULERS = "2026-02-01"


async def account_of(stand: Deployed) -> Json | None:
    """Give the Azure OpenAI account behind AZURE_OPENAI_ENDPOINT, or else the group's own."""
    asked = label(stand.setting("AZURE_OPENAI_ENDPOINT"))
    near = [await stand.arm.get(each.id, ACCOUNTS) for each in stand.of(ACCOUNT)]
    if not asked:
        return next(iter(near), None)
    found = [each for each in near if _answers_to(each, asked)]
    if not found:
        path = f"/subscriptions/{stand.subscription}/providers/Microsoft.CognitiveServices/accounts"
        far = await stand.arm.every(path, ACCOUNTS)
        found = [each for each in far if _answers_to(each, asked)]
    return next(iter(found), None)


async def task_hubs(stand: Deployed) -> list[Json]:
    """Give the task hubs of the group's schedulers."""
    return [
        hub
        for each in stand.of(SCHEDULER)
        for hub in await stand.arm.every(f"{each.id}/taskHubs", SCHEDULERS)
    ]


async def references(stand: Deployed) -> list[Json]:
    """Give the app's references to Key Vault and what became of each; never what they hold."""
    found: list[Json] = []
    for site in stand.of(SITE)[:1]:
        found += await stand.arm.every(f"{site.id}/config/configreferences/appsettings", SITES)
    return found


async def secrets_in(stand: Deployed, vault: Resource) -> list[str]:
    """Give the ids of the secrets in a vault that the app's settings refer to."""
    used = [each.get("properties") for each in await references(stand)]
    names = {
        text(each, "secretName")
        for each in used
        if text(each, "vaultName").lower() == vault.name.lower()
    }
    return [f"{vault.id}/secrets/{name}" for name in sorted(names)]


def is_private(properties: Any) -> bool:  # noqa: ANN401 - any JSON
    """Say whether a resource is reached by a private endpoint that is approved."""
    return any(
        text(each, "properties", "privateLinkServiceConnectionState", "status") == "Approved"
        for each in listed(properties, "privateEndpointConnections")
    )


def is_closed(properties: Any) -> bool:  # noqa: ANN401 - any JSON
    """Say whether a resource admits nobody: neither by a public address nor by a private one."""
    return text(properties, "publicNetworkAccess") == "Disabled" and not is_private(properties)


def label(url: str) -> str:
    """Give the first label of a URL's host, which names an account whatever its domain."""
    try:
        return (urlsplit(url).hostname or "").partition(".")[0]
    except ValueError:
        return ""


def _answers_to(account: Json, name: str) -> bool:
    domain = text(account, "properties", "customSubDomainName").lower()
    return name in (domain, label(text(account, "properties", "endpoint")))
