"""Whatever the model service answers, it is a completion or a refusal, and never an exception."""

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from signpost.model import Completion, Refusal
from signpost.model.outcomes import Answer
from signpost.model.reading import read
from signpost.model.refusals import refused
from tests.builders import NOW, a_config
from tests.doubles.azure_openai_answers import CLEAN, NOT_FILTERED

WORDS = st.sampled_from(["", "content_filter", "length", "stop", "error", "secret terrace"])
SCALARS = st.none() | st.booleans() | st.integers(-2, 2**40) | st.floats(0, 9) | WORDS
NAMES = st.sampled_from(
    [
        *("content_filter_result", "content_filter_results", "content_filter_error"),
        *("prompt_filter_results", "error", "innererror", "code", "message", "param", "usage"),
        *("choices", "finish_reason", "hate", "filtered", "detected", "severity"),
    ]
)
JSON: st.SearchStrategy[Any] = st.recursive(
    SCALARS, lambda each: st.lists(each, max_size=3) | st.dictionaries(NAMES, each, max_size=5)
)
OPTIONAL: dict[str, st.SearchStrategy[Any]] = {
    "finish_reason": WORDS,
    "content_filter_results": JSON | st.just(CLEAN) | st.just({"error": NOT_FILTERED}),
}
CHOICES = st.fixed_dictionaries(
    {"message": st.fixed_dictionaries({"content": SCALARS})}, optional=OPTIONAL
)
ANSWERS = JSON | st.fixed_dictionaries(
    {"choices": st.lists(CHOICES, max_size=3)},
    optional={"usage": JSON, "prompt_filter_results": JSON, "model": SCALARS},
)


@given(status=st.integers(300, 599), body=JSON.map(msgspec.json.encode) | st.binary())
def test_any_failure_is_a_refusal(status: int, body: bytes) -> None:
    """No body of an error breaks the activity, and none is repeated."""
    answer = refused(Answer(status, {}, body), a_config(), size=1, now=NOW, attempt=1)
    assert isinstance(answer, Refusal)
    assert "terrace" not in answer.reason


@given(body=ANSWERS.map(msgspec.json.encode) | st.binary())
def test_any_completion_is_read(body: bytes) -> None:
    """No body of a 200 breaks the activity, and a completion has at least one text."""
    answer = read(body, "refuse", 1)
    assert isinstance(answer, Refusal) or (answer.texts and all(answer.texts))


@given(body=ANSWERS.map(msgspec.json.encode))
def test_no_report_of_a_filter_that_is_down_gets_through(body: bytes) -> None:
    """A text with such a report is used only where that is wanted, and flagged there."""
    strict, lenient = read(body, "refuse", 1), read(body, "flag", 1)
    if isinstance(strict, Completion):
        assert "unfiltered" not in strict.content_filter
        assert isinstance(lenient, Completion)
