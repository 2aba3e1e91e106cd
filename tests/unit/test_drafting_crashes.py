"""However often the host runs an attempt again, there is one draft, and no call before its time."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from random import Random
from typing import Any, cast

import pytest

from signpost import records
from signpost.contracts import MAX_ATTEMPTS, Drafted
from signpost.drafting import GIVEN_UP, STOPPED_CALLS, write_draft
from signpost.ledger import Ledger, LedgerAway, read
from signpost.records import Calls, DraftText
from tests.builders import RUN, work
from tests.doubles import azure_openai_answers as azure
from tests.doubles.memory_ledger import MemoryLedger
from tests.doubles.openai_double import OpenAIDouble, Scripted, completion
from tests.unit.desk import CUT, NO_ROOM, Desk

PACED: dict[str, Any] = {"requests_per_minute": 6, "day_tokens": 1000}
MOST_STEPS = 90
BUSY = azure.busy(retry_after="30")


class Crash(Exception):  # noqa: N818 - it is what happens
    """The host dies."""


class Crashing:
    """A ledger at whose step `at` the host dies, before the step or after it."""

    def __init__(self, ledger: Ledger, at: int, *, is_after: bool) -> None:
        self._ledger, self._at, self._is_after = ledger, at, is_after
        self.steps = 0

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        async def step(*given: Any) -> Any:
            self.steps += 1
            if self.steps == self._at and not self._is_after:
                raise Crash
            result = await getattr(self._ledger, name)(*given)
            if self.steps == self._at and self._is_after:
                raise Crash
            return result

        return step


async def play(desk: Desk, ledger: Ledger, **limits: Any) -> int:
    """Do what the workflow does until there is a draft; give the number of crashes."""
    attempt, waited, crashes = 1, timedelta(), 0
    while True:
        asked = work(attempt, waited)
        try:
            done = await write_draft(ledger, desk.config(**limits), asked)
        except Crash:
            crashes += 1
            continue
        attempt += done.calls
        if done.outcome is None:
            return crashes
        assert done.retry_after is not None
        assert attempt <= MAX_ATTEMPTS
        waited += done.retry_after


SCRIPT = [BUSY, CUT, Scripted(close=True)]


@pytest.mark.parametrize("limits", [{}, PACED], ids=["unpaced", "paced"])
@pytest.mark.parametrize("is_after", [False, True], ids=["before", "after"])
async def test_one_crash_costs_one_call_at_most(
    openai_double: OpenAIDouble, *, is_after: bool, limits: dict[str, Any]
) -> None:
    """At every step of the ledger: the run goes on to one draft, and asks once more at most."""
    for at in range(1, MOST_STEPS):
        desk = Desk(MemoryLedger(Random(at)), openai_double)
        await desk.begin()
        desk.model.requests.clear()
        desk.model.script = deque(SCRIPT)
        ledger: Any = Crashing(desk.ledger, at, is_after=is_after)
        crashes = await play(desk, ledger, **limits)
        draft = await desk.draft()
        assert len(desk.model.requests) <= len(SCRIPT) + 1 + crashes
        assert draft.calls <= len(desk.model.requests) + crashes
        assert await desk.write(**limits) == Drafted(calls=0)
        if not crashes:
            return
    raise AssertionError("there are more steps than were tried")


@pytest.mark.parametrize(
    "answer", [BUSY, Scripted(status=500), azure.DECLINED, azure.blocked(hate=True), CUT, NO_ROOM]
)
async def test_an_answer_that_is_on_record_is_given_again(desk: Desk, answer: Scripted) -> None:
    """A crash after it brings neither a second call nor an early one."""
    first = await desk.write(answer)
    assert await desk.write() == first
    assert len(desk.model.requests) == 1
    assert (await desk.calls()).made == 1


async def test_the_next_try_is_a_new_one(desk: Desk) -> None:
    """What is on record answers its own attempt only."""
    await desk.write(BUSY)
    assert await desk.write(attempt=2) == Drafted()


async def test_an_attempt_that_runs_twice_at_once_leaves_one_draft(desk: Desk) -> None:
    """The host lost a worker, which goes on all the same: the text that is there first stays."""
    late = Scripted(body=completion("Late."), delay=0.05)
    await asyncio.gather(desk.write(late, Scripted(body=completion("First."))), desk.write())
    assert len(desk.model.requests) == 2
    assert (await desk.draft()).text == "First."


async def test_earlier_calls_are_read(desk: Desk) -> None:
    """A row that was written before answers were kept in it counts as it did."""
    row = b'{"made":2,"promptTokens":14,"place":5.0,"widened":true}'
    await desk.ledger.insert(RUN, records.calls_row(1), row)
    assert await read(desk.ledger, RUN, records.calls_row(1), Calls) is not None
    assert await desk.write(attempt=3) == Drafted()
    draft = await read(desk.ledger, RUN, records.draft_row(1), DraftText)
    assert draft is not None
    assert (draft.calls, draft.prompt_tokens, draft.parameters.max_tokens) == (3, 21, 600)


class _Full:
    """A ledger whose disk is full: all can be read, and nothing written."""

    def __init__(self, ledger: Ledger) -> None:
        self.get = ledger.get

    async def insert(self, partition: str, row: str, body: bytes) -> bool:
        """Say that nothing can be written."""
        raise LedgerAway("the disk is full")

    replace = insert


@pytest.mark.parametrize("limits", [{}, {"day_tokens": 100}, {"requests_per_minute": 60}])
async def test_what_cannot_be_noted_is_not_asked_for(desk: Desk, limits: dict[str, Any]) -> None:
    """While the ledger can be read alone, each try would pay for a text that is lost."""
    full = Desk(cast("Ledger", _Full(desk.ledger)), desk.model)
    for _ in range(3):
        with pytest.raises(LedgerAway):
            await full.write(**limits)
    assert desk.model.requests == []


@pytest.mark.parametrize("limits", [{}, PACED], ids=["unpaced", "paced"])
async def test_a_host_that_dies_in_every_call_makes_five(
    desk: Desk, limits: dict[str, Any]
) -> None:
    """Each call may cost money; after the last the run ends, and says so."""
    desk.model.script.extend([Scripted(delay=9)] * 9)
    for again in range(8):
        writing = desk.write(after=timedelta(minutes=again), **limits)
        with suppress(TimeoutError):
            done = await asyncio.wait_for(writing, 0.2)
    assert len(desk.model.requests) == MAX_ATTEMPTS
    assert (done.outcome, done.retry_after) == ("Failed", None)
    assert done.failure == f"{STOPPED_CALLS} {GIVEN_UP}"
