"""Owns what a completion says: its texts, and why some of them are not used."""

import re
from collections.abc import Iterator
from typing import Annotated, Any, NamedTuple

import msgspec
from msgspec import Meta

from signpost.model.outcomes import Completion, Kind, Refusal, backoff
from signpost.settings import Unfiltered
from signpost.text import clean, hidden_characters

LEVELS = 12  # a filter's report that is nested deeper is none
ERRORS = ("error", "content_filter_error")  # where a report says that there is none
ORDER = ("passed", "safe", "low", "medium", "high", "detected", "filtered")
UNREADABLE = Refusal(
    "unreadable",
    "The model service answered with something that is no completion: check its address.",
)
OFF = "The model service's content filter did not work, so its text was not accepted."
TOO_LARGE = "The model service answered with more than any text can be."
LARGEST_TEXT = 200_000  # characters: 16,384 tokens of twelve; a row of the ledger holds one
LONGEST_NAME = 100  # characters of what the service calls its model and system
MOST_TEXTS = 4  # more are never asked for
MOST_KINDS = 20  # of what a filter looks for; Azure has about ten
REASON = "[a-z_]{1,40}"  # also the name of such a kind
REWORD = "Word the input differently."

Tokens = Annotated[int, Meta(ge=0, le=10**9)]
Report = dict[str, Any] | None


class _Filtered(msgspec.Struct):
    """What may carry a filter's report; both spellings are seen in the wild."""

    content_filter_results: Report = None
    content_filter_result: Report = None
    content_filter_error: Any = None

    def is_unfiltered(self) -> bool:
        """Say whether any report here tells that the content filter did not work."""
        return is_off(msgspec.structs.asdict(self))

    def found(self) -> dict[str, str]:
        """Say in a word what the filter found of each kind: `safe`, `low`, `detected` ..."""
        return verdicts((self.content_filter_results or {}) | (self.content_filter_result or {}))


class _Text(msgspec.Struct):
    content: str | None = None
    refusal: str | None = None


class _Choice(_Filtered, kw_only=True):
    message: _Text
    finish_reason: str | None = None


class _Usage(msgspec.Struct):
    prompt_tokens: Tokens = 0
    completion_tokens: Tokens = 0


class _Answer(_Filtered, kw_only=True):
    """What we read of a chat completion; nothing before this has checked any of it."""

    choices: list[_Choice]
    model: str | None = None
    system_fingerprint: str | None = None
    usage: _Usage | None = None
    prompt_filter_results: list[Any] | Report = None
    prompt_annotations: list[Any] | Report = None  # its name in the first API versions


class _Objection(NamedTuple):
    kind: Kind
    reason: str
    cut: bool = False


def read(body: bytes, unfiltered: Unfiltered, attempt: int) -> Completion | Refusal:
    """Read the body of a 200. Texts that can't be used are left out when others can."""
    try:
        answer = msgspec.json.decode(body, type=_Answer)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return UNREADABLE
    if answer.is_unfiltered() and unfiltered == "refuse":
        return _refused(answer, _Objection("unfiltered", OFF), attempt)
    judged = [(choice, _objection(choice, unfiltered)) for choice in answer.choices[:MOST_TEXTS]]
    used = [choice for choice, objection in judged if objection is None]
    if used:
        return _completion(answer, used)
    reasons = [objection for _, objection in judged if objection]
    nothing = _Objection("empty", "The model answered without a text.")
    return _refused(answer, next(iter(reasons), nothing), attempt)


def verdicts(report: dict[str, Any]) -> dict[str, str]:
    """Sum up a filter's report: each kind, by a name that can be shown, with one word."""
    known = {
        kind: _word(each)
        for kind, each in report.items()
        if isinstance(each, dict) and re.fullmatch(REASON, kind) and kind not in ERRORS
    }
    return dict(list(known.items())[:MOST_KINDS])


def is_off(report: Any, levels: int = LEVELS) -> bool:  # noqa: ANN401 - any JSON
    """Say whether a report tells of an error anywhere in it; what is too deep to tell counts."""
    if not levels:
        return True
    if isinstance(report, list):
        return any(is_off(each, levels - 1) for each in report)
    if not isinstance(report, dict):
        return bool(report == "content_filter_error")
    errors = any(report.get(name) not in (None, False) for name in ERRORS)
    return errors or any(is_off(each, levels - 1) for each in report.values())


def _word(report: dict[str, Any]) -> str:
    for word in ("filtered", "detected"):
        if report.get(word):
            return word
    severity = report.get("severity", "passed")
    return severity if severity in ORDER else "unknown"


def _objection(choice: _Choice, unfiltered: Unfiltered) -> _Objection | None:
    """Say why a text is not used, if so."""
    if choice.finish_reason == "content_filter":
        blocked = [kind for kind, word in choice.found().items() if word == "filtered"]
        return _Objection("answer_filtered", blocked_by_policy("model's answer", blocked))
    if choice.is_unfiltered() and unfiltered == "refuse":
        return _Objection("unfiltered", OFF)
    if choice.message.refusal:
        return _Objection("refused", f"The model refused to write this. {REWORD}")
    raw = choice.message.content or ""
    text = clean(raw[: LARGEST_TEXT + 1])
    if max(len(raw), len(text)) > LARGEST_TEXT:  # a letter may be three in NFC
        return _Objection("unreadable", TOO_LARGE)
    return None if text else _no_text(choice)


def _no_text(choice: _Choice) -> _Objection:
    if choice.finish_reason == "length":
        what = "The model used up its tokens before the text began: raise max_tokens in the flow."
        return _Objection("empty", what, cut=True)
    return _Objection("empty", "The model answered with an empty text.")


def blocked_by_policy(what: str, kinds: list[str]) -> str:
    """Say that the input or an answer was blocked, for what, and what may help."""
    named = f" ({', '.join(kind.replace('_', ' ') for kind in kinds)})" if kinds else ""
    return f"The {what} was blocked by the content policy{named}. {REWORD}"


def _completion(answer: _Answer, used: list[_Choice]) -> Completion:
    raw = [choice.message.content or "" for choice in used]
    usage = answer.usage or _Usage()
    reasons = [_reason(choice) for choice in used]
    hidden = {kind for text in raw for kind in hidden_characters(re.sub("\r\n?", "\n", text))}
    return Completion(
        texts=list(dict.fromkeys(clean(text) for text in raw)),
        finish_reason="length" if "length" in reasons else reasons[0],
        prompt_tokens=usage.prompt_tokens,
        completion_tokens=usage.completion_tokens,
        model=_name(answer.model or ""),
        system_fingerprint=_name(answer.system_fingerprint or "") or None,
        content_filter=_worst(used) | _not_looked_at(answer, used),
        removed=sorted(hidden),
    )


def _reason(choice: _Choice) -> str:
    reason = choice.finish_reason or ""
    return reason if re.fullmatch(REASON, reason) else "unknown"


def _name(told: str) -> str:
    """Give a name on one line as it can be shown; it stands in receipts and rows of the ledger."""
    return " ".join(clean(told[:LONGEST_NAME]).split())


def _worst(used: list[_Choice]) -> dict[str, str]:
    """Sum up the reports on several texts: of each kind, the worst that was found."""
    worst: dict[str, str] = {}
    for choice in used:
        for kind, word in choice.found().items():
            worst[kind] = max(worst.get(kind, word), word, key=_rank)
    return worst


def _rank(word: str) -> int:
    return ORDER.index(word) if word in ORDER else len(ORDER)


def _not_looked_at(answer: _Answer, used: list[_Choice]) -> dict[str, str]:
    parts = list(_unfiltered_parts(answer, used))
    return {"unfiltered": " and ".join(parts)} if parts else {}


def _unfiltered_parts(answer: _Answer, used: list[_Choice]) -> Iterator[str]:
    if answer.is_unfiltered():
        yield "prompt"
    if any(choice.is_unfiltered() for choice in used):
        yield "text"


def _refused(answer: _Answer, objection: _Objection, attempt: int) -> Refusal:
    usage = answer.usage or _Usage()
    return Refusal(
        objection.kind,
        objection.reason,
        backoff(attempt) if objection.kind == "unfiltered" else None,
        prompt_tokens=usage.prompt_tokens,
        completion_tokens=usage.completion_tokens,
        cut=objection.cut,
    )
