"""Owns queue triggers: it takes messages from Azure Storage queues, Azurite's first of all.

Rules as of the Storage.Queues extension 5: a message is hidden for ten minutes while its function
runs, and longer if need be; it is deleted afterwards, shown again when the function failed, and
moved to QUEUE-poison after `maxDequeueCount` tries or when its encoding is not the agreed one.
"""

import asyncio
import base64
import binascii
import logging
import os
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from azure.core.exceptions import AzureError, ResourceNotFoundError
from azure.functions.meta import Datum
from azure.storage.queue import QueueMessage
from azure.storage.queue.aio import QueueClient

from devhost.config import ConfigError, read_json
from devhost.history import stamp
from devhost.invoke import Worker
from devhost.loader import App, Function, LoadError
from devhost.schedules import timespan

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

_log = logging.getLogger("devhost.queues")
_HIDDEN = 600  # seconds that a message is hidden while its function runs; renewed at half time
_SHORTEST_POLL = 0.1  # seconds
_DRAIN = 30.0  # seconds that running functions get when the host is told to stop
_LARGEST_BATCH = 32
# Every Azurite of the last years knows it, so that a new library can talk to an older one.
_API_VERSION = "2021-02-12"
# The account that all emulators share; it opens nothing else.
_EMULATOR = (
    "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey="
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==;"
    "QueueEndpoint=http://127.0.0.1:10001/devstoreaccount1;"
)


@dataclass(frozen=True, slots=True)
class Options:
    """What host.json says in extensions.queues; the polling interval is that of Core Tools."""

    max_polling_interval: timedelta = timedelta(seconds=2)
    visibility_timeout: timedelta = timedelta()
    batch_size: int = 16
    max_dequeue_count: int = 5
    new_batch_threshold: int = 8
    base64: bool = True


def read_options(folder: Path) -> Options:
    """Read extensions.queues of host.json; raises ConfigError."""
    path = folder / "host.json"
    given = (read_json(path).get("extensions") or {}).get("queues") or {}
    defaults = Options()

    def number(name: str, default: int, lowest: int, highest: int) -> int:
        value = given.get(name, default)
        if not isinstance(value, int) or not lowest <= value <= highest:
            raise ConfigError(
                f"{path}: extensions.queues.{name} is {value!r}; "
                f"give a whole number from {lowest} to {highest}."
            )
        return value

    def span(name: str, default: timedelta) -> timedelta:
        value = timespan(str(given[name])) if name in given else default
        if value is None:
            raise ConfigError(
                f'{path}: extensions.queues.{name} is {given[name]!r}; write it as "00:00:02".'
            )
        return value

    encoding = str(given.get("messageEncoding", "base64")).lower()
    if encoding not in ("base64", "none"):
        raise ConfigError(
            f"{path}: extensions.queues.messageEncoding is {encoding!r}; choose base64 or none."
        )
    batch = number("batchSize", defaults.batch_size, 1, _LARGEST_BATCH)
    return Options(
        max_polling_interval=span("maxPollingInterval", defaults.max_polling_interval),
        visibility_timeout=span("visibilityTimeout", defaults.visibility_timeout),
        batch_size=batch,
        max_dequeue_count=number("maxDequeueCount", defaults.max_dequeue_count, 1, 2**31),
        new_batch_threshold=number("newBatchThreshold", batch // 2, 0, 1000),
        base64=encoding == "base64",
    )


class Listener:
    """One queue trigger."""

    def __init__(
        self,
        function: Function,
        options: Options,
        queue: Callable[[str], QueueClient],
        worker: Worker,
        client: Callable[[], str],
    ) -> None:
        self._function, self._options = function, options
        self._worker, self._client = worker, client
        name = str(function.trigger["queueName"])
        self._open = queue
        self._names = (name, f"{name}-poison")
        self._running: set[asyncio.Task[None]] = set()
        self._stop = asyncio.Event()
        self._unreachable = False

    def start(self) -> None:
        """Begin to take messages."""
        self._queue, self._poison = (self._open(name) for name in self._names)
        self._listening = asyncio.get_running_loop().create_task(self._listen())

    async def stop(self) -> None:
        """Take no more messages, and wait for the functions that run."""
        self._stop.set()
        await self._listening
        if self._running:
            await asyncio.wait(self._running, timeout=_DRAIN)
        await self._queue.close()
        await self._poison.close()

    async def _listen(self) -> None:
        pause = _SHORTEST_POLL
        longest = max(_SHORTEST_POLL, self._options.max_polling_interval.total_seconds())
        while not self._stop.is_set():
            if len(self._running) > self._options.new_batch_threshold:
                await self._until_stopped(
                    asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)
                )
            elif found := await self._receive():
                pause = _SHORTEST_POLL
                for message in found:
                    task = asyncio.get_running_loop().create_task(self._handle(message))
                    self._running.add(task)
                    task.add_done_callback(self._running.discard)
            else:
                await self._until_stopped(asyncio.sleep(pause))
                pause = min(2 * pause, longest)

    async def _until_stopped(self, work: Awaitable[Any]) -> None:
        tasks = [asyncio.ensure_future(work), asyncio.ensure_future(self._stop.wait())]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()

    async def _receive(self) -> list[QueueMessage]:
        """Take the next messages, none when there is no queue or no server."""
        size = self._options.batch_size
        pages = self._queue.receive_messages(messages_per_page=size, visibility_timeout=_HIDDEN)
        messages: list[QueueMessage] = []
        try:
            async for page in pages.by_page():
                messages = [message async for message in page]
                break
        except ResourceNotFoundError:
            pass  # no such queue yet; whoever sends first creates it
        except AzureError as error:
            if not self._unreachable:
                _log.error(
                    "Queue '%s' can't be read (%s): start Azurite, or correct the setting that is "
                    "its connection.", self._names[0], error.message,
                )  # fmt: skip
            self._unreachable = True
            return []
        if self._unreachable:
            _log.info("Queue '%s' can be read again.", self._names[0])
        self._unreachable = False
        return messages

    async def _handle(self, message: QueueMessage) -> None:
        try:
            await self._process(message)
        except AzureError as error:
            _log.error(
                "Message %s of queue '%s' can't be settled and will come again: %s",
                message.id, self._names[0], error.message,
            )  # fmt: skip

    async def _process(self, message: QueueMessage) -> None:
        tries, most = message.dequeue_count or 1, self._options.max_dequeue_count
        body = self._body(message)
        if tries > most or body is None:
            await self._bury(message)
            return
        async with self._kept_hidden(message):
            done = await self._call(message, body)
        if done:
            await self._queue.delete_message(message)
        elif tries >= most:
            await self._bury(message)
        else:
            seconds = int(self._options.visibility_timeout.total_seconds())
            await self._queue.update_message(message, visibility_timeout=seconds)

    async def _call(self, message: QueueMessage, body: Datum) -> bool:
        """Run the function; tells whether it succeeded."""
        try:
            await self._worker.call(
                self._function, body, self._client(), metadata=_metadata(message)
            )
        except Exception:  # noqa: BLE001 - whatever user code raises is a failed try
            _log.exception(
                "Function '%s' failed on message %s, try %s of %s.",
                self._function.name, message.id, message.dequeue_count,
                self._options.max_dequeue_count,
            )  # fmt: skip
            return False
        return True

    @asynccontextmanager
    async def _kept_hidden(self, message: QueueMessage) -> "AsyncGenerator[None]":
        async def renew() -> None:
            while True:
                await asyncio.sleep(_HIDDEN / 2)
                with suppress(AzureError):  # the next renewal is in time as well
                    new = await self._queue.update_message(message, visibility_timeout=_HIDDEN)
                    message.pop_receipt = new.pop_receipt

        renewing = asyncio.get_running_loop().create_task(renew())
        try:
            yield
        finally:
            renewing.cancel()

    def _body(self, message: QueueMessage) -> Datum | None:
        """Return what the message says, as text where it is text; None: not encoded as agreed."""
        text = str(message.content)
        if not self._options.base64:
            return Datum(text, "string")
        try:
            content = base64.b64decode(text, validate=True)
        except binascii.Error:
            _log.error(
                "Message %s of queue '%s' is not in base64: send it so, or set "
                'extensions.queues.messageEncoding to "none" in host.json.',
                message.id, self._names[0],
            )  # fmt: skip
            return None
        try:
            return Datum(content.decode(), "string")
        except UnicodeDecodeError:
            return Datum(content, "bytes")

    async def _bury(self, message: QueueMessage) -> None:
        """Move a message to the poison queue."""
        _log.warning("Message %s moved to queue '%s'.", message.id, self._names[1])
        try:
            await self._poison.send_message(message.content)
        except ResourceNotFoundError:
            await self._poison.create_queue()
            await self._poison.send_message(message.content)
        await self._queue.delete_message(message)


def _metadata(message: QueueMessage) -> dict[str, Datum]:
    def moment(value: datetime | None) -> Datum:
        return Datum(stamp(value) if value else "", "string")

    return {
        "Id": Datum(message.id, "string"),
        "DequeueCount": Datum(message.dequeue_count, "int"),
        "InsertionTime": moment(message.inserted_on),
        "ExpirationTime": moment(message.expires_on),
        "NextVisibleTime": moment(message.next_visible_on),
        "PopReceipt": Datum(message.pop_receipt, "string"),
    }


def _connection(function: Function) -> str:
    """Return the connection string that a trigger's `connection` names, as Azure looks it up."""
    name = str(function.trigger.get("connection") or "AzureWebJobsStorage")
    found = os.environ.get(f"AzureWebJobs{name}") or os.environ.get(name)
    if not found:
        raise LoadError(
            f"function {function.name}: setting {name!r}, its connection, is missing: add it to "
            'Values of local.settings.json, "UseDevelopmentStorage=true" for Azurite.'
        )
    return _EMULATOR if found.strip().rstrip(";") == "UseDevelopmentStorage=true" else found


def open_listeners(
    app: App, folder: Path, worker: Worker, client: Callable[[], str]
) -> list[Listener]:
    """Make the queue triggers of an app; raises LoadError and ConfigError."""
    functions = [f for f in app.functions if f.kind == "queueTrigger"]
    if not functions:
        return []
    # The library logs each request, and polling makes many.
    logging.getLogger("azure.core.pipeline.policies.http_logging_policy").setLevel(logging.WARNING)

    # Each try is one poll; the library's own retries would only delay the next one.
    def opener(connection: str) -> Callable[[str], QueueClient]:
        return lambda name: QueueClient.from_connection_string(
            connection, name, api_version=_API_VERSION, retry_total=0
        )

    options = read_options(folder)
    return [Listener(f, options, opener(_connection(f)), worker, client) for f in functions]
