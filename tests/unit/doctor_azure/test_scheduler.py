"""A scheduler that would refuse the app is told: not ready, another's, closed, without the hub."""

import pytest

from tests.unit.doctor_azure.installed import CLIENT, GROUP, SCHEDULER, SETTINGS, app_settings

NAME = "DURABLE_TASK_SCHEDULER_CONNECTION_STRING"
ENDPOINT = "https://dts-news.swedencentral.durabletask.io"
HUBS = f"{SCHEDULER}/taskHubs"


def connect(arm, connection: str) -> None:
    """Set how the app reaches the scheduler."""
    arm.put(SETTINGS, {"properties": app_settings() | {NAME: connection}})


@pytest.mark.parametrize(
    "doors",
    [{"ipAllowlist": []}, {"publicNetworkAccess": "Disabled"}, {"ipAllowlist": None}],
)
async def test_closed_scheduler_refuses(arm, problems, doors) -> None:
    """Without a private endpoint, an empty list of addresses lets nobody in."""
    arm.at(SCHEDULER)["properties"].update(doors)
    [found] = await problems()
    assert "The scheduler dts-news refuses the app" in found.detail
    assert "schedulerIpAllowlist" in found.fix


@pytest.mark.parametrize("public", ["Disabled", "Enabled"])
@pytest.mark.parametrize("status, faults", [("Approved", 0), ("Pending", 1), ("Rejected", 1)])
async def test_private_scheduler_needs_an_approved_endpoint(
    arm, problems, status, faults, public
) -> None:
    """A closed scheduler is reached by its private endpoint, once that is approved."""
    link = {"privateLinkServiceConnectionState": {"status": status}}
    closed = {"publicNetworkAccess": public, "ipAllowlist": []}
    connections = [{"properties": link}]
    arm.at(SCHEDULER)["properties"].update(closed, privateEndpointConnections=connections)
    assert len(await problems()) == faults


async def test_scheduler_of_another_is_told(arm, problems) -> None:
    """An endpoint that is not the scheduler's is a problem."""
    other = "https://dts-old.swedencentral.durabletask.io"
    connect(arm, f"Endpoint={other};Authentication=ManagedIdentity;ClientID={CLIENT}")
    [found] = await problems()
    assert found.detail == f"The endpoint in {NAME} is not that of dts-news."


@pytest.mark.parametrize(
    "rest", ["Authentication=None", "Authentication=ManagedIdentity", "ClientID=other"]
)
async def test_sign_in_as_another_is_told(arm, problems, rest) -> None:
    """The scheduler is reached as the app's identity, in no other way."""
    connect(arm, f"Endpoint={ENDPOINT};{rest}")
    [found] = await problems()
    assert found.detail == f"{NAME} does not sign in as the app's identity."


async def test_missing_hub_is_told(arm, problems) -> None:
    """The task hub of TASKHUB_NAME has to exist."""
    arm.at(HUBS)[0]["name"] = "other"
    [found] = await problems()
    assert found.detail == "The scheduler has no task hub signpost."


async def test_half_made_scheduler_is_told(arm, problems) -> None:
    """Neither a scheduler nor a hub that is not ready passes."""
    arm.at(SCHEDULER)["properties"]["provisioningState"] = "Failed"
    arm.at(HUBS)[0]["properties"]["provisioningState"] = "Provisioning"
    assert [each.detail for each in await problems()] == [
        "The scheduler dts-news is not ready: Failed.",
        "The task hub signpost is not ready: Provisioning.",
    ]


async def test_missing_scheduler_is_told(arm, problems) -> None:
    """A setting for a scheduler that is gone is a problem."""
    listed = arm.at(f"{GROUP}/resources")
    arm.put(f"{GROUP}/resources", [each for each in listed if each["id"] != SCHEDULER])
    [found] = await problems()
    assert found.detail == f"{NAME} is set, and the group has no Durable Task Scheduler."
