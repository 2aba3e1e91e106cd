"""Each failure of the model service is a typed refusal: one request, a sentence, a wait or none."""

import gzip
import json
from datetime import timedelta
from typing import Any

import pytest

from signpost.flows import Parameters
from signpost.model import Completion, Refusal, complete
from signpost.model.outcomes import no_earlier
from signpost.waiting import LONGEST_RETRY
from tests.builders import NOW, a_config
from tests.doubles import azure_openai_answers as azure
from tests.doubles.azure_openai_answers import busy, failure, too_long
from tests.doubles.identity_double import IdentityDouble
from tests.doubles.openai_double import OpenAIDouble, Scripted, completion
from tests.unit.asked_model import ASKED, ask, at_azure, refused

SOME_SECONDS = {"retry_after": "Sun, 22 Nov 2026 10:00:30 GMT"}  # half a minute after NOW
WAITS: dict[str, tuple[Scripted, str, timedelta]] = {
    "429, milliseconds": (busy(retry_after_ms="1500"), "throttled", timedelta(seconds=1.5)),
    "429, both": (busy(retry_after_ms="9", retry_after="1"), "throttled", timedelta(seconds=0.009)),
    "429, seconds": (busy(retry_after="7"), "throttled", timedelta(seconds=7)),
    "429, a date": (busy(**SOME_SECONDS), "throttled", timedelta(seconds=30)),
    "429, nothing": (busy(), "throttled", timedelta(minutes=3)),
    "429, a word": (busy(retry_after="soon"), "throttled", timedelta(minutes=3)),
    "429, 121 seconds": (busy(retry_after="121"), "throttled", timedelta(seconds=121)),
    "429, a day": (busy(retry_after="86400"), "throttled", timedelta(days=1)),
    "429, a page": (Scripted(429, b"<html>"), "throttled", timedelta(minutes=3)),
    "408": (failure(408, {}), "unavailable", timedelta(minutes=3)),
    "409": (failure(409, {}), "unavailable", timedelta(minutes=3)),
    "500": (failure(500, {"message": azure.TOPIC}), "unavailable", timedelta(minutes=3)),
    "502": (azure.PROXY_PAGE, "unavailable", timedelta(minutes=3)),
    "503, seconds": (failure(503, {}, retry_after="40"), "unavailable", timedelta(seconds=40)),
    "504": (Scripted(504, b""), "unavailable", timedelta(minutes=3)),
    "reset": (Scripted(close=True), "unreachable", timedelta(minutes=3)),
}


@pytest.mark.parametrize("name", WAITS)
async def test_what_may_pass_is_asked_again(openai_double: OpenAIDouble, name: str) -> None:
    """The wait is never shorter than was asked, and at most a quarter longer."""
    scripted, kind, wait = WAITS[name]
    answer = await refused(openai_double, scripted, attempt=3)
    assert answer.kind == kind
    assert answer.retry_after
    assert wait <= answer.retry_after <= wait * 1.25


UNSUPPORTED = "does not take max_tokens as it is sent: set AZURE_OPENAI_MODEL"
CUT_OF = "used up its tokens before the text began"
FINAL: dict[str, tuple[Scripted, str, str]] = {
    "429, 6 days": (busy(retry_after="518400"), "throttled", "5 days or more"),
    "429, no quota": (failure(429, {"code": "insufficient_quota"}), "throttled", "quota"),
    "403, no role": (azure.FORBIDDEN, "unauthorized", "role Cognitive Services OpenAI User"),
    "403, network": (azure.FIREWALL, "unauthorized", "network rules"),
    "403, suspended": (azure.SUSPENDED, "unauthorized", "for a time"),
    "404, deployment": (azure.NO_DEPLOYMENT, "deployment_missing", "AZURE_OPENAI_DEPLOYMENT"),
    "404, else": (azure.NOT_FOUND, "rejected", "AZURE_OPENAI_ENDPOINT"),
    "404, a page": (Scripted(404, b"<html>"), "rejected", "AZURE_OPENAI_ENDPOINT"),
    "400, jailbreak": (azure.blocked(jailbreak=True), "prompt_filtered", "(jailbreak)"),
    "400, parameter": (azure.NO_MAX_TOKENS, "unsupported_parameter", UNSUPPORTED),
    "400, value": (azure.NO_TEMPERATURE, "unsupported_parameter", "take temperature"),
    "400, range": (azure.TOO_MANY_TOKENS, "unsupported_parameter", "max_tokens up to 4,096"),
    "400, odd name": (azure.ODD_PARAMETER, "unsupported_parameter", "take a parameter"),
    "400, turns": (azure.ODD_TURNS, "rejected", "refused the request (400)"),
    "400, no chat": (azure.NO_CHAT, "rejected", "another in AZURE_OPENAI_DEPLOYMENT"),
    "400, nothing": (Scripted(400, b"null"), "rejected", "refused the request (400)"),
    "400, a list": (Scripted(400, b'[{"error": 1}]'), "rejected", "refused the request (400)"),
    "400, deep": (Scripted(400, b'{"error":' + b"[" * 100_000), "rejected", "(400)"),
    "400, too large": (Scripted(400, b" " * 30_000_000), "unreadable", "more than any text"),
    "413": (Scripted(413, b"no"), "context_too_long", "it has 32 characters"),
    "422": (failure(422, "a word"), "rejected", "refused the request (422)"),
    "redirect": (azure.MOVED, "rejected", "elsewhere (307), where Signpost does not go"),
    "200, blocked": (azure.FILTERED_TEXT, "answer_filtered", "(violence)"),
    "200, refusal": (azure.DECLINED, "refused", "refused to write"),
    "200, empty": (Scripted(body=completion("")), "empty", "an empty text"),
    "200, hidden": (Scripted(body=completion(" \n\u200b")), "empty", "an empty text"),
    "200, null": (Scripted(body=completion(None)), "empty", "an empty text"),
    "200, tools": (
        Scripted(body=completion(None, finish_reason="tool_calls", message={"tool_calls": [{}]})),
        "empty",
        "an empty text",
    ),
    "200, all room used": (Scripted(body=completion("", finish_reason="length")), "empty", CUT_OF),
    "200, no choice": (Scripted(body={"choices": []}), "empty", "without a text"),
    "200, a page": (azure.SIGN_IN_PAGE, "unreadable", "no completion"),
    "200, too large": (Scripted(body=b" " * 30_000_000), "unreadable", "more than any text"),
}  # fmt: skip


@pytest.mark.parametrize("name", FINAL)
async def test_what_does_not_pass_is_final(
    openai_double: OpenAIDouble, identity: IdentityDouble, name: str
) -> None:
    """Asking again would not help: the sentence says what would."""
    scripted, kind, said = FINAL[name]
    answer = await refused(openai_double, scripted, **at_azure(openai_double))
    assert (answer.kind, answer.retry_after) == (kind, None)
    assert said in answer.reason


UNREADABLE = [
    {"choices": None},
    {"choices": [None]},
    {"choices": [{"message": None}]},
    completion(["Hello."]),
    completion(5),
    completion("Hello.", finish_reason=5),
    completion(content_filter_results="down"),
    completion() | {"prompt_filter_results": "down"},
    {"error": {"message": "but 200"}},
    None,
    [1],
    b"",
    b"not JSON",
    b'{"choices": ["\xff"]}',
    b'{"choices":[{"message":{"content":"\\ud800"}}]}',
    b'{"choices":[],"x":' + b"[" * 100_000,
    completion() | {"model": 7},
    completion() | {"usage": {"prompt_tokens": "7"}},
    completion() | {"usage": {"prompt_tokens": -7}},
]


@pytest.mark.parametrize("body", UNREADABLE)
async def test_what_is_no_completion_is_final(openai_double: OpenAIDouble, body: Any) -> None:
    """Whatever else comes with 200 is told, and not asked for again."""
    answer = await refused(openai_double, Scripted(body=body))
    said = "The model service answered with something that is no completion: check its address."
    assert answer == Refusal("unreadable", said)


MAXIMUM = "This model's maximum context length is"
TOO_LONG = [
    (
        f"{MAXIMUM} 4096 tokens. Requested: 4201 (3177 in the messages, 1024 in the completion).",
        "3,177 tokens, and the model takes 4,096, 1,024 of them for the answer.",
    ),
    (
        f"{MAXIMUM} 128000 tokens. However, your messages resulted in 204308 tokens.",
        "204,308 tokens, and the model takes 128,000.",
    ),
    (
        "Input exceeds the limit of 272000 tokens. Your messages resulted in 300000 tokens.",
        "300,000 tokens, and the model takes 272,000.",
    ),
    (
        "request (20031 tokens) exceeds the available context size (4096 tokens), try",
        "20,031 tokens, and the model takes 4,096.",
    ),
    (f"{MAXIMUM} 99999999999999999999 tokens", "32 characters."),
    ("", "32 characters."),
]


@pytest.mark.parametrize("message,said", TOO_LONG)
async def test_a_long_input_is_told_its_size(
    openai_double: OpenAIDouble, message: str, said: str
) -> None:
    """The numbers are the service's, where it tells them; nothing else of its message is shown."""
    answer = await refused(openai_double, too_long(message))
    assert answer.kind == "context_too_long"
    assert answer.reason == f"The input is too long for the model: it has {said}"


async def test_a_long_input_is_known_by_llama_cpp_too(openai_double: OpenAIDouble) -> None:
    """The server of local models names the failure otherwise."""
    error = {"code": 400, "type": "exceed_context_size_error", "message": "too long"}
    assert (await refused(openai_double, failure(400, error))).kind == "context_too_long"


OTHER_SERVICES = [
    (401, {}, "unauthorized", "MODEL_API_KEY"),
    (404, {"code": "model_not_found"}, "deployment_missing", "MODEL_NAME"),
    (404, {}, "rejected", "MODEL_BASE_URL"),
    (400, {"param": "temperature"}, "unsupported_parameter", "MODEL_NAME"),
    (302, {}, "rejected", "MODEL_BASE_URL"),
]


@pytest.mark.parametrize("status,error,kind,setting", OTHER_SERVICES)
async def test_other_services_have_settings_of_their_own(
    openai_double: OpenAIDouble, status: int, error: dict[str, str], kind: str, setting: str
) -> None:
    """Where Azure OpenAI is not used, its settings and roles are not named."""
    answer = await refused(openai_double, failure(status, error, location="/x"))
    assert answer.kind == kind
    assert setting in answer.reason
    assert "AZURE" not in answer.reason


async def test_no_room_to_write_asks_for_more_room(openai_double: OpenAIDouble) -> None:
    """A model that reasons may use up its room before it writes: a larger cap may mend it."""
    empty = Scripted(body=completion("", finish_reason="length"))
    assert (await refused(openai_double, empty)).cut


async def test_waits_stay_short(openai_double: OpenAIDouble) -> None:
    """However often it failed, a bit more than 20 minutes are enough."""
    answer = await refused(openai_double, Scripted(status=500), attempt=50)
    assert answer.retry_after
    assert timedelta(minutes=18) <= answer.retry_after <= timedelta(minutes=22.5)


def test_no_wait_is_longer_than_a_timer() -> None:
    """A wait that is spread stays within what the workflow can wait at once."""
    assert no_earlier(LONGEST_RETRY) == LONGEST_RETRY


def test_waits_are_spread() -> None:
    """Those who were refused together don't come back together."""
    waits = {no_earlier(timedelta(hours=1)) for _ in range(100)}
    assert len(waits) > 90
    assert min(waits) >= timedelta(hours=1)


async def test_the_services_own_advice_on_retries_is_ignored(openai_double: OpenAIDouble) -> None:
    """`x-should-retry` means the service's own client, which would send the request again."""
    scripted = Scripted(status=429, headers={"x-should-retry": "true", "retry-after-ms": "1"})
    assert (await refused(openai_double, scripted)).kind == "throttled"


async def test_a_slow_model_times_out(openai_double: OpenAIDouble) -> None:
    """The wait for an answer ends, and another try follows."""
    answer = await refused(openai_double, Scripted(delay=5), timeout_seconds=0.5)
    assert (answer.kind, answer.reason) == ("timeout", "The model did not answer in time.")
    assert answer.retry_after


async def test_a_model_that_is_down_is_asked_again(openai_double: OpenAIDouble) -> None:
    """Nobody listens: the run says so and tries again."""
    config = a_config(model_base_url=openai_double.url)
    await openai_double.__aexit__()
    answer = await complete(ASKED, Parameters(), config, now=NOW, attempt=1)
    assert isinstance(answer, Refusal)
    assert (answer.kind, answer.reason) == ("unreachable", "The model can't be reached.")
    assert answer.retry_after


async def test_a_packed_answer_can_not_swell(openai_double: OpenAIDouble) -> None:
    """A few kilobytes that unpack to many megabytes are not read to their end."""
    packed = gzip.compress(b" " * 60_000_000)
    scripted = Scripted(body=packed, headers={"Content-Encoding": "gzip"})
    assert (await refused(openai_double, scripted)).kind == "unreadable"


async def test_a_packed_answer_is_read(openai_double: OpenAIDouble) -> None:
    """A service that packs without being asked is understood."""
    packed = gzip.compress(json.dumps(completion()).encode())
    answer = await ask(openai_double, Scripted(body=packed, headers={"Content-Encoding": "gzip"}))
    assert isinstance(answer, Completion)
