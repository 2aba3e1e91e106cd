"""A vault reference that did not resolve is told with its reason, and the command that mends it."""

import pytest

from signpost.doctor.checks import vault
from signpost.doctor.finding import Finding
from tests.doubles.identity_double import IdentityDouble
from tests.unit.doctor.installed import CLIENT, IN_AZURE, an_installation, problem, states
from tests.unit.doctor.vault_double import SECRET, VaultDouble

SET = "az keyvault secret set --vault-name 127 --name teams-channel-webhook-url --file FILE"


async def found(key_vault: VaultDouble, identity: IdentityDouble) -> Finding:
    """Look at an installation whose webhook refers to a secret of the vault."""
    told = {"TEAMS_CHANNEL_WEBHOOK_URL": key_vault.reference()}
    finding = problem(await vault.check(an_installation(identity, **IN_AZURE, **told)))
    assert SECRET not in repr(finding)
    assert "TEAMS_CHANNEL_WEBHOOK_URL" in finding.detail
    return finding


async def test_a_missing_secret_is_to_be_set(
    key_vault: VaultDouble, identity: IdentityDouble
) -> None:
    """The setting, the secret, the vault and the command are named."""
    key_vault.refuses = (404, "SecretNotFound", "")
    finding = await found(key_vault, identity)
    assert "has no such secret" in finding.detail
    assert SET in (finding.fix or "").splitlines()
    assert identity.resources == ["https://vault.azure.net"]
    assert key_vault.asked == ["Bearer made-up"]


async def test_a_missing_role_is_named(key_vault: VaultDouble, identity: IdentityDouble) -> None:
    """The command gives it on this one secret."""
    key_vault.refuses = (403, "Forbidden", "ForbiddenByRbac")
    finding = await found(key_vault, identity)
    assert "lacks the role Key Vault Secrets User" in finding.detail
    assert f'assignee {CLIENT} --role "Key Vault Secrets User" --scope "$(' in (finding.fix or "")
    assert (finding.fix or "").endswith('"/secrets/teams-channel-webhook-url')


async def test_a_closed_network_is_named(key_vault: VaultDouble, identity: IdentityDouble) -> None:
    """No role would help against a firewall."""
    key_vault.refuses = (403, "Forbidden", "ForbiddenByFirewall")
    finding = await found(key_vault, identity)
    assert "network rules" in finding.detail
    assert "VNET_ENABLED" in (finding.fix or "")
    assert "role assignment" not in (finding.fix or "")


async def test_a_secret_that_came_later_has_to_be_read(
    key_vault: VaultDouble, identity: IdentityDouble
) -> None:
    """The app reads it when it starts; the secret itself is not shown."""
    finding = await found(key_vault, identity)
    assert "is there now" in finding.detail
    assert "az functionapp restart --ids" in (finding.fix or "")


@pytest.mark.parametrize(
    "refuses", [(503, "ServiceUnavailable", ""), (403, "Forbidden", "SecretDisabled")]
)
async def test_other_answers_are_told_by_their_number(
    key_vault: VaultDouble, identity: IdentityDouble, refuses: tuple[int, str, str]
) -> None:
    """No role is blamed for what nobody foresaw, and it still names the setting."""
    key_vault.refuses = refuses
    assert f"answers {refuses[0]}" in (await found(key_vault, identity)).detail


async def test_without_an_identity_the_setting_and_the_secret_are_named() -> None:
    """A laptop can't ask the vault as the app."""
    reference = "@Microsoft.KeyVault(VaultName=kv-signpost;SecretName=signing-key-1)"
    finding = problem(await vault.check(an_installation(SIGNPOST_SIGNING_KEYS=reference)))
    assert "SIGNPOST_SIGNING_KEYS" in finding.detail
    assert "secret signing-key-1 of vault kv-signpost" in finding.detail
    assert "--vault-name kv-signpost --name signing-key-1" in (finding.fix or "")


@pytest.mark.parametrize(
    "value",
    [
        "@Microsoft.KeyVault(SecretUri=https://vault.contoso.com/secrets/keys)",
        "@Microsoft.KeyVault(SecretUri=https://kv.vault.azure.net.contoso.com/secrets/keys)",
        "@Microsoft.KeyVault(SecretUri=http://kv.vault.azure.net/secrets/keys)",
        "@Microsoft.KeyVault(nothing)",
        "@Microsoft.KeyVault(SecretUri=https://kv.vault.azure.net/keys/a)",
        "@Microsoft.KeyVault(",
    ],
)
async def test_no_token_goes_where_no_vault_is(identity: IdentityDouble, value: str) -> None:
    """A reference that leads elsewhere is told, and nobody is asked."""
    found = await vault.check(an_installation(identity, SIGNPOST_SIGNING_KEYS=value))
    assert "SIGNPOST_SIGNING_KEYS" in problem(found).detail
    assert identity.resources == []


async def test_resolved_references_are_not_seen() -> None:
    """The platform puts the secret in their place."""
    assert states(await vault.check(an_installation())) == ["ok"]
