"""Plays many drafts that want the model at once, on a clock of its own."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from heapq import heappop, heappush
from random import Random
from typing import NamedTuple

from signpost import pacing
from signpost.allowances import Allowances
from signpost.ledger import Ledger
from tests.builders import NOW

OVERLAP = 0.5  # seconds: what happens this close together runs at the same time
MICROSECOND = 1e-6  # seconds: the ledger's instants are whole ones
MANY = 100_000


class Call(NamedTuple):
    """One request to the model, at a second of the storm."""

    at: float
    caller: int
    tokens: int


class Hold(NamedTuple):
    """What the service asked for, from when it did until when."""

    since: float
    until: float


@dataclass
class Storm:
    """A storm, and what came of it.

    `late` gives by how many seconds a caller's timer is late; `gives_up`, `refused` and `fails`
    are the chances that a caller does not come back, is told to wait by the service, or has to
    join anew; between `stall[0]` and `stall[1]` nothing runs.
    """

    ledger: Ledger
    allowances: Allowances
    random: Random
    late: Callable[[Random, int], float] = lambda random, _: random.random() / 2
    gives_up: float = 0
    refused: float = 0
    fails: float = 0
    stall: tuple[float, float] = (0, 0)
    calls: list[Call] = field(default_factory=list)
    holds: list[Hold] = field(default_factory=list)
    waits: Counter[int] = field(default_factory=Counter)
    gone: set[int] = field(default_factory=set)
    places: dict[int, float | None] = field(default_factory=dict)
    _agenda: list[tuple[float, int]] = field(default_factory=list)
    _tokens: list[int] = field(default_factory=list)

    async def play(self, joining: Iterable[tuple[float, int]]) -> None:
        """Let callers come at these seconds, with so many tokens each, until all are through."""
        for caller, (at, tokens) in enumerate(joining):
            self._tokens.append(tokens)
            heappush(self._agenda, (at, caller))
        while self._agenda:
            assert len(self.calls) + sum(self.waits.values()) < MANY, "somebody waits for ever"
            begin = self._agenda[0][0]
            steps = []
            while self._agenda and self._agenda[0][0] <= begin + OVERLAP:
                steps.append(self._ask(*heappop(self._agenda)))
            await asyncio.gather(*steps)

    async def _ask(self, at: float, caller: int) -> None:
        now, tokens = NOW + timedelta(seconds=at), self._tokens[caller]
        place = self.places.get(caller)
        if place is None:
            place = await pacing.join(self.ledger, self.allowances, tokens, now)
            assert place is not None
            self.places[caller] = place
        elif self.random.random() < self.gives_up:
            self.gone.add(caller)
            return
        wait = await pacing.wait_for(self.ledger, self.allowances, place, tokens, now)
        if wait:
            self.waits[caller] += 1
            self._come_back(at + wait.total_seconds(), caller)
            return
        self.calls.append(Call(at, caller, tokens))
        await self._answer(at, caller)

    async def _answer(self, at: float, caller: int) -> None:
        """Answer a call: with a text, with a wait that holds everybody, or with an error."""
        if self.random.random() < self.refused:
            hold = Hold(at, at + self.random.choice([1, 10, 90]))
            now = NOW + timedelta(seconds=at)
            until = NOW + timedelta(seconds=hold.until)
            await pacing.hold(self.ledger, self.places[caller], until, now)
            self.holds.append(hold)
            self._come_back(hold.until, caller)
        elif self.random.random() < self.fails:
            self.places[caller] = None
            self._come_back(at + 5, caller)

    def _come_back(self, at: float, caller: int) -> None:
        at += self.late(self.random, caller)
        if self.stall[0] < at < self.stall[1]:
            at = self.stall[1] + self.random.random()
        heappush(self._agenda, (at, caller))

    @property
    def order(self) -> list[int]:
        """The callers in the order in which they called."""
        return [call.caller for call in self.calls]

    def fullest_minute(self) -> int:
        """Count the most calls in any minute, wherever it begins."""
        return max(len(minute) for minute in self._minutes())

    def most_tokens(self) -> int:
        """Count the most tokens in any minute with more than one call."""
        shared = [minute for minute in self._minutes() if len(minute) > 1]
        return max((sum(call.tokens for call in minute) for minute in shared), default=0)

    def during_holds(self) -> list[Call]:
        """Find calls between the answer that asked to wait, and the end of the wait."""
        ends = [(hold.since + OVERLAP, hold.until - MICROSECOND) for hold in self.holds]
        return [call for call in self.calls for since, until in ends if since < call.at < until]

    def _minutes(self) -> list[list[Call]]:
        """Give the calls of each minute that begins with a call: no other can be fuller."""
        calls = sorted(self.calls)
        return [
            [c for c in calls[i : i + 1000] if c.at < first.at + 60 - MICROSECOND]
            for i, first in enumerate(calls)
        ]
