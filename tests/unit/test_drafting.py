"""A draft is written once, and what stops it is a sentence for the requester."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from signpost import records, runs
from signpost.contracts import Drafted
from signpost.drafting import write_draft
from signpost.flows import Draft, Parameters
from signpost.ledger import Ledger, read
from signpost.records import DraftText
from signpost.settings import Settings
from tests.builders import NOW, RUN, a_config, a_draft, a_flow, a_run, put, work
from tests.doubles.openai_double import OpenAIDouble, Scripted


@pytest.fixture
def modelled(openai_double: OpenAIDouble) -> Settings:
    """Build settings that lead to the loopback model."""
    return a_config(model_base_url=openai_double.url)


async def drafted(ledger: Ledger) -> DraftText | None:
    """Read the draft of the default run."""
    return await read(ledger, RUN, records.draft_row(1), DraftText)


async def test_the_draft_is_kept(ledger: Ledger, modelled: Settings) -> None:
    """The text is in the ledger with the model, the instructions and their digest."""
    await put(ledger, records.RUN, a_run())
    assert await write_draft(ledger, modelled, work()) == Drafted()
    draft = await drafted(ledger)
    assert draft is not None
    assert (draft.text, draft.model, draft.instructions) == ("Hello.", "gpt-4o-mini", "topic-post")
    assert draft.instructions_digest.startswith("sha256:")


async def test_a_draft_is_not_written_twice(
    ledger: Ledger, modelled: Settings, openai_double: OpenAIDouble
) -> None:
    """When the host runs the activity again, the first text stays and no model is paid."""
    await put(ledger, records.RUN, a_run())
    await put(ledger, records.draft_row(1), a_draft("First."))
    assert await write_draft(ledger, modelled, work()) == Drafted()
    assert openai_double.requests == []


async def test_a_canceled_run_gets_no_draft(
    ledger: Ledger, modelled: Settings, openai_double: OpenAIDouble
) -> None:
    """What nobody wants any more is not asked for."""
    await put(ledger, records.RUN, a_run())
    await runs.cancel(ledger, RUN, "", NOW)
    assert await write_draft(ledger, modelled, work()) == Drafted(outcome="Canceled")
    assert openai_double.requests == []


async def test_a_busy_model_is_waited_for(
    ledger: Ledger, modelled: Settings, openai_double: OpenAIDouble
) -> None:
    """A failure that may pass comes with the wait before the next try."""
    openai_double.script.append(Scripted(status=429, headers={"Retry-After": "7"}))
    await put(ledger, records.RUN, a_run())
    assert await write_draft(ledger, modelled, work()) == Drafted(
        outcome="Failed",
        failure="The model is at its capacity.",
        retry_after=timedelta(seconds=7),
    )
    assert await drafted(ledger) is None


async def test_broken_instructions_end_the_run(ledger: Ledger, modelled: Settings) -> None:
    """Instructions that went away are told as what stopped the draft."""
    flow = replace(a_flow(), draft=Draft(instructions="gone"))
    await put(ledger, records.RUN, a_run(flow=flow))
    ended = await write_draft(ledger, modelled, work())
    assert (ended.outcome, ended.retry_after) == ("Failed", None)
    assert "instructions/gone.prompty" in (ended.failure or "")


async def test_an_optional_input_may_be_null(
    ledger: Ledger, modelled: Settings, openai_double: OpenAIDouble
) -> None:
    """An input left open is an empty text to the model, never the word None."""
    await put(ledger, records.RUN, a_run(inputs={"Topic": None}))
    await write_draft(ledger, modelled, work())
    assert "None" not in openai_double.requests[0]["messages"][-1]["content"]


async def test_parameters_of_the_caller_win(
    ledger: Ledger, modelled: Settings, openai_double: OpenAIDouble
) -> None:
    """The caller's come before the flow's, and those before the instructions'."""
    await put(ledger, records.RUN, a_run(parameters=Parameters(temperature=1.5)))
    await write_draft(ledger, modelled, work())
    asked = openai_double.requests[0]
    assert (asked["temperature"], asked["max_tokens"]) == (1.5, 300)


async def test_a_run_that_was_never_recorded_is_an_error(
    ledger: Ledger, modelled: Settings
) -> None:
    """No orchestration starts before its run is in the ledger."""
    with pytest.raises(LookupError):
        await write_draft(ledger, modelled, work())
