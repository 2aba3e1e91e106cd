"""Owns which trace an instance belongs to: W3C trace context, in headers and in histories.

A trace is kept in the history, in the field ParentTraceContext of ExecutionStarted, as the durable
extension keeps it.
"""

import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Any

from devhost.store import Work

# W3C Trace Context, level 1: version 255 and ids of zeros are invalid.
_PARENT = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?"
)
_STARTED = '"ParentTraceContext"'


@dataclass(frozen=True, slots=True)
class Trace:
    """A span as its children know it: W3C trace context."""

    trace: str  # 32 hexadecimal digits
    span: str  # 16
    flags: str = "01"  # sampled
    state: str = ""

    @property
    def parent(self) -> str:
        """What the header traceparent says."""
        return f"00-{self.trace}-{self.span}-{self.flags}"

    def child(self, key: str = "") -> "Trace":
        """Give a span below this one; the same for the same key, or a new one without a key."""
        digest = blake2b(key.encode(), digest_size=8).hexdigest() if key else secrets.token_hex(8)
        return replace(self, span=digest)


def read(parent: str | None, state: str | None = None) -> Trace | None:
    """Read the headers traceparent and tracestate; None for what is not valid."""
    found = _PARENT.fullmatch(parent or "")
    return Trace(found[1], found[2], found[3], state or "") if found else None


def of_headers(headers: Mapping[str, str]) -> Trace | None:
    """Read the trace that a request belongs to."""
    return read(headers.get("traceparent"), headers.get("tracestate"))


def handed(mine: Trace | None, headers: Mapping[str, str]) -> tuple[str, str]:
    """Give traceparent and tracestate for a function: what came, where there is nothing else."""
    if mine is None:
        return headers.get("traceparent", ""), headers.get("tracestate", "")
    return mine.parent, mine.state


def kept(trace: Trace | None) -> dict[str, Any]:
    """Give the field of ExecutionStarted that keeps a trace; nothing without one."""
    if trace is None:
        return {}
    return {"ParentTraceContext": {"TraceParent": trace.parent, "TraceState": trace.state or None}}


def of_started(text: str) -> Trace | None:
    """Read the trace that ExecutionStarted, as it stands in a history, keeps."""
    if _STARTED not in text:
        return None
    found = json.loads(text).get("ParentTraceContext") or {}
    return read(found.get("TraceParent"), found.get("TraceState"))


def of_work(work: Work) -> Trace | None:
    """Find the trace of an instance whose episode begins."""
    texts = work.history[:2] or [delivery.event for delivery in work.inbox[:1]]
    return of_started(texts[-1]) if texts else None
