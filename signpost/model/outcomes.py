"""Owns what a call of the model may end in, and how long to wait before the next one."""

import random
from collections.abc import Mapping
from datetime import timedelta
from typing import Literal, NamedTuple

import msgspec

from signpost.waiting import LONGEST_RETRY

BACKOFF_SECONDS = (5, 30, 180, 1080)  # so that five tries outlast 20 minutes without a model
JITTER = 0.25

Kind = Literal[
    "throttled",
    "timeout",
    "unreachable",
    "unavailable",
    "no_token",
    "unauthorized",
    "deployment_missing",
    "prompt_filtered",
    "answer_filtered",
    "unfiltered",
    "empty",
    "refused",
    "context_too_long",
    "unsupported_parameter",
    "rejected",
    "unreadable",
]


class Completion(msgspec.Struct, frozen=True):
    """At least one usable text.

    `texts` are clean and all different; `finish_reason` is `length` when the model had no room to
    finish one of them, else mostly `stop`; `content_filter` says in a word what the filter found
    of each kind, and under `unfiltered` what it did not look at; `removed` names the hidden
    characters that were taken out, each kind once.
    """

    texts: list[str]
    finish_reason: str
    prompt_tokens: int
    completion_tokens: int
    model: str
    system_fingerprint: str | None = None
    content_filter: dict[str, str] = {}
    removed: list[str] = []


class Refusal(msgspec.Struct, frozen=True):
    """No text: why, as a sentence for the requester, and after which wait to ask again, if ever.

    A wait, not an instant: it begins when the answer is known, however long that took. `cut` is
    set where the model had no room to begin, so that a larger `max_tokens` may mend it.
    """

    kind: Kind
    reason: str
    retry_after: timedelta | None = None
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cut: bool = False


class Answer(NamedTuple):
    """What the service answered; the names of the headers are in any case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Unanswered(Exception):  # noqa: N818 - it names what happened, and is never an outcome
    """No answer came that could be read; `kind` says why."""

    def __init__(self, kind: Kind) -> None:
        super().__init__(kind)
        self.kind: Kind = kind


def backoff(attempt: int) -> timedelta:
    """Wait longer after each try, and up to a quarter more."""
    return no_earlier(timedelta(seconds=BACKOFF_SECONDS[min(attempt, len(BACKOFF_SECONDS)) - 1]))


def no_earlier(wait: timedelta) -> timedelta:
    """Spread those who were told to wait equally long; never before the wait is over."""
    spread = 1 + random.uniform(0, JITTER)  # noqa: S311 - it spreads callers, it hides nothing
    return min(wait * spread, LONGEST_RETRY)
