"""What the service says of its content filter is believed, whichever way it says so."""

from typing import Any

import pytest

from signpost.model import Refusal
from signpost.model.reading import REWORD
from tests.doubles.azure_openai_answers import FILTERED_TEXT, UNFILTERED, blocked
from tests.doubles.openai_double import OpenAIDouble, Scripted, completion
from tests.unit.asked_model import refused, texted

FOUND: list[tuple[dict[str, Any], str]] = [
    ({"filtered": False, "severity": "safe"}, "safe"),
    ({"filtered": False, "severity": "low"}, "low"),
    ({"filtered": True, "severity": "high"}, "filtered"),
    ({"filtered": False, "detected": False}, "passed"),
    ({"filtered": False, "detected": True}, "detected"),
    ({"filtered": True, "detected": True}, "filtered"),
    ({"filtered": True, "details": [{"id": "names", "filtered": True}]}, "filtered"),
    ({"filtered": False, "severity": "<b>odd</b>"}, "unknown"),
    ({"error": None, "content_filter_error": False}, "passed"),
    ({}, "passed"),
]


@pytest.mark.parametrize("report,word", FOUND)
@pytest.mark.parametrize("name", ["content_filter_result", "content_filter_results"])
async def test_what_the_filter_found_is_summed_up(
    openai_double: OpenAIDouble, name: str, report: dict[str, Any], word: str
) -> None:
    """One word of each kind, under either spelling, for the receipt."""
    said = completion(**{name: {"hate": report, "more": ["odd"], "<i>": {}}})
    answer = await texted(openai_double, Scripted(body=said))
    assert answer.content_filter == {"hate": word}


async def test_a_report_is_never_long(openai_double: OpenAIDouble) -> None:
    """It stands in the history and the receipt: of kinds without end the first are named."""
    kinds = {f"kind_{'x' * n}": {"filtered": True} for n in range(30)}
    said = completion("Hi.", content_filter_results=kinds)
    assert len((await texted(openai_double, Scripted(body=said))).content_filter) == 20


async def test_a_reason_is_never_long(openai_double: OpenAIDouble) -> None:
    """Nor does the sentence that tells why an answer was blocked go on for ever."""
    kinds = {f"kind_{'x' * n}": {"filtered": True} for n in range(30)}
    said = completion("", finish_reason="content_filter", content_filter_results=kinds)
    told = await refused(openai_double, Scripted(body=said))
    assert told.reason.count("kind") == 20


async def test_the_worst_of_the_variants_counts(openai_double: OpenAIDouble) -> None:
    """Several texts have one summary."""
    said = completion("A", "B", "C")
    for choice, severity in zip(said["choices"], ["low", "high", "safe"], strict=True):
        choice["content_filter_results"] = {"hate": {"severity": severity}}
    answer = await texted(openai_double, Scripted(body=said))
    assert answer.content_filter == {"hate": "high"}


@pytest.mark.parametrize("shape", UNFILTERED)
async def test_unfiltered_texts_are_not_accepted(openai_double: OpenAIDouble, shape: str) -> None:
    """With the filter down nothing is let through, in any shape; it is asked again later."""
    answer = await refused(openai_double, Scripted(body=UNFILTERED[shape]))
    assert answer.kind == "unfiltered"
    assert "content filter" in answer.reason
    assert answer.retry_after


@pytest.mark.parametrize("shape", UNFILTERED)
async def test_unfiltered_texts_are_flagged_where_that_is_wanted(
    openai_double: OpenAIDouble, shape: str
) -> None:
    """`SIGNPOST_UNFILTERED=flag` takes the text, and says what nobody looked at."""
    answer = await texted(openai_double, Scripted(body=UNFILTERED[shape]), unfiltered="flag")
    expected = "prompt" if shape.startswith(("prompt", "whole")) else "text"
    assert answer.content_filter["unfiltered"] == expected
    assert answer.texts == ["Hello."]


async def test_a_report_too_deep_to_read_counts_as_down(openai_double: OpenAIDouble) -> None:
    """What can't be understood is not taken for a clean bill."""
    deep: Any = {}
    for _ in range(20):
        deep = {"hate": deep}
    said = completion(content_filter_results=deep)
    assert (await refused(openai_double, Scripted(body=said))).kind == "unfiltered"


async def test_a_blocked_text_names_the_kind(openai_double: OpenAIDouble) -> None:
    """Whoever asked learns for what the answer was blocked, and no approval is offered."""
    answer = await refused(openai_double, FILTERED_TEXT)
    assert answer == Refusal(
        "answer_filtered",
        f"The model's answer was blocked by the content policy (violence). {REWORD}",
        prompt_tokens=7,
        completion_tokens=2,
    )


async def test_a_blocked_text_is_not_flagged_through(openai_double: OpenAIDouble) -> None:
    """To take unfiltered texts is not to take filtered ones."""
    answer = await refused(openai_double, FILTERED_TEXT, unfiltered="flag")
    assert answer.kind == "answer_filtered"


@pytest.mark.parametrize(
    "found,named",
    [
        ({"hate": True}, "(hate)"),
        ({"jailbreak": True}, "(jailbreak)"),
        ({"self_harm": True, "jailbreak": True}, "(self harm, jailbreak)"),
        ({"jailbreak": False}, "content policy."),
    ],
)
async def test_a_blocked_prompt_names_the_kinds(
    openai_double: OpenAIDouble, found: dict[str, bool], named: str
) -> None:
    """Whoever asked learns for what the input was blocked, and nothing of it is repeated."""
    answer = await refused(openai_double, blocked(**found))
    assert answer.kind == "prompt_filtered"
    assert named in answer.reason
    assert answer.retry_after is None
