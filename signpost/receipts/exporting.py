"""Owns bringing receipts out of an installation: each into a file of its own, checked on the way.

It speaks the HTTP API as an operator. An export that is started again fetches only what is new,
and checks again what is there.
"""

import json
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from http.client import HTTPException
from pathlib import Path
from typing import Annotated, NamedTuple, TypeVar
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

import msgspec

from signpost.receipts.canonical import LARGEST
from signpost.receipts.sealing import Tampered, verify
from signpost.settings import LOOPBACK_HOSTS

KEYS = "keys.json"  # the public keys of all exports so far, since an app forgets former ones
PAGE = 100
SECONDS = 60
RUN = r"\A(?!keys\Z)[A-Za-z0-9_-]{1,100}\Z"  # it names a file
REFUSED = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND)


T = TypeVar("T")


class _Key(msgspec.Struct, rename="camel"):
    public_key: str


class _Keys(msgspec.Struct):
    keys: list[_Key]


class _Run(msgspec.Struct):
    id: Annotated[str, msgspec.Meta(pattern=RUN)]


class _Page(msgspec.Struct):
    runs: list[_Run]
    next: str | None


class NotExported(Exception):  # noqa: N818 - it says what is the case
    """The export can't go on; the message says why and what to do."""


class Exported(NamedTuple):
    """What an export did: receipts written, there before, and ids of those that don't verify."""

    written: int
    there: int
    doubtful: list[str]


def export(url: str, folder: Path, headers: Mapping[str, str]) -> Exported:
    """Write the receipts of all closed runs into a folder. Raises NotExported."""
    parts = urlsplit(url)
    if parts.scheme != "https" and parts.hostname not in LOOPBACK_HOSTS:
        raise NotExported("Give the address of the app, starting with https://.")
    source = _Source(url.rstrip("/"), headers)
    folder.mkdir(parents=True, exist_ok=True)
    trusted = _keys(source, folder)
    written, there, doubtful = 0, 0, []
    for run in source.closed_runs():
        file = folder / f"{run}.json"
        if file.exists():
            receipt = file.read_bytes()
            there += 1
        else:
            receipt = source.get(f"/api/runs/{quote(run)}/receipt")
            _write(file, receipt)
            written += 1
        if not _is_good(receipt, run, trusted):
            doubtful.append(run)
    return Exported(written, there, doubtful)


class _Source:
    """An installation, asked over HTTP as an operator."""

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        self._url, self._headers = url, dict(headers)
        self._opener = build_opener(_NoRedirect)  # a key is sent to nobody else

    def closed_runs(self) -> Iterator[str]:
        """Give the ids of all closed runs, newest first."""
        query = {"box": "all", "state": "closed", "limit": str(PAGE)}
        while True:
            page = self.read(f"/api/runs?{urlencode(query)}", _Page)
            yield from (run.id for run in page.runs)
            if page.next is None:
                return
            query["cursor"] = page.next

    def read(self, path: str, kind: type[T]) -> T:
        """Get a JSON document. Raises NotExported for one of another shape."""
        try:
            return msgspec.json.decode(self.get(path), type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise NotExported(f"The answer of {self._url} is not that of a Signpost.") from error

    def get(self, path: str) -> bytes:
        """Get the bytes of an answer. Raises NotExported for any but 200."""
        asked = Request(self._url + path, headers=self._headers)  # noqa: S310 - checked by `export`
        try:
            with self._opener.open(asked, timeout=SECONDS) as answer:
                body: bytes = answer.read(LARGEST + 1)
                return body
        except HTTPError as error:
            with error:
                raise NotExported(_told(error.code)) from error
        except HTTPException as error:  # its text is what the server sent
            raise NotExported(f"{self._url} doesn't speak HTTP.") from error
        except (URLError, TimeoutError, OSError) as error:
            raise NotExported(f"{self._url} can't be reached: {error}.") from error


class _NoRedirect(HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        """Follow nothing."""


def _told(status: int) -> str:
    if status in REFUSED:
        return (
            f"The app refused ({status}): it lists all runs to operators only. Give a function key "
            "with --key-from-env, or where people sign in an operator's token with "
            "--token-from-env."
        )
    return f"The app answered {status}; start the export again later, it goes on where it was."


def _keys(source: _Source, folder: Path) -> list[str]:
    """Give the public keys that the app publishes, and those of exports before."""
    file = folder / KEYS
    known = json.loads(file.read_bytes()) if file.exists() else []
    published = [key.public_key for key in source.read("/api/receipts/keys", _Keys).keys]
    trusted = list(dict.fromkeys([*published, *known]))
    _write(file, json.dumps(trusted, indent=2).encode())
    return trusted


def _is_good(receipt: bytes, run: str, trusted: list[str]) -> bool:
    """Say whether it is signed, and this run's: that of another one is good for that one alone."""
    try:
        return verify(receipt, trusted).run == run
    except Tampered:
        return False


def _write(file: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    part = file.with_suffix(".part")
    part.write_bytes(content)
    part.replace(file)
