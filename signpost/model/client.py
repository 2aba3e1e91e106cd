"""Owns the connection to the model service: its tokens, its limits, and that it is asked once.

Loading this module takes a second of CPU, for the client library: only a draft should pay it.
"""

import asyncio
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx2
import openai

from signpost.model.outcomes import Answer, Unanswered
from signpost.settings import Settings

if TYPE_CHECKING:
    from azure.identity.aio import ManagedIdentityCredential

LARGEST_ANSWER = 4 * 2**20  # bytes: four texts of 16,384 tokens, every letter escaped
TOKEN_SECONDS = 30
SCOPES = {  # Azure Government and Azure operated by 21Vianet have authorities of their own
    ".azure.us": "https://cognitiveservices.azure.us/.default",
    ".azure.cn": "https://cognitiveservices.azure.cn/.default",
}
SCOPE = "https://cognitiveservices.azure.com/.default"
UNUSED_KEY = "a token stands in its place"
ABOUT_BYTES = ("content-encoding", "content-length", "transfer-encoding")


async def ask(config: Settings, body: dict[str, Any], seconds: float) -> Answer:
    """Send one request, and give the answer, whatever its status. Raises Unanswered."""
    try:
        async with asyncio.timeout(seconds):
            return await _service(config).ask(body)
    except (TimeoutError, openai.APITimeoutError) as error:
        raise Unanswered("timeout") from error
    except openai.APIConnectionError as error:
        raise Unanswered("unreachable") from error
    except _TooLargeError as error:
        raise Unanswered("unreadable") from error


class _Service:
    """The model service as one process calls it; bound to the event loop that calls it first."""

    def __init__(self, config: Settings) -> None:
        version = config.model_api_version
        self._model = config.model_name
        self._tokens = None if config.model_api_key else _Tokens(config)
        self._client = openai.AsyncOpenAI(
            base_url=config.model_base_url,
            api_key=config.model_api_key or UNUSED_KEY,
            default_query={"api-version": version} if version else None,
            default_headers={"Accept-Encoding": "identity"},  # so that no answer can swell
            max_retries=0,  # the run waits on a timer of its own: retries would multiply
            http_client=_Bounded(follow_redirects=False, timeout=None),
            timeout=None,
        )

    async def ask(self, body: dict[str, Any]) -> Answer:
        """Send one request; a second one only with a new token, where the first's is refused."""
        if self._tokens is None:
            return await self._send(body, {})
        token = await self._tokens.give()
        answer = await self._send(body, _bearer(token))
        if answer.status == openai.AuthenticationError.status_code:
            token = await self._tokens.give(refused=token)
            answer = await self._send(body, _bearer(token))
        return answer

    async def _send(self, body: dict[str, Any], headers: dict[str, str]) -> Answer:
        try:
            raw = await self._client.post(
                "/chat/completions",
                body={"model": self._model, **body},
                options={"headers": headers},
                cast_to=httpx2.Response,
            )
        except openai.APIStatusError as error:
            raw = error.response
        return Answer(raw.status_code, raw.headers, raw.content)

    async def close(self) -> None:
        """Close the connections to the service and to the identity endpoint."""
        await self._client.close()
        if self._tokens is not None:
            await self._tokens.close()


_services: dict[Settings, _Service] = {}


def _service(config: Settings) -> _Service:
    """Make one service a process and configuration."""
    if config not in _services:
        _services[config] = _Service(config)
    return _services[config]


async def close() -> None:
    """Close all connections of this process, in the event loop that uses them."""
    while _services:
        _, opened = _services.popitem()
        await opened.close()


def scope_of(url: str) -> str:
    """Give the scope of tokens for a service, which differs from cloud to cloud."""
    host = urlsplit(url).hostname or ""
    return next((scope for end, scope in SCOPES.items() if host.endswith(end)), SCOPE)


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


class _Tokens:
    """The tokens of the app's own identity; each is asked for when a request needs it."""

    def __init__(self, config: Settings) -> None:
        self._scope = scope_of(config.model_base_url)
        self._client_id = config.identity_client_id
        self._lock = asyncio.Lock()
        self._given = ""
        self._credential = self._open()

    def _open(self) -> "ManagedIdentityCredential":
        from azure.identity.aio import (  # noqa: PLC0415 - only where there is no key
            ManagedIdentityCredential,
        )

        return ManagedIdentityCredential(client_id=self._client_id)

    async def give(self, refused: str | None = None) -> str:
        """Give a token, a new one where the service refused the last. Raises Unanswered."""
        from azure.core.exceptions import AzureError  # noqa: PLC0415 - as above

        try:
            async with self._lock, asyncio.timeout(TOKEN_SECONDS):
                if refused is not None and refused == self._given:
                    await self._credential.close()
                    self._credential = self._open()  # the old one would give its cached token
                self._given = (await self._credential.get_token(self._scope)).token
        except (AzureError, TimeoutError) as error:
            raise Unanswered("no_token") from error
        return self._given

    async def close(self) -> None:
        await self._credential.close()


class _TooLargeError(openai.OpenAIError):
    """The answer is larger than any completion. The client library hands its own kind through."""


class _Bounded(openai.DefaultAsyncHttpxClient):
    """Reads no more of an answer than a completion can be, errors included."""

    async def send(self, request: Any, **options: Any) -> Any:  # noqa: ANN401 - httpx2's types
        answer = await super().send(request, **options | {"stream": True})
        body = bytearray()
        try:
            async for part in answer.aiter_bytes():
                body += part
                if len(body) > LARGEST_ANSWER:
                    raise _TooLargeError
        finally:
            await answer.aclose()
        headers = [each for each in answer.headers.multi_items() if each[0] not in ABOUT_BYTES]
        return type(answer)(
            answer.status_code, headers=headers, content=bytes(body), request=request
        )
