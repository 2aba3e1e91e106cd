"""Owns the check of the model: its deployment, and whether the region has it."""

from collections.abc import Iterator
from shlex import quote

from signpost.doctor.azure import account
from signpost.doctor.azure.arm import Json, text, within
from signpost.doctor.azure.codes.capacity import MODELS
from signpost.doctor.azure.deployed import Deployed
from signpost.doctor.azure.scopes import ACCOUNTS, account_of
from signpost.doctor.finding import Finding
from signpost.doctor.fixes import PROVISION

CHECK = account.CHECK
TOKENS_A_UNIT = 1000  # a minute; capacity is told in thousands
FADING = ("Deprecating", "Deprecated")


async def check(stand: Deployed) -> list[Finding]:
    """Find why the model can't be asked, as far as Azure's own description of it tells."""
    if stand.setting("MODEL_BASE_URL"):
        return [Finding(CHECK, "ok", "The app asks another model server than Azure OpenAI.")]
    used = await account_of(stand)
    if used is None:
        return [account.missing(stand)]
    found = list(account.faults(used, is_ours=stand.holds(text(used, "id"))))
    deployments = await stand.arm.every(f"{text(used, 'id')}/deployments", ACCOUNTS)
    asked = stand.setting("AZURE_OPENAI_DEPLOYMENT")
    there = [each for each in deployments if asked.lower() in ("", text(each, "name").lower())]
    offered = await stand.arm.every(f"{text(used, 'id')}/models", ACCOUNTS)
    if there:
        found += [*_deployment(there[0], stand), *_fading(there[0], offered, stand)]
    else:
        found.append(_no_deployment(stand, used, asked, offered))
    names = " ".join(text(each, "name") for each in there[:1])
    return found or [Finding(CHECK, "ok", f"{text(used, 'name')} serves the deployment {names}.")]


def _deployment(deployment: Json, stand: Deployed) -> Iterator[Finding]:
    name, state = text(deployment, "name"), text(deployment, "properties", "provisioningState")
    if state != "Succeeded":
        yield Finding(CHECK, "problem", f"The deployment {name} is not ready: {state}.", PROVISION)
    capacity = within(deployment, "sku", "capacity")
    promised = stand.setting("MODEL_TOKENS_PER_MINUTE")
    if isinstance(capacity, int) and promised.isdecimal():
        has = capacity * TOKENS_A_UNIT
        if has < int(promised):
            detail = (
                f"The deployment {name} takes {has:,} tokens a minute, and "
                "MODEL_TOKENS_PER_MINUTE says more: drafts will be throttled."
            )
            fix = f"azd env set OPENAI_MODEL_CAPACITY {capacity} && {PROVISION}"
            yield Finding(CHECK, "problem", detail, fix)


def _no_deployment(stand: Deployed, used: Json, asked: str, offered: list[Json]) -> Finding:
    """Say that the deployment is missing, and whether its region has the model at all."""
    name, id_ = text(used, "name"), text(used, "id")
    location = text(used, "location") or stand.location
    model = stand.setting("AZURE_OPENAI_MODEL")
    names = {text(each, "name").lower() for each in offered}
    if model and names and model.lower() not in names:
        detail = f"The region {location} does not offer the model {model} to {name}."
        return Finding(CHECK, "problem", detail, MODELS.format(location=quote(location)))
    detail = f"The account {name} has no deployment {asked}".rstrip() + "."
    return Finding(CHECK, "problem", detail, PROVISION if stand.holds(id_) else _another(id_))


def _another(account_id: str) -> str:
    """Choose from what an account of others has, which a deployment leaves as it is."""
    group, name = (quote(account_id.split("/")[place]) for place in (4, 8))
    return (
        f"az cognitiveservices account deployment list --resource-group {group} --name {name} "
        '--query "[].[name, properties.model.name]" --output table\n# Then take one of them:\n'
        f"azd env set DEPLOYMENT_NAME NAME && azd env set OPENAI_MODEL_NAME MODEL && {PROVISION}"
    )


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
        yield Finding(CHECK, "problem", detail, MODELS.format(location=quote(stand.location)))
