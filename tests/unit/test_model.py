"""The model is asked once, and what it writes comes back clean, counted and logged by digest."""

import logging
from typing import Any

import pytest

from signpost.flows import Parameters
from signpost.model import Completion
from signpost.text import digest
from tests.doubles.azure_openai_answers import FILTERED_TEXT, TOPIC, UNFILTERED
from tests.doubles.openai_double import OpenAIDouble, Scripted, completion
from tests.unit.asked_model import ASKED, refused, texted


async def test_a_text_comes_back(openai_double: OpenAIDouble) -> None:
    """A completion is its text and what it took."""
    expected = Completion(["Hello."], "stop", 7, 2, "gpt-4o-mini")
    assert await texted(openai_double) == expected


async def test_a_fingerprint_comes_back(openai_double: OpenAIDouble) -> None:
    """The service says which of its systems wrote, for the receipt."""
    said = completion() | {"system_fingerprint": "fp_1"}
    assert (await texted(openai_double, Scripted(body=said))).system_fingerprint == "fp_1"


async def test_a_text_is_cleaned(openai_double: OpenAIDouble) -> None:
    """What the model hides is not in the draft, and is named; line ends are no finding."""
    said = completion(" pay\u200broll\r\nnow\u202e ")
    answer = await texted(openai_double, Scripted(body=said))
    assert answer.texts == ["payroll\nnow"]
    assert answer.removed == ["U+200B ZERO WIDTH SPACE", "U+202E RIGHT-TO-LEFT OVERRIDE"]


async def test_parameters_are_sent(openai_double: OpenAIDouble) -> None:
    """Every parameter is said, the unset ones with their defaults."""
    await texted(openai_double, parameters=Parameters(max_tokens=9, top_p=0.5))
    assert openai_double.requests[0] == {
        "model": "gpt", "messages": ASKED, "temperature": 0, "max_tokens": 9, "top_p": 0.5,
        "frequency_penalty": 0, "presence_penalty": 0,
    }  # fmt: skip


async def test_variants_are_asked_for_at_once(openai_double: OpenAIDouble) -> None:
    """Several texts cost one request, and the prompt once."""
    answer = await texted(openai_double, variants=3)
    assert openai_double.requests[0]["n"] == 3
    assert answer.texts == ["Hello.", "Hello 2.", "Hello 3."]


async def test_equal_variants_are_one(openai_double: OpenAIDouble) -> None:
    """Nobody has to choose between two equal texts."""
    said = completion("Hi.", "Hi.\u200b", "Ho.")
    assert (await texted(openai_double, Scripted(body=said))).texts == ["Hi.", "Ho."]


@pytest.mark.parametrize("name", ["gpt\u202e-4\n\x1b[1m", "m" * 900_001], ids=["odd", "long"])
async def test_what_the_service_calls_itself_can_be_shown_and_kept(
    openai_double: OpenAIDouble, name: str
) -> None:
    """Names stand in receipts, and a reason in the log: on one line, short, nothing hidden."""
    said = completion("Hi.", finish_reason=name) | {"model": name, "system_fingerprint": name}
    answer = await texted(openai_double, Scripted(body=said))
    shown = "gpt-4 [1m" if "-" in name else "m" * 100
    assert (answer.model, answer.system_fingerprint) == (shown, shown)
    assert answer.finish_reason == "unknown"


async def test_a_text_that_grows_when_it_is_cleaned_is_too_large(
    openai_double: OpenAIDouble,
) -> None:
    """One letter can be three in NFC, and a row of the ledger would not hold them."""
    told = await refused(openai_double, Scripted(body=completion("\U0001d161" * 190_000)))
    assert told.kind == "unreadable"


def mixed(*choices: dict[str, Any]) -> Scripted:
    """Give an answer with these choices."""
    return Scripted(body=completion() | {"choices": list(choices)})


GOOD = completion("Good.")["choices"][0]
BAD = {
    "filtered": FILTERED_TEXT.body["choices"][0],
    "unfiltered": UNFILTERED["plural"]["choices"][0],
    "empty": completion(" ")["choices"][0],
    "refusal": completion("x", message={"refusal": "No."})["choices"][0],
}


@pytest.mark.parametrize("fault", BAD)
async def test_unusable_variants_are_left_out(openai_double: OpenAIDouble, fault: str) -> None:
    """One good text is enough, wherever it stands."""
    answer = await texted(openai_double, mixed(BAD[fault], GOOD, BAD[fault]))
    assert answer.texts == ["Good."]
    assert "unfiltered" not in answer.content_filter


async def test_without_a_usable_variant_the_first_says_why(openai_double: OpenAIDouble) -> None:
    """All variants failed: the reason of the first is told."""
    answer = await refused(openai_double, mixed(BAD["filtered"], BAD["empty"]))
    assert answer.kind == "answer_filtered"


@pytest.mark.parametrize("cut", [0, 1])
async def test_a_cut_text_says_so(openai_double: OpenAIDouble, cut: int) -> None:
    """A text that the model had no room to finish is never shown as complete, nor its siblings."""
    choices = [dict(GOOD), completion("Other.")["choices"][0]]
    choices[cut]["finish_reason"] = "length"
    answer = await texted(openai_double, mixed(*choices))
    assert answer.finish_reason == "length"
    assert len(answer.texts) == 2


async def test_missing_usage_is_no_failure(openai_double: OpenAIDouble) -> None:
    """A service that counts nothing and names no model still gives a text."""
    body = {"choices": completion()["choices"], "model": None}
    answer = await texted(openai_double, Scripted(body=body))
    assert answer == Completion(["Hello."], "stop", 0, 0, "")


async def test_what_was_used_is_told_with_a_refusal(openai_double: OpenAIDouble) -> None:
    """An answer that is not used costs tokens all the same."""
    answer = await refused(openai_double, FILTERED_TEXT)
    assert (answer.prompt_tokens, answer.completion_tokens) == (7, 2)


async def test_logs_hold_digests_alone(
    openai_double: OpenAIDouble, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever reads the log can recognise a text, and learns nothing of it."""
    caplog.set_level(logging.DEBUG, "signpost")
    await texted(openai_double)
    assert digest("Hello.") in caplog.text
    assert "Hello" not in caplog.text
    assert TOPIC not in caplog.text
