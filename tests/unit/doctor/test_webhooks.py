"""Webhooks are looked at without a post: their hosts are found, and connect."""

import asyncio
import socket
import ssl
from pathlib import Path

import pytest

from signpost.doctor.checks import webhooks
from signpost.doctor.finding import Finding
from signpost.doctor.surroundings import Surroundings
from tests.builders import a_config
from tests.doubles.table_double import certificate
from tests.unit.doctor.installed import an_installation, problem, states

CANARY = "canary-of-the-signature"


def leading_to(url: str) -> Surroundings:
    """Give an installation whose channel's webhook is this, and which has no other."""
    config = a_config(channel_webhook_url=url, chat_webhook_url=None)
    return an_installation()._replace(config=config)


async def look(url: str) -> list[Finding]:
    """Look at a webhook, whose address is told to nobody."""
    found = await webhooks.check(leading_to(f"{url}/workflows/1?sig={CANARY}"))
    assert CANARY not in repr(found)
    assert "/workflows" not in repr(found)
    return found


async def test_a_host_that_connects_is_enough() -> None:
    """Nothing is sent to it: that would be a post."""
    sent = asyncio.Queue[bytes]()

    async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await sent.put(await reader.read())
        writer.close()

    async with await asyncio.start_server(hear, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        assert states(await look(f"http://127.0.0.1:{port}")) == ["ok", "ok"]
        assert await sent.get() == b""


async def test_a_host_that_there_is_not_is_told() -> None:
    """The setting is named, and what to do."""
    finding = problem(await look("https://prod-1.invalid"))
    assert "TEAMS_CHANNEL_WEBHOOK_URL leads nowhere: there is no host" in finding.detail
    assert "Set TEAMS_CHANNEL_WEBHOOK_URL" in str(finding.fix)


async def test_a_host_that_refuses_is_told() -> None:
    """Nothing listens there: what starts local Teams at that port is told."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
        finding = problem(await look(f"https://127.0.0.1:{port}"))
    assert "can't be reached" in finding.detail
    assert f"-m local.teams --port {port} " in str(finding.fix)


async def test_a_certificate_that_nobody_trusts_is_told(tmp_path: Path) -> None:
    """Posts would fail for it, too."""
    tls, _ = certificate(tmp_path)
    assert isinstance(tls, ssl.SSLContext)
    async with await asyncio.start_server(lambda *_: None, "127.0.0.1", 0, ssl=tls) as server:
        port = server.sockets[0].getsockname()[1]
        assert "TLS certificate" in problem(await look(f"https://127.0.0.1:{port}")).detail


@pytest.mark.parametrize("name", ["TEAMS_CHANNEL_WEBHOOK_URL", "TEAMS_CHAT_WEBHOOK_URL"])
async def test_a_wrong_webhook_is_told_once(name: str) -> None:
    """The look at the settings names it, and nobody connects there."""
    around = an_installation(**{name: f"https://contoso.com/?sig={CANARY}"})
    [found] = [each for each in await webhooks.check(around) if name in each.detail]
    assert found.state == "unknown"
