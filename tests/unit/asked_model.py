"""Asks the loopback model, for the tests of what its answers mean."""

from typing import Any

from signpost.flows import Parameters
from signpost.instructions import Message
from signpost.model import Completion, Refusal, complete
from tests.builders import NOW, a_config
from tests.doubles.azure_openai_answers import TOPIC
from tests.doubles.openai_double import OpenAIDouble, Scripted

ASKED: list[Message] = [
    {"role": "system", "content": "Write."},
    {"role": "user", "content": f"About {TOPIC}."},
]
OPTIONS = ("now", "attempt", "variants", "timeout_seconds")


def at_azure(double: OpenAIDouble, path: str = "/openai/v1") -> dict[str, Any]:
    """Give the settings under which the double is called as Azure OpenAI is, without a key."""
    return {"model_base_url": double.endpoint + path, "model_api_key": None}


async def ask(double: OpenAIDouble, *script: Scripted, **given: Any) -> Completion | Refusal:
    """Ask the model, which answers as scripted, and see that it was asked exactly once.

    What is given are options of the call, `parameters`, and settings.
    """
    double.script.extend(script)
    options: dict[str, Any] = {"now": NOW, "attempt": 1, "timeout_seconds": 5}
    options |= {name: given.pop(name) for name in OPTIONS if name in given}
    parameters = given.pop("parameters", Parameters())
    config = a_config(**{"model_base_url": double.url} | given)
    answer = await complete(ASKED, parameters, config, **options)
    assert len(double.requests) == 1
    return answer


async def texted(double: OpenAIDouble, *script: Scripted, **given: Any) -> Completion:
    """Ask the model, and see that a text comes of it."""
    answer = await ask(double, *script, **given)
    assert isinstance(answer, Completion), answer
    return answer


async def refused(double: OpenAIDouble, *script: Scripted, **given: Any) -> Refusal:
    """Ask the model, and see that no text comes of it, and nothing of the prompt comes back."""
    answer = await ask(double, *script, **given)
    assert isinstance(answer, Refusal), answer
    assert TOPIC not in answer.reason
    return answer
