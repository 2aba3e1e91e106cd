"""A run is started once, checked before it starts, and ends with a receipt."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from signpost import records, runs
from signpost.flows import Flow, Input, Parameters
from signpost.ledger import Ledger
from signpost.oversight import respond
from signpost.problems import Decided, Invalid, Over, Unknown
from signpost.runs import Start
from tests.builders import (
    ADELE,
    ALEX,
    MEGAN,
    NOW,
    RUN,
    a_draft,
    a_flow,
    a_round,
    a_run,
    an_answer,
    get_round,
    put,
)

DAY = timedelta(days=1)


def body(**fields: Any) -> Start:
    """Build the body of a start."""
    return Start(**{"inputs": {"Topic": "The terrace"}, "requestor": MEGAN} | fields)


async def start(
    ledger: Ledger, key: str | None = None, flow: Flow | None = None, **fields: Any
) -> tuple[str, bool]:
    """Start a run of the default flow."""
    return await runs.start(ledger, flow or a_flow(), body(**fields), key, NOW)


async def refused(ledger: Ledger, **fields: Any) -> Invalid:
    """Give the problem that a start ends in."""
    with pytest.raises(Invalid) as error:
        await start(ledger, **fields)
    return error.value


async def test_a_run_is_recorded(ledger: Ledger) -> None:
    """What was asked is in the ledger before anything is started."""
    run, new = await start(ledger, parameters=Parameters(temperature=1))
    assert new
    story = await runs.story(ledger, run)
    assert (story.run.requestor, story.run.created_at) == (MEGAN, NOW)
    assert (story.state, story.run.parameters.temperature) == ("drafting", 1)


async def test_runs_without_a_key_differ(ledger: Ledger) -> None:
    """The same body twice is two runs, unless the caller says otherwise."""
    assert await start(ledger) != await start(ledger)


async def test_the_same_key_gives_the_same_run(ledger: Ledger) -> None:
    """A caller that repeats itself gets the run that is there."""
    first, _ = await start(ledger, "key")
    assert await start(ledger, "key") == (first, False)


async def test_a_hundred_starts_with_one_key_are_one_run(ledger: Ledger) -> None:
    """However many come at once, one run is new."""
    started = await asyncio.gather(*(start(ledger, "key") for _ in range(100)))
    assert len({run for run, _ in started}) == 1
    assert sum(new for _, new in started) == 1


async def test_a_key_is_for_one_body(ledger: Ledger) -> None:
    """The same key with another body is a mistake of the caller."""
    await start(ledger, "key")
    error = await refused(ledger, key="key", inputs={"Topic": "Another"})
    assert error.field == "Idempotency-Key"


async def test_the_order_of_members_does_not_matter(ledger: Ledger) -> None:
    """The same values in another order are the same body."""
    first = await start(ledger, "key", inputs={"Topic": "T", "Tone": "warm"})
    again = await start(ledger, "key", inputs={"Tone": "warm", "Topic": "T"})
    assert again[0] == first[0]


async def test_keys_belong_to_their_flow(ledger: Ledger) -> None:
    """Two flows may be started with the same key."""
    other = Flow(**{**{f: getattr(a_flow(), f) for f in Flow.__struct_fields__}, "name": "olds"})
    assert (await start(ledger, "key"))[0] != (await start(ledger, "key", flow=other))[0]


async def test_a_start_that_stopped_half_way_is_finished(ledger: Ledger) -> None:
    """A crash between key and run leaves no key without a run: the repetition makes it."""
    claimed = await runs._claim(ledger, a_flow(), body(), "key")
    assert await start(ledger, "key") == (claimed, True)


REFUSED: list[tuple[dict[str, Any], str, str]] = [
    ({"inputs": {}}, "inputs.Topic", "missing"),
    ({"inputs": {"Topic": None}}, "inputs.Topic", "missing"),
    ({"inputs": {"Topic": ""}}, "inputs.Topic", "empty"),
    ({"inputs": {"Topic": " \n\t"}}, "inputs.Topic", "empty"),
    ({"inputs": {"Topic": 5}}, "inputs.Topic", "Give a text"),
    ({"inputs": {"Topic": ["x"]}}, "inputs.Topic", "Give a text"),
    ({"inputs": {"Topic": {"x": 1}}}, "inputs.Topic", "Give a text"),
    ({"inputs": {"Topic": True}}, "inputs.Topic", "Give a text"),
    ({"inputs": {"Topic": "x" * 4001}}, "inputs.Topic", "these are 4001"),
    ({"inputs": {"Topic": "pay\u202eroll"}}, "inputs.Topic", "U+202E"),
    ({"inputs": {"Topic": "a\0b"}}, "inputs.Topic", "U+0000"),
    ({"inputs": {"Topic": "T", "Tone": 5}}, "inputs.Tone", "Give a text"),
    ({"inputs": {"Topic": "T", "topic": "t"}}, "inputs.topic", "no input 'topic'"),
    ({"inputs": {"Topic": "T", "": "t"}}, "inputs.", "no input ''"),
    ({"requestor": "a\u200b@contoso.com"}, "requestor", "U+200B"),
]


@pytest.mark.parametrize("fields,field,said", REFUSED)
async def test_bodies_that_can_not_be_used_are_refused(
    ledger: Ledger, fields: dict[str, Any], field: str, said: str
) -> None:
    """The field at fault is named, and nothing is recorded."""
    error = await refused(ledger, key="key", **fields)
    assert error.field == field
    assert said in error.detail
    assert await ledger.rows(runs.STARTS) == {}


@pytest.mark.parametrize(
    "topic", ["x" * 4000, "\U0001f600" * 4000, "Two\r\nlines", "\u0130stanbul"]
)
async def test_topics_of_all_kinds_are_taken(ledger: Ledger, topic: str) -> None:
    """4,000 characters of any script, with any line ends, are a topic."""
    run, _ = await start(ledger, inputs={"Topic": topic})
    assert (await runs.story(ledger, run)).run.inputs == {"Topic": topic}


async def test_an_optional_input_may_be_left_out(ledger: Ledger) -> None:
    """Null, empty and missing all mean that there is none."""
    for inputs in ({"Topic": "T"}, {"Topic": "T", "Tone": None}, {"Topic": "T", "Tone": ""}):
        assert (await start(ledger, inputs=inputs))[1]


async def test_somebody_has_to_be_left_to_sign(ledger: Ledger) -> None:
    """Who asks may not sign, so a run that only that person could sign does not start."""
    error = await refused(ledger, flow=a_flow(assigned_to=[ADELE]), requestor=ADELE.upper())
    assert error.field == "requestor"


async def test_longer_limits_are_the_flows(ledger: Ledger) -> None:
    """Each input has its own limit."""
    flow = a_flow()
    flow.inputs["Topic"] = Input(type="Text", max_length=3)
    assert (await refused(ledger, flow=flow, inputs={"Topic": "four"})).field == "inputs.Topic"


@pytest.mark.parametrize(
    "run",
    ["", "start", "0" * 31, "0" * 33, "g" * 32, "A" * 32, "\ud800", "a\0", f"{RUN}\n", "../x"],
)
async def test_odd_ids_are_unknown(ledger: Ledger, run: str) -> None:
    """What is no run's id is no run, and does not get near the store."""
    await start(ledger, "key")
    with pytest.raises(Unknown):
        await runs.story(ledger, run)
    with pytest.raises(Unknown):
        await runs.cancel(ledger, run, "", NOW)


async def waiting(ledger: Ledger) -> None:
    """Bring the default run to where its round is open."""
    await put(ledger, records.RUN, a_run())
    await put(ledger, records.draft_row(1), a_draft())
    await put(ledger, records.round_row(1), a_round())


async def test_canceling_ends_the_round(ledger: Ledger) -> None:
    """The round to wake is given back, canceled."""
    await waiting(ledger)
    standing = await runs.cancel(ledger, RUN, "Not needed.", NOW)
    assert standing is not None
    assert standing.outcome == "Canceled"
    assert (await runs.story(ledger, RUN)).run.cancel_reason == "Not needed."


async def test_canceling_works_while_drafting(ledger: Ledger) -> None:
    """Without a round the run itself keeps the note."""
    await put(ledger, records.RUN, a_run())
    assert await runs.cancel(ledger, RUN, "", NOW) is None
    assert (await runs.story(ledger, RUN)).run.canceled_at == NOW


async def test_canceling_comes_too_late_after_a_decision(ledger: Ledger) -> None:
    """Who cancels after somebody answered hears whose answer it was, which stays."""
    decided = respond(NOW, ALEX, an_answer(), a_flow().approval, a_round())
    await put(ledger, records.RUN, a_run())
    await put(ledger, records.round_row(1), decided)
    with pytest.raises(Decided):
        await runs.cancel(ledger, RUN, "", NOW)
    assert (await get_round(ledger)).outcome == "Approve"


async def test_canceling_comes_too_late_after_the_deadline(ledger: Ledger) -> None:
    """A round that expired is over for the requester too."""
    await waiting(ledger)
    with pytest.raises(Over):
        await runs.cancel(ledger, RUN, "", NOW + 31 * DAY)


async def test_reasons_hide_nothing(ledger: Ledger) -> None:
    """A reason is shown to people, so it holds what they can see."""
    await waiting(ledger)
    with pytest.raises(Invalid, match=r"U\+202E"):
        await runs.cancel(ledger, RUN, "pay\u202eroll", NOW)
    assert (await get_round(ledger)).outcome is None
