"""Brings a run to where its round is open, and changes that round as the routes do."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

from signpost import records, rounds, runs
from signpost.contracts import Standing
from signpost.ledger import Ledger
from signpost.oversight import Case
from signpost.people import people
from signpost.records import Round
from signpost.settings import Settings
from tests.builders import ADELE, NOW, RUN, a_draft, a_flow, a_run, put, said, work

DAY = timedelta(days=1)


async def drafted(ledger: Ledger, text: str | None = None, **approval: Any) -> None:
    """Bring a run to where its draft is written."""
    await put(ledger, records.RUN, a_run(flow=a_flow(**approval)))
    await put(ledger, records.draft_row(1), a_draft(text) if text else a_draft())


async def answer(
    ledger: Ledger, who: str = ADELE, response: str = "Approve", **fields: Any
) -> Round:
    """Answer the open round."""
    story = await runs.story(ledger, RUN)
    return await rounds.respond(
        ledger, story, len(story.rounds), said(who, response, **fields), NOW
    )


async def steer(ledger: Ledger, decide: Callable[..., Round], after: timedelta = DAY) -> Round:
    """Change the round as a route does."""
    story = await runs.story(ledger, RUN)
    return await rounds.steer(
        ledger, story, partial(decide, Case(story.run, people()), NOW + after)
    )


async def opened(ledger: Ledger, config: Settings, **approval: Any) -> Standing:
    """Bring a run to where its round is open."""
    await drafted(ledger, **approval)
    return await rounds.open_up(ledger, config, work())
