"""Modules say what they own, and every exception to a rule says why."""

from __future__ import annotations

import ast
import io
import re
import tokenize

import pytest

from tests.repo.sources import Module, modules

EXCEPTION = re.compile(r"#\s*(?:noqa|type:\s*ignore)\b")
EXCUSED = re.compile(
    r"#\s*(?:noqa: [A-Z]+\d+(?:, ?[A-Z]+\d+)*|type: ignore\[[a-z-]+(?:, ?[a-z-]+)*\])"
    r"\s+[-#]+\s*\w.{2}"
)


def comments(text: str) -> list[str]:
    """Return the comments of a module's text, without strings that look like one."""
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return [token.string for token in tokens if token.type == tokenize.COMMENT]


def unexcused(text: str) -> list[str]:
    """Return the comments that switch a check off without a code and a reason in words."""
    return [c for c in comments(text) if EXCEPTION.search(c) and not EXCUSED.search(c)]


@pytest.mark.parametrize("module", modules(), ids=lambda module: str(module.path))
def test_module_opens_with_what_it_owns(module: Module) -> None:
    """The first line of every module is a sentence about it."""
    docstring = ast.get_docstring(module.tree) or ""
    sentence = docstring.split("\n\n")[0]
    assert len(sentence.split()) >= 4, "the docstring is missing or says too little"
    assert sentence.endswith((".", ":")), "the docstring doesn't open with a sentence"


@pytest.mark.parametrize("module", modules(), ids=lambda module: str(module.path))
def test_exceptions_carry_a_reason(module: Module) -> None:
    """`noqa` and `type: ignore` name their code and say why on the same line."""
    assert unexcused(module.text) == []


@pytest.mark.parametrize(
    "comment",
    ["# noqa", "# noqa: S101", "# type: ignore", "# type: ignore[arg-type]", "#noqa:E501 - why so"],
)
def test_bare_exceptions_are_seen(comment: str) -> None:
    """The check itself finds an exception without a code or a reason."""
    assert unexcused(f"x = 1  {comment}\n") == [comment]


def test_unfinished_work_is_not_committed() -> None:
    """No comment puts work off."""
    marks = re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b")
    late = {str(m.path): c for m in modules() for c in comments(m.text) if marks.search(c)}
    assert late == {}
