"""Drafts take their turn at the model, keep to what they may use, and count all that they took."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from signpost import pacing, records, usage
from signpost.allowances import Allowances
from signpost.contracts import MAX_ATTEMPTS, Drafted
from signpost.drafting import BEHIND_OTHERS
from signpost.drafting import CUT as CUT_DETAIL
from signpost.flows import Draft, Parameters
from signpost.ledger import read
from signpost.pacing import Line
from signpost.records import DraftText
from signpost.usage import Cost
from tests.builders import MEGAN, NOW, RUN, a_draft, a_flow, put
from tests.doubles import azure_openai_answers as azure
from tests.doubles.openai_double import Scripted, completion
from tests.unit.desk import CUT, NO_ROOM, Desk

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
SIX_A_MINUTE: dict[str, Any] = {"requests_per_minute": 6}
PRICES: dict[str, Any] = {"price_input": Decimal("0.5"), "price_output": Decimal(2)}


async def someone_else(desk: Desk, after: timedelta = timedelta()) -> timedelta:
    """Say how long another draft that wants the model now has to wait."""
    limits, now = Allowances(**SIX_A_MINUTE), NOW + after
    place = await pacing.join(desk.ledger, limits, 1, now)
    assert place is not None
    return await pacing.wait_for(desk.ledger, limits, place, 1, now)


async def line(desk: Desk) -> Line:
    """Give the line in front of the model."""
    return await read(desk.ledger, pacing.PARTITION, pacing.ROW, Line) or Line()


async def test_waiting_for_ones_turn_is_no_call(desk: Desk) -> None:
    """Behind others a draft is told when it is its turn, and the model is not asked."""
    await someone_else(desk)
    later = await desk.write(**SIX_A_MINUTE)
    assert (later.outcome, later.failure, later.calls) == ("Failed", BEHIND_OTHERS, 0)
    assert later.retry_after
    assert desk.model.requests == []
    assert await desk.write(after=later.retry_after, **SIX_A_MINUTE) == Drafted()
    assert (await desk.draft()).calls == 1


async def test_a_place_is_taken_once(desk: Desk) -> None:
    """However often a draft asks for its turn, it stands in the line once."""
    await someone_else(desk)
    await desk.write(**SIX_A_MINUTE)
    first = (await desk.calls()).place
    await desk.write(after=SECOND, **SIX_A_MINUTE)
    assert first is not None
    assert (await desk.calls()).place == first
    assert [each.place for each in (await line(desk)).waiting] == [first]


async def test_who_was_sent_away_keeps_the_place(desk: Desk) -> None:
    """After a 429 a draft comes before all who joined meanwhile."""
    later = await desk.write(azure.busy(retry_after="30"), **SIX_A_MINUTE)
    place = (await desk.calls()).place
    await someone_else(desk)
    assert (await line(desk)).waiting[0].place == place
    back = (later.retry_after or timedelta()) + SECOND
    assert await desk.write(attempt=2, after=back, **SIX_A_MINUTE) == Drafted()


@pytest.mark.parametrize("attempt", [1, MAX_ATTEMPTS])
async def test_a_hold_reaches_everybody(desk: Desk, attempt: int) -> None:
    """Nobody asks a service that wants to be left alone, also if who heard it gives up."""
    await desk.write(azure.busy(retry_after="40"), attempt=attempt, **SIX_A_MINUTE)
    assert await someone_else(desk, after=SECOND) >= 39 * SECOND


@pytest.mark.parametrize("failure", [Scripted(status=500), Scripted(close=True), CUT, NO_ROOM])
async def test_a_place_is_given_up_after_other_failures(desk: Desk, failure: Scripted) -> None:
    """Who failed otherwise joins anew, behind all who wait."""
    await desk.write(failure, **SIX_A_MINUTE)
    assert (await desk.calls()).place is None
    await someone_else(desk)
    assert (await desk.write(attempt=2, after=SECOND, **SIX_A_MINUTE)).failure == BEHIND_OTHERS


async def test_without_a_rate_there_is_no_line(desk: Desk) -> None:
    """Nothing is kept, and a 429 is waited out by who got it."""
    await desk.write(azure.busy(retry_after="40"))
    assert (await line(desk)) == Line()
    assert await desk.write(attempt=2) == Drafted()


@pytest.mark.parametrize("most,asked", [(299, 299), (300, 300), (1, 1), (None, 300)])
async def test_the_runs_allowance_is_the_most_room(
    desk: Desk, most: int | None, asked: int
) -> None:
    """What a run may write is never asked for in excess."""
    await desk.write(run_output_tokens=most)
    assert desk.rooms == [asked]


async def test_several_drafts_share_the_allowance(desk: Desk) -> None:
    """Each of three gets a third."""
    await desk.begin(flow=replace(a_flow(), draft=Draft(instructions="topic-post", variants=3)))
    await desk.write(run_output_tokens=100)
    assert desk.rooms == [33]


async def second_round(desk: Desk, **limits: Any) -> Drafted:
    """Have a second draft written, after a first that took 10 tokens and wrote 20."""
    await put(desk.ledger, records.draft_row(1), a_draft())
    return await desk.write(number=2, **limits)


async def test_all_drafts_of_a_run_share_its_allowance(desk: Desk) -> None:
    """A second round has what the first one left."""
    assert await second_round(desk, run_output_tokens=25) == Drafted()
    assert desk.rooms == [5]


@pytest.mark.parametrize(
    "limits,sentence",
    [
        ({"run_output_tokens": 20}, "A run may write 20 tokens, and they are used up."),
        ({"run_input_tokens": 20}, "A run may read 20 tokens, and this draft would make it about "),
    ],
)
async def test_a_run_over_its_allowance_ends(
    desk: Desk, limits: dict[str, int], sentence: str
) -> None:
    """The requester reads how much there was; the model is not asked."""
    ended = await second_round(desk, **limits)
    assert (ended.outcome, ended.retry_after, ended.calls) == ("Failed", None, 0)
    assert (ended.failure or "").startswith(sentence)
    assert desk.model.requests == []


async def test_earlier_prompts_count_towards_what_a_run_may_read(desk: Desk) -> None:
    """A limit that has room for one prompt has none for a second one."""
    assert await desk.write() == Drafted()
    estimate = usage.estimate(desk.model.requests[0]["messages"])
    assert (await desk.write(number=2, run_input_tokens=estimate + 6)).outcome == "Failed"
    assert (await desk.write(number=2, run_input_tokens=estimate + 7)).outcome is None


def cut_of(tokens: int) -> Scripted:
    """Give a draft that was cut after so many tokens."""
    body = completion("This stops in the mid", finish_reason="length")
    return Scripted(body=body | {"usage": {"prompt_tokens": 7, "completion_tokens": tokens}})


@pytest.mark.parametrize("most,rooms", [(900, [300, 600]), (700, [300, 400]), (601, [300, 301])])
async def test_a_cut_draft_grows_as_far_as_the_allowance_goes(
    desk: Desk, most: int, rooms: list[int]
) -> None:
    """Twice the room, or what is left of the run's."""
    assert (await desk.write(cut_of(300), run_output_tokens=most)).failure == CUT_DETAIL
    await desk.write(attempt=2, run_output_tokens=most)
    assert desk.rooms == rooms


@pytest.mark.parametrize("most", [200, 300, 550, 600])
async def test_a_cut_draft_is_not_made_shorter(desk: Desk, most: int) -> None:
    """Where the allowance leaves no more room than there was, what is cut stands."""
    assert await desk.write(cut_of(min(most, 300)), run_output_tokens=most) == Drafted()
    draft = await desk.draft()
    assert (draft.text, draft.finish_reason) == ("This stops in the mid", "length")


async def test_a_cut_draft_stands_where_the_prompt_can_not_be_read_again(desk: Desk) -> None:
    """The longer one would be over what the run may read."""
    most = usage.estimate([{"content": "x" * 3000}])
    await desk.write(CUT, run_input_tokens=most)
    assert await desk.write(attempt=2, run_input_tokens=7) == Drafted(calls=0)
    assert (await desk.draft()).finish_reason == "length"


async def use_up_the_day(desk: Desk, now: datetime = NOW) -> None:
    """Let Megan use all of her 100 tokens."""
    await usage.spend(desk.ledger, Allowances(day_tokens=100), MEGAN, 100, now)


async def test_a_days_tokens_wait_until_tomorrow(desk: Desk) -> None:
    """A draft whose requester used up the day's is written after midnight; it is no call."""
    await use_up_the_day(desk)
    later = await desk.write(day_tokens=100)
    assert (later.retry_after, later.calls) == (14 * timedelta(hours=1), 0)
    assert "100 tokens may be used a day" in (later.failure or "")
    assert desk.model.requests == []
    assert await desk.write(after=later.retry_after or timedelta(), day_tokens=100) == Drafted()


async def test_who_waits_for_tomorrow_keeps_nobody_waiting(desk: Desk) -> None:
    """No place in the line is taken for it."""
    await use_up_the_day(desk)
    await desk.write(day_tokens=100, **SIX_A_MINUTE)
    assert await line(desk) == Line()


async def test_a_cut_draft_does_not_wait_for_tomorrow(desk: Desk) -> None:
    """It stands, flagged: an approver may ask for more of it."""
    await desk.write(CUT, day_tokens=100)
    await use_up_the_day(desk)
    assert await desk.write(attempt=2, day_tokens=100) == Drafted(calls=0)
    assert (await desk.draft()).finish_reason == "length"


async def test_every_call_counts_towards_the_day(desk: Desk) -> None:
    """What failed with tokens, and what was cut, was paid for too."""
    limits = Allowances(day_tokens=27)
    await desk.write(CUT, day_tokens=27)
    await desk.write(azure.busy(), attempt=2, day_tokens=27)
    await desk.write(attempt=3, day_tokens=27)
    await usage.check_tokens(desk.ledger, limits, MEGAN, NOW)
    await usage.spend(desk.ledger, limits, MEGAN, 9, NOW)
    later = await desk.write(number=2, day_tokens=27)
    assert (later.retry_after, later.calls) == (14 * timedelta(hours=1), 0)


async def test_all_calls_are_in_the_drafts_cost(desk: Desk) -> None:
    """The whole text costs what the cut one before it did as well."""
    await desk.write(CUT, **PRICES)
    await desk.write(attempt=2, **PRICES)
    draft = await desk.draft()
    assert (draft.prompt_tokens, draft.completion_tokens, draft.calls) == (14, 4, 2)
    assert draft.cost == Cost("0.015", "USD")


async def test_the_calls_of_a_failed_draft_are_kept(desk: Desk) -> None:
    """A run that ends without a draft still tells what was spent on it."""
    await desk.write(azure.FILTERED_TEXT, **PRICES)
    calls = await desk.calls()
    assert (calls.made, calls.prompt_tokens, calls.completion_tokens) == (1, 7, 2)
    assert calls.cost == Cost("0.0075", "USD")
    assert await read(desk.ledger, RUN, records.draft_row(1), DraftText) is None


async def test_what_the_callers_parameters_ask_for_is_capped_too(desk: Desk) -> None:
    """A caller can't ask for more than the installation gives a run."""
    await desk.begin(parameters=Parameters(max_tokens=16_384))
    await desk.write(run_output_tokens=1000)
    assert desk.rooms == [1000]
    assert (await desk.draft()).parameters.max_tokens == 1000
