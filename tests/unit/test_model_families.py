"""Each family of models gets the parameters that it takes."""

import pytest

from signpost.flows import Parameters
from signpost.model import DEFAULTS
from signpost.model.families import body, family
from tests.doubles.openai_double import OpenAIDouble
from tests.unit.asked_model import ASKED, texted

REASONING = [
    "o1", "o1-2024-12-17", "o3", "o3-mini", "o4-mini", "O3-Mini", "openai/o3", "prod-o4-mini",
    "gpt-5", "gpt-5-mini", "gpt-5-nano", "gpt-5-codex", "gpt-5.1", "gpt-5.1-chat", "gpt-5.2",
    "signpost-gpt-5-mini", "gpt-5_eu", "codex-mini",
]  # fmt: skip
ORDINARY = [
    "gpt", "gpt-4o", "gpt-4o-mini", "gpt-4.1", "gpt-35-turbo", "gpt-4", "gpt-50", "phi-4", "demo1",
    "llama3.2", "SmolLM2-135M-Instruct", "gpt-oss-120b", "model-router", "photo3", "drafts-for-o",
]  # fmt: skip


@pytest.mark.parametrize("model", REASONING)
def test_reasoning_models_get_no_sampling_parameters(model: str) -> None:
    """They refuse them, and call the room for their answer by another name."""
    assert body(ASKED, DEFAULTS, model, 2) == {
        "messages": ASKED, "max_completion_tokens": 750, "n": 2,
    }  # fmt: skip


@pytest.mark.parametrize("model", ORDINARY)
def test_other_models_get_all_parameters(model: str) -> None:
    """What is not known to reason is asked as models were always asked."""
    assert set(body(ASKED, DEFAULTS, model, 1)) == {
        "messages", "max_tokens", "temperature", "top_p", "frequency_penalty", "presence_penalty",
    }  # fmt: skip


@pytest.mark.parametrize("model", ["gpt-5-chat", "gpt-5-chat-latest"])
def test_a_chat_model_among_reasoning_ones_is_sampled(model: str) -> None:
    """It does not reason, and takes a temperature."""
    fields = body(ASKED, DEFAULTS, model, 1)
    assert (fields["temperature"], fields["max_completion_tokens"]) == (0, 750)


@pytest.mark.parametrize("model", ["o1-mini", "o1-preview"])
def test_the_first_reasoning_models_take_the_least(model: str) -> None:
    """They know no system turn and give one text at a time."""
    fields = body(ASKED, DEFAULTS, model, 4)
    assert "n" not in fields
    assert [turn["role"] for turn in fields["messages"]] == ["user", "user"]
    assert [turn["content"] for turn in fields["messages"]] == [t["content"] for t in ASKED]


async def test_the_model_behind_a_deployment_decides(openai_double: OpenAIDouble) -> None:
    """A deployment may have any name: the setting says what it is."""
    wanted = Parameters(max_tokens=9, temperature=1)
    await texted(openai_double, model_name="drafts", model_behind="gpt-5", parameters=wanted)
    assert openai_double.requests[0] == {
        "model": "drafts", "messages": ASKED, "max_completion_tokens": 9,
    }  # fmt: skip


async def test_the_model_behind_a_deployment_overrules_its_name(
    openai_double: OpenAIDouble,
) -> None:
    """A deployment that is called after another model is asked as what it is."""
    await texted(openai_double, model_name="better-than-o3", model_behind="gpt-4o")
    assert "max_tokens" in openai_double.requests[0]


def test_families_are_found_by_their_most_special_name() -> None:
    """The order of the table tells."""
    assert family("o1-mini").names != family("o1").names
