"""The local model answers chat completions as Azure OpenAI does, through the real client."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import openai
import pytest

from local import MODEL_NAME
from local.model import LocalModel, LocalModelError

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """Serve once for all tests of this module, since loading takes half a second."""
    with LocalModel() as base_url:
        yield base_url


@pytest.fixture
def client(url: str) -> Iterator[openai.OpenAI]:
    """Open the client that the app uses, without retries so that a failure shows at once."""
    with openai.OpenAI(base_url=url, api_key="unused", max_retries=0) as opened:
        yield opened


def ask(client: openai.OpenAI, text: str, **parameters: Any) -> Any:
    """Return the completion of one user message at temperature 0."""
    return client.chat.completions.create(
        model=MODEL_NAME,
        messages=[{"role": "user", "content": text}],
        temperature=0,
        **parameters,
    )


def test_short_answer_ends_with_stop(client: openai.OpenAI) -> None:
    """An answer that fits ends by itself and says so."""
    answer = ask(client, "Say hello.", max_tokens=100)
    assert answer.choices[0].finish_reason == "stop"
    assert "hello" in answer.choices[0].message.content.lower()


def test_token_limit_ends_with_length(client: openai.OpenAI) -> None:
    """An answer that hits `max_tokens` is cut there and says so."""
    answer = ask(client, "Tell a long story about the sea.", max_tokens=5)
    assert answer.choices[0].finish_reason == "length"
    assert answer.usage.completion_tokens == 5


def test_usage_adds_up(client: openai.OpenAI) -> None:
    """The receipt's token counts come from here: prompt and completion make the total."""
    usage = ask(client, "Say hello.", max_tokens=5).usage
    assert usage.prompt_tokens > 5
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens


def test_temperature_zero_repeats(client: openai.OpenAI) -> None:
    """At temperature 0 the same prompt gives the same text."""
    first, second = (ask(client, "Say hello.", max_tokens=20) for _ in range(2))
    assert first.choices[0].message.content == second.choices[0].message.content


def test_several_drafts_come_of_one_request(client: openai.OpenAI) -> None:
    """As many as a flow may ask for, each with room for itself."""
    answer = ask(client, "Say hello.", max_tokens=5, n=4)
    assert [choice.finish_reason for choice in answer.choices] == ["length"] * 4


def test_model_is_listed_by_name(client: openai.OpenAI) -> None:
    """The server names the model as the settings do."""
    assert [model.id for model in client.models.list()] == [MODEL_NAME]


def test_prompt_beyond_context_is_refused(client: openai.OpenAI) -> None:
    """A prompt that doesn't fit the context window gets 400 and no cut text."""
    with pytest.raises(openai.BadRequestError, match="exceeds the available context size"):
        ask(client, "word " * 5000)


def test_listens_on_loopback_only(url: str) -> None:
    """The model is reachable from this machine alone."""
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/v1", url)


def test_taken_port_is_named(url: str) -> None:
    """A second server on the same port says which port and what to do."""
    port = int(url.rsplit(":", 1)[1].removesuffix("/v1"))
    with pytest.raises(LocalModelError, match=f"port {port}: .*--port"), LocalModel(port):
        pass


def test_command_serves_until_terminated() -> None:
    """`python -m local.model` prints its address and leaves cleanly on SIGTERM."""
    command = [sys.executable, "-m", "local.model"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0
    assert re.search(r"listens on http://127\.0\.0\.1:\d+/v1$", line)
