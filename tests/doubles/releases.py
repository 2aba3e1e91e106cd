"""Makes other versions of the app: copies of its functions, edited, each with its own host.json.

What a copy does not have, `signpost` above all, is that of today.
"""

import json
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.doubles.timed_app import ROOT, Release, the_app

PACKAGES = ("orchestrators", "activities", "triggers")


class Edit(NamedTuple):
    """Text of one file that is replaced by other text; a file that is new has no old text."""

    file: str
    old: str
    new: str


def of_version(folder: Path, version: str | None, *edits: Edit) -> Release:
    """Copy the app to a new folder, edit it, and say in host.json which version it is."""
    folder.mkdir()
    shutil.copy(ROOT / "function_app.py", folder)
    for package in PACKAGES:
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("*.pyc"))
    for edit in edits:
        _apply(folder / edit.file, edit)
    host = json.loads((ROOT / "host.json").read_bytes())
    durable = host["extensions"]["durableTask"]
    durable.pop("defaultVersion")
    if version is not None:
        durable["defaultVersion"] = version
    (folder / "host.json").write_text(json.dumps(host), "utf-8")
    with _own_modules():
        return Release(folder, the_app(folder))


def _apply(file: Path, edit: Edit) -> None:
    before = file.read_text("utf-8") if file.exists() else ""
    assert not edit.old or before.count(edit.old) == 1, f"{edit.file}: {edit.old}"
    after = before.replace(edit.old, edit.new) if edit.old else f"{before}{edit.new}"
    file.write_text(after, "utf-8")


@contextmanager
def _own_modules() -> Iterator[None]:
    """Let the names of the app's modules mean others for a while."""
    ours = {name: module for name, module in sys.modules.items() if _is_copied(name)}
    path = list(sys.path)
    for name in ours:
        del sys.modules[name]
    try:
        yield
    finally:
        for name in [name for name in sys.modules if _is_copied(name)]:
            del sys.modules[name]
        sys.modules.update(ours)
        sys.path[:] = path


def _is_copied(module: str) -> bool:
    return module.partition(".")[0] in (*PACKAGES, "function_app")
