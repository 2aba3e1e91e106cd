"""Has drafts written by the loopback model, for the tests of what a draft takes."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from signpost import records
from signpost.allowances import Allowances
from signpost.contracts import Drafted
from signpost.drafting import write_draft
from signpost.ledger import Ledger, put, read
from signpost.records import Calls, DraftText
from signpost.settings import Settings
from tests.builders import RUN, a_config, a_run, work
from tests.doubles.openai_double import OpenAIDouble, Scripted, completion

CUT = Scripted(body=completion("This stops in the mid", finish_reason="length"))
NO_ROOM = Scripted(body=completion("", finish_reason="length"))


@dataclass
class Desk:
    """Where the drafts of the default run are written, and the model that writes them."""

    ledger: Ledger
    model: OpenAIDouble

    async def begin(self, **fields: Any) -> None:
        """Let the default run be asked for."""
        await put(self.ledger, RUN, records.RUN, a_run(**fields))

    def config(self, **limits: Any) -> Settings:
        """Build settings that lead to the loopback model."""
        return a_config(model_base_url=self.model.url, allowances=Allowances(**limits))

    async def write(
        self,
        *script: Scripted,
        attempt: int = 1,
        number: int = 1,
        after: timedelta = timedelta(),
        **limits: Any,
    ) -> Drafted:
        """Run the activity once, with a model that answers as scripted."""
        self.model.script.extend(script)
        asked = replace(work(attempt, after), round=number)
        return await write_draft(self.ledger, self.config(**limits), asked)

    async def draft(self, number: int = 1) -> DraftText:
        """Give the draft of a round, which must be there."""
        draft = await read(self.ledger, RUN, records.draft_row(number), DraftText)
        assert draft is not None
        return draft

    async def calls(self) -> Calls:
        """Give what the first draft took so far."""
        return await read(self.ledger, RUN, records.calls_row(1), Calls) or Calls()

    @property
    def rooms(self) -> list[int]:
        """How many tokens each request let the model write."""
        return [asked["max_tokens"] for asked in self.model.requests]
