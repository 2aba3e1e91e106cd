"""The chain through the SDK's own executor: history in, actions out, one test per outcome."""

from datetime import timedelta
from typing import Any

import pytest

from orchestrators.sign_and_post import sign_and_post
from signpost.contracts import (
    MAX_ATTEMPTS,
    STOPPED,
    Contract,
    Drafted,
    Posted,
    Standing,
    pack,
)
from tests.builders import NOW, RUN
from tests.doubles.replayed import Replayed

# The SDK warns of each event that nobody waits for, which some tests are about, and once a process
# of its own untyped reading.
pytestmark = [
    pytest.mark.filterwarnings("ignore:Potential duplicate Task completion"),
    pytest.mark.filterwarnings("ignore:azure.functions df_loads:DeprecationWarning"),
]

HANDLE: Any = sign_and_post._function.get_user_function()
WAKE = NOW + timedelta(days=1)
SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)
STRAIGHT = ["draft", "open_round", "round-1-1", "timer", "settle_round", "post", "close_run"]


def started() -> Replayed:
    """Start a run: the draft is asked for."""
    return Replayed(HANDLE, RUN, NOW)


def waiting() -> Replayed:
    """Bring a run to where it waits for a signature."""
    run = started()
    run.complete(pack(Drafted()), after=SECOND)
    run.complete(pack(standing(1)))
    return run


def standing(slot: int) -> Standing:
    """Build what the ledger says of an open round."""
    return Standing(slot=slot, wake_at=WAKE + slot * HOUR)


def answered(outcome: Any) -> Replayed:
    """Bring a run to where an answer decided its round."""
    run = waiting()
    run.wake("round-1-1")
    run.complete(pack(Standing(outcome=outcome)))
    return run


def test_an_approved_text_is_posted() -> None:
    """Draft, round, wait, ask the ledger, post, receipt: each once and in this order."""
    run = answered("Approve")
    run.complete(pack(Posted(delivery="handed over")))
    run.complete(None)
    assert run.names == STRAIGHT
    assert run.result["outcome"] == "Approve"


@pytest.mark.parametrize("outcome", ["Reject", "Expired", "Canceled", "Failed"])
def test_other_outcomes_post_nothing(outcome: str) -> None:
    """After any other end of the round the receipt follows at once."""
    run = answered(outcome)
    run.complete(None)
    assert run.names == [name for name in STRAIGHT if name != "post"]
    assert run.result["outcome"] == outcome


def test_a_straight_run_is_cheap() -> None:
    """At most 5 activities, 32 history events and 12 billable actions."""
    run = answered("Approve")
    run.complete(pack(Posted(delivery="handed over")))
    run.complete(None)
    assert len(run.history) <= 32
    assert len([name for name in run.names if "-" not in name and name != "timer"]) <= 5
    assert len(run.actions) <= 12


def test_the_timer_is_cancelled_when_an_answer_wins() -> None:
    """A timer left behind would keep the run from ending."""
    run = waiting()
    assert [a["isCanceled"] for a in run.actions if a["actionType"] == 5] == [False]
    run.wake("round-1-1")
    assert [a["isCanceled"] for a in run.actions if a["actionType"] == 5] == [True]


def test_the_ledger_decides_after_a_wake_up() -> None:
    """A forged event changes nothing: the ledger says open, and the wait goes on in a new slot."""
    run = waiting()
    run.wake("round-1-1")
    run.complete(pack(standing(2)))
    assert run.names[-2:] == ["round-1-2", "timer"]


def test_a_reminder_opens_a_new_slot() -> None:
    """After the timer the ledger is asked with the number of the next wait."""
    run = waiting()
    run.fire()
    assert run.given("settle_round")["attempt"] == 2
    run.complete(pack(standing(2)))
    run.wake("round-1-2")
    run.complete(pack(Standing(outcome="Approve")))
    assert run.names[-5:] == ["settle_round", "round-1-2", "timer", "settle_round", "post"]


def test_an_early_answer_is_not_lost() -> None:
    """An event that comes before its wait ends that wait at once."""
    run = started()
    run.complete(pack(Drafted()))
    run.wake("round-1-1")
    run.complete(pack(standing(1)))
    assert run.names[-1] == "settle_round"


def test_an_early_answer_wakes_one_wait_only() -> None:
    """It is not handed to the next wait too, as it would be under the same name."""
    run = started()
    run.complete(pack(Drafted()))
    run.wake("round-1-1")
    run.complete(pack(standing(1)))
    run.complete(pack(standing(2)))
    assert run.names[-2:] == ["round-1-2", "timer"]


@pytest.mark.parametrize("event", ["round-1-2", "round-2-1", "Round-1-1", "approve", "round-1-1 "])
def test_other_events_wake_nobody(event: str) -> None:
    """Stale, foreign and misspelt events leave the wait alone."""
    run = waiting()
    run.wake(event)
    assert run.names[-2:] == ["round-1-1", "timer"]


def test_a_doubled_event_changes_nothing() -> None:
    """The second wake-up of one answer comes while the first is worked on."""
    run = waiting()
    run.wake("round-1-1")
    run.wake("round-1-1")
    run.complete(pack(Standing(outcome="Reject")))
    assert run.names[-2:] == ["settle_round", "close_run"]


def test_the_answer_wins_against_a_timer_that_fires_later() -> None:
    """A cancelled timer that the host fires all the same is ignored."""
    run = waiting()
    run.wake("round-1-1")
    run.fire()
    run.complete(pack(Standing(outcome="Reject")))
    assert run.names[-1] == "close_run"


def busy(seconds: int = 7) -> Contract:
    """Build the answer of a model that is at its capacity."""
    return Drafted(outcome="Failed", failure="Busy.", retry_after=timedelta(seconds=seconds))


def test_a_busy_model_is_waited_for() -> None:
    """The wait begins when the answer is known, however long that took."""
    run = started()
    run.complete(pack(busy()), after=HOUR)
    assert run.actions[-1]["fireAt"].startswith("2026-11-22T11:00:07")
    assert run.statuses[-1] == {"state": "drafting", "detail": "Busy. Next try at 11:00 UTC."}
    run.fire()
    assert run.given("draft")["attempt"] == 2


def test_a_model_is_not_asked_forever() -> None:
    """After the last attempt the run fails with the last reason."""
    run = started()
    for _ in range(MAX_ATTEMPTS - 1):
        run.complete(pack(busy()))
        run.fire()
    run.complete(pack(busy()))
    tries = ["draft", "round-1-0", "timer"] * (MAX_ATTEMPTS - 1)
    assert run.names == [*tries, "draft", "close_run"]
    assert run.given("close_run")["failure"] == "Busy."


def test_a_cancel_ends_the_wait_for_a_busy_model() -> None:
    """Nobody has to wait days for the end of a run that is not wanted any more."""
    run = started()
    run.complete(pack(busy(seconds=86400)))
    run.wake("round-1-0")
    run.complete(pack(Drafted(outcome="Canceled")))
    assert [a["isCanceled"] for a in run.actions if a["actionType"] == 5] == [True]
    assert run.names[-2:] == ["draft", "close_run"]


@pytest.mark.parametrize("outcome", ["Failed", "Canceled"])
def test_no_draft_ends_the_run(outcome: Any) -> None:
    """What can't be drafted is not put before anybody."""
    run = started()
    run.complete(pack(Drafted(outcome=outcome, failure="Blocked.")))
    run.complete(None)
    assert run.names == ["draft", "close_run"]
    assert run.result["outcome"] == outcome


def test_what_did_not_go_out_is_posted_later() -> None:
    """A post that was given back is tried again after the wait."""
    run = answered("Approve")
    run.complete(pack(Posted(delivery="released", retry_after=15 * SECOND)))
    run.fire()
    assert run.given("post")["attempt"] == 2
    run.complete(pack(Posted(delivery="handed over")))
    assert run.names[-4:] == ["post", "timer", "post", "close_run"]


@pytest.mark.parametrize("delivery", ["unknown", "failed", "posted"])
def test_what_may_be_out_is_not_posted_again(delivery: Any) -> None:
    """Only what certainly did not go out is tried again."""
    run = answered("Approve")
    run.complete(pack(Posted(delivery=delivery)))
    assert run.names == STRAIGHT


def test_posting_is_not_tried_forever() -> None:
    """After the last attempt the run is closed."""
    run = answered("Approve")
    for _ in range(MAX_ATTEMPTS - 1):
        run.complete(pack(Posted(delivery="released", retry_after=SECOND)))
        run.fire()
    run.complete(pack(Posted(delivery="failed")))
    assert run.names.count("post") == MAX_ATTEMPTS
    assert run.names[-1] == "close_run"


def failed_at(step: str) -> Replayed:
    """Bring a run to where a step raises what nobody foresaw."""
    reached = {
        "draft": started,
        "open_round": started,
        "settle_round": waiting,
        "post": lambda: answered("Approve"),
    }[step]()
    if step == "open_round":
        reached.complete(pack(Drafted()))
    if step == "settle_round":
        reached.wake("round-1-1")
    reached.fail("sqlite3.OperationalError: disk I/O error with a secret")
    return reached


@pytest.mark.parametrize("step", ["draft", "open_round", "settle_round", "post"])
def test_an_error_closes_the_run(step: str) -> None:
    """Whatever an activity raises, the run is closed and says so, without the error's text."""
    run = failed_at(step)
    assert run.names[-2:] == [step, "close_run"]
    assert run.given("close_run")["failure"] == STOPPED
    run.complete(None)
    assert run.result["outcome"] == "Failed"


def test_an_error_while_closing_is_not_hidden() -> None:
    """When not even the receipt can be written, the orchestration fails for all to see."""
    run = answered("Reject")
    with pytest.raises(Exception, match="disk full"):
        run.fail("disk full")


def test_the_status_follows_the_run() -> None:
    """The custom status is a state and a sentence, nothing else."""
    run = answered("Approve")
    run.complete(pack(Posted(delivery="handed over")))
    run.complete(None)
    states = [status["state"] for status in run.statuses]
    assert states == ["drafting", "drafting", "waiting", "waiting", "posting", "posting", "closed"]
    assert {frozenset(status) for status in run.statuses} == {frozenset({"state", "detail"})}


def test_activities_are_told_the_hosts_time() -> None:
    """Each call says when it was made, by the clock that replays alike."""
    run = started()
    run.complete(pack(Drafted()), after=HOUR)
    assert run.given("open_round") == {
        "run": RUN,
        "round": 1,
        "attempt": 1,
        "now": "2026-11-22T11:00:00Z",
    }
