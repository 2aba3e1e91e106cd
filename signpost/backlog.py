"""Owns counting what waits for people: how many runs, and how many of them wait in vain."""

import asyncio
from collections import Counter
from datetime import datetime, timedelta
from typing import NamedTuple

from signpost import flows, lists, records
from signpost.ledger import Ledger, read
from signpost.lists import Waiting
from signpost.records import Round

MOST = 1000  # rounds that are looked at, the oldest ones: one read of the ledger each
AT_ONCE = 50
GRACE = timedelta(minutes=1)  # in which a deadline's timer fires


class Backlog(NamedTuple):
    """Runs that wait, by flow, and how many of them are past their deadline or untold."""

    waiting: dict[str, int]
    overdue: int


async def count(ledger: Ledger, now: datetime) -> Backlog:
    """Count the open rounds; what the list still holds though it is over does not count."""
    listed = await lists.waiting(ledger, MOST)
    waiting, overdue = Counter(dict.fromkeys(flows.load_all(), 0)), 0
    for start in range(0, len(listed), AT_ONCE):
        some = listed[start : start + AT_ONCE]
        found = await asyncio.gather(*(_round(ledger, each) for each in some))
        for each, standing in zip(some, found, strict=True):
            if standing is not None and standing.outcome is None:
                waiting[each.flow] += 1
                overdue += _is_overdue(standing, now)
    return Backlog(dict(waiting), overdue)


async def _round(ledger: Ledger, listed: Waiting) -> Round | None:
    return await read(ledger, listed.run, records.round_row(listed.round), Round)


def _is_overdue(standing: Round, now: datetime) -> bool:
    """Say whether its deadline passed, or somebody could not be told of it at the last try."""
    return now > standing.expires_at + GRACE or standing.notice_attempts > 0
