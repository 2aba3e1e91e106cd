"""Reads the repository for the tests that check it: its files, modules and markdown."""

from __future__ import annotations

import ast
import io
import re
import subprocess
import tokenize
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Our own packages, and the one module at the root.
APP = ("function_app", "triggers", "orchestrators", "activities", "signpost")
PRODUCT = (*APP, "devhost", "local")
NO_CODE = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
}


@cache
def files() -> tuple[Path, ...]:
    """Return every file that is committed or would be, relative to the root."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    names = sorted(set(listed.stdout.split("\0")) - {""})
    return tuple(Path(name) for name in names if (ROOT / name).is_file())


@dataclass(frozen=True)
class Module:
    """One Python file: its path relative to the root, its text and its syntax tree."""

    path: Path
    text: str

    @property
    def tree(self) -> ast.Module:
        """Parse the text anew, so that no test sees another's changes."""
        return ast.parse(self.text, str(self.path))

    @property
    def owner(self) -> str:
        """Return the package at the root that holds it, or its own name there."""
        return self.path.parts[0].removesuffix(".py")

    @property
    def lines(self) -> int:
        """Count its lines."""
        return len(self.text.splitlines())

    @property
    def code_lines(self) -> int:
        """Count its lines of code: without blank lines, comments and docstrings."""
        kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
        documented = [
            n for n in ast.walk(self.tree) if isinstance(n, kinds) and ast.get_docstring(n)
        ]
        prose = {
            line
            for node in documented
            for line in range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1)
        }
        tokens = tokenize.generate_tokens(io.StringIO(self.text).readline)
        code = {
            line
            for token in tokens
            if token.type not in NO_CODE
            for line in range(token.start[0], token.end[0] + 1)
        }
        return len(code - prose)

    def imports(self) -> set[str]:
        """Return the full names of all modules that it imports, at any depth of the code."""
        found: set[str] = set()
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
        return found

    def functions(self) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
        """Return all its functions, nested ones included."""
        kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
        return [node for node in ast.walk(self.tree) if isinstance(node, kinds)]


@cache
def modules(*owners: str) -> tuple[Module, ...]:
    """Return the Python modules of these owners, or all of the repository."""
    python = [path for path in files() if path.suffix == ".py" or is_python_script(path)]
    found = (Module(path, read(path)) for path in python)
    return tuple(module for module in found if not owners or module.owner in owners)


def is_python_script(path: Path) -> bool:
    """Tell whether a file without a suffix starts as a Python program."""
    return not path.suffix and (ROOT / path).read_bytes().startswith(b"#!/usr/bin/env python3")


def read(path: Path | str) -> str:
    """Return the text of a file, given relative to the root."""
    return (ROOT / path).read_text("utf-8")


def markdown() -> tuple[Path, ...]:
    """Return the markdown files."""
    return tuple(path for path in files() if path.suffix == ".md")


def names_setting(text: str) -> set[str]:
    """Return the names in a text that look like settings of the app."""
    return set(re.findall(r"\b(?:SIGNPOST|MODEL|TEAMS|AZURE|WEBSITE)_[A-Z0-9_]*[A-Z0-9]\b", text))
