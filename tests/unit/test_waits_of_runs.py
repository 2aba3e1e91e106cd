"""What a run waits for: rounds, a ledger that is away, and events that come in any order."""

from datetime import datetime, timedelta
from random import Random

import pytest

from signpost.contracts import REQUEST_CHANGES, Posted, pack, wake_up
from tests.builders import NOW
from tests.doubles.replayed import AWAY, Chain

# The SDK warns of each event that nobody waits for, which these tests are about, and once a process
# of its own untyped reading.
pytestmark = [
    pytest.mark.filterwarnings("ignore:Potential duplicate Task completion"),
    pytest.mark.filterwarnings("ignore:azure.functions df_loads:DeprecationWarning"),
]

SEQUENCES = 200
MOST_ROUNDS = 10
WAITS_OF_A_ROUND = ["open_round", "round-{0}-1", "timer", "settle_round"]
STEPS = ["draft", "open_round", "settle_round", "post", "close_run"]


def asked_to_change(rounds: int) -> Chain:
    """Bring a run to where the draft of the last of these rounds is asked for."""
    run = Chain()
    for number in range(1, rounds):
        run.draft()
        run.stand(1)
        run.wake(wake_up(number, 1))
        run.settle(REQUEST_CHANGES)
    return run


def approve(run: Chain, number: int) -> None:
    """Let the round be approved, and the run go on to its end."""
    run.draft()
    run.stand(1)
    run.wake(wake_up(number, 1))
    run.settle("Approve", signed=True)
    run.complete(pack(Posted(delivery="handed over")))
    run.close()


def test_a_request_for_changes_brings_a_new_draft() -> None:
    """The next round is drafted, opened and settled under its own number; nothing is posted."""
    run = asked_to_change(2)
    assert run.names[-1] == "draft"
    assert (run.given("draft")["round"], run.given("draft")["attempt"]) == (2, 1)
    run.draft()
    assert run.given("open_round")["round"] == 2
    assert "post" not in run.names


def test_each_round_waits_under_its_own_names() -> None:
    """A click on the first draft can't sign the second."""
    run = asked_to_change(2)
    run.draft()
    run.stand(1)
    run.wake("round-1-1")
    assert run.names[-2:] == ["round-2-1", "timer"]
    run.wake("round-2-1")
    assert run.names[-1] == "settle_round"
    assert run.given("settle_round")["round"] == 2


def test_a_later_round_is_posted_as_itself() -> None:
    """The post and the receipt are about the round that was signed."""
    run = asked_to_change(3)
    approve(run, 3)
    drafts = ["draft", *WAITS_OF_A_ROUND]
    expected = [name.format(number) for number in (1, 2, 3) for name in drafts]
    assert run.names == [*expected, "post", "close_run"]
    assert run.given("post")["round"] == 3
    assert run.given("close_run")["work"]["round"] == 3


def test_ten_rounds_keep_the_history_short() -> None:
    """The longest run without reminders stays below 300 events, so it replays in a moment."""
    run = asked_to_change(MOST_ROUNDS)
    approve(run, MOST_ROUNDS)
    assert run.result["outcome"] == "Approve"
    assert len(run.history) < 300


def test_a_cancel_between_two_rounds_ends_the_run() -> None:
    """The draft of the next round is not put before anybody."""
    run = asked_to_change(2)
    run.complete({"outcome": "Canceled"})
    run.close()
    assert run.names[-2:] == ["draft", "close_run"]
    assert run.result["outcome"] == "Canceled"


def reach(step: str) -> Chain:
    """Bring a run to where this activity is asked for."""
    run = Chain()
    for before in STEPS[: STEPS.index(step)]:
        go_on(run, before)
    return run


def go_on(run: Chain, step: str) -> None:
    """Let an activity answer as in a run that is signed."""
    match step:
        case "draft":
            run.draft()
        case "open_round":
            run.stand(1)
            run.wake("round-1-1")
        case "settle_round":
            run.settle("Approve", signed=True)
        case "post":
            run.complete(pack(Posted(delivery="handed over")))


@pytest.mark.parametrize("step", STEPS)
def test_a_ledger_that_is_away_is_waited_for(step: str) -> None:
    """At no step does an outage fail a run: the same activity is called again, with new time."""
    run = reach(step)
    before, steps = run.now, run.names
    run.complete(AWAY)
    assert run.names == [*steps, "timer"]
    run.fire()
    assert run.names == [*steps, "timer", step]
    assert run.now - before == timedelta(seconds=5)


@pytest.mark.parametrize("step", STEPS)
def test_an_outage_changes_nothing_but_the_time(step: str) -> None:
    """What was asked before is asked again, word for word, only later."""
    run = reach(step)
    asked = run.given(step)
    run.complete(AWAY)
    run.fire()
    again = run.given(step)
    for given, at in ((asked, "10:00:00"), (again, "10:00:05")):
        assert given.get("work", given).pop("now") == f"2026-11-22T{at}Z"
    assert again == asked


def test_an_outage_is_looked_into_ever_more_rarely() -> None:
    """The pauses double from 5 seconds to 15 minutes and stay there, for as long as it takes."""
    run, pauses = reach("post"), []
    for _ in range(14):
        before = run.now
        run.complete(AWAY)
        run.fire()
        pauses.append(round((run.now - before).total_seconds()))
    doubling = [5 * 2**tried for tried in range(8)]
    assert pauses == [*doubling, *[900] * 6]
    assert run.names.count("close_run") == 0


def test_each_outage_begins_with_short_pauses() -> None:
    """How long an earlier outage took says nothing about the next one."""
    run = reach("open_round")
    for _ in range(3):
        run.complete(AWAY)
        run.fire()
    run.stand(1)
    run.wake("round-1-1")
    before = run.now
    run.complete(AWAY)
    run.fire()
    assert run.now - before == timedelta(seconds=5)


class Shuffled:
    """One run whose wake-ups come in any order, each once to three times, or not at all.

    The ledger here is a list of how each round ends, and whether somebody decided it yet.
    """

    def __init__(self, seed: int) -> None:
        self.chance = Random(seed)
        last = self.chance.choice(["Approve", "Reject", "Expired"])
        self.ends = [REQUEST_CHANGES] * self.chance.randrange(4) + [last]
        self.decided = [False] * len(self.ends)
        names = [wake_up(n, slot) for n in range(1, len(self.ends) + 2) for slot in range(4)]
        self.events = [name for name in names for _ in range(self.chance.randint(1, 3))]
        self.chance.shuffle(self.events)
        self.run = Chain()

    def play(self) -> None:
        """Go on until the run is closed."""
        while not self.run.output["isDone"]:
            move = self.chance.choice([self.deliver, self.decide, self.work, self.work])
            move()

    def deliver(self) -> None:
        """Raise the next event, early, in time, late or for nothing."""
        if self.events:
            self.run.wake(self.events.pop())
        elif self.run.open_activity is None:
            self.decide()
            self.run.fire()

    def decide(self) -> None:
        """Let somebody decide the round that is open, if one is."""
        if "open_round" in self.run.names:
            self.decided[self.run.given("open_round")["round"] - 1] = True

    def work(self) -> None:
        """Let the activity that is asked for answer from the ledger."""
        match self.run.open_activity:
            case "draft":
                self.run.draft()
            case "open_round" | "settle_round" as step:
                self.stand(step)
            case "post":
                self.run.complete(pack(Posted(delivery="handed over")))
            case "close_run":
                self.run.close()

    def stand(self, step: str) -> None:
        """Say where the round stands."""
        given = self.run.given(step)
        end = self.ends[given["round"] - 1]
        if self.decided[given["round"] - 1]:
            self.run.settle(end, signed=end == "Approve")
        else:
            self.run.stand(given["attempt"])


@pytest.mark.parametrize("seed", range(SEQUENCES))
def test_no_order_of_events_changes_an_outcome(seed: int) -> None:
    """Early, stale, doubled and foreign wake-ups: the ledger's word is done, once, in its order."""
    story = Shuffled(seed)
    story.play()
    names = story.run.names
    assert story.run.result["outcome"] == story.ends[-1]
    assert names.count("draft") == names.count("open_round") == len(story.ends)
    assert names.count("post") == (story.ends[-1] == "Approve")
    assert names.count("close_run") == 1
    assert all(story.decided)


def test_no_event_is_handed_to_two_waits() -> None:
    """Of the defect in the SDK (its issue 507) nothing is left: each wait has another name."""
    for seed in range(20):
        story = Shuffled(seed)
        story.play()
        waits = [name for name in story.run.names if name.startswith("round-")]
        assert len(waits) == len(set(waits))


def test_a_wait_ends_at_the_instant_the_ledger_names() -> None:
    """The timer is neither earlier nor later than asked for."""
    run = reach("open_round")
    run.stand(3)
    [timer] = [action for action in run.actions if action["actionType"] == 5]
    assert datetime.fromisoformat(timer["fireAt"]) == NOW + timedelta(days=1, hours=3)
