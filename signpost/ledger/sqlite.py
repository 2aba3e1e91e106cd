"""Owns the ledger in an SQLite file, for one machine."""

import asyncio
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from time import monotonic
from typing import Any

from signpost.ledger import Entry, LedgerAway, check

# secure_delete forgets the copies of small contents that a balancing of the tree leaves behind.
# Contents that begin after more bytes than a small page keeps of a row are never moved that way:
# they start on overflow pages, which are zeroed when they are freed.
# https://www.sqlite.org/fileformat2.html#b_tree_pages gives ((512-12)*64/255)-23 = 102 bytes.
PAGE_BYTES = 512
SCHEMA = """
CREATE TABLE IF NOT EXISTS entry (
    partition TEXT NOT NULL,
    row TEXT NOT NULL,
    version INTEGER NOT NULL,
    pad BLOB NOT NULL DEFAULT (zeroblob(102)),
    body BLOB NOT NULL,
    PRIMARY KEY (partition, row)
) WITHOUT ROWID
"""
AWAY = {
    sqlite3.SQLITE_BUSY: "another program keeps it locked",
    sqlite3.SQLITE_CANTOPEN: "it can't be opened; see whether its folder exists and may be written",
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_IOERR: "its disk fails",
    sqlite3.SQLITE_LOCKED: "it is locked",
    sqlite3.SQLITE_PERM: "it may not be used",
    sqlite3.SQLITE_PROTOCOL: "it can't be locked",
    sqlite3.SQLITE_READONLY: "it may not be written",
}
NEXT_LOOK_SECONDS = 0.01
PRIMARY_CODE = 0xFF  # the rest of an error code only says more


class SqliteLedger:
    """A ledger in one file. A call takes well under a millisecond, so it runs where it is made.

    The folder must exist: making it could hide that a disk is not mounted, and with it all
    that was decided. `busy_seconds` is how long a call waits for another program's lock.
    """

    def __init__(self, path: str, busy_seconds: float = 5) -> None:
        self._path = Path(path).absolute()
        self._busy_seconds = busy_seconds
        self._lock = Lock()
        self._db: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None

    def close(self) -> None:
        """Close the file; the next call opens it again."""
        if self._db is not None:
            self._db.close()
            self._db = None

    async def get(self, partition: str, row: str) -> Entry | None:
        """Give one row, or None."""
        check(partition, row)
        found = self._read(
            "SELECT body, version FROM entry WHERE partition = ? AND row = ?", partition, row
        )
        return Entry(found[0][0], str(found[0][1])) if found else None

    async def rows(self, partition: str) -> Mapping[str, Entry]:
        """Give all rows of a partition, by name."""
        return dict(await self.page(partition, "", -1))

    async def page(self, partition: str, after: str, limit: int) -> list[tuple[str, Entry]]:
        """Give up to `limit` rows whose names come after `after`, in the order of code points."""
        check(partition, after or "-")
        found = self._read(
            "SELECT row, body, version FROM entry WHERE partition = ? AND row > ?"
            " ORDER BY row LIMIT ?",
            partition,
            after,
            limit,
        )
        return [(row, Entry(body, str(version))) for row, body, version in found]

    async def insert(self, partition: str, row: str, body: bytes) -> bool:
        """Write a row that must not exist yet; False when it does.

        Versions start anywhere, so that no etag of a deleted row fits its successor.
        """
        check(partition, row, body)
        return self._write(
            "INSERT INTO entry (partition, row, version, body) VALUES (?, ?, random() >> 2, ?)"
            " ON CONFLICT DO NOTHING",
            partition,
            row,
            body,
        )

    async def replace(self, partition: str, row: str, body: bytes, etag: str) -> bool:
        """Write a row that must still have this etag; False when it has not."""
        check(partition, row, body)
        return self._write(
            "UPDATE entry SET body = ?, version = version + 1"
            " WHERE partition = ? AND row = ? AND version = ?",
            body,
            partition,
            row,
            int(etag),
        )

    async def delete(self, partition: str, row: str) -> None:
        """Take a row away, whether it is there or not."""
        check(partition, row)
        self._write("DELETE FROM entry WHERE partition = ? AND row = ?", partition, row)

    async def scrub(self) -> None:
        """Empty the log, so that what was deleted or replaced is in no byte of the files.

        SQLite itself does not wait for another process that is emptying it.
        """
        until = monotonic() + self._busy_seconds
        while self._read("PRAGMA wal_checkpoint(TRUNCATE)")[0][0]:
            if monotonic() > until:
                raise LedgerAway(f"{self._path} still holds what was erased: it is being read")
            await asyncio.sleep(NEXT_LOOK_SECONDS)

    def _read(self, statement: str, *values: object) -> list[Any]:
        """Read to the end at once: an open cursor keeps an old view, from which no write starts."""
        with self._open() as db:
            return db.execute(statement, values).fetchall()

    def _write(self, statement: str, *values: object) -> bool:
        """Say whether the one row was written."""
        with self._open() as db:
            return db.execute(statement, values).rowcount == 1

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """Give the connection to one call at a time; one that failed is not used again."""
        with self._lock:
            try:
                if self._db is not None and self._identity() != self._file:
                    self.close()  # what is written to a file that was moved away is lost
                if self._db is None:
                    self._db = self._connect()
                yield self._db
            except sqlite3.DatabaseError as error:
                self.close()
                reason = AWAY.get(getattr(error, "sqlite_errorcode", 0) & PRIMARY_CODE)
                if reason is None:
                    raise
                raise LedgerAway(f"the ledger {self._path} is away: {reason}") from error

    def _connect(self) -> sqlite3.Connection:
        """Open the file; one that was there before and is gone is not replaced by an empty one."""
        mode = "rw" if self._file else "rwc"
        db = sqlite3.connect(
            f"{self._path.as_uri()}?mode={mode}",
            isolation_level=None,
            check_same_thread=False,
            timeout=self._busy_seconds,
            uri=True,
        )
        try:
            db.execute(f"PRAGMA page_size={PAGE_BYTES}")  # counts for a new file only
            db.execute("PRAGMA journal_mode=WAL")  # readers never wait for a writer
            db.execute("PRAGMA synchronous=FULL")  # an answer that was told survives a power cut
            db.execute("PRAGMA secure_delete=ON")  # what is erased is overwritten
            db.execute(SCHEMA)
        except sqlite3.Error:
            db.close()
            raise
        self._file = self._identity()
        return db

    def _identity(self) -> tuple[int, int] | None:
        """Tell this file from another one at the same path."""
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino
