"""Owns the reading SQL of the window: lists, counts and what an instance still waits for."""

from dataclasses import dataclass

from devhost.store import Store

_COLUMNS = "id, name, status, created, updated, custom"


@dataclass(frozen=True, slots=True)
class Row:
    """An instance as the list shows it; times are stamps, `custom` is JSON."""

    id: str
    name: str
    status: str
    created: str
    updated: str
    custom: str | None


@dataclass(frozen=True, slots=True)
class Filter:
    """Which instances to list; empty: all. `before` is the mark of the last one shown."""

    status: str = ""
    name: str = ""
    prefix: str = ""
    before: str = ""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message that an instance has still to see, at once or at a stamp; JSON."""

    due: str | None
    event: str


@dataclass(frozen=True, slots=True)
class Call:
    """An activity that was called and has not answered; `input` is JSON."""

    name: str
    input: str | None


class WindowReader:
    """Reads what the window shows; it writes nothing."""

    def __init__(self, store: Store) -> None:
        self._db = store.connection

    def newest(self, wanted: Filter, count: int) -> list[Row]:
        """Return at most `count` instances, the newest first."""
        created, _, key = wanted.before.partition(" ")
        rows = self._db.execute(
            f"SELECT {_COLUMNS} FROM instances WHERE (? = '' OR status = ?) "  # noqa: S608 - our own constant
            "AND (? = '' OR name = ?) AND substr(id, 1, ?) = ? "
            "AND (? = '' OR (created, id) < (?, ?)) ORDER BY created DESC, id DESC LIMIT ?",
            (
                wanted.status, wanted.status, wanted.name, wanted.name,
                len(wanted.prefix), wanted.prefix, created, created, key, count,
            ),
        )  # fmt: skip
        return [Row(*row) for row in rows]

    def counts(self) -> dict[str, int]:
        """Return how many instances there are of each status."""
        return dict(self._db.execute("SELECT status, count(*) FROM instances GROUP BY status"))

    def names(self) -> list[str]:
        """Return the names of all orchestrators that have instances."""
        rows = self._db.execute("SELECT DISTINCT name FROM instances ORDER BY name")
        return [row[0] for row in rows]

    def waiting(self, key: str, count: int) -> list[Waiting]:
        """Return the messages in the inbox of an instance: timers by due time, then events."""
        rows = self._db.execute(
            "SELECT due, event FROM inbox WHERE instance = ? "
            "ORDER BY due IS NULL, due, seq LIMIT ?",
            (key, count),
        )
        return [Waiting(*row) for row in rows]

    def calls(self, key: str, count: int) -> list[Call]:
        """Return the activities of an instance that have not answered yet."""
        rows = self._db.execute(
            "SELECT name, input FROM activities WHERE instance = ? ORDER BY seq LIMIT ?",
            (key, count),
        )
        return [Call(*row) for row in rows]
