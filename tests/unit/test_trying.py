"""Test it out fills in instructions, asks the model once, and leaves nothing behind."""

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest
from jsonschema import validate

from signpost import gallery, instructions
from signpost.findings import findings
from signpost.problems import Misconfigured
from signpost.text import digest
from tests.builders import json_of
from tests.doubles.openai_double import Scripted, completion
from tests.routed import DIEGO, schema_of, signed_in
from tests.unit.trials import TOPIC, Trials

NAMED = {"name": "topic-post", "source": None}
DRAFT = "The terrace opens.\nSee https://contoso.example/now"


async def test_a_source_is_tried_before_it_is_a_file(trials: Trials) -> None:
    """The answer has the prompt as it was sent, the text, and what it took."""
    tried = await trials.tried()
    [asked] = trials.model.requests
    assert tried["prompt"] == asked["messages"]
    assert tried["prompt"][1]["content"].startswith(f"<notes>\n{TOPIC['Topic']}\n</notes>\n20;;")
    assert tried["variants"] == [{"text": "Hello.", "findings": []}]
    assert (tried["finishReason"], tried["failure"]) == ("stop", None)
    assert (tried["promptTokens"], tried["completionTokens"]) == (7, 2)
    assert tried["milliseconds"] >= 0


async def test_instructions_of_the_gallery_are_tried_by_name(trials: Trials) -> None:
    """What is asked is what a run of a flow would ask, with the file's own parameters."""
    tried = await trials.tried(**NAMED)
    prompt = instructions.load("topic-post")
    assert tried["prompt"] == prompt.fill_in(TOPIC)
    assert tried["parameters"]["max_tokens"] == prompt.parameters.max_tokens


async def test_a_changed_source_is_tried_in_place_of_its_file(trials: Trials) -> None:
    """Where both are sent, the name is only what faults are told under."""
    assert (await trials.tried(name="topic-post"))["prompt"][0]["content"].startswith("Write about")
    trials.model.requests.clear()
    field, told = await trials.refused(name="topic-post", source="x")
    assert (field, told.partition(":")[0]) == ("source", "instructions/topic-post.prompty, line 1")


async def test_every_file_of_the_gallery_can_be_tried(trials: Trials) -> None:
    """With the examples that the page begins with, each leads to a text."""
    shown = json_of(await trials.site.send("listInstructions", {}))["instructions"]
    assert [each["name"] for each in shown] == list(instructions.load_all())
    for each in shown:
        sample = {rule["name"]: rule["example"] for rule in each["inputs"]}
        assert (await trials.tried(name=each["name"], source=None, inputs=sample))["variants"]


@pytest.mark.parametrize("trial", [{}, {"name": None}, {"source": None}, {"inputs": {}}])
async def test_something_has_to_be_tried(trials: Trials, trial: dict[str, Any]) -> None:
    """Without a name and a source there is nothing to try."""
    answer = await trials.raw(msgspec.json.encode(trial).decode())
    assert (answer.status_code, json_of(answer)["field"]) == (422, "name")


@pytest.mark.parametrize("name", ["gone", "", "../flows/topic-post", "topic-post.prompty", "a\0"])
async def test_unknown_names_are_404(trials: Trials, name: str) -> None:
    """What is no file of the gallery is told with what there is, and no other file is read."""
    answer = await trials.send(name=name, source=None)
    assert (answer.status_code, json_of(answer)["field"]) == (404, "name")
    assert "topic-post" in json_of(answer)["detail"]


async def test_parameters_of_the_trial_go_before_those_of_the_file(trials: Trials) -> None:
    """What is left out is the file's, and then ours; the answer tells all of them."""
    tried = await trials.tried(parameters={"top_p": 0.25, "temperature": 0.75})
    expected = {"temperature": 0.75, "max_tokens": 400, "top_p": 0.25,
                "frequency_penalty": 0, "presence_penalty": 0}  # fmt: skip
    assert tried["parameters"] == expected
    [asked] = trials.model.requests
    assert (asked["temperature"], asked["top_p"]) == (0.75, 0.25)


@pytest.mark.parametrize("n", [1, 2, 4])
async def test_several_drafts_come_of_one_call(trials: Trials, n: int) -> None:
    """As many texts as asked for, to compare."""
    assert len((await trials.tried(n=n))["variants"]) == n
    assert [asked.get("n", 1) for asked in trials.model.requests] == [n]


async def test_equal_drafts_are_shown_once(trials: Trials) -> None:
    """Two of the same leave nothing to choose."""
    trials.model.script.append(Scripted(body=completion("Hello.", "Hello.")))
    assert len((await trials.tried(n=2))["variants"]) == 1


async def test_a_draft_comes_with_what_to_look_at(trials: Trials) -> None:
    """No flow says which links are wanted, so each is told; hidden characters are out."""
    trials.model.script.append(Scripted(body=completion(f"{DRAFT}\u200b")))
    tried = await trials.tried()
    assert tried["variants"] == [{"text": DRAFT, "findings": findings(DRAFT, [])}]
    assert tried["variants"][0]["findings"]
    assert tried["removed"] == ["U+200B ZERO WIDTH SPACE"]


async def test_a_cut_draft_is_told_as_cut(trials: Trials) -> None:
    """It is shown as it is: who tries it out sees that there was too little room."""
    trials.model.script.append(Scripted(body=completion("Hel", finish_reason="length")))
    tried = await trials.tried()
    assert (tried["finishReason"], tried["variants"][0]["text"]) == ("length", "Hel")
    assert len(trials.model.requests) == 1


MISSING = {"error": {"code": "DeploymentNotFound"}}
FAILURES: list[tuple[Scripted, str, float | None]] = [
    (Scripted(status=429, body={}, headers={"Retry-After": "17"}), "throttled", 17),
    (Scripted(status=500, body={}), "unavailable", 1),
    (Scripted(close=True), "unreachable", 1),
    (Scripted(status=401, body={}), "unauthorized", None),
    (Scripted(status=404, body=MISSING), "deployment_missing", None),
    (Scripted(status=400, body={"error": {"code": "content_filter"}}), "prompt_filtered", None),
    (Scripted(status=400, body={"error": {"code": "context_length_exceeded"}}), "context_too_long",
     None),
    (Scripted(body=completion("")), "empty", None),
    (Scripted(body=completion(None, finish_reason="content_filter")), "answer_filtered", None),
    (Scripted(body=completion(None, message={"refusal": "No."})), "refused", None),
]  # fmt: skip


@pytest.mark.parametrize("script,kind,wait", FAILURES, ids=[kind for _, kind, _ in FAILURES])
async def test_failures_are_told_with_the_prompt(
    trials: Trials, script: Scripted, kind: str, wait: float | None
) -> None:
    """Who writes instructions sees what the model got, why there is no text, and when to retry."""
    trials.model.script.append(script)
    tried = await trials.tried()
    failure = tried["failure"]
    assert (failure["kind"], tried["variants"], tried["finishReason"]) == (kind, [], None)
    assert TOPIC["Topic"] in tried["prompt"][1]["content"]
    assert TOPIC["Topic"] not in failure["reason"]
    assert failure["reason"].endswith((".", "?"))
    assert (failure["retryAfter"] or 0) >= (wait or 0)
    assert (failure["retryAfter"] is None) == (wait is None)
    validate(tried, schema_of("Tried"))


async def test_a_failure_is_not_tried_again(trials: Trials) -> None:
    """The person at the page decides about a second call."""
    trials.model.script.append(Scripted(status=500, body={}))
    await trials.tried()
    assert len(trials.model.requests) == 1


async def test_costs_are_told_where_prices_are_set(trials: Trials) -> None:
    """To the last digit; also of a call that gave no text and was charged for."""
    trials.enter(
        MODEL_PRICE_INPUT="0.0004", MODEL_PRICE_OUTPUT="0.0016", MODEL_PRICE_CURRENCY="EUR"
    )
    cost = {"amount": "0.000006", "currency": "EUR"}
    assert (await trials.tried())["estimatedCost"] == cost
    trials.model.script.append(Scripted(body=completion("")))
    refused = await trials.tried()
    assert refused["failure"]["kind"] == "empty"
    assert refused["estimatedCost"] == cost


async def test_without_prices_there_is_no_cost(trials: Trials) -> None:
    """Nothing is guessed."""
    assert (await trials.tried())["estimatedCost"] is None


async def test_nothing_of_a_trial_is_stored(trials: Trials) -> None:
    """Only counts stay: no row, and no byte of the ledger's file, has an input or a text."""
    trials.enter(SIGNPOST_DAILY_TOKENS="1000", MODEL_REQUESTS_PER_MINUTE="60")
    trials.model.script.append(Scripted(body=completion("The zebras are counted.")))
    await trials.tried(n=2)
    stored = trials.stored()
    assert {partition for partition, _ in stored} == {"usage", "pacing"}
    [used] = [row for (partition, _), row in stored.items() if partition == "usage"]
    assert used == {"runs": [], "tokens": 9, "reserved": 0}
    for kept in ("zebra", digest(TOPIC["Topic"]), "Write about", "notes", "Hello"):
        assert kept.encode() not in trials.written()


async def test_without_limits_nothing_at_all_is_stored(trials: Trials) -> None:
    """A trial needs no ledger then, and works while it is away."""
    await trials.tried()
    assert trials.stored() == {}
    trials.enter(SIGNPOST_LEDGER="sqlite:/missing/ledger.db")
    assert (await trials.tried())["variants"]


async def test_nobody_is_told_of_a_trial(trials: Trials) -> None:
    """Durable hears nothing, so nothing can be posted or asked."""
    await trials.tried()
    assert trials.site.durable.told == []


async def test_tokens_count_for_the_day_of_who_tries(trials: Trials) -> None:
    """Used up: 429 until midnight, with no call; others have their own share."""
    trials.enter("on", SIGNPOST_DAILY_TOKENS="9")
    assert (await trials.send(signed_in(DIEGO))).status_code == 200
    answer = await trials.send(signed_in(DIEGO))
    assert answer.status_code == 429
    assert 1 <= int(answer.headers["Retry-After"]) <= 24 * 3600
    assert "9 tokens may be used a day" in json_of(answer)["detail"]
    assert len(trials.model.requests) == 1
    assert (await trials.send(signed_in("adele@contoso.com"))).status_code == 200


async def test_keys_share_one_day(trials: Trials) -> None:
    """Whoever shows a key is nobody by name."""
    trials.enter(SIGNPOST_DAILY_TOKENS="9")
    assert [(await trials.send()).status_code for _ in range(2)] == [200, 429]


async def test_tests_at_once_do_not_all_get_past_the_days_tokens(trials: Trials) -> None:
    """Each may take hundreds of tokens, so the second waits for the first, and no call is made."""
    trials.enter(SIGNPOST_DAILY_TOKENS="100")
    answers = await asyncio.gather(*(trials.send() for _ in range(10)))
    assert sorted(answer.status_code for answer in answers) == [200] + [429] * 9
    assert len(trials.model.requests) == 1
    assert (await trials.send()).status_code == 200


async def test_trials_of_all_kinds_count(trials: Trials) -> None:
    """A call that was charged for and gave no text counts as well; one that never was does not."""
    trials.enter(SIGNPOST_DAILY_TOKENS="1000")
    trials.model.script.extend([Scripted(body=completion("")), Scripted(close=True)])
    for _ in range(3):
        await trials.tried()
    [used] = trials.stored().values()
    assert used["tokens"] == 18


async def test_a_trial_waits_in_no_line(trials: Trials) -> None:
    """Where runs have all of the rate it is 429, says when, and line and day stay as they were."""
    trials.enter(MODEL_REQUESTS_PER_MINUTE="1", SIGNPOST_DAILY_TOKENS="100")
    assert (await trials.send()).status_code == 200
    before = trials.stored()
    answer = await trials.send()
    assert answer.status_code == 429
    assert 55 <= int(answer.headers["Retry-After"]) <= 65
    assert trials.stored() == before
    assert len(trials.model.requests) == 1


async def test_a_day_that_is_used_up_takes_no_turn(trials: Trials) -> None:
    """Who may not try leaves the rate to the others."""
    trials.enter(MODEL_REQUESTS_PER_MINUTE="60", SIGNPOST_DAILY_TOKENS="9")
    await trials.tried()
    before = trials.stored()
    assert (await trials.send()).status_code == 429
    assert trials.stored() == before


async def test_what_is_refused_takes_nothing(trials: Trials) -> None:
    """A trial that is wrong neither waits nor counts."""
    trials.enter(SIGNPOST_DAILY_TOKENS="9", MODEL_REQUESTS_PER_MINUTE="1")
    await trials.refused(inputs={})
    await trials.refused(source="x")
    assert trials.stored() == {}
    assert (await trials.send()).status_code == 200


async def test_a_trial_has_the_room_of_a_run(trials: Trials) -> None:
    """A prompt larger than a run may read is refused; the answer is cut to what it may have."""
    trials.enter(SIGNPOST_RUN_INPUT_TOKENS="1000", SIGNPOST_RUN_OUTPUT_TOKENS="50")
    field, told = await trials.refused(inputs={"Topic": "word " * 5_000})
    assert (field, "may read 1,000 tokens" in told) == ("inputs", True)
    assert (await trials.tried(n=2))["parameters"]["max_tokens"] == 25


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    """Who runs the app learns which file and line to mend."""
    (tmp_path / "half.prompty").write_text("---\nname: x\n---\nNo turn.\n")
    with pytest.raises(Misconfigured, match=r"^instructions/half\.prompty, line 4: "):
        gallery.everything(tmp_path)


async def test_the_list_and_the_file_agree(trials: Trials) -> None:
    """The gallery tells what Test it out needs, the file adds its text and digest."""
    listed = json_of(await trials.site.send("listInstructions", {}))["instructions"]
    [short] = [each for each in listed if each["name"] == "topic-post"]
    shown = json_of(await trials.site.send("showInstructions", {}))
    source = shown.pop("source")
    assert shown.pop("digest") == digest(source) == instructions.load("topic-post").digest
    assert shown == short
    assert short["flows"] == ["topic-post"]
    assert (await trials.tried(source=source))["prompt"] == (await trials.tried(**NAMED))["prompt"]
