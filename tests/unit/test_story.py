"""The story of a run follows its rounds: what is on, what was signed, what is known of the post."""

from functools import partial
from typing import Any

from signpost import records, runs
from signpost.contracts import REQUEST_CHANGES, Ending
from signpost.ledger import Ledger, change
from signpost.oversight.answers import respond
from signpost.oversight.upkeep import open_round
from signpost.receipts import write
from signpost.records import Round
from signpost.runs import Story
from signpost.text import digest
from tests.builders import (
    ALEX,
    NOW,
    RUN,
    a_case,
    a_config,
    a_draft,
    a_flow,
    a_run,
    put,
    said,
    work,
)

CHANGES: dict[str, Any] = {"allow_request_changes": True, "max_rounds": 4}


async def asked_for(ledger: Ledger) -> Story:
    """Record the default run, and give its story."""
    await put(ledger, records.RUN, a_run(flow=a_flow(**CHANGES)))
    return await runs.story(ledger, RUN)


async def drafted(ledger: Ledger, number: int, text: str) -> Story:
    """Write a draft, open its round, and give the story then."""
    draft = a_draft(text)
    await put(ledger, records.draft_row(number), draft)
    opened = open_round(a_case(**CHANGES), draft, number, NOW)
    await put(ledger, records.round_row(number), opened)
    return await runs.story(ledger, RUN)


async def answered(ledger: Ledger, number: int, text: str, response: str, **more: str) -> Story:
    """Answer a round, and give the story then."""
    decide = partial(
        respond, a_case(**CHANGES), NOW, said(ALEX, response, digest=digest(text), **more)
    )
    await change(ledger, RUN, records.round_row(number), Round, decide)
    return await runs.story(ledger, RUN)


async def test_the_state_follows_the_rounds(ledger: Ledger) -> None:
    """Drafting and waiting take turns, until somebody signs and the run is closed."""
    told = [await asked_for(ledger), await drafted(ledger, 1, "One")]
    told += [await answered(ledger, 1, "One", REQUEST_CHANGES), await drafted(ledger, 2, "Two")]
    told += [await answered(ledger, 2, "Two", REQUEST_CHANGES), await drafted(ledger, 3, "Three")]
    told += [await answered(ledger, 3, "Three", "Approve")]
    states = ["drafting", "waiting", "drafting", "waiting", "drafting", "waiting", "posting"]
    assert [each.state for each in told] == states
    await write(ledger, a_config(), Ending(work=work(), outcome="Approve"))
    assert (await runs.story(ledger, RUN)).state == "closed"


async def test_only_the_last_rounds_text_is_signed(ledger: Ledger) -> None:
    """What an approver sent back is never the signed text, nor is its edit."""
    await asked_for(ledger)
    await drafted(ledger, 1, "One")
    assert (await answered(ledger, 1, "One", REQUEST_CHANGES)).signed_text is None
    assert (await drafted(ledger, 2, "Two")).signed_text is None
    assert (await answered(ledger, 2, "Two", "Approve")).signed_text == "Two"


async def test_an_edit_is_of_its_own_round(ledger: Ledger) -> None:
    """An approver's own words count where they were signed."""
    await asked_for(ledger)
    await drafted(ledger, 1, "One")
    await answered(ledger, 1, "One", REQUEST_CHANGES)
    await drafted(ledger, 2, "Two")
    story = await answered(ledger, 2, "Two", "Approve", accepted_text="Mine.")
    assert story.signed_text == "Mine."
    assert [each.signed_digest() for each in story.rounds] == [None, digest("Mine.")]


async def test_a_rejected_round_signs_nothing(ledger: Ledger) -> None:
    """A text that was turned down after changes is not posted, nor is the one before."""
    await asked_for(ledger)
    await drafted(ledger, 1, "One")
    await answered(ledger, 1, "One", REQUEST_CHANGES)
    await drafted(ledger, 2, "Two")
    story = await answered(ledger, 2, "Two", "Reject")
    assert (story.state, story.signed_text) == ("waiting", None)


async def test_every_round_keeps_its_draft(ledger: Ledger) -> None:
    """Each round is told with the draft that was under review in it."""
    await asked_for(ledger)
    await drafted(ledger, 1, "One")
    await answered(ledger, 1, "One", REQUEST_CHANGES)
    story = await drafted(ledger, 2, "Two")
    assert {number: draft.text for number, draft in story.drafts.items()} == {1: "One", 2: "Two"}
    assert [each.draft_digest for each in story.rounds] == [digest("One"), digest("Two")]


async def test_a_draft_without_its_round_is_still_drafting(ledger: Ledger) -> None:
    """Between the draft and its round nobody is shown a text that nobody may sign yet."""
    await asked_for(ledger)
    await drafted(ledger, 1, "One")
    await answered(ledger, 1, "One", REQUEST_CHANGES)
    await put(ledger, records.draft_row(2), a_draft("Two"))
    story = await runs.story(ledger, RUN)
    assert (story.state, story.draft) == ("drafting", story.drafts[1])
