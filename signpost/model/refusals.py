"""Owns what each failure of the model service means, and its sentence for the requester.

Nothing that the service says is repeated but numbers and names: its messages may hold the prompt.
"""

import re
from datetime import datetime
from http import HTTPStatus
from typing import Any, NamedTuple

import msgspec

from signpost.model.families import ROOMS, SAMPLING
from signpost.model.outcomes import Answer, Kind, Refusal, backoff, no_earlier
from signpost.model.reading import TOO_LARGE, blocked_by_policy, verdicts
from signpost.settings import Settings
from signpost.waiting import LONGEST_RETRY, retry_after

ROLE = "Cognitive Services OpenAI User"
BUSY = "The model is at its capacity."
BLOCKED = ("content_filter", "ResponsibleAIPolicyViolation", "content_policy_violation")
TOO_LONG = ("context_length_exceeded", "exceed_context_size_error")  # the second is llama.cpp's
MISSING = ("DeploymentNotFound", "ModelNotFound", "model_not_found")
NO_CHAT = "OperationNotSupported"
UNSUPPORTED = ("unsupported_parameter", "unsupported_value")
SENT = (*SAMPLING, *ROOMS, "n")
NETWORK = "firewall|virtual network|public access|private endpoint"
SUSPENDED = "temporarily blocked"
VERSION = "api[- ]?version"
PASSING = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.CONFLICT)
PARAMETER = r"[A-Za-z0-9_.\[\]]{1,60}"

UNANSWERED: dict[Kind, str] = {
    "timeout": "The model did not answer in time.",
    "unreachable": "The model can't be reached.",
    "no_token": "Signpost's managed identity got no token: give the app an identity, and name it "
    "in AZURE_CLIENT_ID if it is a user-assigned one.",
    "unreadable": TOO_LARGE,
}


class _Failure(NamedTuple):
    """The error in the body of an answer, as far as it can be made out."""

    codes: tuple[str, ...] = ()
    message: str = ""
    param: str = ""
    details: dict[str, Any] = {}  # noqa: RUF012 - nobody writes to it

    def has(self, *codes: str) -> bool:
        return not set(codes).isdisjoint(self.codes)


def unanswered(kind: Kind, attempt: int) -> Refusal:
    """Say what it means that no answer came."""
    return Refusal(kind, UNANSWERED[kind], None if kind == "unreadable" else backoff(attempt))


def refused(answer: Answer, config: Settings, *, size: int, now: datetime, attempt: int) -> Refusal:
    """Say what a status of failure means; `size` is that of the input in characters."""
    failure = _failure(answer.body)
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
        return _busy(answer, failure, now, attempt)
    if answer.status in PASSING or answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        wait = retry_after(answer.headers, now)
        what = f"The model service failed ({answer.status})."
        return Refusal("unavailable", what, no_earlier(wait) if wait else backoff(attempt))
    kind, reason = _final(answer.status, failure, config, size)
    return Refusal(kind, reason)


def _busy(answer: Answer, failure: _Failure, now: datetime, attempt: int) -> Refusal:
    if failure.has("insufficient_quota"):
        return Refusal("throttled", "The quota of the model service is used up: see its billing.")
    wait = retry_after(answer.headers, now)
    if wait and wait >= LONGEST_RETRY:
        return Refusal("throttled", f"{BUSY} It asks to be left alone for 5 days or more.")
    return Refusal("throttled", BUSY, no_earlier(wait) if wait else backoff(attempt))


def _final(status: int, failure: _Failure, config: Settings, size: int) -> tuple[Kind, str]:
    """Say what asking again can't mend."""
    if failure.has(*BLOCKED):
        kinds = [kind for kind, word in verdicts(failure.details).items() if word == "filtered"]
        return "prompt_filtered", blocked_by_policy("input", kinds)
    if failure.has(*TOO_LONG) or status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return "context_too_long", _too_long(failure.message, size)
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return "unauthorized", _unauthorized(status, failure, config)
    if failure.has(*MISSING):
        what = "The model deployment does not exist: check AZURE_OPENAI_DEPLOYMENT."
        if config.model_api_key:
            what = "The model service does not have this model: check MODEL_NAME."
        return "deployment_missing", what
    if failure.param in SENT or failure.has(*UNSUPPORTED):
        return "unsupported_parameter", _parameter(failure, config)
    return "rejected", _rejected(status, failure, config)


def _rejected(status: int, failure: _Failure, config: Settings) -> str:
    """Say what else is wrong: mostly where the request was sent to."""
    if failure.has(NO_CHAT):
        setting = "MODEL_NAME" if config.model_api_key else "AZURE_OPENAI_DEPLOYMENT"
        return f"The model does not write by chat completions: name another in {setting}."
    if status == HTTPStatus.NOT_FOUND or re.search(VERSION, failure.message, re.IGNORECASE):
        return _unknown_address(status, config)
    if status < HTTPStatus.BAD_REQUEST:
        setting = "MODEL_BASE_URL" if config.model_api_key else "AZURE_OPENAI_ENDPOINT"
        what = f"The model service sends callers elsewhere ({status}), where Signpost does not go"
        return f"{what}: check {setting}."
    return f"The model service refused the request ({status})."


def _too_long(message: str, size: int) -> str:
    """Name the numbers of tokens, where the service tells them; the letters are ours to count."""
    limit = re.search(r"(?:context length is|limit of|context size \() ?(\d{1,9}) tokens", message)
    sent = re.search(r"\((\d{1,9}) in the messages|(?:resulted in|request \() ?(\d{1,9})", message)
    kept = re.search(r"(\d{1,9}) in the completion", message)
    if not limit or not sent:
        return f"The input is too long for the model: it has {size:,} characters."
    tokens = int(sent[1] or sent[2])
    answer = f", {int(kept[1]):,} of them for the answer" if kept else ""
    what = f"The input is too long for the model: it has {tokens:,} tokens"
    return f"{what}, and the model takes {int(limit[1]):,}{answer}."


def _unauthorized(status: int, failure: _Failure, config: Settings) -> str:
    if re.search(NETWORK, failure.message, re.IGNORECASE):
        return f"The model service's network rules keep Signpost out ({status}): let the app in."
    if re.search(SUSPENDED, failure.message, re.IGNORECASE):
        return (
            f"Azure has blocked the model's resource for a time ({status}): see the Azure portal."
        )
    if config.model_api_key:
        return f"The model service does not accept the key ({status}): check MODEL_API_KEY."
    return (
        f"Signpost may not use the model ({status}): give its managed identity the role {ROLE} "
        "on the Azure OpenAI resource."
    )


def _unknown_address(status: int, config: Settings) -> str:
    what = f"The model service does not know the address or its version ({status})"
    if config.model_api_key:
        return f"{what}: check MODEL_BASE_URL."
    if config.model_api_version:
        return f"{what}: check AZURE_OPENAI_API_VERSION and AZURE_OPENAI_ENDPOINT."
    return (
        f"{what}: check AZURE_OPENAI_ENDPOINT, or set AZURE_OPENAI_API_VERSION, such as "
        "2024-10-21, where the service has no v1 API."
    )


def _parameter(failure: _Failure, config: Settings) -> str:
    """Name the parameter, and where to say which model it is, so that it is asked as it wants."""
    param = failure.param or "a parameter"
    most = re.search(r"at most (\d{1,9}) (?:completion )?tokens", failure.message)
    if most:
        return f"The model takes {param} up to {int(most[1]):,}: lower it in the flow."
    if config.model_api_key:
        return f"The model does not take {param} as it is sent: name another in MODEL_NAME."
    return (
        f"The model does not take {param} as it is sent: set AZURE_OPENAI_MODEL to the "
        "model behind the deployment, such as gpt-5-mini."
    )


def _failure(body: bytes) -> _Failure:
    """Read the error, which has several shapes; a body that is none of them has none."""
    try:
        said = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _Failure()
    told = said if isinstance(said, dict) else {}
    error = told["error"] if isinstance(told.get("error"), dict) else told
    inner = error.get("innererror")
    inner = inner if isinstance(inner, dict) else {}
    codes = (error.get("code"), error.get("type"), inner.get("code"))
    report = inner.get("content_filter_result") or inner.get("content_filter_results")
    param = error.get("param")
    return _Failure(
        codes=tuple(code for code in codes if isinstance(code, str)),
        message=_text(error.get("message")),
        param=param if isinstance(param, str) and re.fullmatch(PARAMETER, param) else "",
        details=report if isinstance(report, dict) else {},
    )


def _text(value: object) -> str:
    """Give the start of a message, which is only searched, never shown."""
    return value[:2000] if isinstance(value, str) else ""
