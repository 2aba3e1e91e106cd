"""Owns what the doctor tells: one finding for each thing looked at, and how a terminal shows it."""

from collections.abc import Iterable
from typing import Literal

import msgspec

SOUND, AT_FAULT, NOT_SEEN = 0, 1, 2  # what the command exits with


class Finding(msgspec.Struct, frozen=True):
    """What was seen of one thing that an installation needs.

    `check` names it in a word, `detail` is a sentence, and `fix` a command or an instruction that
    can be pasted. `unknown` is what could not be looked at from here. None of them holds a secret:
    no key, no token, no webhook's URL.
    """

    check: str
    state: Literal["ok", "problem", "unknown"]
    detail: str
    fix: str | None = None


def render(findings: Iterable[Finding]) -> str:
    """Write findings for a terminal: a line each, and below it what to do."""
    lines = []
    for each in findings:
        lines.append(f"{each.state:8} {_shown(each.check)}: {_shown(each.detail)}")
        if each.fix:
            lines += [f"{'':9}{_shown(line)}" for line in f"fix: {each.fix}".splitlines()]
    return "\n".join(lines)


def status(findings: Iterable[Finding]) -> int:
    """Give the exit status: 1 when there is a problem, 2 when nothing could be seen, else 0."""
    states = {each.state for each in findings}
    if "problem" in states:
        return AT_FAULT
    return SOUND if "ok" in states else NOT_SEEN


def _shown(text: str) -> str:
    """Keep what another machine sent from steering the terminal."""
    return text if text.isprintable() else ascii(text)
