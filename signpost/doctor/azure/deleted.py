"""Owns the check of names that deleted things keep: the next deployment would collide."""

from shlex import quote

from signpost.doctor.azure.arm import Json, text
from signpost.doctor.azure.codes.names import ACCOUNT as ACCOUNT_FIX
from signpost.doctor.azure.codes.names import VAULT as VAULT_FIX
from signpost.doctor.azure.deployed import ACCOUNT, VAULT, Deployed
from signpost.doctor.azure.scopes import ACCOUNTS
from signpost.doctor.finding import Finding

CHECK = "azure deleted names"
VAULTS = "2024-11-01"


async def check(stand: Deployed) -> list[Finding]:
    """Find accounts and vaults of this group that are deleted and not replaced."""
    base = f"/subscriptions/{stand.subscription}/providers"
    accounts = await stand.arm.every(
        f"{base}/Microsoft.CognitiveServices/deletedAccounts", ACCOUNTS
    )
    vaults = await stand.arm.every(f"{base}/Microsoft.KeyVault/deletedVaults", VAULTS)
    found = [
        _finding(
            each, "A deleted Azure OpenAI account of this group keeps the name", ACCOUNT_FIX, stand
        )
        for each in accounts
        if _lay_in(text(each, "id"), stand) and not stand.of(ACCOUNT)
    ]
    found += [
        _finding(each, "A deleted Key Vault of this group keeps the name", VAULT_FIX, stand)
        for each in vaults
        if _lay_in(text(each, "properties", "vaultId"), stand) and not stand.of(VAULT)
    ]
    return found or [Finding(CHECK, "ok", "Nothing deleted keeps a name of this group.")]


def _lay_in(id_: str, stand: Deployed) -> bool:
    return f"/resourcegroups/{stand.group_name}/".lower() in id_.lower()


def _finding(deleted: Json, what: str, fix: str, stand: Deployed) -> Finding:
    name = text(deleted, "name")
    where = text(deleted, "location") or text(deleted, "properties", "location") or stand.location
    step = fix.format(name=quote(name), group=quote(stand.group_name), location=quote(where))
    return Finding(CHECK, "problem", f"{what} {name}.", step)
