"""Owns a ledger in memory whose callers get in each other's way: any may pause at any step."""

import asyncio
from collections.abc import Mapping
from random import Random

from signpost.ledger import Entry, check


class MemoryLedger:
    """Keeps rows as the real ledgers do. `tried` and `lost` count the conditional writes."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._rows: dict[str, dict[str, Entry]] = {}
        self._written = 0
        self.tried = self.lost = 0

    async def get(self, partition: str, row: str) -> Entry | None:
        """Give one row, or None."""
        await self._pause()
        found = self._rows.get(partition, {}).get(row)
        await self._pause()
        return found

    async def rows(self, partition: str) -> Mapping[str, Entry]:
        """Give all rows of a partition, by name."""
        await self._pause()
        return dict(self._rows.get(partition, {}))

    async def page(self, partition: str, after: str, limit: int) -> list[tuple[str, Entry]]:
        """Give up to `limit` rows whose names come after `after`."""
        rows = sorted((await self.rows(partition)).items())
        return [(name, entry) for name, entry in rows if name > after][:limit]

    async def insert(self, partition: str, row: str, body: bytes) -> bool:
        """Write a row that must not exist yet."""
        await self._pause()
        return self._write(partition, row, body, None)

    async def replace(self, partition: str, row: str, body: bytes, etag: str) -> bool:
        """Write a row that must still have this etag."""
        await self._pause()
        return self._write(partition, row, body, etag)

    async def delete(self, partition: str, row: str) -> None:
        """Take a row away."""
        await self._pause()
        self._rows.get(partition, {}).pop(row, None)

    async def scrub(self) -> None:
        """Do nothing: memory keeps nothing."""

    async def _pause(self) -> None:
        for _ in range(self._random.randrange(4)):
            await asyncio.sleep(0)

    def _write(self, partition: str, row: str, body: bytes, etag: str | None) -> bool:
        check(partition, row, body)
        rows = self._rows.setdefault(partition, {})
        standing = rows.get(row)
        self.tried += 1
        if (standing.etag if standing else None) != etag:
            self.lost += 1
            return False
        self._written += 1
        rows[row] = Entry(body, str(self._written))
        return True
