"""Owns files as inputs: what is taken, and having their text read in a process of its own."""

import asyncio
import base64
import hashlib
import os
import signal
import subprocess
import sys
from datetime import timedelta
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec

from signpost import settings
from signpost.inputs.rules import Unfit
from signpost.problems import TooMany
from signpost.telemetry import logs
from signpost.text import hidden_characters

KINDS = (".txt", ".md", ".csv", ".pdf", ".docx")
MOST_BYTES = 5 * 1024 * 1024
MOST_ENCODED = 4 * (MOST_BYTES // 3 + 1)  # characters of base64
LONGEST_NAME = 255
SECONDS = 20.0  # by the clock; of the processor's time `converting` takes less
AT_ONCE = 2  # each may take as much memory as `converting` allows itself
MOST_QUEUED = 10  # each holds its bytes, and the last has an answer before its caller gives up
PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "PYTHONHOME", "SYSTEMROOT")  # to start Python; no secrets
HOME = Path(__file__).parent.parent.parent
AGAIN_AFTER = timedelta(seconds=5)
TOO_LONG = "Reading it takes too long."
BROKEN = "The file can't be read."

log = logs.logger(__name__)


class TooManyBytes(Exception):  # noqa: N818 - it names what is wrong
    """A file that is larger than any that is read; the message says how large they may be."""


class Upload(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """A file on the wire, named as Power Automate's manual trigger names it."""

    name: str
    content_bytes: str


class Told(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the reading process tells: the text, or a sentence about why there is none."""

    text: str = ""
    refused: str | None = None


async def read(given: Any, most: int) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    """Give what is stored of a file: its name, text, digest, and size in bytes.

    `most` is how many characters the text may have. Raises Unfit, TooManyBytes or TooMany.
    """
    try:
        upload = msgspec.convert(given, Upload)
    except msgspec.ValidationError:
        shape = '{"name": "notes.pdf", "contentBytes": "(base64)"}'
        raise Unfit(f"Give a file as {shape}.") from None
    suffix = _kind(upload.name)
    content = _content(upload.content_bytes)
    told = await _readers().read(content, suffix, most)
    if told.refused is not None:
        raise Unfit(told.refused)
    return {
        "name": upload.name,
        "text": told.text,
        "digest": f"sha256:{hashlib.sha256(content).hexdigest()}",
        "size": len(content),
    }


def _kind(name: str) -> str:
    """Give a file's ending. Raises Unfit for a name that is not one file's own and plain."""
    if not 0 < len(name) <= LONGEST_NAME:
        raise Unfit(f"A file's name has 1 to {LONGEST_NAME} characters.")
    if hidden_characters(name) or "\n" in name or "\t" in name:
        raise Unfit("The file's name holds characters that readers would not see: rename it.")
    if "/" in name or "\\" in name:
        raise Unfit("Give the file's name without its folders.")
    suffix = PurePosixPath(name).suffix.lower()
    if suffix not in KINDS:
        raise Unfit(f"Files of these kinds are read: {', '.join(KINDS)}. Save it as one of them.")
    return suffix


def _content(encoded: str) -> bytes:
    if len(encoded) > MOST_ENCODED:
        raise TooManyBytes(f"A file has at most {MOST_BYTES:,} bytes; this one is larger.")
    try:
        content = base64.b64decode(encoded, validate=True)
    except ValueError:
        raise Unfit("`contentBytes` is not base64.") from None
    if len(content) > MOST_BYTES:
        raise TooManyBytes(
            f"A file has at most {MOST_BYTES:,} bytes; this one has {len(content):,}."
        )
    if not content:
        raise Unfit("The file is empty.")
    return content


class _Readers:
    """The threads that wait for reading processes, and a short queue before them."""

    def __init__(self) -> None:
        from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - few runs take files

        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="reading")
        self._queued = 0

    async def read(self, content: bytes, suffix: str, most: int) -> Told:
        """Have a file read when its turn comes. Raises TooMany where the queue is full."""
        if self._queued == MOST_QUEUED:
            raise TooMany("Many files are being read right now.", retry_after=AGAIN_AFTER)
        self._queued += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._threads, _read, content, suffix, most)
        finally:
            self._queued -= 1


@cache
def _readers() -> _Readers:
    return _Readers()


def _read(content: bytes, suffix: str, most: int, seconds: float = SECONDS) -> Told:
    """Have a file read by a process that may break or hang without harm to this one."""
    module = "signpost.inputs.converting"
    try:
        done = subprocess.run(  # noqa: S603 - our own module; the caller's bytes go to its stdin
            [sys.executable, "-P", "-B", "-m", module, suffix, str(most)],
            input=content,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=seconds,
            cwd=HOME,
            env=_environment(),
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Told(refused=TOO_LONG)
    if done.returncode == 0:
        return msgspec.json.decode(done.stdout, type=Told)
    told = {"action": "read a file", "suffix": suffix}
    log.warning("Reading a %s file ended with %s", suffix, done.returncode, extra=told)
    timed_out = done.returncode == -getattr(signal, "SIGXCPU", 0)
    return Told(refused=TOO_LONG if timed_out else BROKEN)


def _environment() -> dict[str, str]:
    """Give what Python needs to find itself and our packages, wherever the host put them."""
    paths = [str(HOME), *(path for path in sys.path if path)]
    return settings.variables(PASSED_ON) | {"PYTHONPATH": os.pathsep.join(paths)}
