"""What stops a draft is a sentence for the requester; what may pass is asked again, in time."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from signpost.contracts import MAX_ATTEMPTS, Drafted
from signpost.drafting import CUT as CUT_DETAIL
from signpost.flows import LARGEST_DRAFT, Draft, Parameters
from tests.builders import a_flow
from tests.doubles import azure_openai_answers as azure
from tests.doubles.openai_double import Scripted, completion
from tests.unit.desk import CUT, NO_ROOM, Desk

SECOND = timedelta(seconds=1)
WHOLE = Scripted(body=completion("This is the whole text."))
KEY = "The model service does not accept the key (403): check MODEL_API_KEY."
BLOCKED = "The input was blocked by the content policy (violence). Word the input differently."


def roomy(tokens: int) -> dict[str, Any]:
    """Give the fields of a run that asks for so much room."""
    return {"parameters": Parameters(max_tokens=tokens)}


async def test_a_busy_model_is_waited_for(desk: Desk) -> None:
    """A failure that may pass comes with the wait before the next try, and was one call."""
    later = await desk.write(azure.busy(retry_after="7"))
    assert (later.outcome, later.failure) == ("Failed", "The model is at its capacity.")
    assert later.calls == 1
    assert 7 * SECOND <= (later.retry_after or timedelta()) <= 8.75 * SECOND
    assert len(desk.model.requests) == 1


@pytest.mark.parametrize("first", [azure.busy(), Scripted(status=500), Scripted(close=True)])
async def test_a_failure_that_passes_ends_in_a_draft(desk: Desk, first: Scripted) -> None:
    """The next try is another call, and the draft says that it took two."""
    assert (await desk.write(first)).retry_after
    assert await desk.write(attempt=2) == Drafted()
    draft = await desk.draft()
    assert (draft.text, draft.calls) == ("Hello.", 2)


@pytest.mark.parametrize(
    "answer,sentence",
    [
        (azure.blocked(violence=True), BLOCKED),
        (azure.DECLINED, "The model refused to write this. Word the input differently."),
        (Scripted(body=completion("")), "The model answered with an empty text."),
        (Scripted(status=403), KEY),
    ],
)
async def test_a_refusal_is_told(desk: Desk, answer: Scripted, sentence: str) -> None:
    """What asking again can't mend ends the run with its sentence, after one call."""
    assert await desk.write(answer) == Drafted(outcome="Failed", failure=sentence)
    assert len(desk.model.requests) == 1


async def test_the_last_try_gives_up(desk: Desk) -> None:
    """There is no wait after it: the run ends with the last reason."""
    ended = await desk.write(azure.busy(retry_after="7"), attempt=MAX_ATTEMPTS)
    given_up = "The model is at its capacity. Signpost tried 5 times; start the run again later."
    assert ended == Drafted(outcome="Failed", failure=given_up)


@pytest.mark.parametrize("cut", [CUT, NO_ROOM])
async def test_a_cut_draft_gets_twice_the_room(desk: Desk, cut: Scripted) -> None:
    """Also where a model that reasons had no room to begin; the whole text is the draft then."""
    again = await desk.write(cut)
    assert (again.failure, again.retry_after) == (CUT_DETAIL, timedelta())
    assert await desk.write(WHOLE, attempt=2) == Drafted()
    draft = await desk.draft()
    assert desk.rooms == [300, 600]
    assert (draft.text, draft.finish_reason) == ("This is the whole text.", "stop")
    assert (draft.calls, draft.parameters.max_tokens) == (2, 600)


async def test_a_draft_is_widened_once(desk: Desk) -> None:
    """A text that is cut again stands as it is, and says that it is cut."""
    await desk.write(CUT)
    longer = Scripted(body=completion("This stops later in the mid", finish_reason="length"))
    assert await desk.write(longer, attempt=2) == Drafted()
    draft = await desk.draft()
    assert (draft.text, draft.finish_reason) == ("This stops later in the mid", "length")
    assert desk.rooms == [300, 600]


async def test_no_room_twice_is_told(desk: Desk) -> None:
    """Where not even a beginning came, the run ends with what to raise."""
    await desk.write(NO_ROOM)
    ended = await desk.write(NO_ROOM, attempt=2)
    assert (ended.outcome, ended.retry_after) == ("Failed", None)
    assert "raise max_tokens" in (ended.failure or "")


@pytest.mark.parametrize("tokens,rooms", [(10_000, [10_000, 16_384]), (16_384, [16_384])])
async def test_no_draft_has_more_than_the_largest_room(
    desk: Desk, tokens: int, rooms: list[int]
) -> None:
    """What is at the limit already is not asked for again."""
    await desk.begin(**roomy(tokens))
    await desk.write(CUT)
    await desk.write(CUT, attempt=2)
    assert desk.rooms == rooms
    assert max(rooms) <= LARGEST_DRAFT
    assert (await desk.draft()).finish_reason == "length"


@pytest.mark.parametrize(
    "refusal",
    [
        azure.TOO_MANY_TOKENS,
        azure.FILTERED_TEXT,
        NO_ROOM,
        Scripted(body=azure.UNFILTERED["plural"]),
        azure.busy(),
    ],
)
async def test_a_cut_draft_stands_where_no_longer_one_comes(desk: Desk, refusal: Scripted) -> None:
    """A text that says it is cut is more than none, and all calls are counted in it."""
    await desk.write(CUT)
    for attempt in range(2, MAX_ATTEMPTS + 1):
        if (await desk.write(refusal, attempt=attempt)).outcome is None:
            break
    draft = await desk.draft()
    assert (draft.text, draft.finish_reason) == ("This stops in the mid", "length")
    assert draft.calls == attempt
    assert draft.prompt_tokens == 7 + 7 * (refusal.status == 200) * (attempt - 1)


async def test_the_last_try_is_not_widened(desk: Desk) -> None:
    """Five calls are the most: what is cut then stands."""
    assert await desk.write(CUT, attempt=MAX_ATTEMPTS) == Drafted()
    assert (await desk.draft()).finish_reason == "length"


async def test_a_busy_model_does_not_lose_the_cut_draft(desk: Desk) -> None:
    """It is kept over the waits, and the longer one takes its place."""
    await desk.write(CUT)
    await desk.write(azure.busy(), attempt=2)
    assert await desk.write(WHOLE, attempt=3) == Drafted()
    assert desk.rooms == [300, 600, 600]
    assert (await desk.draft()).text == "This is the whole text."


async def test_one_cut_variant_widens_all(desk: Desk) -> None:
    """Which of several was cut is not told, so all are written again."""
    flow = replace(a_flow(), draft=Draft(instructions="topic-post", variants=2))
    await desk.begin(flow=flow)
    body = completion("Whole.", "This stops in the mid")
    body["choices"][1]["finish_reason"] = "length"
    assert (await desk.write(Scripted(body=body))).failure == CUT_DETAIL
    await desk.write(attempt=2)
    draft = await desk.draft()
    assert [draft.text, *draft.others] == ["Hello.", "Hello 2."]
