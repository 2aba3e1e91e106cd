"""App settings are judged by name; a value is never told, and a secret is not to stand in one."""

import re
from pathlib import Path

import pytest

from signpost.doctor.azure.setting_names import ADDRESSES, NEEDED, REFUSED_BY_FLEX, SECRETS, UNSAFE
from signpost.doctor.surroundings import SCHEDULER_SETTING
from tests.unit.doctor_azure.installed import SECRET, SETTINGS, app_settings

ROOT = Path(__file__).resolve().parents[3]
ALWAYS = (*NEEDED, "AZURE_OPENAI_ENDPOINT", "AZURE_OPENAI_DEPLOYMENT")


@pytest.mark.parametrize("name", ALWAYS)
@pytest.mark.parametrize("empty", [True, False])
async def test_missing_setting_is_named(arm, problems, name, empty) -> None:
    """A setting that is not there, or is empty, is a problem by its name."""
    settings = app_settings() | {name: " "}
    if not empty:
        del settings[name]
    arm.put(SETTINGS, {"properties": settings})
    told = [each for each in await problems() if each.check == "azure settings"]
    assert [each.detail for each in told] == [f"The app setting {name} is missing."]


@pytest.mark.parametrize("name", sorted(REFUSED_BY_FLEX | set(UNSAFE)))
async def test_forbidden_setting_is_told_with_its_removal(arm, problems, name) -> None:
    """A setting that may not be there is told with the command that removes it."""
    arm.put(SETTINGS, {"properties": app_settings() | {name: SECRET}})
    [found] = await problems()
    assert found.fix == (
        "az functionapp config appsettings delete --resource-group rg-news "
        f"--name func-news --setting-names {name}"
    )


def test_what_the_platform_alone_may_say_is_no_setting() -> None:
    """The app believes the header of a sign-in, and builds links, by these two."""
    assert set(UNSAFE) >= {"WEBSITE_AUTH_ENABLED", "WEBSITE_HOSTNAME"}


@pytest.mark.parametrize("name", SECRETS)
async def test_secret_in_a_setting_is_told(arm, problems, name) -> None:
    """A secret that stands in a setting itself is a problem, and is not shown."""
    arm.put(SETTINGS, {"properties": app_settings() | {name: SECRET}})
    [found] = await problems()
    assert f"The app setting {name} holds its secret" in found.detail


async def test_secret_that_no_deployment_sets_is_moved(arm, problems) -> None:
    """The key of another model goes into the vault, and a reference into the parameters."""
    arm.put(SETTINGS, {"properties": app_settings() | {"MODEL_API_KEY": SECRET}})
    [found] = await problems()
    assert "az keyvault secret set --vault-name kv-news --name model-api-key --file" in found.fix
    assert "(VaultName=kv-news;SecretName=model-api-key)" in found.fix


@pytest.mark.parametrize("name", ["AZURE_CLIENT_ID", "AzureWebJobsStorage__clientId"])
async def test_identity_of_another_is_told(arm, problems, name) -> None:
    """A setting that names an identity that the app does not have is a problem."""
    arm.put(SETTINGS, {"properties": app_settings() | {name: "somebody-else"}})
    told = {each.detail for each in await problems()}
    assert f"The app setting {name} names an identity that the app does not have." in told


@pytest.mark.parametrize("name", ADDRESSES)
async def test_address_of_another_account_is_told(arm, problems, name) -> None:
    """Storage and ledger are those of the group: a wrong endpoint is told by its setting."""
    other = "tables:https://stold.table.core.windows.net" if name == "SIGNPOST_LEDGER" else SECRET
    arm.put(SETTINGS, {"properties": app_settings() | {name: other}})
    [found] = await problems()
    assert f"{name} is the address of no storage account of the group" in found.detail


async def test_another_model_server_needs_no_azure_openai(arm, problems) -> None:
    """With an OpenAI-compatible server no Azure OpenAI setting is missed."""
    settings = app_settings() | {"MODEL_BASE_URL": "https://models.contoso.com/v1"}
    del settings["AZURE_OPENAI_ENDPOINT"], settings["AZURE_OPENAI_DEPLOYMENT"]
    arm.put(SETTINGS, {"properties": settings})
    assert await problems() == []


def test_needed_settings_are_those_that_bicep_sets() -> None:
    """Nothing is missed that a deployment does not set, and it sets nothing that is refused."""
    template = (ROOT / "infra/modules/settings.bicep").read_text("utf-8")
    names = set(re.findall(r"^  (\w+):", template, re.MULTILINE))
    names |= set(re.findall(r"\{ (\w+): ", template))
    assert {*ALWAYS, SCHEDULER_SETTING} <= names
    assert names & (REFUSED_BY_FLEX | set(UNSAFE)) == set()
