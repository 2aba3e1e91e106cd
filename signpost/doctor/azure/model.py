"""Owns the check of the model: the account, its deployment, and whether the region has it."""

from collections.abc import Iterator

from signpost.doctor.azure.arm import Json, text, within
from signpost.doctor.azure.codes.capacity import MODELS
from signpost.doctor.azure.deployed import Deployed
from signpost.doctor.azure.scopes import ACCOUNTS, account_of, is_closed, label
from signpost.doctor.finding import Finding

CHECK = "azure model"
AGAIN = "azd provision"
TOKENS_A_UNIT = 1000  # a minute; capacity is told in thousands
FADING = ("Deprecating", "Deprecated")


async def examine(stand: Deployed) -> list[Finding]:
    """Find why the model can't be asked, as far as Azure's own description of it tells."""
    if stand.setting("MODEL_BASE_URL"):
        return [Finding(CHECK, "ok", "The app asks another model server than Azure OpenAI.")]
    account = await account_of(stand)
    if account is None:
        return [_no_account(stand)]
    found = list(_account(account))
    deployments = await stand.arm.every(f"{text(account, 'id')}/deployments", ACCOUNTS)
    asked = stand.setting("AZURE_OPENAI_DEPLOYMENT")
    there = [each for each in deployments if asked.lower() in ("", text(each, "name").lower())]
    offered = await stand.arm.every(f"{text(account, 'id')}/models", ACCOUNTS)
    if there:
        found += [*_deployment(there[0], stand), *_fading(there[0], offered, stand)]
    else:
        found.append(_no_deployment(stand, account, asked, offered))
    names = " ".join(text(each, "name") for each in there[:1])
    return found or [
        Finding(CHECK, "ok", f"{text(account, 'name')} serves the deployment {names}.")
    ]


def _no_account(stand: Deployed) -> Finding:
    asked = label(stand.setting("AZURE_OPENAI_ENDPOINT"))
    if asked:
        detail = (
            f"The subscription has no Azure OpenAI account that answers as {asked}, the host of "
            "AZURE_OPENAI_ENDPOINT: it is deleted, or lies in another subscription."
        )
        return Finding(CHECK, "problem", detail, _find(asked))
    return Finding(CHECK, "problem", "The group has no Azure OpenAI account.", AGAIN)


def _find(name: str) -> str:
    return (
        f"az cognitiveservices account list-deleted --query \"[?name=='{name}']\" --output table\n"
        "Where it lists the account: az cognitiveservices account recover --name NAME "
        "--resource-group GROUP --location REGION\nElse tell which one to use: "
        "azd env set EXISTING_OPENAI_RESOURCE_ID ID && azd provision"
    )


def _account(account: Json) -> Iterator[Finding]:
    name, state = text(account, "name"), text(account, "properties", "provisioningState")
    if state != "Succeeded":
        yield Finding(CHECK, "problem", f"The account {name} is not ready: {state}.", AGAIN)
    if within(account, "properties", "disableLocalAuth") is not True:
        detail = f"The account {name} can be used with a key: the app needs none."
        id_ = text(account, "id")
        fix = f"az resource update --ids {id_} --set properties.disableLocalAuth=true"
        yield Finding(CHECK, "problem", detail, fix)
    if is_closed(account.get("properties")):
        detail = f"The account {name} refuses the app: it is private, without a private endpoint."
        fix = f"azd env set VNET_ENABLED true && {AGAIN}"
        yield Finding(CHECK, "problem", detail, fix)
    if not text(account, "properties", "customSubDomainName"):
        detail = f"The account {name} has no name of its own in its address, which identities need."
        fix = (
            f"az cognitiveservices account update --ids {text(account, 'id')} "
            f"--custom-domain {name}"
        )
        yield Finding(CHECK, "problem", detail, fix)


def _deployment(deployment: Json, stand: Deployed) -> Iterator[Finding]:
    name, state = text(deployment, "name"), text(deployment, "properties", "provisioningState")
    if state != "Succeeded":
        yield Finding(CHECK, "problem", f"The deployment {name} is not ready: {state}.", AGAIN)
    capacity = within(deployment, "sku", "capacity")
    promised = stand.setting("MODEL_TOKENS_PER_MINUTE")
    if isinstance(capacity, int) and promised.isdecimal():
        has = capacity * TOKENS_A_UNIT
        if has < int(promised):
            detail = (
                f"The deployment {name} takes {has:,} tokens a minute, and "
                "MODEL_TOKENS_PER_MINUTE says more: drafts will be throttled."
            )
            fix = f"azd env set OPENAI_MODEL_CAPACITY {capacity} && {AGAIN}"
            yield Finding(CHECK, "problem", detail, fix)


def _no_deployment(stand: Deployed, account: Json, asked: str, offered: list[Json]) -> Finding:
    """Say that the deployment is missing, and whether its region has the model at all."""
    name, location = text(account, "name"), text(account, "location") or stand.location
    model = stand.setting("AZURE_OPENAI_MODEL")
    names = {text(each, "name").lower() for each in offered}
    if model and names and model.lower() not in names:
        detail = f"The region {location} does not offer the model {model} to {name}."
        return Finding(CHECK, "problem", detail, MODELS.format(location=location))
    detail = f"The account {name} has no deployment {asked}".rstrip() + "."
    return Finding(CHECK, "problem", detail, AGAIN)


def _fading(deployment: Json, offered: list[Json], stand: Deployed) -> Iterator[Finding]:
    """Find a model that Azure takes away, where the deployment does not move on by itself."""
    properties = within(deployment, "properties")
    if text(properties, "versionUpgradeOption") != "NoAutoUpgrade":
        return
    name, version = text(properties, "model", "name"), text(properties, "model", "version")
    same = [
        each for each in offered if (text(each, "name"), text(each, "version")) == (name, version)
    ]
    if same and text(same[0], "lifecycleStatus") in FADING:
        last = text(same[0], "deprecation", "inference")[:10] or "a day that is not told"
        detail = f"Azure serves the model {name} {version} only until {last}."
        yield Finding(CHECK, "problem", detail, MODELS.format(location=stand.location))
