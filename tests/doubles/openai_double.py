"""A loopback server of chat completions whose every answer a test can script to the byte."""

import asyncio
import json
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Self

from aiohttp import web


@dataclass(frozen=True)
class Scripted:
    """One answer; `delay` is in seconds, `close` drops the connection without an answer."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json"
    delay: float = 0.0
    close: bool = False


def completion(content: Any = "Hello.", **choice: Any) -> dict[str, Any]:
    """Give the body of a completion with one choice."""
    message = {"role": "assistant", "content": content} | choice.pop("message", {})
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "gpt-4o-mini",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"} | choice],
        "usage": {"prompt_tokens": 7, "completion_tokens": 2, "total_tokens": 9},
    }


class OpenAIDouble:
    """Answers with the script, then with a completion; keeps what it was asked."""

    def __init__(self) -> None:
        self.script: deque[Scripted] = deque()
        self.requests: list[dict[str, Any]] = []
        self.authorizations: list[str] = []
        self.url = ""
        self._closing = asyncio.Event()
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_post("/v1/chat/completions", self._complete)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/v1"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._closing.set()
        if self._runner is not None:
            await self._runner.cleanup()

    async def _complete(self, request: web.Request) -> web.Response:
        self.requests.append(await request.json())
        self.authorizations.append(request.headers.get("Authorization", ""))
        scripted = self.script.popleft() if self.script else Scripted(body=completion())
        if scripted.delay:
            await asyncio.wait([asyncio.create_task(self._closing.wait())], timeout=scripted.delay)
        if scripted.close and request.transport is not None:
            request.transport.abort()
        raw = isinstance(scripted.body, bytes)
        return web.Response(
            status=scripted.status,
            body=scripted.body if raw else json.dumps(scripted.body).encode(),
            content_type=scripted.content_type,
            headers=scripted.headers,
        )
