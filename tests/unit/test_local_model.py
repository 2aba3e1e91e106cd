"""The local model answers chat completions as Azure OpenAI does."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import httpx2 as httpx
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


def ask(url: str, text: str, **parameters: Any) -> httpx.Response:
    """Ask for the completion of one user message at temperature 0."""
    messages = [{"role": "user", "content": text}]
    body = {"model": MODEL_NAME, "messages": messages, "temperature": 0, **parameters}
    return httpx.post(f"{url}/chat/completions", json=body, timeout=60)


def completed(url: str, text: str, **parameters: Any) -> Any:
    """Give the completion of one user message at temperature 0."""
    return ask(url, text, **parameters).raise_for_status().json()


def test_short_answer_ends_with_stop(url: str) -> None:
    """An answer that fits ends by itself and says so."""
    [choice] = completed(url, "Say hello.", max_tokens=100)["choices"]
    assert choice["finish_reason"] == "stop"
    assert "hello" in choice["message"]["content"].lower()


def test_token_limit_ends_with_length(url: str) -> None:
    """An answer that hits `max_tokens` is cut there and says so."""
    answer = completed(url, "Tell a long story about the sea.", max_tokens=5)
    assert answer["choices"][0]["finish_reason"] == "length"
    assert answer["usage"]["completion_tokens"] == 5


def test_usage_adds_up(url: str) -> None:
    """The receipt's token counts come from here: prompt and completion make the total."""
    usage = completed(url, "Say hello.", max_tokens=5)["usage"]
    assert usage["prompt_tokens"] > 5
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]


def test_temperature_zero_repeats(url: str) -> None:
    """At temperature 0 the same prompt gives the same text."""
    first, second = (completed(url, "Say hello.", max_tokens=20)["choices"] for _ in range(2))
    assert first[0]["message"]["content"] == second[0]["message"]["content"]


def test_several_drafts_come_of_one_request(url: str) -> None:
    """As many as a flow may ask for, each with room for itself."""
    choices = completed(url, "Say hello.", max_tokens=5, n=4)["choices"]
    assert [choice["finish_reason"] for choice in choices] == ["length"] * 4


def test_model_is_listed_by_name(url: str) -> None:
    """The server names the model as the settings do."""
    listed = httpx.get(f"{url}/models").raise_for_status().json()["data"]
    assert [model["id"] for model in listed] == [MODEL_NAME]


def test_prompt_beyond_context_is_refused(url: str) -> None:
    """A prompt that doesn't fit the context window gets 400 and no cut text."""
    answer = ask(url, "word " * 5000)
    assert answer.status_code == httpx.codes.BAD_REQUEST
    assert "exceeds the available context size" in answer.text


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
