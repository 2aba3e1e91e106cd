"""A backend of Durable that refuses is told with the role, the hub and the setting."""

import azure.durable_functions as df
import pytest
from aiohttp import web

from signpost.doctor.checks import scheduler
from signpost.doctor.finding import Finding
from tests.doubles.durable_double import DurableDouble
from tests.unit.doctor.installed import CLIENT, IN_AZURE, an_installation, problem, states

HOST = "dts-signpost-b2c1.northeurope.durabletask.io"
CONNECTION = f"Endpoint=https://{HOST};Authentication=ManagedIdentity;ClientID={CLIENT}"
ON_SCHEDULER = {
    **IN_AZURE,
    "DURABLE_TASK_SCHEDULER_CONNECTION_STRING": CONNECTION,
    "TASKHUB_NAME": "signpost",
}
SECRET = "canary-of-the-exception"


class Refusing(DurableDouble):
    """The extension whose backend raises: 500 with the exception, as HttpApiHandler writes it."""

    def __init__(self, exception: str, message: str) -> None:
        super().__init__()
        self._raised = {"ExceptionType": exception, "ExceptionMessage": f"{message} {SECRET}"}

    async def _status(self, request: web.Request) -> web.Response:
        body = {"Message": "Something went wrong while processing your request", **self._raised}
        return web.json_response(body | {"StackTrace": "at DurableTask"}, status=500)


async def look(double: DurableDouble, **env: str) -> list[Finding]:
    """Look at what a Durable client asks."""
    async with double:
        client = df.DurableOrchestrationClient(double.client())

        async def durable() -> object:
            return await client.get_status("signpost-doctor")

        found = await scheduler.check(an_installation(**env)._replace(durable=durable))
        assert [each.check for each in found] == ["scheduler"]
        return found


def grpc(code: str, detail: str) -> Refusing:
    """Make a scheduler that ends the call with a status of gRPC."""
    message = f'Status(StatusCode="{code}", Detail="{detail}")'
    return Refusing("Grpc.Core.RpcException", message)


async def test_a_backend_that_answers_is_sound() -> None:
    """It has no such instance, and says so."""
    assert states(await look(DurableDouble(), **ON_SCHEDULER)) == ["ok"]


async def test_an_instance_of_that_name_changes_nothing() -> None:
    """Whoever starts one, the backend answered."""
    double = DurableDouble()
    double.put("signpost-doctor")
    assert states(await look(double, **ON_SCHEDULER)) == ["ok"]


@pytest.mark.parametrize("code", ["PermissionDenied", "Unauthenticated"])
async def test_a_scheduler_that_refuses_names_the_role(code: str) -> None:
    """On the task hub, whose id the command finds by the endpoint."""
    finding = problem(await look(grpc(code, "Access denied."), **ON_SCHEDULER))
    assert "lacks the role Durable Task Data Contributor on the task hub signpost" in finding.detail
    assert f'--assignee {CLIENT} --role "Durable Task Data Contributor"' in str(finding.fix)
    assert str(finding.fix).endswith('"/taskHubs/signpost')
    assert SECRET not in repr(finding)


@pytest.mark.parametrize(
    "code,detail,told",
    [
        ("NotFound", "Task hub not found", "has no task hub signpost: TASKHUB_NAME"),
        ("Unavailable", "No such host is known.", "can't be reached: DURABLE_TASK_SCHEDULER"),
        ("Internal", "Something else", "the app's log says how"),
    ],
)
async def test_each_failure_has_its_sentence(code: str, detail: str, told: str) -> None:
    """The endpoint's host is named, and nothing of the exception."""
    finding = problem(await look(grpc(code, detail), **ON_SCHEDULER))
    assert told in finding.detail
    assert HOST in finding.detail
    assert SECRET not in repr(finding)


async def test_a_connection_without_an_endpoint_is_told() -> None:
    """The setting is named, and not repeated."""
    env = ON_SCHEDULER | {"DURABLE_TASK_SCHEDULER_CONNECTION_STRING": "Key=canary"}
    finding = problem(await look(grpc("Unavailable", ""), **env))
    assert "names no Endpoint" in finding.detail
    assert "canary" not in repr(finding)


async def test_durable_on_storage_names_its_roles() -> None:
    """Without a scheduler the host's account keeps the runs."""
    refused = Refusing("Azure.RequestFailedException", "403 AuthorizationPermissionMismatch")
    finding = problem(await look(refused, **IN_AZURE))
    assert "Storage Queue Data Contributor" in str(finding.fix)


async def test_a_host_that_is_gone_is_told() -> None:
    """Where nothing listens the SDK raises what aiohttp does."""

    async def durable() -> object:
        raise ConnectionError(SECRET)

    around = an_installation(**ON_SCHEDULER)._replace(durable=durable)
    finding = problem(await scheduler.check(around))
    assert SECRET not in repr(finding)


async def test_from_outside_nobody_can_tell() -> None:
    """A laptop has no Durable client."""
    assert states(await scheduler.check(an_installation())) == ["unknown"]
