"""The chain through the SDK's own executor: history in, actions out, one test per outcome."""

from datetime import timedelta
from typing import Any

import pytest

from signpost.contracts import MAX_ATTEMPTS, STOPPED, Contract, Drafted, Posted, pack
from tests.builders import RUN
from tests.doubles.replayed import Chain

# The SDK warns of each event that nobody waits for, which some tests are about, and once a process
# of its own untyped reading.
pytestmark = [
    pytest.mark.filterwarnings("ignore:Potential duplicate Task completion"),
    pytest.mark.filterwarnings("ignore:azure.functions df_loads:DeprecationWarning"),
]

SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)
STRAIGHT = ["draft", "open_round", "round-1-1", "timer", "settle_round", "post", "close_run"]


def waiting() -> Chain:
    """Bring a run to where it waits for a signature."""
    run = Chain()
    run.draft(after=SECOND)
    run.stand(1)
    return run


def answered(outcome: str, *, signed: bool = False) -> Chain:
    """Bring a run to where an answer decided its round."""
    run = waiting()
    run.wake("round-1-1")
    run.settle(outcome, signed=signed)
    return run


def signed(outcome: str = "Approve") -> Chain:
    """Bring a run to where its text is to be posted."""
    return answered(outcome, signed=True)


@pytest.mark.parametrize("outcome", ["Approve", "Ship it", "Ship it, Fine by me"])
def test_a_signed_text_is_posted(outcome: str) -> None:
    """Draft, round, wait, ask the ledger, post, receipt: each once, whatever the option's name."""
    run = signed(outcome)
    run.complete(pack(Posted(delivery="handed over")))
    run.close()
    assert run.names == STRAIGHT
    assert run.result["outcome"] == outcome


@pytest.mark.parametrize(
    "outcome", ["Reject", "Expired", "Canceled", "Failed", "Hold it", "Approve"]
)
def test_what_is_not_signed_is_not_posted(outcome: str) -> None:
    """The receipt follows at once; the name of an outcome posts nothing, even `Approve`."""
    run = answered(outcome)
    run.close()
    assert run.names == [name for name in STRAIGHT if name != "post"]
    assert run.result["outcome"] == outcome


def test_the_receipt_has_the_last_word() -> None:
    """What the ledger says while the run is closed is what the run says."""
    run = answered("Expired")
    run.complete(run.given("close_run") | {"outcome": "Canceled"})
    assert run.result["outcome"] == "Canceled"


def test_a_straight_run_is_cheap() -> None:
    """At most 5 activities, 32 history events and 12 billable actions."""
    run = signed()
    run.complete(pack(Posted(delivery="handed over")))
    run.close()
    assert len(run.history) <= 32
    assert len([a for a in run.actions if a["actionType"] == 0]) <= 5
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
    run.stand(2)
    assert run.names[-2:] == ["round-1-2", "timer"]


def test_a_reminder_opens_a_new_slot() -> None:
    """After the timer the ledger is asked with the number of the next wait."""
    run = waiting()
    run.fire()
    assert run.given("settle_round")["attempt"] == 2
    run.stand(2)
    run.wake("round-1-2")
    run.settle("Approve", signed=True)
    assert run.names[-5:] == ["settle_round", "round-1-2", "timer", "settle_round", "post"]


def test_an_early_answer_is_not_lost() -> None:
    """An event that comes before its wait ends that wait at once."""
    run = Chain()
    run.draft()
    run.wake("round-1-1")
    run.stand(1)
    assert run.names[-1] == "settle_round"


def test_an_early_answer_wakes_one_wait_only() -> None:
    """It is not handed to the next wait too, as it would be under the same name."""
    run = Chain()
    run.draft()
    run.wake("round-1-1")
    run.stand(1)
    run.stand(2)
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
    run.settle("Reject")
    assert run.names[-2:] == ["settle_round", "close_run"]


def test_the_answer_wins_against_a_timer_that_fires_later() -> None:
    """A cancelled timer that the host fires all the same is ignored."""
    run = waiting()
    run.wake("round-1-1")
    run.fire()
    run.settle("Reject")
    assert run.names[-1] == "close_run"


def busy(seconds: int = 7) -> Contract:
    """Build the answer of a model that is at its capacity."""
    return Drafted(outcome="Failed", failure="Busy.", retry_after=timedelta(seconds=seconds))


def test_a_busy_model_is_waited_for() -> None:
    """The wait begins when the answer is known, however long that took."""
    run = Chain()
    run.complete(pack(busy()), after=HOUR)
    assert run.actions[-1]["fireAt"].startswith("2026-11-22T11:00:07")
    assert run.statuses[-1] == {"state": "drafting", "detail": "Busy. Next try at 11:00 UTC."}
    run.fire()
    assert run.given("draft")["attempt"] == 2


def test_an_answer_of_an_earlier_version_is_an_attempt() -> None:
    """Histories from before drafts stood in line hold no number of calls: each was one."""
    run = Chain()
    earlier = {key: value for key, value in pack(busy()).items() if key != "calls"}
    run.complete(earlier)
    run.fire()
    assert run.given("draft")["attempt"] == 2


def test_a_model_is_not_asked_forever() -> None:
    """After the last attempt the run fails with the last reason."""
    run = Chain()
    for _ in range(MAX_ATTEMPTS - 1):
        run.complete(pack(busy()))
        run.fire()
    run.complete(pack(busy()))
    tries = ["draft", "round-1-0", "timer"] * (MAX_ATTEMPTS - 1)
    assert run.names == [*tries, "draft", "close_run"]
    assert run.given("close_run")["failure"] == "Busy."


def behind(seconds: int = 90) -> Contract:
    """Build the answer of a draft that is not asked for yet, since others are ahead of it."""
    told = "Others are ahead."
    return Drafted(outcome="Failed", failure=told, retry_after=seconds * SECOND, calls=0)


def test_waiting_for_ones_turn_is_no_attempt() -> None:
    """However often others are ahead, the model is asked as often as without them."""
    run = Chain()
    for _ in range(3 * MAX_ATTEMPTS):
        run.complete(pack(behind()))
        run.fire()
        assert run.given("draft")["attempt"] == 1
    for attempt in range(1, MAX_ATTEMPTS):
        run.complete(pack(busy()))
        run.fire()
        assert run.given("draft")["attempt"] == attempt + 1
    run.complete(pack(busy()))
    assert run.names[-2:] == ["draft", "close_run"]


def test_a_turn_may_be_waited_for_behind_a_last_try() -> None:
    """Before its fifth try a draft may have to stand in line as well, and is not given up."""
    run = Chain()
    for _ in range(MAX_ATTEMPTS - 1):
        run.complete(pack(busy()))
        run.fire()
    run.complete(pack(behind()))
    run.fire()
    assert run.given("draft")["attempt"] == MAX_ATTEMPTS
    run.draft()
    assert run.names[-1] == "open_round"


def test_a_cut_draft_is_asked_for_again_at_once() -> None:
    """The timer is due when it is set, and the second call is an attempt of its own."""
    run = Chain()
    run.complete(pack(busy(seconds=0)), after=HOUR)
    assert run.actions[-1]["fireAt"].startswith("2026-11-22T11:00:00")
    run.fire()
    assert run.given("draft")["attempt"] == 2
    run.draft()
    assert run.names[-1] == "open_round"


@pytest.mark.parametrize(
    "hours,told",
    [(13, "at 23:00 UTC."), (14, "on 23 Nov, 00:00 UTC."), (38, "on 24 Nov, 00:00 UTC.")],
)
def test_a_wait_beyond_today_names_the_day(hours: int, told: str) -> None:
    """Whoever reads it at noon does not take tomorrow's time for today's."""
    run = Chain()
    run.complete(pack(behind(seconds=hours * 3600)))
    assert run.statuses[-1]["detail"] == f"Others are ahead. Next try {told}"


def test_a_cancel_ends_the_wait_for_a_busy_model() -> None:
    """Nobody has to wait days for the end of a run that is not wanted any more."""
    run = Chain()
    run.complete(pack(busy(seconds=86400)))
    run.wake("round-1-0")
    run.complete(pack(Drafted(outcome="Canceled")))
    assert [a["isCanceled"] for a in run.actions if a["actionType"] == 5] == [True]
    assert run.names[-2:] == ["draft", "close_run"]


@pytest.mark.parametrize("outcome", ["Failed", "Canceled"])
def test_no_draft_ends_the_run(outcome: Any) -> None:
    """What can't be drafted is not put before anybody."""
    run = Chain()
    run.complete(pack(Drafted(outcome=outcome, failure="Blocked.")))
    run.close()
    assert run.names == ["draft", "close_run"]
    assert run.result["outcome"] == outcome


def test_what_did_not_go_out_is_posted_later() -> None:
    """A post that was given back is tried again after the wait."""
    run = signed()
    run.complete(pack(Posted(delivery="released", retry_after=15 * SECOND)))
    run.fire()
    assert run.given("post")["attempt"] == 2
    run.complete(pack(Posted(delivery="handed over")))
    assert run.names[-4:] == ["post", "timer", "post", "close_run"]


@pytest.mark.parametrize("delivery", ["unknown", "failed", "posted"])
def test_what_may_be_out_is_not_posted_again(delivery: Any) -> None:
    """Only what certainly did not go out is tried again."""
    run = signed()
    run.complete(pack(Posted(delivery=delivery)))
    assert run.names == STRAIGHT


def test_posting_is_not_tried_forever() -> None:
    """After the last attempt the run is closed."""
    run = signed()
    for _ in range(MAX_ATTEMPTS - 1):
        run.complete(pack(Posted(delivery="released", retry_after=SECOND)))
        run.fire()
    run.complete(pack(Posted(delivery="failed")))
    assert run.names.count("post") == MAX_ATTEMPTS
    assert run.names[-1] == "close_run"


def failed_at(step: str) -> Chain:
    """Bring a run to where a step raises what nobody foresaw."""
    reached = {
        "draft": Chain,
        "open_round": Chain,
        "settle_round": waiting,
        "post": signed,
    }[step]()
    if step == "open_round":
        reached.draft()
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
    run.close()
    assert run.result["outcome"] == "Failed"


def test_an_error_while_closing_is_not_hidden() -> None:
    """When not even the receipt can be written, the orchestration fails for all to see."""
    run = answered("Reject")
    with pytest.raises(Exception, match="disk full"):
        run.fail("disk full")


def test_the_status_follows_the_run() -> None:
    """The custom status is a state and a sentence, nothing else."""
    run = signed()
    run.complete(pack(Posted(delivery="handed over")))
    run.close()
    states = [status["state"] for status in run.statuses]
    assert states == ["drafting", "drafting", "waiting", "waiting", "posting", "posting", "closed"]
    assert {frozenset(status) for status in run.statuses} == {frozenset({"state", "detail"})}


def test_activities_are_told_the_hosts_time() -> None:
    """Each call says when it was made, by the clock that replays alike."""
    run = Chain()
    run.draft(after=HOUR)
    assert run.given("open_round") == {
        "run": RUN,
        "round": 1,
        "attempt": 1,
        "now": "2026-11-22T11:00:00Z",
    }
