"""Owns posting through Teams Workflows webhooks.

A webhook answers 202 before Teams has the message and gives no id, so the best that can be
said is `handed over`.
"""

from datetime import datetime, timedelta
from typing import Any

import aiohttp
import msgspec

from signpost.settings import Settings
from signpost.teams import Sent
from signpost.waiting import retry_after

TIMEOUT_SECONDS = 30.0
CONNECT_SECONDS = 10.0
RETRY_AFTER = timedelta(seconds=15)
TRY_AGAIN = (412, 429)
MAX_ANSWER_BYTES = 64 * 1024


class Workflows:
    """One webhook for the channel, and one that passes a message on to a person's own chat."""

    target = "Teams channel (Workflows webhook)"

    def __init__(self, config: Settings, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self._config = config
        self._timeout = aiohttp.ClientTimeout(
            total=timeout_seconds, sock_connect=min(CONNECT_SECONDS, timeout_seconds / 2)
        )

    async def post(self, message: dict[str, Any], now: datetime) -> Sent:
        """Post to the channel."""
        return await self._send(self._config.channel_webhook_url, message, now)

    async def notify(self, person: str, message: dict[str, Any], now: datetime) -> Sent:
        """Tell one person; the workflow behind the webhook reads `recipient`."""
        if self._config.chat_webhook_url is None:
            return Sent("failed", "TEAMS_CHAT_WEBHOOK_URL is not set, so nobody can be told.")
        return await self._send(self._config.chat_webhook_url, message | {"recipient": person}, now)

    async def _send(self, url: str, message: dict[str, Any], now: datetime) -> Sent:
        """Send once. What fails before the body is out may be sent again, the rest never."""
        try:
            async with (
                aiohttp.ClientSession(timeout=self._timeout) as session,
                session.post(
                    url,
                    data=msgspec.json.encode(message),
                    headers={"Content-Type": "application/json"},
                    allow_redirects=False,
                ) as answer,
            ):
                body = (await answer.content.read(MAX_ANSWER_BYTES)).decode(errors="replace")
                return _read(answer.status, body, answer.headers, now)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
            return Sent(None, "Teams could not be reached.", RETRY_AFTER)
        except TimeoutError:
            return Sent("unknown", "Teams did not answer in time: the post may be there or not.")
        except aiohttp.ClientError:
            return Sent("unknown", "The connection broke: the post may be there or not.")


def _read(status: int, body: str, headers: Any, now: datetime) -> Sent:  # noqa: ANN401 - aiohttp's case-insensitive mapping
    if status in TRY_AGAIN:
        return Sent(None, "Teams asks to wait.", retry_after(headers, now) or RETRY_AFTER)
    if status == 408 or status >= 500:  # noqa: PLR2004 - it may have been taken
        return Sent("unknown", f"Teams answered {status}: the post may be there or not.")
    if not 200 <= status < 300:  # noqa: PLR2004 - redirects are not followed
        return Sent("failed", f"Teams refused the post ({status}): check the workflow's URL.")
    if "error" in body.lower():  # the older webhooks answer 200 with an error text
        return Sent("failed", "The workflow answered with an error: look at its run history.")
    return Sent("handed over", "Teams took the message; its workflow posts it to the channel.")
