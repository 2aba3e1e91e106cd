"""Owns the call of the language model and what each of its answers means."""

import asyncio
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec

from signpost.flows import Parameters
from signpost.instructions import Message
from signpost.settings import Settings
from signpost.text import clean
from signpost.waiting import retry_after

if TYPE_CHECKING:
    from openai import APIStatusError, AsyncOpenAI

TIMEOUT_SECONDS = 120.0
LONGEST_BACKOFF_SECONDS = 60
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
    content_filter: dict[str, str] = {}


class Refusal(msgspec.Struct, frozen=True):
    """No draft: why, as a sentence for the requester, and after which wait to ask again, if ever.

    A wait, not an instant: it begins when the answer is known, however long that took.
    """

    reason: str
    retry_after: timedelta | None = None


class NoToken(Exception):  # noqa: N818 - it names what is missing
    """The managed identity gave no token for the model."""


class _Text(msgspec.Struct):
    content: str | None = None
    refusal: str | None = None


class _Choice(msgspec.Struct):
    """One choice; the two spellings of the filter's report are both seen in the wild."""

    message: _Text
    finish_reason: str | None = None
    content_filter_results: dict[str, Any] | None = None
    content_filter_result: dict[str, Any] | None = None

    def is_unfiltered(self) -> bool:
        """Say whether the service reports that its content filter was down."""
        reports = (self.content_filter_results or {}, self.content_filter_result or {})
        return any("error" in report for report in reports)

    def filter_summary(self) -> dict[str, str]:
        """Say in a word what the filter found of each kind: `safe`, `low`, `detected` ..."""
        found = (self.content_filter_results or {}) | (self.content_filter_result or {})
        return {kind: _finding(each) for kind, each in found.items() if isinstance(each, dict)}


def _finding(report: dict[str, Any]) -> str:
    for word in ("filtered", "detected"):
        if report.get(word):
            return word
    return str(report.get("severity", "passed"))


class _Usage(msgspec.Struct):
    prompt_tokens: int = 0
    completion_tokens: int = 0


class _Answer(msgspec.Struct):
    """What we read of a chat completion; the client library itself checks nothing."""

    choices: list[_Choice]
    model: str = ""
    usage: _Usage | None = None


async def complete(
    messages: list[Message],
    parameters: Parameters,
    config: Settings,
    *,
    now: datetime,
    attempt: int,
    timeout_seconds: float = TIMEOUT_SECONDS,
) -> Completion | Refusal:
    """Ask the model once. Everything that is expected to go wrong comes back as a Refusal."""
    import openai  # noqa: PLC0415 - a second of CPU that only drafting should pay

    values = msgspec.structs.asdict(parameters.over(DEFAULTS))
    client = _client(config)
    try:
        async with asyncio.timeout(timeout_seconds):
            answer = await client.chat.completions.with_raw_response.create(
                model=config.model_name,
                messages=messages,  # type: ignore[arg-type] # the library has one type a role
                **values,
            )
    except (TimeoutError, openai.APITimeoutError):
        return Refusal("The model did not answer in time.", _backoff(attempt))
    except openai.APIConnectionError:
        return Refusal("The model can't be reached.", _backoff(attempt))
    except NoToken:
        return Refusal("Signpost's managed identity got no token.", _backoff(attempt))
    except openai.APIStatusError as error:
        return _refused(error, now, attempt)
    return _read(answer.content, attempt)


@cache
def _client(config: Settings) -> "AsyncOpenAI":
    """Make one client a process; the library's own retries would multiply with ours."""
    from openai import AsyncOpenAI  # noqa: PLC0415 - as in complete

    return AsyncOpenAI(
        base_url=config.model_base_url,
        api_key=config.model_api_key or _ManagedIdentity(config),
        max_retries=0,
        timeout=TIMEOUT_SECONDS,
    )


class _ManagedIdentity:
    """Gives the tokens of the app's own identity, as the client library asks for them."""

    def __init__(self, config: Settings) -> None:
        from azure.identity.aio import (  # noqa: PLC0415 - only where Azure OpenAI is used
            ManagedIdentityCredential,
            get_bearer_token_provider,
        )

        self.credential = ManagedIdentityCredential(client_id=config.identity_client_id)
        self._provider = get_bearer_token_provider(self.credential, AZURE_SCOPE)

    async def __call__(self) -> str:
        from azure.core.exceptions import AzureError  # noqa: PLC0415 - as above

        try:
            return await self._provider()
        except AzureError as error:
            raise NoToken from error


def _read(body: bytes, attempt: int) -> Completion | Refusal:
    try:
        answer = msgspec.json.decode(body, type=_Answer)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Refusal("The model service answered with something that is no completion.")
    if not answer.choices:
        return Refusal("The model answered without a text.")
    choice = answer.choices[0]
    if choice.is_unfiltered():
        return Refusal("The content filter was down, so nothing was accepted.", _backoff(attempt))
    text = clean(choice.message.content or "")
    if objection := _objection(choice, text):
        return Refusal(objection)
    usage = answer.usage or _Usage()
    return Completion(
        text=text,
        finish_reason=choice.finish_reason or "unknown",
        prompt_tokens=usage.prompt_tokens,
        completion_tokens=usage.completion_tokens,
        model=answer.model,
        content_filter=choice.filter_summary(),
    )


def _objection(choice: _Choice, text: str) -> str | None:
    if choice.finish_reason == "content_filter":
        return "The model's answer was blocked by the content policy."
    if choice.message.refusal:
        return "The model refused to write about this topic."
    return None if text else "The model answered with an empty text."


def _refused(error: "APIStatusError", now: datetime, attempt: int) -> Refusal:
    status, code = error.status_code, error.code
    if status == 429:  # noqa: PLR2004 - Too Many Requests
        wait = retry_after(error.response.headers, now) or _backoff(attempt)
        return Refusal("The model is at its capacity.", wait)
    if status in (408, 409) or status >= 500:  # noqa: PLR2004 - what may pass by itself
        return Refusal(f"The model service failed ({status}).", _backoff(attempt))
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


def _backoff(attempt: int) -> timedelta:
    """Wait 2, 4, 8 ... seconds, up to a minute."""
    return timedelta(seconds=min(2**attempt, LONGEST_BACKOFF_SECONDS))
