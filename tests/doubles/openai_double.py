"""A loopback Azure OpenAI whose every answer a test can script to the byte.

It listens as `/v1` (any OpenAI-compatible server) and as the two paths of Azure OpenAI, which are
strict about the API version and the token: `/openai/v1` and `/openai/deployments/{name}`.
"""

import asyncio
import json
import math
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from aiohttp import web

VERSIONS = ("2024-02-01", "2024-06-01", "2024-10-21", "2025-04-01-preview")
V1_VERSIONS = (None, "v1", "preview", "latest")
MINUTE = 60.0
NO_VERSION = {"error": {"code": "404", "message": "Resource not found"}}
NO_V1_VERSION = {"error": {"code": "BadRequest", "message": "API version not supported"}}
NO_CAPACITY = {"error": {"code": "429", "message": "Rate limit is exceeded. Try again later."}}
NO_TOKEN = {
    "statusCode": 401,
    "message": "Unauthorized. Access token is missing, invalid, audience is incorrect "
    "(https://cognitiveservices.azure.com), or have expired.",
}


@dataclass(frozen=True)
class Scripted:
    """One answer; `delay` is in seconds, `close` drops the connection without an answer."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json"
    delay: float = 0.0
    close: bool = False


def completion(*contents: Any, **choice: Any) -> dict[str, Any]:
    """Give the body of a completion with one choice for each content, all of one kind."""
    shared = choice.pop("message", {})
    choices = [
        {"index": i, "message": {"role": "assistant", "content": content} | shared}
        for i, content in enumerate(contents or ("Hello.",))
    ]
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "gpt-4o-mini",
        "choices": [each | {"finish_reason": "stop"} | choice for each in choices],
        "usage": {"prompt_tokens": 7, "completion_tokens": 2, "total_tokens": 9},
    }


class OpenAIDouble:
    """Answers with the script, then with completions; keeps what it was asked, and when.

    `token` is the one that it believes, None for any; `clock` tells the times in `arrivals`, in
    seconds. Requests that Azure would turn away at the door are in `turned_away` alone. Of more
    than `per_minute` in any minute it answers the rest with 429, and says when to come back.
    """

    def __init__(self) -> None:
        self.clock: Callable[[], float] = time.monotonic
        self.script: deque[Scripted] = deque()
        self.token: str | None = None
        self.per_minute: int | None = None
        self.requests: list[dict[str, Any]] = []
        self.authorizations: list[str] = []
        self.arrivals: list[float] = []
        self.served: deque[float] = deque()
        self.turned_away: list[str] = []
        self.endpoint = ""
        self._closing = asyncio.Event()
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """The address of an OpenAI-compatible server."""
        return f"{self.endpoint}/v1"

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=2**26)
        app.router.add_post("/v1/chat/completions", self._complete)
        app.router.add_post("/openai/v1/chat/completions", self._complete_v1)
        app.router.add_post(
            "/openai/deployments/{name}/chat/completions", self._complete_deployment
        )
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.endpoint = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._closing.set()
        if self._runner is not None:
            await self._runner.cleanup()

    async def _complete_v1(self, request: web.Request) -> web.Response:
        return await self._at_azure(
            request, V1_VERSIONS, web.json_response(NO_V1_VERSION, status=400)
        )

    async def _complete_deployment(self, request: web.Request) -> web.Response:
        unknown = web.json_response(NO_VERSION, status=404)
        return await self._at_azure(request, VERSIONS, unknown)

    async def _at_azure(
        self, request: web.Request, known: Sequence[str | None], unknown: web.Response
    ) -> web.Response:
        if request.query.get("api-version") not in known:
            return self._turn_away("version", unknown)
        bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if not bearer or (self.token is not None and bearer != self.token):
            return self._turn_away(bearer, web.json_response(NO_TOKEN, status=401))
        return await self._complete(request)

    def _turn_away(self, why: str, answer: web.Response) -> web.Response:
        self.turned_away.append(why)
        return answer

    async def _complete(self, request: web.Request) -> web.Response:
        asked = await request.json()
        self.arrivals.append(self.clock())
        self.requests.append(asked)
        self.authorizations.append(request.headers.get("Authorization", ""))
        scripted = self._too_many() or self._next(asked)
        if scripted.delay:
            await asyncio.wait([asyncio.create_task(self._closing.wait())], timeout=scripted.delay)
        if scripted.close and request.transport is not None:
            request.transport.abort()
        return _answer(scripted)

    def _next(self, asked: dict[str, Any]) -> Scripted:
        return self.script.popleft() if self.script else Scripted(body=_drafts(asked))

    def _too_many(self) -> Scripted | None:
        """Give the 429 of a rate that is used up; what is refused does not count towards it."""
        now = self.arrivals[-1]
        while self.served and self.served[0] <= now - MINUTE:
            self.served.popleft()
        if self.per_minute is None or len(self.served) < self.per_minute:
            self.served.append(now)
            return None
        wait = math.ceil(self.served[0] + MINUTE - now)
        return Scripted(status=429, body=NO_CAPACITY, headers={"Retry-After": str(wait)})


def _answer(scripted: Scripted) -> web.Response:
    raw = isinstance(scripted.body, bytes)
    return web.Response(
        status=scripted.status,
        body=scripted.body if raw else json.dumps(scripted.body).encode(),
        content_type=scripted.content_type,
        headers=scripted.headers,
    )


def _drafts(asked: dict[str, Any]) -> dict[str, Any]:
    """Give as many different texts as are asked for."""
    more = (f"Hello {number}." for number in range(2, asked.get("n", 1) + 1))
    return completion("Hello.", *more)
