"""Owns log lines: a sentence and fields, as one JSON object a line.

A line is made here, and no formatter or handler is asked for: the Functions worker brings a
handler of its own, which sends a record's text and none of its attributes, so fields that are not
in the text never reach Application Insights. JSON escapes line ends and control characters, so
no value can begin a line of its own or colour a terminal.
"""

import json
import logging
import sys
import traceback
from typing import Any

from opentelemetry import trace

MOST_FRAMES = 20


class Lines(logging.LoggerAdapter[logging.Logger]):
    """A logger whose `extra` are fields beside the `message`, all in one line."""

    def log(self, level: int, msg: object, *args: object, **more: Any) -> None:  # noqa: ANN401 - as logging's own
        """Write a line. Of an exception it tells types and places: a message may hold a text."""
        if not self.isEnabledFor(level):
            return
        told: dict[str, Any] = {"message": str(msg) % args if args else str(msg)}
        told |= more.get("extra") or {}
        opened = trace.get_current_span().get_span_context()
        if opened.is_valid:
            told["trace"] = trace.format_trace_id(opened.trace_id)
        if error := _raised(more.get("exc_info")):
            told |= {"error": _types(error), "at": _places(error)}
        line = json.dumps(told, default=str)  # ASCII alone, whatever a terminal makes of the rest
        self.logger.log(level, "%s", line, stacklevel=2)


def logger(name: str) -> Lines:
    """Give the logger of a module."""
    return Lines(logging.getLogger(name))


def _raised(given: object) -> BaseException | None:
    """Find the exception that `exc_info` means, which is the one at hand unless it is given."""
    if isinstance(given, BaseException):
        return given
    return sys.exc_info()[1] if given else None


def _types(error: BaseException) -> str:
    """Name the exception, and those that it came from."""
    names, cause = [type(error).__name__], error.__cause__ or error.__context__
    while cause is not None and len(names) < MOST_FRAMES:
        names.append(type(cause).__name__)
        cause = cause.__cause__ or cause.__context__
    return " from ".join(names)


def _places(error: BaseException) -> list[str]:
    frames = traceback.extract_tb(error.__traceback__)[-MOST_FRAMES:]
    return [f"{frame.filename}:{frame.lineno} in {frame.name}" for frame in frames]
