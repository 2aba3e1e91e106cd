"""Owns the ledger in a table of an Azure Storage account, or of its emulator Azurite."""

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from itertools import count, takewhile
from typing import Any

from azure.core import MatchConditions
from azure.core.credentials import AccessToken
from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import (
    AzureError,
    HttpResponseError,
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)
from azure.data.tables import TableEntity, UpdateMode
from azure.data.tables.aio import TableClient
from azure.identity.aio import ManagedIdentityCredential

from signpost.ledger import LARGEST_BODY, Entry, LedgerAway, check
from signpost.settings import settings

TABLE = "signpost"
ROLE = "Storage Table Data Contributor"
CHUNK_BYTES = 60_000  # a binary property of a table holds 64 KiB
PAGE_ROWS = 1000  # the service gives no more at once, and refuses to be asked for more
CHUNKS = LARGEST_BODY // CHUNK_BYTES
CONNECT_SECONDS, ANSWER_SECONDS, CALL_SECONDS = 5, 15, 30
READ: dict[str, Any] = {"retry_total": 2, "retry_backoff_factor": 0.1}  # seconds
QUIET = logging.getLogger(f"{__name__}.http")  # the library tells of every request
QUIET.setLevel(logging.WARNING)
AWAY: dict[int, str] = {
    HTTPStatus.UNAUTHORIZED: "it does not know the app's identity: are both of one tenant?",
    HTTPStatus.FORBIDDEN: f"the app's identity may not use it: give it the role {ROLE}",
    HTTPStatus.NOT_FOUND: "there is no such account or table",
    HTTPStatus.REQUEST_TIMEOUT: "it gave no answer in time",
    HTTPStatus.CONFLICT: "the table is just being deleted",
    HTTPStatus.TOO_MANY_REQUESTS: "it is asked too often",
}


class TablesLedger:
    """A ledger in one table. `place` is an account's https URL, or a connection string.

    At a URL the app's managed identity is used. A client belongs to the event loop that made
    it, so there is one for each; `close` closes that of the running loop.
    No write is ever sent twice: the second try of a write that won would look like a loss.
    """

    def __init__(self, place: str, table: str = TABLE) -> None:
        self._place = place
        self._table = table
        self._options: dict[str, Any] = {
            "retry_total": 0,
            "connection_timeout": CONNECT_SECONDS,
            "read_timeout": ANSWER_SECONDS,
            "logger": QUIET,
        }
        self._clients: dict[asyncio.AbstractEventLoop, TableClient] = {}

    async def close(self) -> None:
        """Close the connections of this event loop; the next call opens new ones."""
        if client := self._clients.pop(asyncio.get_running_loop(), None):
            await client.close()
            if isinstance(client.credential, _Identity):
                await client.credential.close()

    async def get(self, partition: str, row: str) -> Entry | None:
        """Give one row, or None."""
        check(partition, row)
        async with self._table_client() as client:
            try:
                return _entry(await client.get_entity(partition, row, **READ))
            except ResourceNotFoundError:
                return None

    async def rows(self, partition: str) -> Mapping[str, Entry]:
        """Give all rows of a partition, by name."""
        return dict(await self._query(partition, ""))

    async def page(self, partition: str, after: str, limit: int) -> list[tuple[str, Entry]]:
        """Give up to `limit` rows whose names come after `after`, in the order of code points."""
        return await self._query(partition, after, limit)

    async def insert(self, partition: str, row: str, body: bytes) -> bool:
        """Write a row that must not exist yet; False when it does."""
        check(partition, row, body)
        entity = {"PartitionKey": partition, "RowKey": row, **_chunks(body)}
        async with self._table_client() as client:
            try:
                return await _create(client, entity)
            except ResourceNotFoundError:
                await _create_table(client)
                return await _create(client, entity)

    async def replace(self, partition: str, row: str, body: bytes, etag: str) -> bool:
        """Write a row that must still have this etag; False when it has not.

        Merged (PATCH) over every property there may be: the HTTP client would send a PUT twice
        by itself when a connection that it kept breaks.
        """
        check(partition, row, body)
        entity = {"PartitionKey": partition, "RowKey": row, **_NO_CHUNKS, **_chunks(body)}
        async with self._table_client() as client:
            try:
                await client.update_entity(
                    entity,
                    UpdateMode.MERGE,
                    etag=etag,
                    match_condition=MatchConditions.IfNotModified,
                )
            except (ResourceModifiedError, ResourceNotFoundError):
                return False
            return True

    async def delete(self, partition: str, row: str) -> None:
        """Take a row away, whether it is there or not."""
        check(partition, row)
        async with self._table_client() as client:
            await client.delete_entity(partition, row)

    async def scrub(self) -> None:
        """Do nothing: how long erased bytes stay on its disks is the service's own matter."""

    async def _query(
        self, partition: str, after: str, limit: int | None = None
    ) -> list[tuple[str, Entry]]:
        """Read in the service's order, which is that of code points, over all of its pages."""
        check(partition, after or "-")
        found: list[tuple[str, Entry]] = []
        async with self._table_client() as client:
            pages = client.query_entities(
                "PartitionKey eq @partition and RowKey gt @after",
                parameters={"partition": partition, "after": after},
                results_per_page=min(limit or PAGE_ROWS, PAGE_ROWS),
                **READ,
            )
            try:
                async for entity in pages:
                    found.append((entity["RowKey"], _entry(entity)))
                    if len(found) == limit:
                        break
            except ResourceNotFoundError:
                return []
        return found

    @asynccontextmanager
    async def _table_client(self) -> AsyncIterator[TableClient]:
        """Give this loop's client for one call; raise LedgerAway for what is not our mistake."""
        loop = asyncio.get_running_loop()
        if loop not in self._clients:
            self._clients[loop] = self._connect()
        try:
            async with asyncio.timeout(CALL_SECONDS):
                yield self._clients[loop]
        except TimeoutError as error:
            raise LedgerAway("the ledger's table gave no answer in time") from error
        except AzureError as error:
            reason = _why_away(error)
            if reason is None:
                raise
            raise LedgerAway(f"the ledger's table is away: {reason}") from error

    def _connect(self) -> TableClient:
        if not self._place.startswith("https://"):
            return TableClient.from_connection_string(self._place, self._table, **self._options)
        return TableClient(self._place, self._table, credential=_Identity(), **self._options)


class _Identity(AsyncTokenCredential):
    """Gives the tokens of the app's own identity; without one the ledger is away.

    Not the library's own error: its insert stumbles over one that carries no HTTP response.
    """

    def __init__(self) -> None:
        self._credential = ManagedIdentityCredential(client_id=settings().identity_client_id)

    async def get_token(self, *scopes: str, **options: Any) -> AccessToken:  # noqa: ANN401 - theirs
        try:
            token: AccessToken = await self._credential.get_token(*scopes, **options)
        except AzureError as error:
            raise LedgerAway("the app's identity got no token for the ledger's table") from error
        return token

    async def close(self) -> None:
        await self._credential.close()

    async def __aexit__(self, *_: object) -> None:
        await self.close()


_NO_CHUNKS = {f"b{n}": b"" for n in range(CHUNKS)}


def _chunks(body: bytes) -> dict[str, bytes]:
    starts = range(0, len(body), CHUNK_BYTES)
    return {f"b{n}": body[start : start + CHUNK_BYTES] for n, start in enumerate(starts)}


def _entry(entity: TableEntity) -> Entry:
    chunks: Iterator[bytes] = takewhile(bool, (entity.get(f"b{n}", b"") for n in count()))
    return Entry(b"".join(chunks), str(entity.metadata["etag"]))


async def _create(client: TableClient, entity: Mapping[str, Any]) -> bool:
    """Insert; a conflict about anything but this row, as a table being deleted, is no answer."""
    try:
        await client.create_entity(entity)
    except ResourceExistsError as error:
        if _code(error) != "EntityAlreadyExists":
            raise
        return False
    return True


async def _create_table(client: TableClient) -> None:
    try:
        await client.create_table()
    except ResourceExistsError as error:
        if _code(error) != "TableAlreadyExists":
            raise


def _code(error: HttpResponseError) -> str:
    """Read the service's own code, which the library knows for some of its errors only."""
    text = error.response.text() if error.response is not None else ""
    found = re.search(r'"code":\s*"(\w+)"', text)
    return found[1] if found else ""


def _why_away(error: AzureError) -> str | None:
    """Say for a person why it can't be used now; None for a mistake of ours."""
    if not isinstance(error, HttpResponseError):
        return f"it can't be reached ({type(error).__name__})"
    status = error.status_code
    if status is None or status < HTTPStatus.BAD_REQUEST:
        return "its answer can't be read"
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return f"it fails ({status})"
    return AWAY.get(status)
