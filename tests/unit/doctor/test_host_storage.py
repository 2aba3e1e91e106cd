"""The host's own storage is looked at with the identity's roles, by what the backend needs."""

import pytest

from signpost.doctor.checks import host_storage
from signpost.doctor.finding import Finding
from tests.doubles.identity_double import IdentityDouble
from tests.unit.doctor.installed import IN_AZURE, an_installation, problem, states
from tests.unit.doctor.storage_double import StorageDouble

KINDS = ("blob", "queue", "table")
WITH_SCHEDULER = {"DURABLE_TASK_SCHEDULER_CONNECTION_STRING": "Endpoint=https://s.durabletask.io"}


async def look(storage: StorageDouble, identity: IdentityDouble, **env: str) -> list[Finding]:
    """Look at an app whose host keeps everything in one account."""
    uris = {f"AzureWebJobsStorage__{kind}ServiceUri": storage.url for kind in KINDS}
    return await host_storage.check(an_installation(identity, **IN_AZURE | uris | env))


async def test_a_blob_comes_and_goes(storage: StorageDouble, identity: IdentityDouble) -> None:
    """With a scheduler the host needs no queues and tables."""
    assert states(await look(storage, identity, **WITH_SCHEDULER)) == ["ok"]
    path = "/azure-webjobs-hosts/signpost-doctor"
    assert storage.asked == [f"PUT {path}", f"DELETE {path}"]


async def test_durable_on_storage_needs_three_services(
    storage: StorageDouble, identity: IdentityDouble
) -> None:
    """Without a scheduler the runs are kept in queues, tables and blobs."""
    assert states(await look(storage, identity)) == ["ok", "ok", "ok"]
    assert storage.asked[2:] == ["GET /?comp=list&maxresults=1", "GET /Tables?$top=1"]


async def test_a_host_that_made_no_container_yet_is_sound(
    storage: StorageDouble, identity: IdentityDouble
) -> None:
    """It makes it when it starts; the role was proved by the answer."""
    storage.fault = {"PUT": (404, "ContainerNotFound")}
    assert states(await look(storage, identity, **WITH_SCHEDULER)) == ["ok"]


async def test_each_missing_role_is_named(storage: StorageDouble, identity: IdentityDouble) -> None:
    """One finding for each service, with the role that opens it."""
    storage.fault = dict.fromkeys(("PUT", "GET"), (403, "AuthorizationPermissionMismatch"))
    found = await look(storage, identity)
    roles = ("Blob Data Owner", "Queue Data Contributor", "Table Data Contributor")
    for finding, role in zip(found, roles, strict=True):
        assert f"lacks the role Storage {role}." in finding.detail
        assert f'--role "Storage {role}"' in str(finding.fix)


async def test_an_account_by_its_name_is_found(identity: IdentityDouble) -> None:
    """`__accountName` stands for the addresses of all services."""
    named = {"AzureWebJobsStorage__accountName": "no-account-has-a-hyphen", **WITH_SCHEDULER}
    finding = problem(await host_storage.check(an_installation(identity, **named)))
    assert "AzureWebJobsStorage__accountName" in finding.detail


@pytest.mark.parametrize(
    "url",
    [
        "https://st.blob.core.windows.net.contoso.com",
        "https://contoso.com/st.blob.core.windows.net",
        "https://st.blob.core.windows.net@contoso.com",
        "http://st.blob.core.windows.net",
    ],
)
async def test_no_token_goes_where_no_storage_is(identity: IdentityDouble, url: str) -> None:
    """An address elsewhere, or one in the clear, is told, and nobody is asked."""
    env = {"AzureWebJobsStorage__blobServiceUri": url, **WITH_SCHEDULER}
    finding = problem(await host_storage.check(an_installation(identity, **env)))
    assert "AzureWebJobsStorage__blobServiceUri" in finding.detail
    assert identity.resources == []


@pytest.mark.parametrize("place", ["st", "st.z01", "st-secondary"])
async def test_every_address_of_an_account_is_asked(identity: IdentityDouble, place: str) -> None:
    """A zone of DNS, and the copy of another region, are Azure's, too."""
    url = f"https://{place}.blob.storage.azure.net/"
    env = {"AzureWebJobsStorage__blobServiceUri": url, **WITH_SCHEDULER}
    await host_storage.check(an_installation(identity, **env))
    assert identity.resources


@pytest.mark.parametrize(
    "env,expected",
    [
        ({"AzureWebJobsStorage": "UseDevelopmentStorage=true"}, ["unknown"]),
        ({"AzureWebJobsStorage": "AccountKey=canary"}, ["unknown"]),
        ({}, ["unknown"]),
        (IN_AZURE, ["problem"]),
    ],
)
async def test_other_storage_is_the_hosts_matter(env: dict[str, str], expected: list[str]) -> None:
    """A connection string is not used, and not repeated; in Azure there must be something."""
    found = await host_storage.check(an_installation(**env))
    assert states(found) == expected
    assert "canary" not in repr(found)
