"""Owns lists as they are shown: pages of pointers turned into what the runs themselves say."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Literal, NamedTuple, TypeVar

from signpost import inputs, lists, runs, views
from signpost.ledger import Ledger
from signpost.links import approval_id
from signpost.lists import Pointer
from signpost.oversight import Case, seats, upkeep
from signpost.oversight.seats import Awaited
from signpost.people import people
from signpost.problems import Unknown
from signpost.records import Run
from signpost.runs import Story
from signpost.shapes import View

MOST_LOOKED_AT = 200  # entries of one request; what a filter leaves out costs a read, too
LONGEST_ABOUT = 80  # characters
CURSOR = r"\d{10}-[0-9a-f]{32}-\d{1,2}"

Box = Literal["received", "history"]
T = TypeVar("T")


class ApprovalItem(View, frozen=True):
    """An approval in a person's list; `answered` says whether that person did."""

    id: str
    run: str
    round: int
    flow: str
    title: str
    requestor: str | None
    state: str
    outcome: str | None
    answered: bool
    request_date: datetime
    expires_at: datetime
    waiting_for: list[Awaited]


class RunItem(View, frozen=True):
    """A run in a list; `title` is its flow's, and what it is about until that is deleted."""

    id: str
    flow: str
    title: str
    state: str
    outcome: str | None
    detail: str
    requestor: str | None
    created_at: datetime
    closed_at: datetime | None
    waiting_for: list[Awaited]


class ApprovalPage(View, frozen=True):
    """Approvals, newest first; `next` is the cursor of what follows, null at the end."""

    approvals: list[ApprovalItem]
    next: str | None


class RunPage(View, frozen=True):
    """Runs, newest first; `next` is the cursor of what follows, null at the end."""

    runs: list[RunItem]
    next: str | None


class Window(NamedTuple):
    """How many entries are wanted, and after which; "" is the newest."""

    after: str
    limit: int


class ApprovalQuery(NamedTuple):
    """Whose approvals are wanted; None lets every flow or outcome pass."""

    person: str
    box: Box
    flow: str | None = None
    outcome: str | None = None


class RunQuery(NamedTuple):
    """Which runs are wanted: those of a person, or of everybody for None."""

    person: str | None
    flow: str | None = None
    state: str | None = None


async def list_approvals(
    ledger: Ledger, query: ApprovalQuery, window: Window, now: datetime
) -> ApprovalPage:
    """List what waits for a person, or what they were asked that is over."""
    name = lists.received if query.box == "received" else lists.history

    async def show(pointer: Pointer) -> ApprovalItem | None:
        story = await _story(ledger, pointer.run)
        item = _approval(story, pointer.round, query, now) if story else None
        return item if item and _is_wanted(item, query) else None

    return ApprovalPage(*await _page(ledger, name(query.person), window, show))


async def list_runs(ledger: Ledger, query: RunQuery, window: Window, now: datetime) -> RunPage:
    """List the runs that a person asked for, or all of them."""
    partition = lists.sent(query.person) if query.person else lists.EVERYTHING

    async def show(pointer: Pointer) -> RunItem | None:
        story = await _story(ledger, pointer.run)
        item = _run(story, now) if story else None
        flow, state = query.flow, query.state
        wanted = item and flow in (None, item.flow) and state in (None, item.state)
        return item if wanted else None

    return RunPage(*await _page(ledger, partition, window, show))


def is_cursor(text: str) -> bool:
    """Say whether a text can be where a page ended."""
    return re.fullmatch(CURSOR, text, re.ASCII) is not None


async def _page(
    ledger: Ledger,
    partition: str,
    window: Window,
    show: Callable[[Pointer], Awaitable[T | None]],
) -> tuple[list[T], str | None]:
    """Collect what is to be shown until there is enough, the list ends, or enough was read."""
    found: list[T] = []
    after, left = window.after, MOST_LOOKED_AT
    while len(found) < window.limit and left:
        page = await lists.page(ledger, partition, after, min(window.limit - len(found), left))
        shown = await asyncio.gather(*map(show, page.pointers))
        found += [each for each in shown if each is not None]
        left -= len(page.pointers)
        if page.after is None:
            return found, None
        after = page.after
    return found, after


async def _story(ledger: Ledger, run: str) -> Story | None:
    try:
        return await runs.story(ledger, run)
    except Unknown:
        return None


def _approval(
    story: Story, number: int, query: ApprovalQuery, now: datetime
) -> ApprovalItem | None:
    """Show one round to a person who has to do with it, as time left it."""
    case, person = Case(story.run, people()), query.person
    if not 1 <= number <= len(story.rounds):
        return None  # its texts were deleted
    at_hand = upkeep.current(case, now, story.rounds[number - 1])
    if not seats.is_involved(case, at_hand, person, now):
        return None
    is_open = seats.place_of(case, at_hand, person, now) is not None
    answered = seats.has_answered(case, at_hand, person)
    state = "open" if is_open else "answered" if answered else "waiting"
    return ApprovalItem(
        id=approval_id(story.run.id, number),
        run=story.run.id,
        round=number,
        flow=story.run.flow.name,
        title=case.title,
        requestor=story.run.requestor,
        state="over" if at_hand.outcome else state,
        outcome=at_hand.outcome,
        answered=answered,
        request_date=at_hand.request_date,
        expires_at=at_hand.expires_at,
        waiting_for=seats.awaited(case, at_hand, now),
    )


def _is_wanted(item: ApprovalItem, query: ApprovalQuery) -> bool:
    """Leave out what a list still holds though the round went on, and what a filter does."""
    states = ("open", "answered") if query.box == "received" else ("over",)
    wanted = query.flow in (None, item.flow) and query.outcome in (None, item.outcome)
    return item.state in states and wanted


def _run(story: Story, now: datetime) -> RunItem:
    shown = views.run_view(story, now)
    return RunItem(
        id=shown.id,
        flow=shown.flow,
        title=_title(story.run),
        state=shown.state,
        outcome=shown.outcome,
        detail=shown.detail,
        requestor=shown.requestor,
        created_at=shown.created_at,
        closed_at=shown.closed_at,
        waiting_for=shown.round.waiting_for if shown.round else [],
    )


def _title(run: Run) -> str:
    """Tell runs of one flow apart, by the first input that was filled in."""
    given = (run.inputs[name] for name in run.flow.inputs if name in run.inputs)
    line = " ".join(next(map(inputs.shown, given), "").split())
    about = line if len(line) <= LONGEST_ABOUT else f"{line[:LONGEST_ABOUT].rstrip()} \u2026"
    return f"{run.flow.title}: {about}" if about else run.flow.title
