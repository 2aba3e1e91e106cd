"""No setting, redirect or text leads the app to a server that it was not meant to reach."""

import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from aiohttp import web

from signpost.problems import Misconfigured
from signpost.settings import read
from signpost.teams.workflows import Workflows
from tests.acceptance.client import Signpost
from tests.builders import NOW
from tests.doubles.quick_model import say

NAMES = ("TEAMS_CHANNEL_WEBHOOK_URL", "TEAMS_CHAT_WEBHOOK_URL")
WORKFLOW = "https://prod-01.westeurope.logic.azure.com/workflows/1"
AZURE = {
    "SIGNPOST_BASE_URL": "https://signpost.contoso.com",
    "SIGNPOST_SIGNING_KEYS": "k" * 32,
    "SIGNPOST_LEDGER": "sqlite:unused",
    "AZURE_OPENAI_ENDPOINT": "https://contoso.openai.azure.com/",
    "AZURE_OPENAI_DEPLOYMENT": "gpt",
    "TEAMS_CHANNEL_WEBHOOK_URL": WORKFLOW,
    "TEAMS_CHAT_WEBHOOK_URL": WORKFLOW,
}
MESSAGE: dict[str, Any] = {"type": "message", "attachments": []}

# Each leads to a server on this machine's port P, by one parser's reading or another's.
VARIANTS = [
    "http://127.0.0.1:P/", "https://127.0.0.1:P/", "http://localhost:P/", "https://localhost:P/",
    "http://[::1]:P/", "https://[::1]:P/", "http://[::ffff:127.0.0.1]:P/", "http://[0:0::1]:P/",
    "http://0.0.0.0:P/", "http://0:P/", "http://127.1:P/", "http://127.0.1:P/",
    "http://127.255.255.254:P/", "http://2130706433:P/", "http://0x7f000001:P/",
    "http://0x7f.0x0.0x0.0x1:P/", "http://0177.0.0.1:P/", "http://017700000001:P/",
    "http://127.0.0.1.:P/", "http://localhost.:P/", "http://LOCALHOST:P/", "http://127.0.0.1%2f:P/",
    "http://\uff11\uff12\uff17.0.0.1:P/", "http://127\u30020\u30020\u30021:P/",
    "http://\u2460\u2461\u2466.0.0.1:P/", "http://127.0.0.1:P/.logic.azure.com",
    "http://127.0.0.1:P?.logic.azure.com", "http://127.0.0.1:P#.logic.azure.com",
    "http://127.0.0.1:P\\.logic.azure.com", "http://127.0.0.1:P;.logic.azure.com",
    "https://prod.logic.azure.com@127.0.0.1:P/", "https://prod.logic.azure.com:x@127.0.0.1:P/",
    "https://prod.logic.azure.com%40127.0.0.1:P/", "https://prod.logic.azure.com\\@127.0.0.1:P/",
    "https://127.0.0.1:P\\@prod.logic.azure.com/", "https://prod.logic.azure.com#@127.0.0.1:P/",
    "https://prod.logic.azure.com:P/", "https://prod.logic.azure.com\t@127.0.0.1:P/",
    "https://prod.logic.azure.com\r\nHost: 127.0.0.1:P/", "https://prod.logic.azure.com P",
    "//127.0.0.1:P/", "127.0.0.1:P", "ftp://127.0.0.1:P/", "gopher://127.0.0.1:P/_x",
    "file://127.0.0.1:P/etc", "ws://127.0.0.1:P/", "jar:http://127.0.0.1:P!/",
    "http:127.0.0.1:P", "http:/127.0.0.1:P/", "http:///127.0.0.1:P/", "http://user@127.0.0.1:P/",
]  # fmt: skip


class Canary:
    """A server on loopback that nobody should connect to; it counts who does."""

    def __init__(self) -> None:
        self.heard = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                caller, _ = self._socket.accept()
            except OSError:
                return
            self.heard += 1
            caller.close()

    def url(self, variant: str) -> str:
        """Aim one of the variants at this server."""
        return variant.replace("P", str(self.port), 1)

    def close(self) -> None:
        """Stop listening."""
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


@pytest.fixture
def canary() -> Iterator[Canary]:
    """Listen until the test is over."""
    listening = Canary()
    yield listening
    listening.close()


async def send(environment: dict[str, str]) -> None:
    """Send as the app does: to the channel, and to a person."""
    teams = Workflows(read(environment))
    await teams.post(MESSAGE, NOW)
    await teams.notify("adele@contoso.com", MESSAGE, NOW)


def test_the_table_of_variants_is_long() -> None:
    """At least 40 ways to write an address that is not meant."""
    assert len(set(VARIANTS)) == len(VARIANTS) >= 40


@pytest.mark.parametrize("name", NAMES)
async def test_no_setting_leads_inwards(canary: Canary, name: str) -> None:
    """Each variant is refused before anything is sent: 0 connections."""
    for variant in VARIANTS:
        with pytest.raises(Misconfigured):
            await send(AZURE | {name: canary.url(variant)})
    assert canary.heard == 0


async def test_the_canary_would_hear(canary: Canary) -> None:
    """On one machine loopback is allowed, and then both messages arrive."""
    here = {name: canary.url("http://127.0.0.1:P/") for name in NAMES}
    await send(AZURE | here | {"SIGNPOST_ENVIRONMENT": "local"})
    assert canary.heard == 2


@pytest.mark.parametrize("status", [300, 301, 302, 303, 305, 307, 308])
async def test_no_redirect_is_followed(canary: Canary, status: int) -> None:
    """What a workflow answers names no new place to send a signed text to."""
    headers = {"Location": canary.url("http://127.0.0.1:P/"), "Refresh": "0"}

    async def redirect(_: web.Request) -> web.Response:
        return web.Response(status=status, headers=headers)

    app = web.Application()
    app.router.add_post("/", redirect)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    here = dict.fromkeys(NAMES, f"http://127.0.0.1:{runner.addresses[0][1]}/")
    await send(AZURE | here | {"SIGNPOST_ENVIRONMENT": "local"})
    await runner.cleanup()
    assert canary.heard == 0


def test_no_text_is_fetched(signpost: Signpost, canary: Canary) -> None:
    """Addresses in a topic, a draft, a comment, an edit and in headers are letters to the app."""
    here = f"127.0.0.1:{canary.port}"
    found = [canary.url(each) for each in VARIANTS if each.isascii() and each.isprintable()]
    pictures = f"![x](http://{here}/x.png) <img src=//{here}> [y]: http://{here}"
    for topic in ("\n".join(found), say("\n".join(found)), pictures):
        headers = {"Referer": f"http://{here}/", "X-Forwarded-Host": here, "Callback": here}
        body = {"inputs": {"Topic": topic}}
        started = signpost.http.post("/api/flows/first/runs", json=body, headers=headers)
        run = started.json()["id"]
        edited = {"acceptedText": pictures, "comments": "\n".join(found)}
        assert signpost.sign(signpost.link(run), **edited).is_success
        assert signpost.wait(run, "closed")["delivery"]["state"] == "handed over"
    assert canary.heard == 0
