"""Owns what is on disk: every SQL statement of the host but the schema is here.

Each public method that writes is one transaction, durable when it returns.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from operator import attrgetter
from pathlib import Path

from devhost import faults

SCHEMA_VERSION = 1
ACTIVE = ("Pending", "Running", "Suspended", "ContinuedAsNew")
BATCH = 1000  # the most messages one episode takes
_CHECK_UP_TO = 64 * 2**20  # a larger file is not read through at start-up, to start fast

# One writer, which keeps the lock: a second host is refused and needs no shared memory file.
# FULL: a commit is on disk before the caller hears of it, also after a power cut.
_PRAGMAS = ("locking_mode=EXCLUSIVE", "journal_mode=WAL", "synchronous=FULL", "temp_store=MEMORY")


class StateError(Exception):
    """The state can't be used; the message names the file and the way out."""


@dataclass(slots=True)
class Instance:
    """An orchestration, as in table `instances`; times are stamps, `parent` is JSON."""

    id: str
    execution: str
    name: str
    version: str | None
    status: str
    created: str
    updated: str
    parent: str | None = None
    input: str | None = None
    output: str | None = None
    custom: str | None = None

    @property
    def active(self) -> bool:
        """Tell whether it can still see messages."""
        return self.status in ACTIVE


@dataclass(slots=True)
class Message:
    """Something for an instance to see, at once or when `due` (a stamp)."""

    instance: str
    event: str
    execution: str | None = None
    due: str | None = None


@dataclass(slots=True)
class Delivery:
    """A message taken from the inbox."""

    seq: int
    execution: str | None
    event: str


@dataclass(slots=True)
class Activity:
    """A call of an activity that has not answered yet."""

    instance: str
    execution: str
    task: int
    name: str
    input: str | None
    seq: int = 0


@dataclass(slots=True)
class Work:
    """All that an episode needs to know of an instance."""

    instance: Instance | None
    history: list[str]
    inbox: list[Delivery]


@dataclass(slots=True)
class Changes:
    """All that an episode changes; written together or not at all."""

    execution: str  # the one that the episode belongs to
    instance: Instance
    consumed: list[int] = field(default_factory=list)
    known: int = 0  # how many events the history had
    events: list[str] = field(default_factory=list)
    rewrite: bool = False  # `events` replace the history instead of extending it
    activities: list[Activity] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    carried: list[Message] = field(default_factory=list)  # go before all others
    starts: list[tuple[Instance, Message]] = field(default_factory=list)


@dataclass(slots=True, frozen=True)
class Query:
    """Which instances to list; `statuses` empty: all, `after`: ids greater than this."""

    prefix: str = ""
    created_from: str = ""
    created_to: str = "9"
    statuses: tuple[str, ...] = ()
    after: str = ""
    top: int = 100


_COLUMNS = [f.name for f in fields(Instance)]
_SELECT = f"SELECT {', '.join(_COLUMNS)} FROM instances"  # noqa: S608 - the names are our own
_PUT = (
    f"INSERT OR REPLACE INTO instances ({', '.join(_COLUMNS)}) "  # noqa: S608 - the names are our own
    f"VALUES ({', '.join('?' * len(_COLUMNS))})"
)
_POST = "INSERT INTO inbox (instance, event, execution, due) VALUES (?, ?, ?, ?)"
# Much quicker than dataclasses.astuple, which copies every value.
_of_instance = attrgetter(*_COLUMNS)
_of_message = attrgetter("instance", "event", "execution", "due")


class Store:
    """The state of one task hub in one SQLite file, or in memory for `path` None."""

    def __init__(self, path: Path | None = None) -> None:
        self._name = str(path) if path else ":memory:"
        try:
            if path:
                path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(self._name, isolation_level=None, timeout=0)
            self._open(path)
        except (OSError, sqlite3.DatabaseError) as error:
            raise self._explain(error) from error

    def _explain(self, error: Exception) -> StateError:
        text = str(error)
        if "locked" in text:
            return StateError(
                f"{self._name} is in use by another devhost: stop that one, "
                "or give this one its own folder with --state DIR."
            )
        if isinstance(error, OSError) or "unable to open" in text or "readonly" in text:
            return StateError(
                f"{self._name} can't be written ({text}): make the folder writable, "
                "or choose another with --state DIR."
            )
        return StateError(
            f"{self._name} is damaged ({text}) and was left as it is: move it away to keep it, "
            "or start with --fresh to delete it."
        )

    def _open(self, path: Path | None) -> None:
        for pragma in _PRAGMAS:
            self._db.execute(f"PRAGMA {pragma}").fetchall()
        version: int = self._db.execute("PRAGMA user_version").fetchone()[0]
        if version > SCHEMA_VERSION:
            self._db.close()
            raise StateError(
                f"{self._name} was written by a newer devhost (format {version}, this one knows "
                f"{SCHEMA_VERSION}) and was left as it is: update devhost, or choose another "
                "folder with --state DIR."
            )
        if path and path.stat().st_size <= _CHECK_UP_TO:
            found: str = self._db.execute("PRAGMA quick_check(1)").fetchone()[0]
            if found != "ok":
                raise sqlite3.DatabaseError(found)
        self._db.execute("BEGIN EXCLUSIVE")
        if version == 0:
            schema = (Path(__file__).parent / "schema.sql").read_text(encoding="utf-8")
            for statement in schema.split(";\n"):
                self._db.execute(statement)
            self._db.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
        self._db.execute("COMMIT")

    @property
    def connection(self) -> sqlite3.Connection:
        """The open database, for statements that only read."""
        return self._db

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    @contextmanager
    def _transaction(self, name: str) -> Iterator[sqlite3.Connection]:
        faults.reach(f"before {name}")
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield self._db
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise
        faults.reach(f"after {name}")

    # Writing

    def create(self, instance: Instance, message: Message) -> None:
        """Begin an orchestration; one of the same id and all that belonged to it is replaced."""
        with self._transaction("create"):
            self._start(instance, message)

    def _start(self, instance: Instance, message: Message) -> None:
        self._forget([instance.id])
        self._db.execute(_PUT, _of_instance(instance))
        self._db.execute(_POST, _of_message(message))

    def post(self, message: Message) -> None:
        """Put a message into an inbox."""
        with self._transaction("post"):
            self._db.execute(_POST, _of_message(message))

    def finish(self, activity: Activity, event: str) -> bool:
        """Record an activity's answer; False when nobody waits for it any more."""
        with self._transaction("finish activity") as db:
            gone = not db.execute("DELETE FROM activities WHERE seq = ?", (activity.seq,)).rowcount
            waiting = db.execute(
                f"SELECT 1 FROM instances WHERE id = ? AND execution = ? AND status IN {ACTIVE}",  # noqa: S608 - our own constant
                (activity.instance, activity.execution),
            ).fetchone()
            if gone or not waiting:
                return False
            db.execute(_POST, (activity.instance, event, activity.execution, None))
        return True

    def commit(self, *family: Changes) -> bool:
        """Write episodes, all or none; False when one of them was replaced or purged meanwhile."""
        with self._transaction("commit episode") as db:
            for changes in family:
                row = db.execute(
                    "SELECT execution FROM instances WHERE id = ?", (changes.instance.id,)
                ).fetchone()
                if row is None or row[0] != changes.execution:
                    return False
            for changes in family:
                self._write(changes)
        return True

    def _write(self, changes: Changes) -> None:
        db = self._db
        db.executemany("DELETE FROM inbox WHERE seq = ?", [(s,) for s in changes.consumed])
        self._write_instance(changes, changes.instance)
        db.executemany(
            "INSERT INTO activities (instance, execution, task, name, input) "
            "VALUES (?, ?, ?, ?, ?)",
            [(a.instance, a.execution, a.task, a.name, a.input) for a in changes.activities],
        )
        for started, first in changes.starts:
            self._start(started, first)
        db.executemany(_POST, [_of_message(m) for m in changes.messages])
        if changes.carried:
            self._post_before_all(changes.carried)

    def _write_instance(self, changes: Changes, instance: Instance) -> None:
        known = changes.known
        if changes.rewrite:
            self._db.execute("DELETE FROM history WHERE instance = ?", (instance.id,))
            self._db.execute(
                "DELETE FROM inbox WHERE instance = ? AND execution <> ?",
                (instance.id, instance.execution),
            )
            known = 0
        self._db.execute(_PUT, _of_instance(instance))
        self._db.executemany(
            "INSERT INTO history (instance, seq, event) VALUES (?, ?, ?)",
            [(instance.id, known + i, text) for i, text in enumerate(changes.events)],
        )
        if not instance.active:
            self._db.execute("DELETE FROM inbox WHERE instance = ?", (instance.id,))

    def _post_before_all(self, messages: list[Message]) -> None:
        lowest: int = self._db.execute("SELECT coalesce(min(seq), 1) FROM inbox").fetchone()[0]
        first = min(lowest, 1) - len(messages)
        self._db.executemany(
            "INSERT INTO inbox (seq, instance, event, execution, due) VALUES (?, ?, ?, ?, ?)",
            [(first + i, *_of_message(m)) for i, m in enumerate(messages)],
        )

    def put_entity(self, consumed: list[int], key: str, state: str | None, updated: str,
                   messages: list[Message], *, exists: bool) -> None:  # fmt: skip
        """Write what a batch of operations made of an entity."""
        with self._transaction("commit entity") as db:
            db.executemany("DELETE FROM inbox WHERE seq = ?", [(s,) for s in consumed])
            if exists:
                db.execute(
                    "INSERT OR REPLACE INTO entities VALUES (?, ?, ?)", (key, state, updated)
                )
            else:
                db.execute("DELETE FROM entities WHERE id = ?", (key,))
            db.executemany(_POST, [_of_message(m) for m in messages])

    def drop(self, consumed: list[int]) -> None:
        """Delete messages that nobody can see any more."""
        with self._transaction("drop") as db:
            db.executemany("DELETE FROM inbox WHERE seq = ?", [(s,) for s in consumed])

    def purge(self, ids: list[str]) -> None:
        """Delete orchestrations and entities with all that belongs to them."""
        with self._transaction("purge"):
            self._forget(ids)

    def _forget(self, ids: Iterable[str]) -> None:
        keys = [(i,) for i in ids]
        for table, column in (
            ("instances", "id"), ("history", "instance"), ("inbox", "instance"),
            ("activities", "instance"), ("entities", "id"),
        ):  # fmt: skip
            self._db.executemany(f"DELETE FROM {table} WHERE {column} = ?", keys)  # noqa: S608 - fixed names

    # Reading

    def instance(self, key: str) -> Instance | None:
        """Return an orchestration, None when there is none of that id."""
        row = self._db.execute(f"{_SELECT} WHERE id = ?", (key,)).fetchone()
        return Instance(*row) if row else None

    def history(self, key: str) -> list[str]:
        """Return the events of an orchestration, oldest first."""
        rows = self._db.execute("SELECT event FROM history WHERE instance = ? ORDER BY seq", (key,))
        return [row[0] for row in rows]

    def started(self, key: str) -> str:
        """Return the event that started an orchestration, the second of its history; else ""."""
        query = "SELECT event FROM history WHERE instance = ? AND seq = 1"
        return "".join(row[0] for row in self._db.execute(query, (key,)))

    def inbox(self, key: str, now: str = "9") -> list[Delivery]:
        """Return the messages for an orchestration or entity that are due at `now`, in order."""
        rows = self._db.execute(
            "SELECT seq, execution, event FROM inbox WHERE instance = ? "
            "AND (due IS NULL OR due <= ?) ORDER BY seq LIMIT ?",
            (key, now, BATCH),
        )
        return [Delivery(*row) for row in rows]

    def work(self, key: str, now: str) -> Work:
        """Return all that the next episode of an orchestration needs."""
        return Work(self.instance(key), self.history(key), self.inbox(key, now))

    def ready(self) -> list[str]:
        """Return the ids that have messages which wait for no time."""
        rows = self._db.execute("SELECT DISTINCT instance FROM inbox WHERE due IS NULL")
        return [row[0] for row in rows]

    def due(self, now: str) -> tuple[list[str], str | None]:
        """Return the ids with timers due at `now`, and when the next one after that is due."""
        rows = self._db.execute("SELECT DISTINCT instance FROM inbox WHERE due <= ?", (now,))
        later = self._db.execute("SELECT min(due) FROM inbox WHERE due > ?", (now,)).fetchone()
        return [row[0] for row in rows], later[0]

    def activity(self, seq: int) -> Activity | None:
        """Return a call that has not answered yet."""
        row = self._db.execute(
            "SELECT instance, execution, task, name, input, seq FROM activities WHERE seq = ?",
            (seq,),
        ).fetchone()
        return Activity(*row) if row else None

    def activities(self, after: int) -> list[int]:
        """Return the numbers of the calls made after call `after`, oldest first."""
        rows = self._db.execute("SELECT seq FROM activities WHERE seq > ? ORDER BY seq", (after,))
        return [row[0] for row in rows]

    def query(self, wanted: Query) -> list[Instance]:
        """Return at most `wanted.top` orchestrations, by id."""
        clauses = ["id > ?", "substr(id, 1, ?) = ?", "created >= ?", "created <= ?"]
        values: list[str | int] = [wanted.after, len(wanted.prefix), wanted.prefix]
        values += [wanted.created_from, wanted.created_to]
        if wanted.statuses:
            clauses.append(f"status IN ({', '.join('?' * len(wanted.statuses))})")
            values += wanted.statuses
        rows = self._db.execute(
            f"{_SELECT} WHERE {' AND '.join(clauses)} ORDER BY id LIMIT ?", (*values, wanted.top)
        )
        return [Instance(*row) for row in rows]

    def entity(self, key: str) -> tuple[str | None, str] | None:
        """Return an entity's state (JSON text) and when it last changed; None: no such entity."""
        row: tuple[str | None, str] | None = self._db.execute(
            "SELECT state, updated FROM entities WHERE id = ?", (key,)
        ).fetchone()
        return row

    def entities(self, prefix: str = "@") -> list[tuple[str, str | None, str]]:
        """Return id, state (JSON text) and last change of the entities, by id."""
        return self._db.execute(
            "SELECT id, state, updated FROM entities WHERE substr(id, 1, ?) = ? ORDER BY id",
            (len(prefix), prefix),
        ).fetchall()
