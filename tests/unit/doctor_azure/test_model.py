"""The model's account and deployment are there, keyless, and offered in their region."""

import pytest

from tests.unit.doctor_azure.installed import (
    ACCOUNT,
    FAR,
    GROUP,
    SETTINGS,
    SUB,
    app_settings,
    use_far_account,
)

ALL_ACCOUNTS = f"{SUB}/providers/Microsoft.CognitiveServices/accounts"


async def test_missing_deployment_is_told(arm, problems) -> None:
    """An account without the deployment of the setting is a problem."""
    arm.put(f"{ACCOUNT}/deployments", [])
    [found] = await problems()
    assert found.detail == "The account oai-news has no deployment drafts."
    assert found.fix == "azd provision"


async def test_region_without_the_model_is_told(arm, problems) -> None:
    """Where the account's region lacks the model, deploying again would not help."""
    arm.put(f"{ACCOUNT}/deployments", [])
    arm.put(f"{ACCOUNT}/models", [{"name": "gpt-4o", "version": "1"}])
    [found] = await problems()
    assert "The region swedencentral does not offer the model gpt-5-mini" in found.detail
    assert "az cognitiveservices model list --location swedencentral" in found.fix


@pytest.mark.parametrize("state", ["Creating", "Failed"])
async def test_state_of_account_and_deployment_is_told(arm, problems, state) -> None:
    """Neither an account nor a deployment that is not ready passes."""
    arm.at(ACCOUNT)["properties"]["provisioningState"] = state
    arm.at(f"{ACCOUNT}/deployments")[0]["properties"]["provisioningState"] = state
    assert [each.detail for each in await problems()] == [
        f"The account oai-news is not ready: {state}.",
        f"The deployment drafts is not ready: {state}.",
    ]


async def test_account_that_takes_keys_is_told(arm, problems) -> None:
    """Keys are off, with the command that turns them off."""
    arm.at(ACCOUNT)["properties"]["disableLocalAuth"] = False
    [found] = await problems()
    assert found.fix == f"az resource update --ids {ACCOUNT} --set properties.disableLocalAuth=true"


async def test_keys_of_somebody_elses_account_are_left_alone(arm, problems) -> None:
    """Whoever else uses an account in another group may need them."""
    use_far_account(arm, disableLocalAuth=False)
    assert await problems() == []


async def test_deployment_of_somebody_elses_account_is_chosen(arm, problems) -> None:
    """A deployment of ours makes none there, so one that is there has to do."""
    use_far_account(arm)
    arm.put(f"{FAR}/deployments", [])
    [found] = await problems()
    assert "deployment list --resource-group rg-models --name oai-far" in found.fix
    assert "azd env set DEPLOYMENT_NAME NAME" in found.fix


async def test_account_without_its_own_address_is_told(arm, problems) -> None:
    """Entra sign-in needs the account's own subdomain."""
    arm.at(ACCOUNT)["properties"]["customSubDomainName"] = None
    [found] = await problems()
    assert "--custom-domain oai-news" in found.fix


async def test_closed_account_refuses(arm, problems) -> None:
    """A private account without a private endpoint is reached by nobody."""
    arm.at(ACCOUNT)["properties"]["publicNetworkAccess"] = "Disabled"
    [found] = await problems()
    assert "The account oai-news refuses the app" in found.detail


async def test_rate_above_the_deployments_is_told(arm, problems) -> None:
    """A line that lets through more than the deployment takes would be throttled."""
    settings = app_settings() | {"MODEL_TOKENS_PER_MINUTE": "30001"}
    arm.put(SETTINGS, {"properties": settings})
    [found] = await problems()
    assert "takes 30,000 tokens a minute" in found.detail


@pytest.mark.parametrize("state", ["Deprecating", "Deprecated"])
async def test_model_that_goes_is_told(arm, problems, state) -> None:
    """A model that Azure takes away is told with the last day, unless it moves on by itself."""
    arm.at(f"{ACCOUNT}/models")[0]["lifecycleStatus"] = state
    assert await problems() == []
    arm.at(f"{ACCOUNT}/deployments")[0]["properties"]["versionUpgradeOption"] = "NoAutoUpgrade"
    [found] = await problems()
    assert found.detail == "Azure serves the model gpt-5-mini 2025-08-07 only until 2027-08-07."
    assert "--location swedencentral" in found.fix


async def test_address_of_no_account_is_told(arm, problems) -> None:
    """A wrong or deleted endpoint is told by the name in it."""
    settings = app_settings() | {"AZURE_OPENAI_ENDPOINT": "https://gone.openai.azure.com"}
    arm.put(SETTINGS, {"properties": settings})
    arm.put(ALL_ACCOUNTS, [arm.at(ACCOUNT)])
    [found] = await problems()
    assert "answers as gone" in found.detail
    assert "account list-deleted" in found.fix


async def test_missing_account_is_told(arm, problems) -> None:
    """A group whose deployment stopped before the account says so."""
    arm.put(SETTINGS, {"properties": app_settings() | {"AZURE_OPENAI_ENDPOINT": ""}})
    arm.put(f"{GROUP}/resources", [r for r in arm.at(f"{GROUP}/resources") if r["id"] != ACCOUNT])
    assert "The group has no Azure OpenAI account." in {each.detail for each in await problems()}
