"""Owns the check of the Azure OpenAI account: that it stands, lets the app in, and takes no key."""

from collections.abc import Iterator
from shlex import quote

from signpost.doctor.azure.arm import Json, text, within
from signpost.doctor.azure.deployed import Deployed
from signpost.doctor.azure.scopes import is_closed, label
from signpost.doctor.finding import Finding
from signpost.doctor.fixes import PROVISION

CHECK = "azure model"


def missing(stand: Deployed) -> Finding:
    """Say that no account answers where the app asks, or that there is none at all."""
    asked = label(stand.setting("AZURE_OPENAI_ENDPOINT"))
    if not asked:
        return Finding(CHECK, "problem", "The group has no Azure OpenAI account.", PROVISION)
    detail = (
        f"The subscription has no Azure OpenAI account that answers as {asked}, the host of "
        "AZURE_OPENAI_ENDPOINT: it is deleted, or lies in another subscription."
    )
    fix = (
        'az cognitiveservices account list-deleted --query "[].[name, id, location]" '
        "--output table\n# Where it lists the account:\naz cognitiveservices account recover "
        f"--name {quote(asked)} --resource-group GROUP --location REGION\n"
        "# Else say which one to use:\n"
        f"azd env set EXISTING_OPENAI_RESOURCE_ID ID && {PROVISION}"
    )
    return Finding(CHECK, "problem", detail, fix)


def faults(account: Json, *, is_ours: bool) -> Iterator[Finding]:
    """Find what is wrong with an account; others may need the keys of one that is not ours."""
    name, id_ = text(account, "name"), text(account, "id")
    if (state := text(account, "properties", "provisioningState")) != "Succeeded":
        yield Finding(CHECK, "problem", f"The account {name} is not ready: {state}.", PROVISION)
    if is_ours and within(account, "properties", "disableLocalAuth") is not True:
        detail = f"The account {name} can be used with a key: the app needs none."
        fix = f"az resource update --ids {quote(id_)} --set properties.disableLocalAuth=true"
        yield Finding(CHECK, "problem", detail, fix)
    if is_closed(account.get("properties")):
        detail = f"The account {name} refuses the app: it is private, without a private endpoint."
        yield Finding(CHECK, "problem", detail, f"azd env set VNET_ENABLED true && {PROVISION}")
    if not text(account, "properties", "customSubDomainName"):
        detail = f"The account {name} has no name of its own in its address, which identities need."
        fix = (
            f"az cognitiveservices account update --ids {quote(id_)} --custom-domain {quote(name)}"
        )
        yield Finding(CHECK, "problem", detail, fix)
