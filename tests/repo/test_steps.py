"""What `azd provision` ends with: the steps that are left, with the names of what was made."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.repo.sources import ROOT

MADE = {
    "AZURE_IDENTITY_NAME": "id-abc",
    "AZURE_KEY_VAULT_NAME": "kv-abc",
    "AZURE_RESOURCE_GROUP": "rg-news",
    "SERVICE_API_URI": "https://func-abc.example",
    "SERVICE_APP_NAME": "func-abc",
}


def steps(**values: str) -> str:
    """Run the script with these values of azd and nothing else."""
    command = [sys.executable, str(ROOT / "scripts" / "steps")]
    ended = subprocess.run(command, env=values, check=True, capture_output=True, text=True)
    return ended.stdout


def test_steps_name_what_was_made() -> None:
    """The commands can be pasted as they stand."""
    told = steps(**MADE)
    assert "--vault-name kv-abc" in told
    assert "functionapp restart --resource-group rg-news --name func-abc" in told
    assert "appName=func-abc identityName=id-abc" in told
    assert "signpost.doctor --resource-group rg-news" in told
    assert "{" not in told


@pytest.mark.parametrize("mode", ["on", "required"])
def test_sign_in_that_is_on_is_no_step(mode: str) -> None:
    """Who turned sign-in on is not told to."""
    assert "SIGN_IN_MODE" not in steps(**MADE, SIGN_IN_MODE=mode)


@pytest.mark.parametrize("vnet, expected", [("true", True), ("false", False)])
def test_a_private_vault_takes_secrets_another_way(vnet: str, *, expected: bool) -> None:
    """Where the vault is closed to the laptop, the deployment brings the secrets."""
    assert ("env set-secret" in steps(**MADE, VNET_ENABLED=vnet)) is expected


def test_without_values_it_says_how_to_get_them() -> None:
    """Started by hand, it names what is not set."""
    told = steps(**(MADE | {"SERVICE_APP_NAME": ""}))
    assert told.startswith("steps: SERVICE_APP_NAME not set. Run: azd hooks run")
