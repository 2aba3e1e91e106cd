"""Owns --reload: notices that a file of the app changed, and starts the host anew."""

import asyncio
import os
import sys
from pathlib import Path

_INTERVAL = 0.5  # seconds between looks
_SUFFIXES = (".py", ".json", ".yaml", ".yml", ".prompty")
_SKIPPED = {"node_modules", "__pycache__", "site-packages"}


def stamps(folder: Path) -> dict[str, int]:
    """Return when each file of the app was changed last (nanoseconds)."""
    found: dict[str, int] = {}
    for base, folders, files in os.walk(folder):
        folders[:] = [f for f in folders if f not in _SKIPPED and not f.startswith(".")]
        for name in files:
            if name.endswith(_SUFFIXES):
                path = os.path.join(base, name)  # noqa: PTH118 - many files, twice a second
                found[path] = os.stat(path).st_mtime_ns  # noqa: PTH116 - the same
    return found


async def changed(folder: Path, before: dict[str, int]) -> None:
    """Return as soon as a file of the app differs from `before`, or was added or removed."""
    while True:
        await asyncio.sleep(_INTERVAL)
        try:
            now = stamps(folder)
        except FileNotFoundError:  # removed between the look at the folder and at the file
            return
        if now != before:
            return


def start_anew(folder: Path, port: int) -> None:
    """Replace this process by a new host with the same options, at the same port."""
    os.chdir(folder)
    os.environ.pop("DEVHOST_FRESH", None)
    given = [argument for argument in sys.orig_argv[1:] if argument != "--fresh"]
    os.execv(sys.executable, [sys.executable, *given, "--port", str(port)])  # noqa: S606 - our own command line
