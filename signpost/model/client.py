"""Owns the connection to the model service: its tokens, its limits, and that it is asked once."""

import asyncio
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import msgspec

from signpost.model.outcomes import Answer, Unanswered
from signpost.settings import Settings

if TYPE_CHECKING:
    from azure.identity.aio import ManagedIdentityCredential

LARGEST_ANSWER = 4 * 2**20  # bytes: four texts of 16,384 tokens, every letter escaped
TOKEN_SECONDS = 30
KEPT_SECONDS = 4.0  # an idle connection: small servers hang up after five, maybe as we send
HEADERS = {
    "Accept": "application/json",
    "Accept-Encoding": "identity",  # so that no answer can swell
    "Content-Type": "application/json",
}
UNAUTHORIZED = 401
SCOPES = {  # Azure Government and Azure operated by 21Vianet have authorities of their own
    ".azure.us": "https://cognitiveservices.azure.us/.default",
    ".azure.cn": "https://cognitiveservices.azure.cn/.default",
}
SCOPE = "https://cognitiveservices.azure.com/.default"


async def ask(config: Settings, body: dict[str, Any], seconds: float) -> Answer:
    """Send one request, and give the answer, whatever its status. Raises Unanswered."""
    try:
        async with asyncio.timeout(seconds):
            return await _service(config).ask(body)
    except TimeoutError as error:
        raise Unanswered("timeout") from error
    except aiohttp.ClientError as error:
        raise Unanswered("unreachable") from error


class _Service:
    """The model service as the event loop that makes this calls it."""

    def __init__(self, config: Settings) -> None:
        version = config.model_api_version
        self._url = f"{config.model_base_url}/chat/completions"
        self._query = {"api-version": version} if version else {}
        self._model = config.model_name
        self._key = config.model_api_key
        self._tokens = None if self._key else _Tokens(config)
        self._proxy = _proxy(self._url)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=KEPT_SECONDS),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers=HEADERS,
            timeout=aiohttp.ClientTimeout(),  # none: the caller's counts for all of it
        )

    async def ask(self, body: dict[str, Any]) -> Answer:
        """Send one request; a second one only with a new token, where the first's is refused."""
        content = msgspec.json.encode({"model": self._model, **body})
        if self._tokens is None:
            return await self._send(content, self._key)
        token = await self._tokens.give()
        answer = await self._send(content, token)
        if answer.status == UNAUTHORIZED:
            token = await self._tokens.give(refused=token)
            answer = await self._send(content, token)
        return answer

    async def _send(self, content: bytes, bearer: str | None) -> Answer:
        """Send a request once: aiohttp itself sends no POST again."""
        async with self._session.post(
            self._url,
            params=self._query,
            data=content,
            headers={"Authorization": f"Bearer {bearer}"},
            proxy=self._proxy,
            allow_redirects=False,
        ) as answer:
            return Answer(answer.status, answer.headers, await _bounded(answer.content))

    async def close(self) -> None:
        """Close the connections to the service and to the identity endpoint."""
        await self._session.close()
        if self._tokens is not None:
            await self._tokens.close()


async def _bounded(stream: aiohttp.StreamReader) -> bytes:
    """Read no more than a completion can be, of errors too. Raises Unanswered."""
    body = bytearray()
    async for part in stream.iter_any():
        body += part
        if len(body) > LARGEST_ANSWER:
            raise Unanswered("unreadable")
    return bytes(body)


def _proxy(url: str) -> str | None:
    """Give the proxy that the environment names for a URL, as curl would take it from there.

    aiohttp could look for itself, but would read passwords from the user's .netrc file as well.
    """
    asked = urlsplit(url)
    if proxy_bypass(asked.hostname or ""):
        return None
    named = getproxies()
    found = named.get(asked.scheme) or named.get("all")
    return found if found is None or "://" in found else f"http://{found}"


_services: dict[tuple[asyncio.AbstractEventLoop, Settings], _Service] = {}


def _service(config: Settings) -> _Service:
    """Make one service an event loop and configuration, so that its connections are kept."""
    place = (asyncio.get_running_loop(), config)
    if place not in _services:
        _services[place] = _Service(config)
    return _services[place]


async def close() -> None:
    """Close all connections of the event loop that runs this."""
    here = asyncio.get_running_loop()
    for place in [each for each in _services if each[0] is here]:
        await _services.pop(place).close()


def scope_of(url: str) -> str:
    """Give the scope of tokens for a service, which differs from cloud to cloud."""
    host = urlsplit(url).hostname or ""
    return next((scope for end, scope in SCOPES.items() if host.endswith(end)), SCOPE)


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
