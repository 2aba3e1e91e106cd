"""A loopback model that answers at once: the wire protocol of chat completions, no thinking."""

import asyncio
import json
import re
from typing import Any

from aiohttp import web

from tests.doubles.listening import ListeningApart

TEXT = "The new terrace opens on Monday, and coffee is free until noon. Come and see it!"


class QuickModel(ListeningApart):
    """Serves `/v1/chat/completions` on a port of its own, in a thread of its own.

    `delay` is in seconds, `script` holds `(status, body)` pairs that are answered first, and
    `calls` counts the requests. Notes that `say` made are answered with the text they hold, also
    when many runs ask at once; all others with `text`, or with themselves by one that `echoes`.
    """

    path = "/v1"

    def __init__(self, *, delay: float = 0.0, echoes: bool = False) -> None:
        super().__init__()
        self.delay = delay
        self.echoes = echoes
        self.calls = 0
        self.text = TEXT
        self.script: list[tuple[int, Any]] = []

    def routes(self) -> list[web.RouteDef]:
        """Give what it answers."""
        return [web.post("/v1/chat/completions", self._complete)]

    async def _complete(self, request: web.Request) -> web.Response:
        self.calls += 1
        asked = await request.json()
        await asyncio.sleep(self.delay)
        if self.script:
            status, body = self.script.pop(0)
            return web.json_response(body, status=status)
        unsaid = asked["messages"][-1]["content"] if self.echoes else self.text
        text = _said(asked["messages"]) or unsaid
        more = [f"{text} Variant {number}." for number in range(2, asked.get("n", 1) + 1)]
        return web.json_response(completion(text, *more))


def say(text: str) -> str:
    """Write notes to which the model answers with this text, in ASCII."""
    return f"Say: {json.dumps(text)}"


def _said(messages: list[dict[str, str]]) -> str | None:
    """Read the text of the notes; a later version than the first says which one it is."""
    notes = [re.search(r'Say: (".*")', each["content"]) for each in messages]
    last = max((place for place, found in enumerate(notes) if found), default=None)
    if last is None:
        return None
    version = 1 + sum(each["role"] == "assistant" for each in messages[last:])
    said: str = json.loads((notes[last] or [""])[1])
    return said if version == 1 else f"{said} Version {version}."


def completion(*texts: str, finish_reason: str = "stop") -> dict[str, Any]:
    """Build the body that chat completions answer with, one choice a text."""
    choices = [
        {
            "index": index,
            "finish_reason": finish_reason,
            "message": {"role": "assistant", "content": text},
        }
        for index, text in enumerate(texts)
    ]
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": "quick",
        "choices": choices,
        "usage": {"prompt_tokens": 10, "completion_tokens": 20, "total_tokens": 30},
    }
