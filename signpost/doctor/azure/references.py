"""Owns the check of vault references: which setting did not get its secret, and why."""

from shlex import quote

from signpost.doctor.azure.arm import Json, text
from signpost.doctor.azure.deployed import SITE, VAULT, Deployed
from signpost.doctor.azure.scopes import references
from signpost.doctor.finding import Finding
from signpost.doctor.fixes import PROVISION, assign_to_object, refresh, secret_from_file
from signpost.doctor.roles import SECRETS

CHECK = "azure vault"
# What became of a reference, as the API names it (Microsoft.Web, ApiKVReference.status).
WHY = {
    "InvalidSyntax": "the reference is not written as Azure reads it",
    "MSINotEnabled": "the app does not say as which identity it opens the vault",
    "VaultNotFound": "the vault does not exist, or its name can't be resolved from the app",
    "SecretNotFound": "the vault has no such secret",
    "SecretVersionNotFound": "the secret has no such version",
    "AccessToKeyVaultDenied": "the app's identity may not read the secret",
    "UnauthorizedClient": "the app's identity may not read the secret",
    "FetchTimedOut": "the vault did not answer in time",
    "OtherReasons": "Azure does not say why",
}
WEBHOOKS = {"teams-channel-webhook-url": "channel", "teams-chat-webhook-url": "chat"}


async def check(stand: Deployed) -> list[Finding]:
    """Find the settings whose reference to Key Vault does not resolve."""
    if stand.site is None:
        return []
    found = [each for each in await references(stand) if _status(each) != "Resolved"]
    if not found:
        return [Finding(CHECK, "ok", "Every reference to Key Vault resolves.")]
    return [_finding(each, stand) for each in found]


def _status(reference: Json) -> str:
    return text(reference, "properties", "status")


def _finding(reference: Json, stand: Deployed) -> Finding:
    name, status = text(reference, "name"), _status(reference)
    secret = text(reference, "properties", "secretName")
    if status in ("", "Initialized"):
        detail = f"The app setting {name} was not looked up in the vault yet."
        return Finding(CHECK, "unknown", detail, "Wait a minute, and run this again.")
    why = WHY.get(status, WHY["OtherReasons"])
    detail = f"The app setting {name} did not get its secret {secret}: {why} ({status})."
    site = next((each.id for each in stand.of(SITE)), "")
    fix = (
        f"{_step(status, reference, stand)}\n# Then let the app look again:\n{refresh(quote(site))}"
    )
    return Finding(CHECK, "problem", detail, fix)


def _step(status: str, reference: Json, stand: Deployed) -> str:
    """Give what mends one reference."""
    vault, secret = (
        text(reference, "properties", "vaultName"),
        text(reference, "properties", "secretName"),
    )
    identity = stand.identity
    if status in ("SecretNotFound", "SecretVersionNotFound") and secret in WEBHOOKS:
        which = f"# The secret is the URL of the {WEBHOOKS[secret]} workflow of Teams.\n"
        return which + secret_from_file(secret, quote(vault))
    if status == "VaultNotFound":
        return f"az keyvault recover --name {quote(vault)} || azd provision"
    if status in ("AccessToKeyVaultDenied", "UnauthorizedClient") and identity:
        scope = f"{_vault_id(vault, stand)}/secrets/{secret}"
        given = assign_to_object(identity.principal_id, SECRETS.name, scope)
        return f"{given}\n# Where it has the role, the firewall of the vault has to admit the app."
    return PROVISION


def _vault_id(name: str, stand: Deployed) -> str:
    near = [each.id for each in stand.of(VAULT) if each.name.lower() == name.lower()]
    return near[0] if near else f"{stand.group}/providers/Microsoft.KeyVault/vaults/{name}"
