"""The contract of the store, on a file and in memory."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from devhost.store import Activity, Changes, Instance, Message, Query, StateError, Store

NOW = "2030-01-01T00:00:00.0000000Z"
LATER = "2030-01-02T00:00:00.0000000Z"


@pytest.fixture(params=["file", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """Return a store of each kind."""
    opened = Store(tmp_path / "state.db" if request.param == "file" else None)
    yield opened
    opened.close()


def instance(key: str = "a", execution: str = "x", status: str = "Running") -> Instance:
    """Return an orchestration."""
    return Instance(key, execution, "name", None, status, NOW, NOW)


def create(store: Store, key: str = "a", execution: str = "x", status: str = "Running") -> None:
    """Put an orchestration with one message into the store."""
    store.create(instance(key, execution, status), Message(key, '"start"', execution))


def test_a_created_instance_waits_with_its_first_message(store: Store):
    """Both are there together, and the instance is ready."""
    create(store)
    work = store.work("a", NOW)
    assert (work.instance, [d.event for d in work.inbox]) == (instance(), ['"start"'])
    assert store.ready() == ["a"]


def test_creating_again_replaces_all_that_was_there(store: Store):
    """Nothing of the old execution stays."""
    create(store)
    call = Activity("a", "x", 0, "f", None)
    store.commit(Changes("x", instance(), events=["1"], activities=[call]))
    create(store, execution="y")
    assert (store.history("a"), store.activities(0), len(store.inbox("a"))) == ([], [], 1)


def test_messages_come_in_order_when_they_are_due(store: Store):
    """Timers stay out of sight until their time."""
    store.post(Message("a", "1"))
    store.post(Message("a", "2", due=LATER))
    store.post(Message("a", "3"))
    assert [d.event for d in store.inbox("a", NOW)] == ["1", "3"]
    assert store.due(NOW) == ([], LATER)
    assert [d.event for d in store.inbox("a", LATER)] == ["1", "2", "3"]
    assert store.due(LATER) == (["a"], None)


def test_an_episode_is_written_whole(store: Store):
    """Messages go, history, calls and new messages come."""
    create(store)
    seen = [d.seq for d in store.inbox("a")]
    changes = Changes("x", instance(), consumed=seen, events=["1", "2"])
    changes.activities = [Activity("a", "x", 0, "f", '"in"')]
    changes.messages = [Message("b", "3")]
    changes.starts = [(instance("c"), Message("c", "4"))]
    assert store.commit(changes)
    assert (store.inbox("a"), store.history("a")) == ([], ["1", "2"])
    assert [d.event for d in store.inbox("b")] == ["3"]
    assert store.instance("c") == instance("c")
    assert len(store.activities(0)) == 1


def test_an_episode_of_a_replaced_execution_changes_nothing(store: Store):
    """Neither it nor anything written with it."""
    create(store, execution="y")
    assert not store.commit(Changes("x", instance(), events=["1"], messages=[Message("b", "3")]))
    assert (store.history("a"), store.inbox("b")) == ([], [])


def test_history_grows_or_is_rewritten(store: Store):
    """Continue-as-new replaces the history and drops what was meant for the old execution."""
    create(store)
    store.commit(Changes("x", instance(), events=["1"]))
    store.commit(Changes("x", instance(), known=1, events=["2"]))
    assert store.history("a") == ["1", "2"]
    store.post(Message("a", "old", "x"))
    store.post(Message("a", "any"))
    new = instance(execution="y")
    store.commit(Changes("x", new, rewrite=True, carried=[Message("a", "first", "y")]))
    assert store.history("a") == []
    assert [d.event for d in store.inbox("a")] == ["first", "any"]


def test_an_ended_instance_sees_no_more_messages(store: Store):
    """Its inbox is emptied with its last episode."""
    create(store)
    store.post(Message("a", "late", due=LATER))
    store.commit(Changes("x", instance(status="Completed"), events=["1"]))
    assert store.inbox("a") == []


def test_an_answer_is_taken_once(store: Store):
    """The call goes in the transaction that brings its answer; a second answer is refused."""
    create(store)
    store.commit(Changes("x", instance(), activities=[Activity("a", "x", 0, "f", None)]))
    call = store.activity(store.activities(0)[0])
    assert call is not None
    assert store.finish(call, "answer")
    assert not store.finish(call, "again")
    assert [d.event for d in store.inbox("a")][1:] == ["answer"]


def test_answers_for_an_old_execution_or_an_ended_instance_are_dropped(store: Store):
    """The call is gone, nobody is told."""
    create(store)
    calls = [Activity("a", "x", 0, "f", None), Activity("a", "old", 0, "f", None)]
    store.commit(Changes("x", instance(), activities=calls))
    old = store.activity(store.activities(0)[1])
    assert old is not None
    assert not store.finish(old, "late")
    store.commit(Changes("x", instance(status="Terminated")))
    left = store.activity(store.activities(0)[0])
    assert left is not None
    assert not store.finish(left, "late")
    assert store.activities(0) == []


def test_queries_page_by_id(store: Store):
    """Prefix, status and the last id of the page before select."""
    for key in ("a1", "a2", "b1"):
        create(store, key)
    create(store, "a3", status="Failed")
    assert [i.id for i in store.query(Query(top=2))] == ["a1", "a2"]
    assert [i.id for i in store.query(Query(after="a2"))] == ["a3", "b1"]
    assert [i.id for i in store.query(Query(prefix="a", statuses=("Running",)))] == ["a1", "a2"]
    assert store.query(Query(created_from=LATER)) == []


def test_entities_are_kept_until_deleted(store: Store):
    """State is written with the operations that made it."""
    store.put_entity([], "@e@k", "1", NOW, [Message("a", "reply")], exists=True)
    assert store.entity("@e@k") == ("1", NOW)
    assert [e[0] for e in store.entities("@e@")] == ["@e@k"]
    store.put_entity([], "@e@k", None, NOW, [], exists=False)
    assert store.entity("@e@k") is None


def test_purging_takes_everything(store: Store):
    """No row of the instance is left in any table."""
    create(store)
    changes = Changes("x", instance(), events=["1"], activities=[Activity("a", "x", 0, "f", None)])
    store.commit(changes)
    store.purge(["a"])
    assert store.instance("a") is None
    assert (store.history("a"), store.inbox("a"), store.activities(0)) == ([], [], [])


def test_a_failed_write_leaves_nothing(store: Store):
    """Half a transaction is rolled back, and the store goes on."""
    create(store)
    broken = Changes("x", instance(), events=["1"], messages=[Message("a", None)])  # type: ignore[arg-type] # the fault
    with pytest.raises(sqlite3.Error):
        store.commit(broken)
    assert store.history("a") == []
    store.post(Message("a", "2"))


def test_state_outlives_the_process(tmp_path: Path):
    """What was written is there after opening the file again."""
    first = Store(tmp_path / "state.db")
    create(first)
    first.close()
    again = Store(tmp_path / "state.db")
    assert again.ready() == ["a"]
    again.close()


def test_a_second_host_is_refused(tmp_path: Path):
    """The message says who has the state and what to do."""
    first = Store(tmp_path / "state.db")
    with pytest.raises(StateError, match="in use by another devhost"):
        Store(tmp_path / "state.db")
    first.close()


@pytest.mark.parametrize(
    "content", [b"no database at all" * 500, b"SQLite format 3\0" + b"x" * 9000]
)
def test_a_damaged_file_is_left_alone(tmp_path: Path, content: bytes):
    """The message names the file, and not one byte of it changes."""
    path = tmp_path / "state.db"
    path.write_bytes(content)
    with pytest.raises(StateError, match=r"state.db is damaged .* --fresh"):
        Store(path)
    assert path.read_bytes() == content


def test_a_file_damaged_within_is_noticed(tmp_path: Path):
    """A page that was overwritten is found at start-up."""
    store = Store(tmp_path / "state.db")
    for number in range(200):
        create(store, f"key-{number}")
    store.close()
    path = tmp_path / "state.db"
    content = bytearray(path.read_bytes())
    content[5 * 4096 : 6 * 4096] = b"\xff" * 4096
    path.write_bytes(content)
    with pytest.raises(StateError, match="is damaged"):
        Store(path)


def test_a_newer_file_is_left_alone(tmp_path: Path):
    """A format that this version does not know is not touched."""
    with sqlite3.connect(tmp_path / "state.db") as db:
        db.execute("PRAGMA user_version=99")
    db.close()
    with pytest.raises(StateError, match="newer devhost"):
        Store(tmp_path / "state.db")


def test_a_folder_that_can_not_be_made_is_named(tmp_path: Path):
    """The message says which folder and what to do."""
    (tmp_path / "file").write_text("")
    with pytest.raises(StateError, match="can't be written"):
        Store(tmp_path / "file" / "state.db")
