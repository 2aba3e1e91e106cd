"""call_http against a small loopback server."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from tests.engine.conftest import Open


@pytest.fixture
async def mirror() -> AsyncIterator[str]:
    """Serve what was sent as JSON; with status 202 for POST."""

    async def answer(request: web.BaseRequest) -> web.Response:
        seen = {"body": await request.text(), "type": request.headers.get("Content-Type")}
        return web.json_response(seen, status=202 if request.method == "POST" else 200)

    server = web.Server(answer)
    runner = web.ServerRunner(server)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield site.name.replace("0.0.0.0", "127.0.0.1")
    await runner.cleanup()


async def fetch(open_app: Open, **request: Any) -> Any:
    """Run the fetching orchestration; returns its status."""
    app = await open_app("http_call")
    key = await app.start("fetch", request)
    return await app.status(key)


async def test_the_response_comes_back_as_a_dict(open_app: Open, mirror: str):
    """Status, headers and content are there."""
    answer = (await fetch(open_app, method="GET", uri=mirror))["output"]
    assert answer["statusCode"] == 200
    assert answer["headers"]["Content-Type"].startswith("application/json")
    assert '"body": ""' in answer["content"]


async def test_content_is_sent_as_plain_text(open_app: Open, mirror: str):
    """Without a content type the host says text/plain; 202 is not polled in Python."""
    answer = (await fetch(open_app, method="POST", uri=mirror, content={"a": 1}))["output"]
    assert answer["statusCode"] == 202
    assert "text/plain; charset=utf-8" in answer["content"]


async def test_a_server_that_is_not_there_fails_the_orchestration(open_app: Open):
    """A refused connection is a failure, not a hang."""
    status = await fetch(open_app, method="GET", uri="http://127.0.0.1:9/")
    assert status["runtimeStatus"] == "Failed"
    assert "127.0.0.1:9" in status["output"]
