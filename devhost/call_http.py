"""Owns call_http: the activity that sends an orchestration's HTTP request."""

import json
from typing import Any

import aiohttp

from devhost.replay import compact

_TIMEOUT = 100  # seconds; what .NET's HttpClient allows


class Caller:
    """Sends requests over connections that are kept for the next ones."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def call(self, text: str) -> str:
        """Send a request (JSON: method, uri, content, headers); returns the response as JSON.

        The response is {"statusCode", "headers", "content"}, whatever the status.
        """
        request: dict[str, Any] = json.loads(text)
        if request.get("tokenSource"):
            raise NotImplementedError(
                "call_http with a token source needs Azure's managed identity: "
                "on this machine call the service from an activity"
            )
        headers = dict(request.get("headers") or {})
        content = request.get("content")
        if content is not None and "content-type" not in {n.lower() for n in headers}:
            headers["Content-Type"] = "text/plain; charset=utf-8"
        if self._session is None:
            timeout = aiohttp.ClientTimeout(total=_TIMEOUT)
            self._session = aiohttp.ClientSession(timeout=timeout)
        body = None if content is None else str(content).encode()
        async with self._session.request(
            request["method"], request["uri"], data=body, headers=headers
        ) as response:
            return compact(
                {
                    "statusCode": response.status,
                    "headers": dict(response.headers),
                    "content": await response.text(errors="replace"),
                }
            )

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
