"""What is told after `azd provision` can be pasted: the commands are known, and every name is."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.repo import azure_commands
from tests.repo.commands import Line
from tests.repo.sources import ROOT

AZD = {
    "AZURE_IDENTITY_NAME": "id-news",
    "AZURE_KEY_VAULT_NAME": "kv-news",
    "AZURE_RESOURCE_GROUP": "rg-news",
    "AZURE_SUBSCRIPTION_ID": "11111111-1111-1111-1111-111111111111",
    "SERVICE_API_URI": "https://func-news.azurewebsites.net",
    "SERVICE_APP_NAME": "func-news",
}
GIVEN = {"TEAMS_CHANNEL_WEBHOOK_URL": "canary-1", "TEAMS_CHAT_WEBHOOK_URL": "canary-2"}
CASES = {
    "first": {},
    "private": {"VNET_ENABLED": "true"},
    "signed in": {"SIGN_IN_MODE": "on"},
    "URLs given": GIVEN,
}


def steps(**env: str) -> str:
    """Run the script as the hook does."""
    command = [sys.executable, "-I", "scripts/steps"]
    done = subprocess.run(
        command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=30, check=True
    )
    return done.stdout


def lines(told: str) -> list[Line]:
    """Give the lines that are set in, which are to be pasted."""
    joined = told.replace("\\\n", "").splitlines()
    return [Line("scripts/steps", line.strip()) for line in joined if line.startswith("  ")]


@pytest.mark.parametrize("case", CASES)
def test_commands_are_known(case: str) -> None:
    """Options, values of azd, secrets, parameters and files are those that there are."""
    commands = [each for line in lines(steps(**AZD, **CASES[case])) for each in line.commands]
    theirs = [each for each in commands if each.words[0] in {"az", "azd"}]
    assert len(theirs) > 1
    assert [fault for each in theirs for fault in azure_commands.faults(each)] == []


def test_names_are_filled_in() -> None:
    """No name is left for the reader but those of files."""
    told = steps(**AZD)
    assert "{" not in told
    for value in AZD.values():
        assert value in told


def test_a_private_vault_is_filled_by_the_deployment() -> None:
    """From a laptop nobody reaches it."""
    told = steps(**AZD, VNET_ENABLED="true")
    assert "azd provision" in told
    assert "az keyvault secret set" not in told


@pytest.mark.parametrize(
    "given", [GIVEN, {"TEAMS_CHANNEL_WEBHOOK_URL": "canary", "TELL_APPROVERS": "false"}]
)
def test_urls_that_were_given_are_no_step(given: dict[str, str]) -> None:
    """The deployment has put them into the vault; and they are not printed."""
    told = steps(**AZD, **given)
    assert "WEBHOOK_URL" not in told
    assert "canary" not in told


@pytest.mark.parametrize("mode", ["on", "required"])
def test_sign_in_that_is_on_is_no_step(mode: str) -> None:
    """Who turned sign-in on is not told to."""
    assert "SIGN_IN_MODE" not in steps(**AZD, SIGN_IN_MODE=mode)


def test_without_names_the_way_to_them_is_told() -> None:
    """Who runs the script by itself lacks azd's values."""
    told = steps(**(AZD | {"SERVICE_APP_NAME": ""}))
    assert told.startswith("steps: SERVICE_APP_NAME not set. Run: azd hooks run")
