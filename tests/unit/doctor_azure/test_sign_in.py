"""Who may not look is told what is needed, and nothing unknown is called a fault."""

import pytest

from signpost.doctor import azure
from tests.doubles import fake_az
from tests.unit.doctor_azure.installed import (
    ACCOUNT,
    ASSIGNMENTS,
    DEPLOYMENTS,
    GROUP,
    GROUP_NAME,
    REFERENCES,
    SETTINGS,
    SUB,
    SUBSCRIPTION,
    WEB,
)

READABLE = {
    GROUP + DEPLOYMENTS: "azure deployments",
    SUB + DEPLOYMENTS: "azure deployments",
    GROUP + ASSIGNMENTS: "azure roles",
    REFERENCES: "azure vault",
    f"{WEB}/functions": "azure app",
    f"{ACCOUNT}/models": "azure model",
}


async def test_signed_out_is_told(arm, tmp_path, monkeypatch) -> None:
    """Without a sign-in nothing is asked, and the fix is to sign in."""
    fake_az.install(tmp_path / "bin", None)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    [found] = await azure.examine(GROUP_NAME, SUBSCRIPTION, endpoint=arm.url)
    assert (found.state, found.fix) == ("unknown", "az login")
    assert arm.asked == []


async def test_signed_out_of_another_cloud_is_told(arm, tmp_path, monkeypatch) -> None:
    """Where the installation is in another cloud, the fix chooses that one first."""
    monkeypatch.setenv("PATH", str(tmp_path))
    cloud = "AzureUSGovernment"
    [found] = await azure.examine(GROUP_NAME, SUBSCRIPTION, cloud=cloud, endpoint=arm.url)
    assert found.fix == "az cloud set --name AzureUSGovernment && az login"


async def test_no_tool_is_told(arm, tmp_path, monkeypatch) -> None:
    """A machine without `az` and `azd` hears the same."""
    monkeypatch.setenv("PATH", str(tmp_path))
    [found] = await azure.examine(GROUP_NAME, SUBSCRIPTION, endpoint=arm.url)
    assert (found.state, found.fix) == ("unknown", "az login")


async def test_token_that_is_over_is_told(arm, tmp_path, monkeypatch) -> None:
    """A token that Azure refuses asks for a sign-in, not for a role."""
    fake_az.install(tmp_path / "bin", "old")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    [found] = await azure.examine(GROUP_NAME, SUBSCRIPTION, endpoint=arm.url)
    assert (found.state, found.fix) == ("unknown", "az login")


@pytest.mark.parametrize("path", READABLE)
async def test_denied_read_is_unknown(arm, problems, path) -> None:
    """What may not be read is unknown, and names the permission and the role."""
    arm.deny(path, "Microsoft.Some/thing/read")
    found = await problems()
    assert {each.state for each in found} == {"unknown"}
    assert READABLE[path] in {each.check for each in found}
    assert "Microsoft.Some/thing/read" in found[0].detail
    assert '--role "Reader"' in found[0].fix


async def test_denied_settings_name_the_role_that_lists_them(arm, problems) -> None:
    """A reader may not list app settings: the checks that need them say what would do."""
    arm.deny(SETTINGS, "Microsoft.Web/sites/config/list/action")
    [found] = await problems()
    assert (found.check, found.state) == ("azure settings", "unknown")
    assert '--role "Website Contributor"' in found.fix


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_azure_that_fails_is_unknown(arm, problems, status) -> None:
    """An outage of Azure is no fault of the installation."""
    arm.refuse(f"{ACCOUNT}/models", status, "ServerBusy", "Later.")
    [found] = await problems()
    assert (found.check, found.state) == ("azure model", "unknown")
    assert str(status) in found.detail


async def test_azure_that_is_away_is_unknown(arm, az_log) -> None:
    """An address where nobody listens is told as what it is."""
    [found] = await azure.examine(GROUP_NAME, SUBSCRIPTION, endpoint="http://127.0.0.1:9")
    assert found.state == "unknown"
    assert "could not be reached" in found.detail
