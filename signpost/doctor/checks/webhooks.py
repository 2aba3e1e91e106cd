"""Owns looking at the webhooks of Teams: their hosts are found and connect; nothing is sent."""

import asyncio
import ssl
from urllib.parse import urlsplit

from signpost.doctor import fixes
from signpost.doctor.finding import Finding
from signpost.doctor.outside import ANSWER_SECONDS, Unreached, unreached
from signpost.doctor.surroundings import Surroundings
from signpost.settings import LOOPBACK_HOSTS

CHECK = "webhook"
CHANNEL, CHAT = "TEAMS_CHANNEL_WEBHOOK_URL", "TEAMS_CHAT_WEBHOOK_URL"
PORTS = {"http": 80, "https": 443}


async def check(around: Surroundings) -> list[Finding]:
    """Connect to each webhook's host, and hang up."""
    config = around.config
    urls = {CHANNEL: config.channel_webhook_url, CHAT: config.chat_webhook_url}
    looks = (_look(name, url, around) for name, url in urls.items())
    return [each for each in await asyncio.gather(*looks) if each is not None]


async def _look(name: str, url: str | None, around: Surroundings) -> Finding | None:
    if around.lacks(name):
        return Finding(CHECK, "unknown", f"{name} has to be right first.")
    if url is None:
        what = f"{name} is not set: approvers are told in no chat."
        return Finding(CHECK, "ok", what)
    try:
        await _connect(url)
    except Unreached as error:
        fix = f"{_set(name, around)}\n# with the URL that the Teams workflow shows"
        if urlsplit(url).hostname in LOOPBACK_HOSTS:
            fix = fixes.start_here("teams", url)
        return Finding(CHECK, "problem", f"{name} leads nowhere: {error}.", fix)
    what = f"{name}: its host can be reached. Whether its path is right only a post would show."
    return Finding(CHECK, "ok", what)


async def _connect(url: str) -> None:
    """Open a connection, with TLS where the URL says so. Raises Unreached."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    secure = ssl.create_default_context() if parts.scheme == "https" else None
    port = parts.port or PORTS[parts.scheme]
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            _, writer = await asyncio.open_connection(host, port, ssl=secure)
    except OSError as error:  # a time limit and a bad certificate are such errors, too
        raise unreached(error, host) from error
    writer.close()


def _set(name: str, around: Surroundings) -> str:
    if "WEBSITE_SITE_NAME" not in around.env:
        return fixes.set_up(name, around.env, set_by_deployment=False)
    return fixes.set_secret(name.lower().replace("_", "-"), around.env)
