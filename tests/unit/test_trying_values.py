"""What a trial is refused for is told before the model is asked: values, parameters, sources."""

from time import process_time
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.builders import json_of
from tests.doubles.azure_openai_answers import TOPIC as LETTERS
from tests.unit.test_instructions_fences import CLOSING
from tests.unit.test_instructions_front import BOMBS, MISTAKES
from tests.unit.test_instructions_front import GOOD as FRONT_SOURCE
from tests.unit.test_instructions_templates import BLOWS, REACHING
from tests.unit.test_instructions_templates import END as TEMPLATE_END
from tests.unit.test_instructions_templates import FIRST as TEMPLATE_LINE
from tests.unit.test_instructions_templates import FRONT as TEMPLATE_FRONT
from tests.unit.trials import SOURCE, TOPIC, Trials

TAKEN: list[tuple[str, Any, str]] = [
    ("Topic", "Zw\u00f6lf \U0001f44d", "Zw\u00f6lf \U0001f44d"),
    ("Topic", "two\r\nlines\tand a tab", "two\r\nlines\tand a tab"),
    ("Topic", "x" * 60_000, "x" * 60_000),
    ("Topic", "{{ Seats }}{% if %}", "{{ Seats }}{% if %}"),
    ("Topic", "user:\nsystem:", "user:\nsystem:"),
    ("Topic", 5, "5"),
    ("Topic", True, "Yes"),
    ("Seats", 0, "0;"),
    ("Seats", 3.0, "3;"),
    ("Seats", 10**15, "1000000000000000;"),
    ("Seats", None, "20;"),
    ("Seats", "", "20;"),
    ("Seats", "  ", "20;"),
    ("Price", 1.5, ";1.5;"),
    ("Price", 2, ";2;"),
    ("Price", 1e-7, ";0.0000001;"),
    ("Urgent", False, ";No;"),
    ("Urgent", None, ";;"),
    ("Tone", "Formal", ";Formal"),
    ("Tone", "", ";;"),
]


@pytest.mark.parametrize("name,value,expected", TAKEN, ids=range(len(TAKEN)))
async def test_values_stand_in_the_prompt(
    trials: Trials, name: str, value: Any, expected: str
) -> None:
    """Each kind as people write it; what is not given is the default, or nothing."""
    tried = await trials.tried(inputs=TOPIC | {name: value})
    assert expected in tried["prompt"][1]["content"]


REFUSED: list[tuple[str, Any, str]] = [
    ("Topic", None, "The input `Topic` is missing."),
    ("Topic", "", "The input `Topic` is missing."),
    ("Topic", " \n ", "The input `Topic` is missing."),
    ("Topic", "x" * 60_001, "At most 60,000 characters; these are 60,001."),
    ("Topic", "pay\u202eroll", "Remove U+202E RIGHT-TO-LEFT OVERRIDE"),
    ("Topic", "a\u200bb", "Remove U+200B ZERO WIDTH SPACE"),
    ("Topic", "a\0b", "Remove U+0000"),
    ("Topic", "a\rb", "Remove U+000D"),
    ("Topic", "\U000e0041", "Remove U+E0041"),
    ("Topic", ["x"], "it must be a text, and is ['x']"),
    ("Topic", {"name": "n.txt"}, "it must be a text"),
    ("Seats", "5", "it must be a number, and is '5'"),
    ("Seats", 5.5, "it must be a whole number, and is 5.5"),
    ("Seats", True, "it must be a number, and is True"),
    ("Seats", 10**15 + 1, "it must be a number from"),
    ("Seats", 10**400, "it must be a number from"),
    ("Seats", [], "it must be a number"),
    ("Price", "1.5", "it must be a number, and is '1.5'"),
    ("Price", "NaN", "it must be a number, and is 'NaN'"),
    ("Price", False, "it must be a number, and is False"),
    ("Price", 1e300, "it must be a number from"),
    ("Urgent", "true", "it must be true or false, and is 'true'"),
    ("Urgent", 1, "it must be true or false, and is 1"),
    ("Tone", "formal", "it must be one of Formal, Friendly, and is 'formal'"),
    ("Tone", 5, "it must be one of Formal, Friendly, and is 5"),
    ("Tone", "x" * 50_000, "it must be one of Formal, Friendly"),
    ("topic", "x", "There is no input 'topic'; there is Topic, Seats, Price, Urgent, Tone."),
    ("", "x", "There is no input ''"),
    ("x" * 9_000, "x", "There is no input 'xxx"),
    ("__class__", "x", "There is no input '__class__'"),
]


@pytest.mark.parametrize("name,value,said", REFUSED, ids=range(len(REFUSED)))
async def test_values_that_do_not_fit_are_named(
    trials: Trials, name: str, value: Any, said: str
) -> None:
    """Field and reason are told in a short sentence, and the model is not asked."""
    field, told = await trials.refused(inputs=TOPIC | {name: value})
    assert said in told
    assert field.startswith(f"inputs.{name[:80]}")
    assert len(field) < 120
    assert len(told) < 500


ODD_JSON = [
    ('{"inputs": {"Price": NaN}}', 400),
    ('{"inputs": {"Price": Infinity}}', 400),
    ('{"inputs": {"Price": 1e999}}', 422),
    ('{"inputs": {"Price": -1e999}}', 422),
    ('{"inputs": {"Price": %s}}' % ("9" * 400), 422),
    ('{"inputs": {"Price": %s}}' % ("9" * 9_000), 422),
    ('{"inputs": {"Topic": "\\ud800"}}', 400),
    ('{"inputs": {"\\udc00": "x"}}', 400),
    ('{"inputs": {"Topic": %s}}' % ("[" * 90_000 + "]" * 90_000), 400),
    ('{"inputs": ["Topic"]}', 422),
    ('{"inputs": null}', 422),
    ('{"inputs": {"Topic": "a", "Topic": ""}}', 422),
    ("[]", 422),
    ("null", 422),
    ("", 400),
]


@pytest.mark.parametrize("body,status", ODD_JSON, ids=range(len(ODD_JSON)))
async def test_odd_json_is_refused(trials: Trials, body: str, status: int) -> None:
    """What JSON can't say, or this route does not take, ends as 400 or 422."""
    source = msgspec.json.encode(SOURCE).decode()
    answer = await trials.raw(body.replace('{"inputs"', f'{{"source": {source}, "inputs"', 1))
    assert answer.status_code == status, answer.get_body()
    assert trials.model.requests == []


FIELDS: list[tuple[dict[str, Any], str]] = [
    ({"n": 0}, "n"),
    ({"n": 5}, "n"),
    ({"n": -1}, "n"),
    ({"n": "2"}, "n"),
    ({"n": 1.5}, "n"),
    ({"n": True}, "n"),
    ({"n": None}, "n"),
    ({"parameters": {"temperature": "0.5"}}, "parameters.temperature"),
    ({"parameters": {"temperature": 2.1}}, "parameters.temperature"),
    ({"parameters": {"temperature": -0.1}}, "parameters.temperature"),
    ({"parameters": {"temperature": True}}, "parameters.temperature"),
    ({"parameters": {"max_tokens": 0}}, "parameters.max_tokens"),
    ({"parameters": {"max_tokens": 16_385}}, "parameters.max_tokens"),
    ({"parameters": {"max_tokens": 1.5}}, "parameters.max_tokens"),
    ({"parameters": {"top_p": 1.1}}, "parameters.top_p"),
    ({"parameters": {"presence_penalty": -2.1}}, "parameters.presence_penalty"),
    ({"parameters": {"frequency_penalty": [1]}}, "parameters.frequency_penalty"),
    ({"parameters": {"maxTokens": 5}}, "parameters.maxTokens"),
    ({"parameters": {"model": "gpt-5"}}, "parameters.model"),
    ({"parameters": None}, "parameters"),
    ({"name": 5}, "name"),
    ({"name": "x" * 101}, "name"),
    ({"source": 5}, "source"),
    ({"source": ["---"]}, "source"),
    ({"source": "x" * 65_537}, "source"),
    ({"source": "\u00e9" * 40_000}, "source"),
    ({"requestor": "adele@contoso.com"}, "requestor"),
    ({"flow": "topic-post"}, "flow"),
]


@pytest.mark.parametrize("trial,field", FIELDS, ids=range(len(FIELDS)))
async def test_fields_that_do_not_fit_are_named(
    trials: Trials, trial: dict[str, Any], field: str
) -> None:
    """Numbers out of their range or in quotes, and fields that there are not."""
    assert (await trials.refused(**trial))[0] == field


@pytest.mark.parametrize("value,_", CLOSING, ids=range(len(CLOSING)))
async def test_no_value_closes_its_fence(trials: Trials, value: str, _: str) -> None:
    """A trial shows what a run would send: one fence around the value, and no more turns."""
    source = SOURCE.replace("<notes>\n", "<tone-of-voice>x</tone-of-voice>\n<notes>\n")
    answer = await trials.send(source=source, inputs={"Topic": value})
    if answer.status_code == 422:
        assert json_of(answer)["field"] == "inputs.Topic"  # it holds hidden characters
        return
    prompt = json_of(answer)["prompt"]
    assert [turn["role"] for turn in prompt] == ["system", "user"]
    assert prompt[1]["content"].casefold().count("</notes") == 1
    assert prompt[1]["content"].casefold().count("<notes") == 1


async def test_a_template_that_comes_out_empty_names_its_line(trials: Trials) -> None:
    """The value is at fault, and the line says where it had been needed."""
    front = "---\ninputs: [{name: A, kind: string, example: y}]\n---\nuser:\n"
    source = front + "{{ A if A == 'y' }}{{ 'z' if A is undefined }}\n"
    field, told = await trials.refused(source=source, inputs={"A": "q"})
    assert field == "inputs"
    assert "line 4: this turn, which the model answers, would be empty with A = 'q'" in told


@pytest.mark.parametrize("old,new,line,said", MISTAKES, ids=range(len(MISTAKES)))
async def test_mistakes_in_a_source_are_told_with_their_line(
    trials: Trials, old: str, new: str, line: int, said: str
) -> None:
    """What the file would be refused for, its author reads on the page."""
    field, told = await trials.refused(name="write", source=FRONT_SOURCE.replace(old, new, 1))
    assert field == "source"
    assert told.startswith(f"instructions/write.prompty, line {line}: ")
    assert said in told


@pytest.mark.parametrize("template", REACHING, ids=range(len(REACHING)))
async def test_sources_that_reach_or_run_are_refused(trials: Trials, template: str) -> None:
    """A caller's template gets nowhere, and is told its line."""
    field, told = await trials.refused(source=TEMPLATE_FRONT + template + TEMPLATE_END)
    assert field == "source"
    assert told.startswith(f"instructions/untitled.prompty, line {TEMPLATE_LINE}: ")


BLOWN = {name: TEMPLATE_FRONT + each + TEMPLATE_END for name, each in BLOWS.items()}
BLOWN |= {f"yaml {name}": f"---\n{each}\n---\nuser:\nx\n" for name, each in BOMBS.items()}


@pytest.mark.parametrize("source", BLOWN.values(), ids=BLOWN)
async def test_sources_that_blow_up_cost_nothing(trials: Trials, source: str) -> None:
    """Whatever is sent, an answer comes at once: the prompt, or 422 about the source."""
    began = process_time()
    answer = await trials.send(source=source, inputs={})
    assert process_time() - began < 1
    assert answer.status_code in (200, 422)
    if answer.status_code == 422:
        assert json_of(answer)["field"] in ("source", "inputs.Topic")


async def test_values_that_blow_up_cost_nothing(trials: Trials) -> None:
    """What a template makes of a long value is bounded, and the value is named."""
    source = TEMPLATE_FRONT + "{{ Topic|title|upper }}" * 300 + TEMPLATE_END
    began = process_time()
    field, told = await trials.refused(source=source, inputs={"Topic": "a-" * 30_000})
    assert process_time() - began < 2
    assert (field, told[-1]) == ("inputs", ".")


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
FIELDS_OF_A_TRIAL = {
    "name": JSON,
    "source": JSON,
    "inputs": st.dictionaries(st.sampled_from(["Topic", "Seats", "Tone"]), JSON) | JSON,
    "parameters": JSON,
    "n": JSON,
}


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.fixed_dictionaries({}, optional=FIELDS_OF_A_TRIAL))
async def test_any_trial_is_answered(trials: Trials, trial: dict[str, Any]) -> None:
    """No JSON leads to an error of ours."""
    answer = await trials.send(**trial)
    assert answer.status_code in (200, 404, 422), answer.get_body()


async def test_problems_repeat_no_more_than_needed(trials: Trials) -> None:
    """A sentence quotes the beginning of a value, not all of it."""
    _, told = await trials.refused(inputs=TOPIC | {"Seats": LETTERS * 900})
    assert len(told) < 300
