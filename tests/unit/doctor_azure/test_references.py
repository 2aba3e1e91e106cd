"""A vault reference that does not resolve is told with its reason and its fix."""

import pytest

from tests.unit.doctor_azure.installed import (
    PRINCIPAL,
    REFERENCES,
    VAULT,
    WEB,
    reference,
)

KEYS, CHANNEL = "SIGNPOST_SIGNING_KEYS", "TEAMS_CHANNEL_WEBHOOK_URL"
STEPS = {
    "InvalidSyntax": "azd provision",
    "MSINotEnabled": "azd provision",
    "VaultNotFound": "az keyvault recover --name kv-news",
    "SecretNotFound": "azd provision",
    "SecretVersionNotFound": "azd provision",
    "AccessToKeyVaultDenied": f"--assignee-object-id {PRINCIPAL}",
    "UnauthorizedClient": f"--scope {VAULT}/secrets/signing-key-1",
    "FetchTimedOut": "azd provision",
    "OtherReasons": "azd provision",
    "SomethingNew": "azd provision",
}


@pytest.mark.parametrize("status", STEPS)
async def test_reason_becomes_a_step(arm, problems, status) -> None:
    """Each reason is told with what mends it, and how the app looks again."""
    arm.at(REFERENCES)[0] = reference(KEYS, "signing-key-1", status)
    [found] = await problems()
    assert (found.check, found.state) == ("azure vault", "problem")
    assert f"{KEYS} did not get its secret signing-key-1" in found.detail
    assert status in found.detail
    assert STEPS[status] in found.fix
    assert f"--url {WEB}'/config/configreferences/appsettings/refresh" in found.fix


@pytest.mark.parametrize("chat", ["channel", "chat"])
async def test_missing_webhook_is_told_how_to_set(arm, problems, chat) -> None:
    """A webhook's URL is put into the vault from a file, so that no shell remembers it."""
    secret = f"teams-{chat}-webhook-url"
    arm.at(REFERENCES)[1] = reference(CHANNEL, secret, "SecretNotFound")
    [found] = await problems()
    assert f"az keyvault secret set --vault-name kv-news --name {secret} --file FILE" in found.fix


@pytest.mark.parametrize("status", ["Initialized", ""])
async def test_reference_that_was_not_tried_is_unknown(arm, problems, status) -> None:
    """What Azure did not look up yet is no fault yet."""
    arm.at(REFERENCES)[0] = reference(KEYS, "signing-key-1", status)
    [found] = await problems()
    assert found.state == "unknown"
