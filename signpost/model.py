"""Owns the call of the language model and what each of its answers means."""

import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cache
from typing import TYPE_CHECKING

import msgspec

from signpost.flows import Parameters
from signpost.instructions import Message
from signpost.settings import Settings
from signpost.text import clean

if TYPE_CHECKING:
    from openai import APIStatusError, AsyncOpenAI
    from openai.types.chat import ChatCompletion

TIMEOUT_SECONDS = 120.0
LONGEST_BACKOFF_SECONDS = 60
LONGEST_RETRY = timedelta(days=5)  # no timer is longer: see oversight.LONGEST_WAIT
AZURE_SCOPE = "https://cognitiveservices.azure.com/.default"
DEFAULTS = Parameters(
    temperature=0, max_tokens=750, top_p=1, frequency_penalty=0, presence_penalty=0
)


class Completion(msgspec.Struct, frozen=True, rename="camel"):
    """A usable draft. `finish_reason` is `stop`, or `length` when the model ran out of room."""

    text: str
    finish_reason: str
    prompt_tokens: int
    completion_tokens: int
    model: str


class Refusal(msgspec.Struct, frozen=True):
    """No draft: why, as a sentence for the requester, and when to ask again, if ever."""

    reason: str
    retry_at: datetime | None = None


async def complete(
    messages: list[Message],
    parameters: Parameters,
    config: Settings,
    *,
    now: datetime,
    attempt: int,
) -> Completion | Refusal:
    """Ask the model once. Everything that is expected to go wrong comes back as a Refusal."""
    import openai  # noqa: PLC0415 - a second of CPU that only drafting should pay

    values = msgspec.structs.asdict(parameters.over(DEFAULTS))
    try:
        answer: ChatCompletion = await _client(config).chat.completions.create(
            model=config.model_name,
            messages=messages,  # type: ignore[arg-type] # the library has one type a role
            **values,
        )
    except openai.APITimeoutError:
        return Refusal("The model did not answer in time.", now + _backoff(attempt))
    except openai.APIConnectionError:
        return Refusal("The model can't be reached.", now + _backoff(attempt))
    except openai.APIStatusError as error:
        return _refused(error, now, attempt)
    except (openai.OpenAIError, ValueError):
        return Refusal("The model service answered with something that is no completion.")
    return _read(answer)


@cache
def _client(config: Settings) -> "AsyncOpenAI":
    """Make one client a process; the library's own retries would multiply with ours."""
    from openai import AsyncOpenAI  # noqa: PLC0415 - as in complete

    return AsyncOpenAI(
        base_url=config.model_base_url,
        api_key=config.model_api_key or _managed_identity(config),
        max_retries=0,
        timeout=TIMEOUT_SECONDS,
    )


def _managed_identity(config: Settings) -> Callable[[], Awaitable[str]]:
    from azure.identity.aio import (  # noqa: PLC0415 - only where Azure OpenAI is used
        ManagedIdentityCredential,
        get_bearer_token_provider,
    )

    credential = ManagedIdentityCredential(client_id=config.identity_client_id)
    return get_bearer_token_provider(credential, AZURE_SCOPE)


def _read(answer: "ChatCompletion") -> Completion | Refusal:
    if not getattr(answer, "choices", None):  # the client passes on whatever JSON or text came
        return Refusal("The model answered without a text.")
    choice = answer.choices[0]
    text = clean(choice.message.content or "")
    if choice.finish_reason == "content_filter":
        return Refusal("The model's answer was blocked by the content policy.")
    if choice.message.refusal:
        return Refusal("The model refused to write about this topic.")
    if not text:
        return Refusal("The model answered with an empty text.")
    usage = answer.usage
    return Completion(
        text=text,
        finish_reason=choice.finish_reason,
        prompt_tokens=usage.prompt_tokens if usage else 0,
        completion_tokens=usage.completion_tokens if usage else 0,
        model=answer.model,
    )


def _refused(error: "APIStatusError", now: datetime, attempt: int) -> Refusal:
    status, code = error.status_code, error.code
    if status == 429:  # noqa: PLR2004 - Too Many Requests
        wait = _retry_after(error.response.headers, now) or _backoff(attempt)
        return Refusal("The model is at its capacity.", now + wait)
    if status in (408, 409) or status >= 500:  # noqa: PLR2004 - what may pass by itself
        return Refusal(f"The model service failed ({status}).", now + _backoff(attempt))
    return Refusal(_final(status, code))


def _final(status: int, code: str | None) -> str:
    if code in ("content_filter", "ResponsibleAIPolicyViolation"):
        return "The topic was blocked by the content policy."
    if code == "context_length_exceeded":
        return "The topic is too long for the model."
    match status:
        case 401 | 403:
            return "Signpost may not use the model: its identity lacks the role for it."
        case 404:
            return "The model deployment does not exist: check AZURE_OPENAI_DEPLOYMENT."
        case _:
            return f"The model service refused the request ({status})."


def _retry_after(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """Read `retry-after-ms`, then `Retry-After` in seconds or as a date (RFC 9110)."""
    if millis := _number(headers.get("retry-after-ms")):
        return min(timedelta(milliseconds=millis), LONGEST_RETRY)
    after = headers.get("retry-after", "")
    if seconds := _number(after):
        return min(timedelta(seconds=seconds), LONGEST_RETRY)
    try:
        until = parsedate_to_datetime(after)
    except ValueError:
        return None
    return min(max(until.astimezone(UTC) - now, timedelta()), LONGEST_RETRY)


def _number(text: str | None) -> int | None:
    """Read a whole number that a clock can hold, rounded up; anything else is None."""
    whole = re.fullmatch(r"(\d{1,9})(\.\d+)?", text or "")
    return int(whole[1]) + bool(whole[2]) if whole else None


def _backoff(attempt: int) -> timedelta:
    """Wait 2, 4, 8 ... seconds, up to a minute."""
    return timedelta(seconds=min(2**attempt, LONGEST_BACKOFF_SECONDS))
