"""The app runs, holds its functions, and is open in no way that it need not be."""

import pytest

from tests.unit.doctor_azure.installed import (
    DELETED_ACCOUNTS,
    DELETED_VAULTS,
    GROUP,
    SUB,
    WEB,
)

POLICIES = f"{WEB}/basicPublishingCredentialsPolicies"


async def test_address_of_the_app_is_told(examine) -> None:
    """A sound app is told with its address."""
    assert "The app runs at https://func-news.azurewebsites.net." in {
        each.detail for each in await examine()
    }


@pytest.mark.parametrize(
    "change, step",
    [
        ({"state": "Stopped"}, "az functionapp start --resource-group rg-news --name func-news"),
        ({"usageState": "Exceeded"}, "Quotas"),
        ({"httpsOnly": False}, "--set httpsOnly=true"),
    ],
)
async def test_state_of_the_app_is_told(arm, problems, change, step) -> None:
    """A stopped, exhausted or open app is a problem with a step."""
    arm.at(WEB)["properties"].update(change)
    [found] = await problems()
    assert step in found.fix


async def test_publishing_passwords_are_told(arm, problems) -> None:
    """Each way to publish with a password is told with what turns it off."""
    for way in ("ftp", "scm"):
        arm.at(POLICIES).append({"name": f"func-news/{way}", "properties": {"allow": True}})
    told = [each.fix for each in await problems()]
    assert told == [
        f"az resource update --ids {POLICIES}/{way} --set properties.allow=false"
        for way in ("ftp", "scm")
    ]


async def test_app_without_functions_is_told(arm, problems) -> None:
    """An app whose package is missing or does not start has no functions."""
    arm.put(f"{WEB}/functions", [])
    [found] = await problems()
    assert (found.state, found.fix) == ("problem", "azd deploy")


async def test_group_without_app_says_so_once(arm, problems) -> None:
    """Where the deployment stopped before the app, only that is told of the app."""
    arm.put(
        f"{GROUP}/resources", [each for each in arm.at(f"{GROUP}/resources") if each["id"] != WEB]
    )
    [found] = await problems()
    assert found.check == "azure app"
    assert found.fix == "azd up"


async def test_deleted_account_keeps_its_name(arm, problems) -> None:
    """An account of this group that was deleted, and not made again, blocks its name."""
    place = "/providers/Microsoft.CognitiveServices/locations/swedencentral/resourceGroups"
    deleted = f"{SUB}{place}/RG-NEWS/deletedAccounts/oai-news"
    arm.put(DELETED_ACCOUNTS, [{"id": deleted, "name": "oai-news", "location": "westus"}])
    assert await problems() == []
    kept = [
        each for each in arm.at(f"{GROUP}/resources") if "cognitive" not in each["type"].lower()
    ]
    arm.put(f"{GROUP}/resources", kept)
    told = {each.check: each.fix for each in await problems()}
    assert "account purge --name oai-news" in told["azure deleted names"]
    assert "--resource-group rg-news --location westus" in told["azure deleted names"]


async def test_deleted_vault_keeps_its_name(arm, problems) -> None:
    """The same holds for a vault; those of other groups are left alone."""
    kept = [each for each in arm.at(f"{GROUP}/resources") if "vault" not in each["type"].lower()]
    arm.put(f"{GROUP}/resources", kept)
    other = f"{SUB}/resourceGroups/rg-shop/providers/Microsoft.KeyVault/vaults/kv-shop"
    ours = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv-news"
    arm.put(
        DELETED_VAULTS,
        [{"name": id_.rpartition("/")[2], "properties": {"vaultId": id_}} for id_ in (other, ours)],
    )
    told = [each for each in await problems() if each.check == "azure deleted names"]
    assert len(told) == 1
    assert "az keyvault recover --name kv-news" in told[0].fix
