"""Sends instructions to Test it out, as the page does, with a loopback model behind it."""

import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import azure.functions as func

from signpost.settings import settings
from tests.builders import json_of
from tests.doubles.openai_double import OpenAIDouble
from tests.routed import Site

SOURCE = """\
---
name: invite
inputs:
  - {name: Topic, kind: string, required: true}
  - {name: Seats, kind: integer, default: 20}
  - {name: Price, kind: float}
  - {name: Urgent, kind: boolean}
  - {name: Tone, kind: string, enumValues: [Formal, Friendly]}
model:
  options:
    temperature: 0.5
    maxOutputTokens: 400
---
system:
Write about what stands between <notes> and </notes>.

user:
<notes>
{{ Topic }}
</notes>
{{ Seats }};{{ Price }};{{ Urgent }};{{ Tone }}
"""
TOPIC = {"Topic": "Our quarterly zebra count"}
SIGNED_OUT: Mapping[str, str] = {}


class Trials:
    """The route with its model; what is sent is the trial of `SOURCE`, but for what is given."""

    def __init__(self, site: Site, model: OpenAIDouble) -> None:
        self.site = site
        self.model = model

    def enter(self, sign_in: str = "off", **settings: str) -> None:
        """Set the app up for this model."""
        self.site.mode(sign_in, MODEL_BASE_URL=self.model.url, **settings)

    async def send(
        self, headers: Mapping[str, str] = SIGNED_OUT, /, **trial: Any
    ) -> func.HttpResponse:
        """Send a trial."""
        body = {"source": SOURCE, "inputs": TOPIC} | trial
        return await self.site.send("testInstructions", headers, body=body)

    async def raw(self, body: str) -> func.HttpResponse:
        """Send a body to the letter."""
        return await self.site.send("testInstructions", SIGNED_OUT, body=body.encode())

    async def tried(self, **trial: Any) -> Any:
        """Send a trial that the model is asked about."""
        answer = await self.send(**trial)
        assert answer.status_code == 200, answer.get_body()
        return json_of(answer)

    async def refused(self, **trial: Any) -> tuple[str, str]:
        """Send a trial that is refused before the model is asked; give field and sentence."""
        answer = await self.send(**trial)
        problem = json_of(answer)
        assert answer.status_code == 422, problem
        assert self.model.requests == []
        return problem["field"], problem["detail"]

    def stored(self) -> dict[tuple[str, str], Any]:
        """Give all rows of the ledger by partition and row."""
        if not self.file.exists():
            return {}
        with closing(sqlite3.connect(self.file)) as connection:
            found = connection.execute("SELECT partition, row, body FROM entry").fetchall()
        return {(partition, row): json.loads(body) for partition, row, body in found}

    def written(self) -> bytes:
        """Give all bytes that the ledger has on disk, with what SQLite keeps beside it."""
        return b"".join(each.read_bytes() for each in self.file.parent.glob(f"{self.file.name}*"))

    @property
    def file(self) -> Path:
        """The ledger's file."""
        return Path(settings().ledger.removeprefix("sqlite:"))
