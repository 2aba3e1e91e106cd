"""A ledger that is away says so, writes nothing twice, and works again once it is back."""

import asyncio
import shutil
import socket
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from azure.core.exceptions import HttpResponseError

from signpost.ledger import Ledger, LedgerAway
from signpost.ledger.sqlite import SqliteLedger
from signpost.ledger.tables import TablesLedger
from signpost.settings import settings
from tests.doubles.azurite import Azurite
from tests.doubles.identity_double import IdentityDouble
from tests.doubles.table_double import Fault, TableDouble, certificate, lost, status

Call = Callable[[Ledger], Awaitable[object]]

READS: dict[str, Call] = {
    "get": lambda ledger: ledger.get("run", "row"),
    "rows": lambda ledger: ledger.rows("run"),
    "page": lambda ledger: ledger.page("run", "", 5),
}
WRITES: dict[str, Call] = {
    "insert": lambda ledger: ledger.insert("run", "row", b"1"),
    "replace": lambda ledger: ledger.replace("run", "row", b"1", "1"),
    "delete": lambda ledger: ledger.delete("run", "row"),
}
CALLS = READS | WRITES
every_call = pytest.mark.parametrize("name", CALLS)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Name a ledger's file in a folder that is there."""
    (tmp_path / "disk").mkdir()
    return tmp_path / "disk" / "ledger.db"


@pytest.fixture
def sqlite_ledger(path: Path) -> Iterator[SqliteLedger]:
    """Open a ledger that does not wait long for others."""
    ledger = SqliteLedger(str(path), busy_seconds=0.01)
    yield ledger
    ledger.close()


@every_call
async def test_a_missing_folder_is_away(sqlite_ledger: SqliteLedger, path: Path, name: str) -> None:
    """The message names the file; once the folder is there, the same ledger works."""
    path.parent.rmdir()
    with pytest.raises(LedgerAway, match=r"ledger\.db is away: .* whether its folder exists"):
        await CALLS[name](sqlite_ledger)
    path.parent.mkdir()
    assert await sqlite_ledger.insert("run", "row", b"1")


@every_call
async def test_a_locked_file_is_away(sqlite_ledger: SqliteLedger, path: Path, name: str) -> None:
    """Another program's exclusive lock is waited for, not for ever, and then told."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("PRAGMA locking_mode=EXCLUSIVE")
    other.execute("CREATE TABLE other (x)")
    with pytest.raises(LedgerAway, match="another program keeps it locked"):
        await CALLS[name](sqlite_ledger)
    other.close()
    assert await sqlite_ledger.insert("run", "row", b"1")


@pytest.mark.parametrize("name", WRITES)
async def test_a_write_lock_stops_writers(
    sqlite_ledger: SqliteLedger, path: Path, name: str
) -> None:
    """While another process writes for long, a write is away; reading goes on."""
    await sqlite_ledger.insert("run", "row", b"1")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(LedgerAway, match="another program keeps it locked"):
        await WRITES[name](sqlite_ledger)
    assert list(await sqlite_ledger.rows("run")) == ["row"]
    other.close()


@pytest.mark.parametrize(
    "pragma,reason",
    [("max_page_count=1", "the disk is full"), ("query_only=ON", "it may not be written")],
)
async def test_a_file_that_takes_no_more_is_away(
    sqlite_ledger: SqliteLedger, pragma: str, reason: str
) -> None:
    """A full disk and one without write access are told apart; both may pass."""
    await sqlite_ledger.insert("run", "row", b"1")
    assert sqlite_ledger._db
    sqlite_ledger._db.execute(f"PRAGMA {pragma}")
    with pytest.raises(LedgerAway, match=reason):
        await sqlite_ledger.insert("run", "more", bytes(9000))
    assert await sqlite_ledger.insert("run", "more", bytes(9000))


async def test_a_disk_that_is_taken_away_and_back(sqlite_ledger: SqliteLedger, path: Path) -> None:
    """An open file that left its place is not written to, and no empty one takes its place."""
    await sqlite_ledger.insert("run", "row", b"1")
    shutil.move(path.parent, path.parent.with_name("elsewhere"))
    path.parent.mkdir()
    with pytest.raises(LedgerAway):
        await sqlite_ledger.insert("run", "lost", b"1")
    path.parent.rmdir()  # which it could not be if a file had been made in it
    shutil.move(path.parent.with_name("elsewhere"), path.parent)
    assert list(await sqlite_ledger.rows("run")) == ["row"]


async def test_erasing_is_not_told_while_somebody_reads(
    sqlite_ledger: SqliteLedger, path: Path
) -> None:
    """A reader's view keeps the contents in the log; once it is gone they can be erased."""
    await sqlite_ledger.insert("run", "row", b"<canary>" * 99)
    reader = sqlite3.connect(path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM entry").fetchall()
    await sqlite_ledger.delete("run", "row")
    with pytest.raises(LedgerAway, match="still holds what was erased"):
        await sqlite_ledger.scrub()
    reader.close()
    await sqlite_ledger.scrub()
    assert b"canary" not in b"".join(f.read_bytes() for f in path.parent.iterdir())


def test_a_broken_file_is_not_just_away(sqlite_ledger: SqliteLedger, path: Path) -> None:
    """What needs a person is not retried for ever."""
    path.write_bytes(b"this is no database" * 99)
    with pytest.raises(sqlite3.DatabaseError, match="not a database"):
        asyncio.run(sqlite_ledger.get("run", "row"))


@pytest.fixture
async def double() -> AsyncIterator[TableDouble]:
    """Listen as the table service."""
    async with TableDouble() as listening:
        yield listening


@pytest.fixture
async def tables_ledger(double: TableDouble) -> AsyncIterator[TablesLedger]:
    """Open the ledger in the service's table."""
    ledger = TablesLedger(Azurite.connection_to(f"http://{double.authority}", "table"))
    yield ledger
    await ledger.close()


@pytest.mark.parametrize("code", [401, 408, 429, 500, 502, 503])
async def test_a_table_that_fails_is_away(
    tables_ledger: TablesLedger, double: TableDouble, code: int
) -> None:
    """What may pass by itself, and what somebody can mend, is told as away."""
    double.faults = [status(code)]
    with pytest.raises(LedgerAway, match=r"the ledger's table is away: \w+"):
        await tables_ledger.insert("run", "row", b"1")
    assert await tables_ledger.insert("run", "row", b"1")


@pytest.mark.parametrize("name", READS)
async def test_a_table_that_keeps_failing_is_away_for_readers(
    tables_ledger: TablesLedger, double: TableDouble, name: str
) -> None:
    """After three tries a reader is told."""
    double.faults = [status(503, "ServerBusy")] * 4
    with pytest.raises(LedgerAway, match=r"it fails \(503\)"):
        await READS[name](tables_ledger)
    assert len(double.requests) == 3


@every_call
async def test_a_missing_role_is_named(
    tables_ledger: TablesLedger, double: TableDouble, name: str
) -> None:
    """Whoever set it up reads what to grant."""
    double.faults = [status(403, "AuthorizationPermissionMismatch")]
    with pytest.raises(LedgerAway, match="give it the role Storage Table Data Contributor"):
        await CALLS[name](tables_ledger)
    assert len(double.requests) == 1


@pytest.mark.parametrize("name", WRITES)
async def test_a_failed_write_is_sent_once(
    tables_ledger: TablesLedger, double: TableDouble, name: str
) -> None:
    """It may have been written all the same, so that a second try could lose to the first."""
    double.faults = [status(503, "ServerBusy")]
    with pytest.raises(LedgerAway):
        await WRITES[name](tables_ledger)
    assert len(double.requests) == 1


@pytest.mark.parametrize("name", ["insert", "replace"])
async def test_a_write_whose_answer_is_lost_is_sent_once(
    tables_ledger: TablesLedger, double: TableDouble, name: str
) -> None:
    """Not even over a connection that was kept, where HTTP clients like to try again."""
    await tables_ledger.get("run", "row")
    double.faults = [lost]
    with pytest.raises(LedgerAway):
        await WRITES[name](tables_ledger)
    assert len(double.requests) == 2


@pytest.mark.parametrize("name", READS)
async def test_a_failed_read_is_tried_again(
    tables_ledger: TablesLedger, double: TableDouble, name: str
) -> None:
    """A read changes nothing, so a short failure needs nobody's attention."""
    double.faults = [status(503, "ServerBusy")]
    await READS[name](tables_ledger)
    assert len(double.requests) == 2


async def test_a_table_that_never_answers_is_away(
    tables_ledger: TablesLedger, double: TableDouble
) -> None:
    """A call ends by itself."""
    tables_ledger._options["read_timeout"] = 0.02
    with socket.create_server(("127.0.0.1", 0)) as silent:
        at = f"http://127.0.0.1:{silent.getsockname()[1]}"
        tables_ledger._place = Azurite.connection_to(at, "table")
        with pytest.raises(LedgerAway):
            await tables_ledger.insert("run", "row", b"1")


@every_call
async def test_a_table_that_comes_back_is_used_again(name: str) -> None:
    """A closed endpoint is away; the same ledger works once somebody listens there."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    ledger = TablesLedger(Azurite.connection_to(f"http://127.0.0.1:{port}", "table"))
    with pytest.raises(LedgerAway, match="can't be reached"):
        await CALLS[name](ledger)
    async with TableDouble(port):
        assert await ledger.insert("run", "row", b"1")
        await ledger.close()


@pytest.mark.parametrize(
    "faults",
    [
        [status(409, "TableBeingDeleted")],
        [status(404, "TableNotFound"), status(409, "TableBeingDeleted")],
        [status(404, "TableNotFound"), status(204), status(404, "TableNotFound")],
    ],
)
async def test_a_table_that_goes_is_no_lost_claim(
    tables_ledger: TablesLedger, double: TableDouble, faults: list[Fault]
) -> None:
    """Only a row that exists makes an insert lose."""
    double.faults = [*faults]
    with pytest.raises(LedgerAway):
        await tables_ledger.insert("run", "row", b"1")


@pytest.mark.parametrize("name", sorted(CALLS.keys() - {"delete"}))
async def test_a_wrong_address_is_not_an_empty_ledger(
    tables_ledger: TablesLedger, double: TableDouble, name: str
) -> None:
    """Only the service itself can say that there is no such row; another 404 is told as away."""
    double.faults = [status(404, "NotFound")] * 2
    with pytest.raises(LedgerAway, match="there is no such account or table"):
        await CALLS[name](tables_ledger)


async def test_a_mistake_of_ours_is_not_away(
    tables_ledger: TablesLedger, double: TableDouble
) -> None:
    """A request that the service refuses for good is not worth another try."""
    double.faults = [status(400, "InvalidInput")]
    with pytest.raises(HttpResponseError):
        await tables_ledger.insert("run", "row", b"1")


@every_call
async def test_calls_leave_no_trace_in_the_log(
    tables_ledger: TablesLedger, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    """A line or more for each request would bury what an operator looks for."""
    caplog.set_level("INFO")
    await CALLS[name](tables_ledger)
    assert caplog.messages == []


@pytest.fixture
async def identity(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[IdentityDouble]:
    """Listen as the managed identity, and set the app up for Azure."""
    async with IdentityDouble() as listening:
        environment = {
            "IDENTITY_ENDPOINT": listening.url,
            "IDENTITY_HEADER": "made-up",
            "SIGNPOST_BASE_URL": "https://signpost.contoso.com",
            "SIGNPOST_SIGNING_KEYS": "k" * 32,
            "SIGNPOST_LEDGER": "tables:https://contoso.table.core.windows.net",
            "AZURE_OPENAI_ENDPOINT": "https://contoso.openai.azure.com",
            "AZURE_OPENAI_DEPLOYMENT": "gpt",
            "TEAMS_CHANNEL_WEBHOOK_URL": "https://prod-01.westeurope.logic.azure.com/x",
        }
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        settings.cache_clear()
        yield listening
        settings.cache_clear()


@pytest.fixture
async def keyless(identity: IdentityDouble, tmp_path: Path) -> AsyncIterator[TableDouble]:
    """Listen as the table service over TLS, without which no token is sent."""
    context, _ = certificate(tmp_path)
    double = await TableDouble().start(context)
    yield double
    await double.__aexit__()


@pytest.fixture
async def keyless_ledger(keyless: TableDouble, tmp_path: Path) -> AsyncIterator[TablesLedger]:
    """Open the ledger at a URL, trusting the loopback's certificate."""
    ledger = TablesLedger(f"https://{keyless.authority}/contoso")
    ledger._options["connection_verify"] = str(tmp_path / "public.pem")
    yield ledger
    await ledger.close()


@every_call
async def test_azure_s_tables_are_opened_by_the_app_s_identity(
    keyless_ledger: TablesLedger, keyless: TableDouble, name: str
) -> None:
    """Each call carries the token of the managed identity, and no key."""
    await CALLS[name](keyless_ledger)
    assert [authorization for _, authorization in keyless.requests] == ["Bearer made-up"]


@every_call
async def test_without_a_token_the_ledger_is_away(
    keyless_ledger: TablesLedger, keyless: TableDouble, identity: IdentityDouble, name: str
) -> None:
    """Nothing is sent without one; once there is one, the same ledger works."""
    identity.status = 400
    with pytest.raises(LedgerAway, match="identity got no token"):
        await CALLS[name](keyless_ledger)
    assert keyless.requests == []
    identity.status = 200
    assert await keyless_ledger.insert("run", "row", b"1")


async def test_each_loop_has_its_own_connections(tables_ledger: TablesLedger) -> None:
    """A ledger that was used in one event loop works in the next."""

    async def once() -> bool:
        won = await tables_ledger.insert("run", "row", b"1")
        await tables_ledger.close()
        return won

    assert await tables_ledger.insert("run", "row", b"1")
    assert await asyncio.to_thread(asyncio.run, once())
    assert await tables_ledger.insert("run", "row", b"1")
