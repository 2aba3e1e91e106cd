"""Lists point to what waits, what is over and what was asked for, newest first, each once."""

from datetime import timedelta
from typing import Any

import pytest

from signpost import lists, receipts, records, rounds, runs
from signpost.contracts import Ending, Work, next_round
from signpost.ledger import Ledger
from signpost.lists import Page, Pointer
from signpost.oversight import Case, steering
from signpost.people import Delegate, Directory, Person, people
from signpost.policy import Stage
from signpost.settings import Settings
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
    put,
    said,
    work,
)

SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
DIEGO = "diego@contoso.com"
SILENT: dict[str, Any] = {"enable_notifications": False}


async def listed(ledger: Ledger, partition: str, limit: int = 100) -> list[tuple[str, int]]:
    """Read a list to its end, page by page."""
    found: list[Pointer] = []
    after: str | None = ""
    while after is not None:
        page = await lists.page(ledger, partition, after, limit)
        found, after = found + page.pointers, page.after
    return [(each.run, each.round) for each in found]


async def places(ledger: Ledger, person: str) -> tuple[bool, bool]:
    """Say whether the default round stands among what waits for a person, and what is over."""
    pointer = (RUN, 1)
    waits = pointer in await listed(ledger, lists.received(person))
    return waits, pointer in await listed(ledger, lists.history(person))


WAITS, IS_OVER, NOWHERE = (True, False), (False, True), (False, False)


async def opened(ledger: Ledger, config: Settings, **approval: Any) -> None:
    """Bring the default run to where its round is open, and told."""
    await put(ledger, records.RUN, a_run(flow=a_flow(**approval)))
    await put(ledger, records.draft_row(1), a_draft())
    await rounds.open_up(ledger, config, work())


async def settled(ledger: Ledger, config: Settings, after: timedelta, attempt: int = 2) -> None:
    """Look after the round as the orchestration does when it wakes."""
    await rounds.settle(ledger, config, work(attempt, after))


async def closed(ledger: Ledger, config: Settings, after: timedelta = DAY) -> None:
    """Close the default run."""
    await receipts.write(ledger, config, Ending(work=work(after=after), outcome="Failed"))


async def steer(ledger: Ledger, decide: Any, after: timedelta, *given: Any) -> None:
    """Change the default round as whoever asked would."""
    story = await runs.story(ledger, RUN)
    case = Case(story.run, people())

    def at(standing: records.Round) -> records.Round:
        changed: records.Round = decide(*given, case, NOW + after, standing)
        return changed

    await rounds.steer(ledger, story, at)


async def test_a_started_run_is_listed(ledger: Ledger) -> None:
    """Among all, and for who asked, under that person's one name."""
    body = runs.Start(inputs={"Topic": "T"}, requestor=MEGAN.upper())
    run, _ = await runs.start(ledger, a_flow(), body, None, NOW)
    assert await listed(ledger, lists.EVERYTHING) == [(run, 0)]
    assert await listed(ledger, lists.sent(MEGAN)) == [(run, 0)]
    assert await listed(ledger, lists.sent(ADELE)) == []


async def test_a_run_without_a_requester_is_nobodys(ledger: Ledger) -> None:
    """It stands among all only."""
    await lists.started(ledger, a_run(requestor=None))
    assert await listed(ledger, lists.EVERYTHING) == [(RUN, 0)]


async def test_an_open_round_waits_for_who_is_asked(ledger: Ledger, config: Settings) -> None:
    """For everybody who may answer, and not for who asks."""
    await opened(ledger, config, assigned_to=[ADELE, MEGAN])
    assert await places(ledger, ADELE) == await places(ledger, "Adele@Contoso.com") == WAITS
    assert await places(ledger, MEGAN) == await places(ledger, ALEX) == NOWHERE


async def test_a_round_that_is_over_moves(ledger: Ledger, config: Settings) -> None:
    """Everybody who was asked finds it in their history, whether they answered or not."""
    await opened(ledger, config)
    await rounds.respond(ledger, await runs.story(ledger, RUN), 1, said(), NOW)
    await closed(ledger, config)
    assert await places(ledger, ADELE) == await places(ledger, ALEX) == IS_OVER


@pytest.mark.parametrize("approval", [{}, SILENT], ids=["told", "silent"])
async def test_an_heir_is_listed(
    ledger: Ledger, config: Settings, approval: dict[str, Any]
) -> None:
    """Who a place was handed to finds it waiting, also in a flow that tells nobody."""
    await opened(ledger, config, enable_reassignment=True, **approval)
    await steer(ledger, steering.reassign, SECOND, steering.Handover(ALEX, ALEX, DIEGO))
    await settled(ledger, config, SECOND)
    assert await places(ledger, DIEGO) == WAITS
    await closed(ledger, config)
    assert [await places(ledger, who) for who in (ADELE, ALEX, DIEGO)] == [IS_OVER] * 3


@pytest.mark.parametrize("approval", [{}, SILENT], ids=["told", "silent"])
async def test_an_escalated_approver_is_listed(
    ledger: Ledger, config: Settings, approval: dict[str, Any]
) -> None:
    """From the escalation on, and not before."""
    await opened(ledger, config, escalate_to=DIEGO, escalate_after=DAY, **approval)
    assert await places(ledger, DIEGO) == NOWHERE
    await settled(ledger, config, DAY)
    assert await places(ledger, DIEGO) == WAITS
    await closed(ledger, config, 2 * DAY)
    assert await places(ledger, DIEGO) == IS_OVER


@pytest.mark.parametrize("approval", [{}, SILENT], ids=["told", "silent"])
async def test_the_next_stage_is_listed(
    ledger: Ledger, config: Settings, approval: dict[str, Any]
) -> None:
    """Who comes second in a sequence has nothing waiting before it is their turn."""
    stages = [Stage(assigned_to=[ADELE]), Stage(assigned_to=[ALEX])]
    in_turn: dict[str, Any] = {
        "type": "Sequential approval",
        "assigned_to": None,
        "allow_edits": False,
    }
    await opened(ledger, config, stages=stages, **in_turn, **approval)
    assert await places(ledger, ALEX) == NOWHERE
    await rounds.respond(ledger, await runs.story(ledger, RUN), 1, said(), NOW)
    await settled(ledger, config, SECOND)
    assert await places(ledger, ALEX) == WAITS


async def test_a_round_before_waits_for_nobody(ledger: Ledger, config: Settings) -> None:
    """When the next draft is under review, the one that was sent back is history."""
    await opened(ledger, config, allow_request_changes=True)
    story = await runs.story(ledger, RUN)
    await rounds.respond(ledger, story, 1, said(ALEX, "Request changes"), NOW)
    await settled(ledger, config, SECOND)
    await put(ledger, records.draft_row(2), a_draft())
    await rounds.open_up(ledger, config, next_round(work(after=SECOND)))
    for person in (ADELE, ALEX):
        assert await listed(ledger, lists.received(person)) == [(RUN, 2)]
        assert await listed(ledger, lists.history(person)) == [(RUN, 1)]


def with_delegate(to: str) -> Directory:
    """Know that somebody stands in for Adele these days."""
    days = {"from_": NOW.date(), "until": (NOW + DAY).date()}
    return Directory([Person(email=ADELE, delegates=[Delegate(to=to, **days)])])


async def test_a_delegate_who_was_not_reached_is_moved_too(ledger: Ledger) -> None:
    """Who was listed without a seat, and never told, does not wait for ever."""
    standing = a_round()
    await lists.asked(ledger, RUN, standing, [ADELE, DIEGO])
    assert await places(ledger, DIEGO) == WAITS
    await lists.over(ledger, RUN, standing, with_delegate(DIEGO), NOW)
    assert await places(ledger, DIEGO) == await places(ledger, ADELE) == IS_OVER


async def test_listing_twice_is_listing_once(ledger: Ledger, config: Settings) -> None:
    """Activities that the host runs again make no second entry, and bring nothing back."""
    await opened(ledger, config)
    await rounds.open_up(ledger, config, work())
    assert await listed(ledger, lists.received(ADELE)) == [(RUN, 1)]
    await closed(ledger, config)
    await rounds.open_up(ledger, config, work())
    await closed(ledger, config)
    assert await places(ledger, ADELE) == IS_OVER
    assert await listed(ledger, lists.history(ADELE)) == [(RUN, 1)]


async def test_a_late_activity_lists_nothing_that_is_over(ledger: Ledger, config: Settings) -> None:
    """An `open_round` that comes again after the end finds the round over."""
    await opened(ledger, config)
    await closed(ledger, config)
    late = Work(run=RUN, round=1, attempt=1, now=NOW + 2 * DAY)
    await rounds.open_up(ledger, config, late)
    assert await places(ledger, ALEX) == IS_OVER


async def many(ledger: Ledger, count: int, first: int = 0) -> list[tuple[str, int]]:
    """List runs that began one second apart, and give them newest first."""
    begun = range(first, first + count)
    for number in begun:
        run = a_run(id=f"{number:032x}", created_at=NOW + number * SECOND)
        await lists.started(ledger, run)
    return [(f"{number:032x}", 0) for number in reversed(begun)]


@pytest.mark.parametrize("limit", [1, 3, 7, 12, 13, 100])
async def test_pages_hold_everything_once(ledger: Ledger, limit: int) -> None:
    """Newest first, whatever the size of a page."""
    expected = await many(ledger, 12)
    assert await listed(ledger, lists.EVERYTHING, limit) == expected


async def test_a_page_is_stable_while_new_runs_begin(ledger: Ledger) -> None:
    """Who reads on finds what comes next in time, with nothing twice and nothing left out."""
    expected = await many(ledger, 9)
    found: list[Pointer] = []
    page = Page([], "")
    for step in range(4):
        page = await lists.page(ledger, lists.EVERYTHING, page.after or "", 3)
        found += page.pointers
        await many(ledger, 5, first=100 + 10 * step)
    assert [(each.run, each.round) for each in found] == expected


async def test_a_page_is_stable_while_entries_go(ledger: Ledger) -> None:
    """What is taken out on the way shortens the list, and hides nothing else."""
    expected = await many(ledger, 6)
    page = await lists.page(ledger, lists.EVERYTHING, "", 3)
    assert page.after is not None
    await ledger.delete(lists.EVERYTHING, page.after)
    rest = await lists.page(ledger, lists.EVERYTHING, page.after, 9)
    assert [(each.run, each.round) for each in rest.pointers] == expected[3:]


async def test_runs_of_one_second_are_all_listed(ledger: Ledger) -> None:
    """The same instant gives no two runs one place."""
    for number in range(20):
        await lists.started(ledger, a_run(id=f"{number:032x}"))
    assert len(await listed(ledger, lists.EVERYTHING, 3)) == 20


def test_any_name_has_a_list() -> None:
    """Names of every script and length become keys that all stores take."""
    for name in ("x" * 500, "M\u00fcller@contoso.com", "a/b#c?@contoso.com", "\u0130@contoso.com"):
        for key in (lists.received(name), lists.history(name), lists.sent(name)):
            assert key.isascii()
            assert len(key) < 60
