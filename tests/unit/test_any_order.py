"""Whatever is asked of a run, in whatever order, each answer follows from what counted before."""

from typing import NamedTuple

import pytest

from local.teams import LocalTeams
from signpost.runs import story
from tests.builders import ADELE, ALEX, RUN
from tests.routed import BODIES, Call, Site, ask, doubtful, token_for, waiting

MOVES = ("answer", "cancelRun", "reassign", "remind", "extend", "resolve", "showReceipt")
LONGEST = 4
ALL_ORDERS = 7 + 7**2 + 7**3 + 7**4
SUCCESS = 200
ASKED = BODIES | {
    "resolve": {"delivery": "post again"},
    "reassign": {"from": ALEX, "to": "pradeep@contoso.com"},
}


class Model(NamedTuple):
    """What there is to know about a run, told without the app: how it ended, and what was done."""

    outcome: str | None = None
    in_doubt: bool = False
    done: frozenset[str] = frozenset()

    def after(self, move: str) -> tuple[int, "Model"]:
        """Give the status that a move is answered with, and what is known then."""
        if move == "showReceipt":
            return 404, self
        if move == "resolve":
            return (200, self._replace(in_doubt=False)) if self.in_doubt else (409, self)
        if self.outcome:
            return 410 if self.outcome == "Canceled" else 409, self
        if move in self.done:  # Alex holds no place any more; the deadline is that already
            return {"reassign": 403, "extend": 422}[move], self
        return 200, {
            "answer": self._replace(outcome="Approve"),
            "cancelRun": self._replace(outcome="Canceled"),
            "reassign": self._replace(done=self.done | {move}),
            "extend": self._replace(done=self.done | {move}),
            "remind": self,
        }[move]


class Walk:
    """A walk through all orders of moves; each step is taken by a copy of the run before it."""

    def __init__(self, site: Site, teams: LocalTeams) -> None:
        self.site, self.teams, self.runs = site, teams, 0

    async def copy(self, run: str) -> str:
        """Write all rows of a run as those of a new one."""
        self.runs += 1
        to = f"{self.runs:032x}"
        for row, entry in (await self.site.ledger.rows(run)).items():
            body = entry.body.replace(run.encode(), to.encode())
            assert await self.site.ledger.insert(to, row, body)
        return to

    async def ask(self, run: str, move: str) -> tuple[int, int]:
        """Ask for one thing, and give the status and how much was posted."""
        before = len(self.teams.channel)
        path = {"id": f"{run}-1" if move == "answer" else run}
        headers = token_for(ADELE, run=run) if move == "answer" else {}
        call = Call(ASKED.get(move), headers)
        answer = await ask(move, self.site.durable.client(), call, **path)
        return answer.status_code, len(self.teams.channel) - before

    async def check(self, run: str, model: Model) -> None:
        """Compare the ledger with what is known."""
        told = await story(self.site.ledger, run)
        assert told.round
        assert (told.round.outcome, told.receipt) == (model.outcome, None)
        assert len(told.round.responses) == (model.outcome == "Approve")
        assert (told.run.canceled_at is not None) == (model.outcome == "Canceled")
        assert (told.post is not None and told.post.state == "unknown") == model.in_doubt

    async def refused(self, run: str, move: str, told: int) -> None:
        """Ask for what can't be had: neither ledger, Teams nor Durable hear of it."""
        before, heard = await self.site.ledger.rows(run), list(self.site.durable.told)
        assert await self.ask(run, move) == (told, 0), move
        assert await self.site.ledger.rows(run) == before
        assert self.site.durable.told == heard

    async def go(self, run: str, model: Model, left: int = LONGEST) -> int:
        """Take every next step until the walk is long enough; give how many orders that were.

        A refused step leaves all as it was, so what follows it was or will be walked without it.
        """
        orders = 0
        for move in MOVES if left else ():
            status, after = model.after(move)
            if status != SUCCESS:
                await self.refused(run, move, status)
                orders += sum(len(MOVES) ** length for length in range(left))
                continue
            to = await self.copy(run)
            assert await self.ask(to, move) == (SUCCESS, int(move == "resolve")), move
            await self.check(to, after)
            orders += 1 + await self.go(to, after, left - 1)
        return orders


@pytest.fixture
def walk(site: Site, teams: LocalTeams) -> Walk:
    """Begin a walk on an app that posts to the loopback Teams."""
    site.mode("off", TEAMS_CHANNEL_WEBHOOK_URL=f"{teams.url}/channel")
    return Walk(site, teams)


async def test_every_order_on_a_waiting_run(walk: Walk) -> None:
    """All orders of up to four moves: no step is skipped, doubled or answered wrongly."""
    await waiting(walk.site.ledger)
    assert await walk.go(RUN, Model()) == ALL_ORDERS
    assert walk.runs > 50


async def test_every_order_on_a_post_in_doubt(walk: Walk) -> None:
    """Only a person's word posts again, once, whatever else is asked before and after."""
    await waiting(walk.site.ledger)
    await doubtful(walk.site.ledger)
    assert await walk.go(RUN, Model(outcome="Approve", in_doubt=True)) == ALL_ORDERS
    assert len(walk.teams.channel) == 1
