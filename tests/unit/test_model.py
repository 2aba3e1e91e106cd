"""The model is asked once, and each of its answers is a text or a typed refusal."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from signpost import model
from signpost.flows import Parameters
from signpost.instructions import Message
from signpost.model import Completion, Refusal, complete
from signpost.settings import Settings
from tests.builders import NOW, a_config
from tests.doubles.identity_double import IdentityDouble
from tests.doubles.openai_double import OpenAIDouble, Scripted, completion

ASKED: list[Message] = [{"role": "user", "content": "Write."}]


@pytest.fixture
async def identity(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[IdentityDouble]:
    """Listen where App Service says that its managed identity listens."""
    async with IdentityDouble() as listening:
        monkeypatch.setenv("IDENTITY_ENDPOINT", listening.url)
        monkeypatch.setenv("IDENTITY_HEADER", "made-up")
        yield listening


@pytest.fixture
async def keyless(openai_double: OpenAIDouble, identity: IdentityDouble) -> AsyncIterator[Settings]:
    """Build settings without a model key, and close what was opened to live without one."""
    config = a_config(model_base_url=openai_double.url, model_api_key=None)
    yield config
    client: Any = model._client(config)
    await client._api_key_provider.credential.close()
    await client.close()


async def ask(double: OpenAIDouble, *script: Scripted, **options: Any) -> Completion | Refusal:
    """Ask the model, which answers as scripted, and see that it was asked exactly once."""
    double.script.extend(script)
    config = a_config(model_base_url=double.url)
    settled: dict[str, Any] = {"now": NOW, "attempt": 1, "timeout_seconds": 5}
    answer = await complete(ASKED, Parameters(), config, **settled | options)
    assert len(double.requests) == 1
    return answer


async def test_a_text_comes_back(openai_double: OpenAIDouble) -> None:
    """A completion is its text and what it took."""
    assert await ask(openai_double) == Completion("Hello.", "stop", 7, 2, "gpt-4o-mini")


async def test_a_text_is_cleaned(openai_double: OpenAIDouble) -> None:
    """What the model hides is not in the draft."""
    answer = await ask(openai_double, Scripted(body=completion(" pay\u200broll\r\n")))
    assert isinstance(answer, Completion)
    assert answer.text == "payroll"


async def test_parameters_are_sent(openai_double: OpenAIDouble) -> None:
    """Every parameter is said, the unset ones with their defaults."""
    config = a_config(model_base_url=openai_double.url)
    wanted = Parameters(max_tokens=9, top_p=0.5)
    await complete(ASKED, wanted, config, now=NOW, attempt=1)
    assert openai_double.requests[0] == {
        "model": "gpt", "messages": ASKED, "temperature": 0, "max_tokens": 9, "top_p": 0.5,
        "frequency_penalty": 0, "presence_penalty": 0,
    }  # fmt: skip


async def test_a_cut_text_says_so(openai_double: OpenAIDouble) -> None:
    """A text that the model had no room to finish carries its finish reason."""
    answer = await ask(openai_double, Scripted(body=completion(finish_reason="length")))
    assert isinstance(answer, Completion)
    assert answer.finish_reason == "length"


async def test_missing_usage_is_no_failure(openai_double: OpenAIDouble) -> None:
    """A service that counts nothing and names no model still gives a text."""
    body = {"choices": completion()["choices"]}
    assert await ask(openai_double, Scripted(body=body)) == Completion("Hello.", "stop", 0, 0, "")


FOUND: list[tuple[dict[str, Any], str]] = [
    ({"filtered": False, "severity": "safe"}, "safe"),
    ({"filtered": False, "severity": "low"}, "low"),
    ({"filtered": True, "severity": "high"}, "filtered"),
    ({"filtered": False, "detected": False}, "passed"),
    ({"filtered": False, "detected": True}, "detected"),
    ({"filtered": True, "detected": True}, "filtered"),
    ({"filtered": True, "details": [{"id": "names", "filtered": True}]}, "filtered"),
    ({}, "passed"),
]


@pytest.mark.parametrize("report,word", FOUND)
@pytest.mark.parametrize("name", ["content_filter_result", "content_filter_results"])
async def test_what_the_filter_found_is_summed_up(
    openai_double: OpenAIDouble, name: str, report: dict[str, Any], word: str
) -> None:
    """One word of each kind, under either spelling, for the receipt."""
    said = completion(**{name: {"hate": report, "more": ["odd"]}})
    answer = await ask(openai_double, Scripted(body=said))
    assert isinstance(answer, Completion)
    assert answer.content_filter == {"hate": word}


def unfiltered(name: str) -> dict[str, Any]:
    """Give a completion that the content filter did not look at."""
    return completion(**{name: {"error": {"code": "content_filter_error"}}})


NO_TEXT = [
    ("blocked", completion("Bad", finish_reason="content_filter")),
    ("blocked", completion(None, finish_reason="content_filter")),
    ("refused", completion(None, message={"refusal": "I can't."})),
    ("empty", completion("")),
    ("empty", completion(" \n\u200b")),
    ("empty", completion(None)),
    ("empty", completion(None, finish_reason="tool_calls")),
    ("without a text", {"choices": []}),
    ("no completion", {"choices": None}),
    ("no completion", {"choices": [None]}),
    ("no completion", {"choices": [{"message": None}]}),
    ("no completion", completion(["Hello."])),
    ("no completion", completion(5)),
    ("no completion", completion("Hello.", finish_reason=5)),
    ("no completion", {"error": {"message": "but 200"}}),
    ("no completion", None),
    ("no completion", [1]),
    ("no completion", b""),
    ("no completion", b"not JSON"),
    ("no completion", b'{"choices": ["\xff"]}'),
    ("no completion", b'{"choices":[{"message":{"content":"\\ud800"}}]}'),
    ("no completion", b'{"choices":[],"x":' + b"[" * 100_000),
    ("no completion", completion() | {"model": 7}),
    ("no completion", completion() | {"usage": {"prompt_tokens": "7"}}),
]


@pytest.mark.parametrize("said,body", NO_TEXT)
async def test_answers_without_a_text_are_final(
    openai_double: OpenAIDouble, said: str, body: Any
) -> None:
    """Whatever 200 brings that is no usable text is told, and not asked for again."""
    answer = await ask(openai_double, Scripted(body=body))
    assert isinstance(answer, Refusal)
    assert said in answer.reason
    assert answer.retry_after is None


async def test_a_web_page_is_no_completion(openai_double: OpenAIDouble) -> None:
    """A proxy's sign-in page with status 200 does not become a draft."""
    page = Scripted(body=b"<html>Sign in</html>", content_type="text/html")
    answer = await ask(openai_double, page)
    assert isinstance(answer, Refusal)
    assert "no completion" in answer.reason


@pytest.mark.parametrize("name", ["content_filter_result", "content_filter_results"])
async def test_unfiltered_texts_are_not_accepted(openai_double: OpenAIDouble, name: str) -> None:
    """With the filter down nothing is let through, in either spelling; it is asked again later."""
    answer = await ask(openai_double, Scripted(body=unfiltered(name)))
    assert isinstance(answer, Refusal)
    assert answer.retry_after == timedelta(seconds=2)


FINAL = [
    (401, {}, "may not use the model"),
    (403, {}, "may not use the model"),
    (404, {"code": "DeploymentNotFound"}, "AZURE_OPENAI_DEPLOYMENT"),
    (400, {"code": "content_filter"}, "blocked by the content policy"),
    (400, {"code": "context_length_exceeded"}, "too long for the model"),
    (400, {"code": "unsupported_parameter"}, "refused the request (400)"),
    (413, {}, "refused the request (413)"),
    (422, {}, "refused the request (422)"),
]


@pytest.mark.parametrize("status,error,said", FINAL)
async def test_refused_requests_are_final(
    openai_double: OpenAIDouble, status: int, error: dict[str, str], said: str
) -> None:
    """What asking again can't mend ends the run, with a hint for whoever can."""
    answer = await ask(openai_double, Scripted(status=status, body={"error": error}))
    assert isinstance(answer, Refusal)
    assert said in answer.reason
    assert answer.retry_after is None


@pytest.mark.parametrize("status", [408, 409, 500, 502, 503, 504])
async def test_passing_failures_are_asked_again(openai_double: OpenAIDouble, status: int) -> None:
    """What may pass by itself is worth another try, later each time."""
    answer = await ask(openai_double, Scripted(status=status, body=b"oops"), attempt=3)
    assert isinstance(answer, Refusal)
    assert answer.retry_after == timedelta(seconds=8)


async def test_waits_stay_short(openai_double: OpenAIDouble) -> None:
    """However often it failed, a minute is enough."""
    answer = await ask(openai_double, Scripted(status=500), attempt=50)
    assert isinstance(answer, Refusal)
    assert answer.retry_after == timedelta(minutes=1)


async def test_the_services_own_advice_on_retries_is_ignored(openai_double: OpenAIDouble) -> None:
    """`x-should-retry` makes the client library retry by itself, unless that is off."""
    scripted = Scripted(status=429, headers={"x-should-retry": "true", "retry-after-ms": "1"})
    assert isinstance(await ask(openai_double, scripted), Refusal)


async def test_capacity_is_waited_for(openai_double: OpenAIDouble) -> None:
    """A busy service says how long to wait, and that long it is."""
    answer = await ask(openai_double, Scripted(status=429, headers={"Retry-After": "121"}))
    assert answer == Refusal("The model is at its capacity.", timedelta(seconds=121))


async def test_capacity_without_a_time_is_waited_for(openai_double: OpenAIDouble) -> None:
    """A busy service that says nothing is asked again as any other failure."""
    answer = await ask(openai_double, Scripted(status=429, headers={"Retry-After": "soon"}))
    assert answer == Refusal("The model is at its capacity.", timedelta(seconds=2))


async def test_a_slow_model_times_out(openai_double: OpenAIDouble) -> None:
    """The wait for an answer ends, and another try follows."""
    answer = await ask(openai_double, Scripted(delay=5), timeout_seconds=0.5)
    assert answer == Refusal("The model did not answer in time.", timedelta(seconds=2))


async def test_a_broken_connection_is_asked_again(openai_double: OpenAIDouble) -> None:
    """A service that hangs up was not reached."""
    answer = await ask(openai_double, Scripted(close=True))
    assert answer == Refusal("The model can't be reached.", timedelta(seconds=2))


async def test_a_model_that_is_down_is_asked_again(openai_double: OpenAIDouble) -> None:
    """Nobody listens: the run says so and tries again."""
    config = a_config(model_base_url=openai_double.url)
    await openai_double.__aexit__()
    answer = await complete(ASKED, Parameters(), config, now=NOW, attempt=1)
    assert answer == Refusal("The model can't be reached.", timedelta(seconds=2))


async def test_the_model_is_called_as_the_managed_identity(
    openai_double: OpenAIDouble, keyless: Settings
) -> None:
    """Without a key the app's own identity gives the token."""
    await complete(ASKED, Parameters(), keyless, now=NOW, attempt=1)
    assert openai_double.authorizations == ["Bearer made-up"]


async def test_no_token_is_asked_for_again(
    openai_double: OpenAIDouble, identity: IdentityDouble, keyless: Settings
) -> None:
    """An identity that gives no token does not stop the run for good, and nothing is sent."""
    identity.status = 400
    answer = await complete(ASKED, Parameters(), keyless, now=NOW, attempt=1)
    assert answer == Refusal("Signpost's managed identity got no token.", timedelta(seconds=2))
    assert openai_double.requests == []
