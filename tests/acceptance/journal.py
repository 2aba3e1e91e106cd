"""Reads what local Teams took from the journal it keeps, each line once, however many there are."""

import json
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

Json = dict[str, Any]


class Link(NamedTuple):
    """What an approver's notification opens."""

    url: str
    approval: str
    token: str


class Journal:
    """The links that approvers got, by run and person, and the texts in the channel."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._read = 0
        self._rest = b""
        self._lock = Lock()
        self._links: dict[str, dict[str, Link]] = {}
        self._posts: list[Json] = []

    def links(self, run: str) -> dict[str, Link]:
        """Give each approver's newest link to a run, from their own chats."""
        self._catch_up()
        return dict(self._links.get(run, {}))

    def posts(self) -> list[Json]:
        """Give the messages in the channel."""
        self._catch_up()
        return list(self._posts)

    def _catch_up(self) -> None:
        self._file.touch()  # there is none before the first message
        with self._lock, self._file.open("rb") as file:
            file.seek(self._read)
            new = file.read()
            self._read += len(new)
            *lines, self._rest = (self._rest + new).split(b"\n")
            for line in filter(None, lines):
                self._take(line)
            if _is_whole(self._rest):
                self._take(self._rest)
                self._rest = b""

    def _take(self, line: bytes) -> None:
        entry = json.loads(line)
        message, person = entry["received"]["message"], entry["recipient"]
        if person is None:
            self._posts.append(message)
            return
        url = message["attachments"][0]["content"]["actions"][0]["url"]
        page, _, token = url.partition("#")
        approval = page.rsplit("/", 1)[1]
        of_run = self._links.setdefault(approval.partition("-")[0], {})
        of_run[person] = Link(url, approval, token)


def _is_whole(line: bytes) -> bool:
    """Say whether a line is written to its end; the next one brings the line break."""
    try:
        json.loads(line)
    except ValueError:
        return False
    return True
