"""A ledger that can't keep decisions is told with its reason: role, network, name or disk."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from signpost.doctor.checks import ledger
from signpost.doctor.finding import Finding
from tests.doubles.azurite import Azurite
from tests.doubles.identity_double import IdentityDouble
from tests.unit.doctor.installed import (
    CLIENT,
    IN_AZURE,
    an_environment,
    an_installation,
    problem,
    states,
)
from tests.unit.doctor.storage_double import StorageDouble

ROLE = "Storage Table Data Contributor"


@pytest.fixture(scope="session")
def azurite() -> Iterator[Azurite]:
    """Run the emulator of tables."""
    with Azurite(service="table") as running:
        yield running


async def probed(storage: StorageDouble, identity: IdentityDouble) -> Finding:
    """Probe the table of an account as an identity."""
    return await ledger.probe(storage.url, an_environment(identity, **IN_AZURE))


@pytest.mark.parametrize("tables", [["signpost"], []])
async def test_a_row_comes_and_goes(
    storage: StorageDouble, identity: IdentityDouble, tables: list[str]
) -> None:
    """It is written, read and erased, also where the app has made no table yet."""
    storage.has_table = bool(tables)
    assert (await probed(storage, identity)).state == "ok"
    assert storage.has_table
    assert storage.rows == {}
    assert [each.split()[0] for each in storage.asked[-3:]] == ["PUT", "GET", "DELETE"]
    assert identity.resources[0] == "https://storage.azure.com/"


@pytest.mark.parametrize("method", ["PUT", "GET", "DELETE"])
async def test_a_missing_role_is_named(
    storage: StorageDouble, identity: IdentityDouble, method: str
) -> None:
    """A role that may do half of it is not enough; the command gives the right one."""
    storage.fault = {method: (403, "AuthorizationPermissionMismatch")}
    finding = problem([await probed(storage, identity)])
    assert f"lacks the role {ROLE}." in finding.detail
    assert f'--assignee {CLIENT} --role "{ROLE}" --scope "$(az storage account show' in str(finding)


async def test_a_table_that_may_not_be_made_is_told(
    storage: StorageDouble, identity: IdentityDouble
) -> None:
    """The role is missing there, too."""
    storage.has_table, storage.fault = False, {"POST": (403, "AuthorizationPermissionMismatch")}
    assert f"lacks the role {ROLE}." in problem([await probed(storage, identity)]).detail


@pytest.mark.parametrize(
    "status,code,told",
    [
        (403, "AuthorizationFailure", "network rules of the storage account"),
        (403, "Made-up", "or is kept out by network rules"),
        (401, "InvalidAuthenticationInfo", "of one tenant"),
        (503, "ServerBusy", "fails (503)"),
        (429, "TooManyRequests", "fails (429)"),
        (400, "InvalidUri", "refuses what it is asked (400)"),
    ],
)
async def test_each_refusal_has_its_sentence(
    storage: StorageDouble, identity: IdentityDouble, status: int, code: str, told: str
) -> None:
    """Network rules and roles are both 403, and mended in different ways."""
    storage.fault = {"PUT": (status, code)}
    finding = problem([await probed(storage, identity)])
    assert told in finding.detail
    assert ("role assignment" in str(finding.fix)) == (code == "Made-up")


async def test_a_wrong_account_is_told(identity: IdentityDouble) -> None:
    """A name that nobody has is a wrong setting, no fault of the network."""
    env = an_environment(identity)
    finding = problem([await ledger.probe("https://stsignpost.invalid", env)])
    assert "SIGNPOST_LEDGER names an account that there is not" in finding.detail


async def test_an_account_out_of_reach_is_told(identity: IdentityDouble) -> None:
    """Nothing listens where it should."""
    finding = problem([await ledger.probe("http://127.0.0.1:9", an_environment(identity))])
    assert "can't be reached over the network" in finding.detail


async def test_without_a_token_nothing_is_said_of_the_ledger() -> None:
    """The finding of the identity says why; this one is no second fault."""
    assert states(await ledger.check(an_installation())) == ["unknown"]


async def test_a_wrong_setting_is_told_once() -> None:
    """The look at the settings names it."""
    assert states(await ledger.check(an_installation(SIGNPOST_LEDGER="paper"))) == ["unknown"]


async def test_a_file_is_written_and_left_empty(tmp_path: Path) -> None:
    """One machine keeps its ledger in a file."""
    around = an_installation(SIGNPOST_LEDGER=f"sqlite:{tmp_path}/ledger.db")
    assert states(await ledger.check(around)) == ["ok"]


async def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    """With the sentence that the ledger has for it."""
    around = an_installation(SIGNPOST_LEDGER=f"sqlite:{tmp_path}/missing/ledger.db")
    assert "whether its folder exists" in problem(await ledger.check(around)).detail


async def test_the_emulator_is_written_by_its_key(azurite: Azurite) -> None:
    """Core Tools with Azurite are examined as well."""
    around = an_installation(SIGNPOST_LEDGER=azurite.ledger)
    assert states(await ledger.check(around)) == ["ok"]


async def test_an_emulator_that_is_off_is_told() -> None:
    """No key of its connection string is repeated."""
    connection = Azurite.connection_to("http://127.0.0.1:9", "table")
    finding = problem(await ledger.check(an_installation(SIGNPOST_LEDGER=f"tables:{connection}")))
    assert "can't be reached" in finding.detail
    assert str(finding.fix).startswith("npx azurite")
    assert "Eby8" not in repr(finding)
