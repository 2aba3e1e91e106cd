"""Owns the check of app settings: what is missing, what may not be there, what holds a secret."""

from collections.abc import Iterable, Iterator
from shlex import quote

from signpost.doctor.azure.deployed import STORAGE, VAULT, Deployed
from signpost.doctor.azure.refusals import SETTINGS_READER, unreadable
from signpost.doctor.azure.scopes import label
from signpost.doctor.azure.setting_names import (
    ADDRESSES,
    ANY_MODEL,
    AZURE_OPENAI,
    MODEL_KEY,
    NEEDED,
    REFUSED_BY_FLEX,
    SECRETS,
    UNSAFE,
)
from signpost.doctor.finding import Finding
from signpost.doctor.fixes import PROVISION, secret_from_file
from signpost.doctor.surroundings import HOST_STORAGE, SCHEDULER_SETTING
from signpost.settings import VAULT_REFERENCE

CHECK = "azure settings"


async def check(stand: Deployed) -> list[Finding]:
    """Find what is wrong with the names of the app's settings; no value is told."""
    if stand.site is None:
        return []
    if stand.refusal:
        site = str(stand.site.get("id", stand.group))
        return [unreadable(CHECK, "the app's settings", stand.refusal, site, SETTINGS_READER)]
    found = [
        *_missing(stand),
        *_forbidden(stand),
        *_bare(stand),
        *_stranger(stand),
        *_elsewhere(stand),
    ]
    return found or [Finding(CHECK, "ok", "The app has every setting, and none that may not be.")]


def _missing(stand: Deployed) -> Iterator[Finding]:
    model = () if stand.setting(ANY_MODEL) else AZURE_OPENAI
    backend = (SCHEDULER_SETTING,) if stand.uses_scheduler else ()
    for name in (*NEEDED, *model, *backend):
        if not stand.setting(name):
            yield Finding(CHECK, "problem", f"The app setting {name} is missing.", PROVISION)


def _forbidden(stand: Deployed) -> Iterator[Finding]:
    for name in sorted(stand.settings or {}):
        if name in REFUSED_BY_FLEX:
            detail = f"The app setting {name} may not be set on Flex Consumption."
            yield Finding(CHECK, "problem", detail, _delete(stand, [name]))
        elif name in UNSAFE:
            detail = f"The app setting {name} may not be set: it {UNSAFE[name]}."
            yield Finding(CHECK, "problem", detail, _delete(stand, [name]))


def _bare(stand: Deployed) -> Iterator[Finding]:
    """Find secrets that stand in a setting, where everybody who may read settings sees them."""
    for name in SECRETS:
        if (value := stand.setting(name)) and not value.startswith(VAULT_REFERENCE):
            detail = f"The app setting {name} holds its secret, in place of a vault reference."
            step = PROVISION if name != MODEL_KEY else _into_the_vault(name, stand)
            fix = f"{step}\n# Then make the secret anew: whoever may read settings has it."
            yield Finding(CHECK, "problem", detail, fix)


def _into_the_vault(name: str, stand: Deployed) -> str:
    """Move a secret that no deployment sets."""
    vault = next((each.name for each in stand.of(VAULT)), "VAULT")
    secret = name.lower().replace("_", "-")
    return (
        f"{secret_from_file(secret, quote(vault))}\n"
        f"# Then set {name} in furtherSettings of infra/main.parameters.json to\n"
        f"# {VAULT_REFERENCE}VaultName={vault};SecretName={secret})\n{PROVISION}"
    )


def _stranger(stand: Deployed) -> Iterator[Finding]:
    """Find settings that name another identity than the app has."""
    identity = stand.identity
    for name in ("AZURE_CLIENT_ID", f"{HOST_STORAGE}__clientId"):
        asked = stand.setting(name).lower()
        if identity and asked and asked != identity.client_id.lower():
            detail = f"The app setting {name} names an identity that the app does not have."
            yield Finding(CHECK, "problem", detail, PROVISION)


def _elsewhere(stand: Deployed) -> Iterator[Finding]:
    """Find addresses of a storage account that the group does not have."""
    known = {each.name.lower() for each in stand.of(STORAGE)}
    for name in ADDRESSES:
        address = stand.setting(name).removeprefix("tables:")
        if known and address and label(address) not in known:
            detail = f"The app setting {name} is the address of no storage account of the group."
            yield Finding(CHECK, "problem", detail, PROVISION)


def _delete(stand: Deployed, names: Iterable[str]) -> str:
    app = str((stand.site or {}).get("name", ""))
    return (
        f"az functionapp config appsettings delete --resource-group {quote(stand.group_name)} "
        f"--name {quote(app)} --setting-names {' '.join(names)}"
    )
