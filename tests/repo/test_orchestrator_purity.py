"""Orchestrators are replayed, so nothing in them may differ between two runs of the same code."""

from __future__ import annotations

import ast

import pytest

from tests.repo.sources import Module, modules

PURE_MODULES = {
    "__future__", "azure", "collections", "dataclasses", "datetime", "enum", "functools",
    "logging", "msgspec", "orchestrators", "typing",
}  # fmt: skip
OWN_MODULE = "signpost.contracts"  # types and names only; what else is in signpost does things
IMPURE_BUILTINS = {"__import__", "eval", "exec", "globals", "id", "hash", "input", "open", "print"}
IMPURE_ATTRIBUTES = {"environ", "fromtimestamp", "getenv", "now", "today", "utcnow"}


def impurities(module: Module) -> list[str]:
    """Return what a replay could see differently: imports, calls and unguarded logging."""
    found = [
        name
        for name in module.imports()
        if name.split(".")[0] not in PURE_MODULES and not name.startswith(OWN_MODULE)
    ]
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Name) and node.id in IMPURE_BUILTINS:
            found.append(node.id)
        if isinstance(node, ast.Attribute) and node.attr in IMPURE_ATTRIBUTES:
            found.append(node.attr)
        if isinstance(node, ast.AsyncFunctionDef | ast.Await | ast.Global):
            found.append(type(node).__name__)
    return found + unguarded_logging(module.tree)


def unguarded_logging(tree: ast.AST, *, guarded: bool = False) -> list[str]:
    """Return the logging calls that aren't under `if not context.is_replaying:`."""
    found = []
    for node in ast.iter_child_nodes(tree):
        inside = guarded or (isinstance(node, ast.If) and is_guard(node.test))
        if isinstance(node, ast.Call) and is_logging(node.func) and not inside:
            found.append(ast.unparse(node))
        found += unguarded_logging(node, guarded=inside)
    return found


def is_guard(test: ast.expr) -> bool:
    """Tell whether a condition is `not <something>.is_replaying`."""
    if not (isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not)):
        return False
    return isinstance(test.operand, ast.Attribute) and test.operand.attr == "is_replaying"


def is_logging(function: ast.expr) -> bool:
    """Tell whether a call writes a log line."""
    levels = {"debug", "info", "warning", "error", "exception", "critical", "log"}
    return isinstance(function, ast.Attribute) and function.attr in levels


@pytest.mark.parametrize("module", modules("orchestrators"), ids=lambda m: str(m.path))
def test_orchestrator_is_pure(module: Module) -> None:
    """No clock, random number, environment, I/O or unguarded log line in an orchestrator."""
    assert impurities(module) == []


def test_there_are_orchestrators() -> None:
    """The check above has something to check."""
    assert modules("orchestrators")


@pytest.mark.parametrize(
    "line",
    [
        "import random", "import time", "from uuid import uuid4", "from os import environ",
        "t = datetime.now(UTC)", "t = datetime.utcnow()", "f = open('x')", "log.info('x')",
        "if context.is_replaying:\n log.info('x')", "async def f(): pass", "import aiohttp",
        "from signpost.ledger import open_ledger", "from signpost import rounds",
    ],
)  # fmt: skip
def test_impure_line_is_seen(line: str) -> None:
    """The check itself finds each kind of impurity."""
    [module] = [m for m in modules("orchestrators") if m.path.name == "__init__.py"]
    assert impurities(Module(module.path, f"{line}\n"))


def test_guarded_logging_is_allowed() -> None:
    """A log line that replays skip is no fault."""
    [module] = [m for m in modules("orchestrators") if m.path.name == "__init__.py"]
    guarded = "if not context.is_replaying:\n    log.info('x')\n"
    assert impurities(Module(module.path, guarded)) == []
