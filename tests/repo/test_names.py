"""Names say what a module owns, and the root stays small."""

from __future__ import annotations

import re
import sys

from tests.repo.sources import files, modules

EMPTY_NAMES = {"base", "common", "helper", "helpers", "lib", "misc", "shared", "util", "utils"}
MOST_VISIBLE_AT_ROOT = 24


def test_no_module_has_an_empty_name() -> None:
    """No module or folder is a place for whatever is left over."""
    parts = {part for path in files() for part in path.with_suffix("").parts}
    assert parts & EMPTY_NAMES == set()


def test_no_module_hides_the_standard_library() -> None:
    """No module is named like one of the standard library's."""
    names = {module.path.stem for module in modules() if not module.path.stem.startswith("__")}
    assert names & sys.stdlib_module_names == set()


def test_module_names_are_snake_case() -> None:
    """Modules and folders of code are named in snake_case."""
    wrong = [m.path for m in modules() if not re.fullmatch(r"[a-z0-9_/.]+", str(m.path))]
    assert wrong == []


def test_root_stays_small() -> None:
    """A newcomer sees few names at the root."""
    visible = {path.parts[0] for path in files() if not path.parts[0].startswith(".")}
    assert len(visible) <= MOST_VISIBLE_AT_ROOT, sorted(visible)
