"""Queue triggers against a real Azurite: batches, tries, poison, encodings, clients."""

import asyncio
import base64
import json
import shutil
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from azure.storage.queue.aio import QueueClient, QueueServiceClient

from devhost.config import ConfigError
from devhost.loader import LoadError
from devhost.queues import Listener, Options, read_options
from tests.doubles.azurite import Azurite
from tests.engine.conftest import APPS, Open

_VERSION = "2021-02-12"


@pytest.fixture(scope="module")
def connection() -> Iterator[str]:
    """Run one Azurite for all tests here and give its connection string."""
    with Azurite() as azurite:
        yield azurite.connection


@pytest.fixture
async def storage(
    connection: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[QueueServiceClient]:
    """Give an account without queues, known to the app as its setting."""
    monkeypatch.setenv("QUEUES", connection)
    service = QueueServiceClient.from_connection_string(connection, api_version=_VERSION)
    async with service:
        yield service
        async for queue in service.list_queues():
            await service.delete_queue(queue)


async def send(storage: QueueServiceClient, name: str, *bodies: bytes) -> QueueClient:
    """Put messages into a new queue, encoded as the host expects them."""
    queue = storage.get_queue_client(name)
    await queue.create_queue()
    for body in bodies:
        await queue.send_message(base64.b64encode(body).decode())
    return queue


def app_module() -> Any:
    """Return the fixture app as the host has loaded it."""
    return sys.modules["function_app"]


def bodies() -> list[Any]:
    """Return what the functions were called with so far."""
    return [call["body"] for call in app_module().seen]


async def until(condition: Callable[[], Awaitable[Any]] | Callable[[], Any]) -> Any:
    """Ask until the answer is true; returns it."""
    for _ in range(500):
        answer = condition()
        if isinstance(answer, Awaitable):
            answer = await answer
        if answer:
            return answer
        await asyncio.sleep(0.01)
    raise TimeoutError


async def peeked(storage: QueueServiceClient, name: str) -> list[str]:
    """Return what a queue shows, nothing if there is no such queue."""
    if name not in [queue.name async for queue in storage.list_queues()]:
        return []
    return [str(m.content) for m in await storage.get_queue_client(name).peek_messages(32)]


async def test_a_message_arrives_with_all_that_is_known_of_it(
    open_app: Open, storage: QueueServiceClient
):
    """The function gets body, id, try and times, and the message is gone afterwards."""
    queue = await send(storage, "orders", "grüße".encode())
    app = await open_app("queues")
    await until(lambda: app_module().seen)
    [call] = app_module().seen
    assert (call["body"], call["tries"]) == ("grüße".encode(), 1)
    assert call["id"]
    assert call["receipt"]
    assert 500 < (call["visible"] - call["inserted"]).total_seconds() < 700
    assert (call["expires"] - call["inserted"]).days == 7
    await app.host.stop()
    assert (await queue.get_queue_properties()).approximate_message_count == 0


async def test_a_message_that_is_sent_later_arrives(open_app: Open, storage: QueueServiceClient):
    """A queue that does not exist at the start is found once somebody makes it."""
    await open_app("queues")
    await asyncio.sleep(0.02)
    await send(storage, "orders", b"late", b"later")
    await until(lambda: len(bodies()) == 2)
    assert sorted(bodies()) == [b"late", b"later"]


async def test_a_failing_message_ends_in_the_poison_queue(
    open_app: Open, storage: QueueServiceClient
):
    """Five tries, then the message is moved as it is."""
    queue = await send(storage, "broken", b"bad")
    await open_app("queues")
    assert await until(lambda: peeked(storage, "broken-poison")) == ["YmFk"]
    assert bodies() == ["bad"] * 5
    assert await until(lambda: gone(queue))


async def gone(queue: QueueClient) -> bool:
    """Tell whether a queue is empty, hidden messages included."""
    return (await queue.get_queue_properties()).approximate_message_count == 0


async def test_a_message_in_another_encoding_is_poison(open_app: Open, storage: QueueServiceClient):
    """Text that is no base64 is moved without a call."""
    queue = await send(storage, "orders")
    await queue.send_message("not base64!")
    await open_app("queues")
    assert await until(lambda: peeked(storage, "orders-poison")) == ["not base64!"]
    assert bodies() == []


async def test_plain_messages_and_bytes(
    open_app: Open, storage: QueueServiceClient, tmp_path: Path
):
    """With messageEncoding none, text arrives as it was sent."""
    folder = shutil.copytree(APPS / "queues", tmp_path / "app")
    write_options(folder, messageEncoding="none", maxPollingInterval="00:00:00.1")
    queue = await send(storage, "orders")
    await queue.send_message('{"plain": true}')
    await open_app(folder)
    await until(bodies)
    assert bodies() == [b'{"plain": true}']


async def test_what_is_no_text_arrives_as_bytes(open_app: Open, storage: QueueServiceClient):
    """Bytes in base64 that are no UTF-8 reach the function unchanged."""
    await send(storage, "orders", b"\xff\x00")
    await open_app("queues")
    await until(bodies)
    assert bodies() == [b"\xff\x00"]


async def test_a_batch_and_its_threshold_limit_what_runs_at_once(
    open_app: Open, storage: QueueServiceClient
):
    """Batches of four are fetched while at most one message is being processed."""
    await send(storage, "orders", *(b"%d" % n for n in range(12)))
    await open_app("queues")
    app_module().released.clear()
    await until(lambda: len(app_module().running) >= 4)
    await asyncio.sleep(0.05)
    assert len(app_module().running) == 4
    app_module().released.set()
    await until(lambda: len(bodies()) == 12)


async def test_a_message_can_start_an_orchestration(open_app: Open, storage: QueueServiceClient):
    """The durable client works in a queue function."""
    await send(storage, "runs", b"from-a-message")
    app = await open_app("queues")
    await until(lambda: app.host.store.instance("from-a-message"))
    await app.settle()
    assert (await app.status("from-a-message"))["runtimeStatus"] == "Running"


async def test_a_storage_that_is_away_is_said_once(
    open_app: Open, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    """The host starts and says which queue it can't read, once for each."""
    monkeypatch.setenv("QUEUES", Azurite.connection_to("http://127.0.0.1:1"))
    app = await open_app("queues")
    await until(lambda: len(unreadable(caplog)) == 3)
    await asyncio.sleep(0.05)
    await app.host.stop()
    assert len(unreadable(caplog)) == 3


async def test_a_storage_that_comes_back_is_used_again(
    open_app: Open, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    """Messages sent after an outage arrive; that the queue can be read again is said."""
    caplog.set_level("INFO")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    monkeypatch.setenv("QUEUES", Azurite.connection_to(f"http://127.0.0.1:{port}"))
    await open_app("queues")
    await until(lambda: unreadable(caplog))
    with Azurite(port) as azurite:
        service = QueueServiceClient.from_connection_string(
            azurite.connection, api_version=_VERSION
        )
        async with service:
            await send(service, "orders", b"after")
            await until(bodies)
            assert "Queue 'orders' can be read again." in caplog.text


def unreadable(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what the log says of queues that can't be read."""
    return [r.getMessage() for r in caplog.records if "can't be read" in r.getMessage()]


async def test_a_missing_connection_is_named(open_app: Open, monkeypatch: pytest.MonkeyPatch):
    """The message names function, setting and what to write."""
    monkeypatch.delenv("QUEUES", raising=False)
    with pytest.raises(LoadError, match=r"note: setting 'QUEUES'.*UseDevelopmentStorage=true"):
        await open_app("queues")


@pytest.mark.parametrize("setting", ["QUEUES", "AzureWebJobsQUEUES"])
async def test_the_emulator_has_a_short_name(
    open_app: Open, monkeypatch: pytest.MonkeyPatch, setting: str
):
    """UseDevelopmentStorage=true is Azurite at its usual port; settings have Azure's prefix too."""
    monkeypatch.delenv("QUEUES", raising=False)
    monkeypatch.setenv(setting, "UseDevelopmentStorage=true")
    app = await open_app("queues")
    [listener, *_] = app.host.sources
    assert isinstance(listener, Listener)
    assert listener._queue.url == "http://127.0.0.1:10001/devstoreaccount1/orders"


def write_options(folder: Path, **options: object) -> None:
    """Write a host.json with the options of the queues extension."""
    host = {"version": "2.0", "extensions": {"queues": options}}
    (folder / "host.json").write_text(json.dumps(host), encoding="utf-8")


def test_options_have_the_defaults_of_azure(tmp_path: Path):
    """The threshold is half a batch unless given."""
    write_options(tmp_path)
    assert read_options(tmp_path) == Options()
    write_options(tmp_path, batchSize=32)
    assert read_options(tmp_path).new_batch_threshold == 16


@pytest.mark.parametrize(
    "name,value",
    [
        ("batchSize", 33),
        ("maxDequeueCount", 0),
        ("newBatchThreshold", "many"),
        ("visibilityTimeout", "soon"),
        ("messageEncoding", "utf8"),
    ],
)
def test_a_bad_option_is_named(tmp_path: Path, name: str, value: object):
    """The message names the file and the setting."""
    write_options(tmp_path, **{name: value})
    with pytest.raises(ConfigError, match=rf"host\.json: extensions\.queues\.{name} is '?{value}"):
        read_options(tmp_path)
