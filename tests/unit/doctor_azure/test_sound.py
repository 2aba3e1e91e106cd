"""A sound installation is found sound, with reads alone, however Azure pages its lists."""

import pytest

from signpost.doctor import azure
from signpost.doctor.azure.credentials import CLOUDS
from tests.unit.doctor_azure.installed import (
    GROUP,
    GROUP_NAME,
    SCHEDULER,
    SETTINGS,
    SUBSCRIPTION,
    app_settings,
)


async def test_sound_installation_has_no_fault(examine) -> None:
    """Every check says ok where everything is as main.bicep makes it."""
    found = await examine()
    assert {each.state for each in found} == {"ok"}
    assert {each.check for each in found} == set(azure.CHECKS)


async def test_nothing_is_changed(arm, examine) -> None:
    """The only POST is the one that lists app settings."""
    await examine()
    assert {path for method, path in arm.asked if method != "GET"} == {SETTINGS}


async def test_token_is_asked_for_the_cloud(examine, az_log) -> None:
    """The Azure CLI is asked for a token for the management endpoint, once."""
    await examine()
    [asked] = az_log.read_text("utf-8").splitlines()
    assert "get-access-token" in asked
    assert asked.endswith("--resource https://management.azure.com")


async def test_long_lists_are_read_to_their_end(arm, problems) -> None:
    """What stands on a later page of a list counts too."""
    arm.page = 1
    assert await problems() == []


async def test_only_subscription_needs_no_name(arm, az_log) -> None:
    """Somebody with one subscription doesn't name it."""
    found = await azure.examine(GROUP_NAME, endpoint=arm.url)
    assert {each.state for each in found} == {"ok"}


async def test_several_subscriptions_are_asked_about(arm, az_log) -> None:
    """Among several subscriptions none is guessed."""
    arm.put("/subscriptions", [{"subscriptionId": SUBSCRIPTION}, {"subscriptionId": "other"}])
    [found] = await azure.examine(GROUP_NAME, endpoint=arm.url)
    assert found.state == "problem"
    assert "--subscription" in (found.fix or "")


async def test_missing_group_is_named(arm, problems) -> None:
    """A group that does not exist is a fault, not a list of missing things."""
    arm.drop(GROUP)
    [found] = await problems()
    assert found.state == "problem"
    assert f"There is no resource group {GROUP_NAME}" in found.detail


async def test_storage_backend_needs_no_scheduler(arm, examine) -> None:
    """With runs in storage neither a scheduler nor its role or setting is asked for."""
    settings = app_settings()
    del settings["DURABLE_TASK_SCHEDULER_CONNECTION_STRING"]
    arm.put(SETTINGS, {"properties": settings})
    listed = arm.at(f"{GROUP}/resources")
    arm.put(f"{GROUP}/resources", [each for each in listed if each["id"] != SCHEDULER])
    found = await examine()
    assert {each.state for each in found} == {"ok"}
    assert "Runs are kept in storage; no scheduler is used." in {each.detail for each in found}


@pytest.mark.parametrize("cloud", ["AzureUSGovernment", "AzureChinaCloud"])
async def test_other_clouds_have_their_own_endpoint(arm, az_log, cloud) -> None:
    """In a sovereign cloud the token is for that cloud's endpoint."""
    await azure.examine(GROUP_NAME, SUBSCRIPTION, cloud=cloud, endpoint=arm.url)
    assert az_log.read_text("utf-8").strip().endswith(CLOUDS[cloud])


async def test_unknown_cloud_is_refused(arm, az_log) -> None:
    """A cloud that Azure does not have is named before anything is asked."""
    [found] = await azure.examine(GROUP_NAME, cloud="AzureGermanCloud", endpoint=arm.url)
    assert "AzureGermanCloud" in found.detail
    assert arm.asked == []


@pytest.mark.parametrize("group", ["", "rg/../x", "rg?a=b", "rg news", "r" * 91])
async def test_what_is_no_group_is_refused(arm, az_log, group) -> None:
    """What can't be a name never becomes a part of an address."""
    [found] = await azure.examine(group, SUBSCRIPTION, endpoint=arm.url)
    assert "is no name of a resource group" in found.detail
    assert arm.asked == []


async def test_name_of_a_subscription_is_refused(arm, az_log) -> None:
    """A subscription is named by its id, and the fix lists the ids."""
    [found] = await azure.examine(GROUP_NAME, "Contoso Production", endpoint=arm.url)
    assert (found.fix or "").startswith("az account list")
    assert arm.asked == []
