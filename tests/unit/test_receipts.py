"""A receipt closes the run: nobody signs, cancels or posts afterwards."""

from typing import Any, get_args

import msgspec
import pytest

from signpost import records, runs, views
from signpost.contracts import Ending, Outcome
from signpost.ledger import Ledger, read
from signpost.oversight import cancel, respond
from signpost.problems import Over
from signpost.receipts import write
from signpost.records import Post, Receipt, Round
from signpost.text import digest
from tests.builders import (
    ADELE,
    NOW,
    RUN,
    TEXT,
    a_draft,
    a_flow,
    a_round,
    a_run,
    an_answer,
    get_post,
    get_round,
    put,
    work,
)


def ending(outcome: Outcome = "Failed", failure: str | None = None) -> Ending:
    """Build what an orchestration ends with."""
    return Ending(work=work(), outcome=outcome, failure=failure)


def decided(response: str = "Approve", **fields: Any) -> Round:
    """Build a round that Adele decided."""
    return respond(NOW, ADELE, an_answer(response, **fields), a_flow().approval, a_round())


async def a_story(ledger: Ledger, standing: Round | None = None, state: Any = None) -> None:
    """Bring the default run to this round, with its post in this state."""
    await put(ledger, records.RUN, a_run())
    if standing:
        await put(ledger, records.draft_row(1), a_draft())
        await put(ledger, records.round_row(1), standing)
    if state:
        post = Post(digest=digest(TEXT), target="Teams", state=state, detail="", at=NOW)
        await put(ledger, records.post_row(1), post)


async def detail(ledger: Ledger) -> str:
    """Read the sentence that a run shows."""
    return str(views.run_view(await runs.story(ledger, RUN))["detail"])


async def test_a_receipt_says_what_happened(ledger: Ledger) -> None:
    """Who signed what, which model wrote it, and where it went."""
    await a_story(ledger, decided(accepted_text="Mine."), "handed over")
    receipt = await write(ledger, ending("Approve"))
    assert receipt.outcome == "Approve"
    assert (receipt.draft_digest, receipt.signed_digest) == (digest(TEXT), digest("Mine."))
    assert receipt.decision is not None
    assert receipt.delivery is not None
    assert (receipt.decision.responder, receipt.delivery["state"]) == (ADELE, "handed over")


async def test_a_receipt_is_written_once(ledger: Ledger) -> None:
    """When the host runs the activity again, the first receipt stays."""
    await a_story(ledger, decided(), "handed over")
    first = msgspec.json.encode(await write(ledger, ending("Approve")))
    assert msgspec.json.encode(await write(ledger, ending("Failed", "Late."))) == first


async def test_a_receipt_holds_no_draft_and_no_topic(ledger: Ledger) -> None:
    """It outlives the texts, so it names them by digest."""
    await a_story(ledger, decided("Reject"))
    written = msgspec.json.encode(await write(ledger, ending("Reject")))
    assert TEXT.encode() not in written
    assert b"The terrace" not in written


async def test_an_open_round_ends_with_the_run(ledger: Ledger) -> None:
    """A run that was stopped leaves no round open that somebody could still sign."""
    await a_story(ledger, a_round())
    assert (await write(ledger, ending("Failed", "Stopped."))).failure == "Stopped."
    with pytest.raises(Over):
        respond(NOW, ADELE, an_answer(), a_flow().approval, await get_round(ledger))


@pytest.mark.parametrize(
    "standing,outcome",
    [(decided(), "Approve"), (decided("Reject"), "Reject"), (cancel(NOW, a_round()), "Canceled")],
)
async def test_the_ledger_decides_the_outcome(
    ledger: Ledger, standing: Round, outcome: str
) -> None:
    """An orchestration that failed does not undo what somebody decided."""
    await a_story(ledger, standing)
    assert (await write(ledger, ending("Failed", "Stopped."))).outcome == outcome


async def test_a_signed_text_that_was_not_posted_is_said_so(ledger: Ledger) -> None:
    """A run that stopped between signature and post shows both."""
    await a_story(ledger, decided())
    await write(ledger, ending("Failed", "Stopped."))
    assert await detail(ledger) == f"The post did not reach Teams; signed by {ADELE}."


@pytest.mark.parametrize("state,said", [("claimed", "It is not known"), ("released", "did not")])
async def test_a_post_half_way_is_said_so(ledger: Ledger, state: str, said: str) -> None:
    """A run that stopped while posting is closed with what is known, and can be looked at."""
    await a_story(ledger, decided(), state)
    await write(ledger, ending("Failed", "Stopped."))
    assert said in await detail(ledger)
    assert (await get_post(ledger)).state in ("unknown", "failed")


async def test_a_run_without_a_draft_fails(ledger: Ledger) -> None:
    """Without a round the ending's own words count."""
    await a_story(ledger)
    await write(ledger, ending("Failed", "The model refused."))
    assert await detail(ledger) == "The model refused. Nothing was posted."


async def test_a_cancel_before_the_draft_wins(ledger: Ledger) -> None:
    """Who was told that the run is canceled does not find it failed later."""
    await a_story(ledger)
    await runs.cancel(ledger, RUN, "Not needed.", NOW)
    assert (await write(ledger, ending("Failed", "The model refused."))).outcome == "Canceled"


async def test_a_failed_run_can_not_be_canceled(ledger: Ledger) -> None:
    """Also in the moment before its receipt is written, the run is over."""
    await put(ledger, records.RUN, a_run(failed_at=NOW))
    with pytest.raises(Over):
        await runs.cancel(ledger, RUN, "", NOW)


async def test_a_closed_run_can_not_be_canceled(ledger: Ledger) -> None:
    """A run with a receipt is over, whoever decided it."""
    await a_story(ledger, decided(), "handed over")
    await write(ledger, ending("Approve"))
    with pytest.raises(Over):
        await runs.cancel(ledger, RUN, "", NOW)


@pytest.mark.parametrize("outcome", get_args(Outcome))
async def test_every_outcome_can_be_closed(ledger: Ledger, outcome: Outcome) -> None:
    """Whatever an orchestration ends with, there is a receipt to read."""
    await a_story(ledger)
    await write(ledger, ending(outcome))
    assert await read(ledger, RUN, records.RECEIPT, Receipt)
