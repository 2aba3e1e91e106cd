"""Owns the ledger in an SQLite file, for one machine."""

import sqlite3
from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from typing import Any

from signpost.ledger import Entry

SCHEMA = """
CREATE TABLE IF NOT EXISTS entry (
    partition TEXT NOT NULL,
    row TEXT NOT NULL,
    version INTEGER NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (partition, row)
) WITHOUT ROWID
"""


class SqliteLedger:
    """A ledger in one file. A call takes well under a millisecond, so it runs where it is made."""

    def __init__(self, path: str) -> None:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        self._lock = Lock()
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
        self._db.execute("PRAGMA journal_mode=WAL")  # readers never wait for a writer
        self._db.execute("PRAGMA synchronous=FULL")  # an answer that was told survives a power cut
        self._db.execute(SCHEMA)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    async def get(self, partition: str, row: str) -> Entry | None:
        """Give one row, or None."""
        found = self._read(
            "SELECT body, version FROM entry WHERE partition = ? AND row = ?", partition, row
        )
        return Entry(found[0][0], str(found[0][1])) if found else None

    async def rows(self, partition: str) -> Mapping[str, Entry]:
        """Give all rows of a partition, by name."""
        found = self._read("SELECT row, body, version FROM entry WHERE partition = ?", partition)
        return {row: Entry(body, str(version)) for row, body, version in found}

    async def insert(self, partition: str, row: str, body: bytes) -> bool:
        """Write a row that must not exist yet; False when it does."""
        return self._write(
            "INSERT INTO entry VALUES (?, ?, 1, ?) ON CONFLICT DO NOTHING", partition, row, body
        )

    async def replace(self, partition: str, row: str, body: bytes, etag: str) -> bool:
        """Write a row that must still have this etag; False when it has not."""
        return self._write(
            "UPDATE entry SET body = ?, version = version + 1"
            " WHERE partition = ? AND row = ? AND version = ?",
            body,
            partition,
            row,
            int(etag),
        )

    def _read(self, statement: str, *values: object) -> list[Any]:
        """Read to the end at once: an open cursor keeps an old view, from which no write starts."""
        with self._lock:
            return self._db.execute(statement, values).fetchall()

    def _write(self, statement: str, *values: object) -> bool:
        """Say whether the one row was written."""
        with self._lock:
            return self._db.execute(statement, values).rowcount == 1
