"""docs/instructions.md is true: its examples load, and its tables say what the code does."""

from __future__ import annotations

import re
from decimal import Decimal
from random import Random
from typing import TYPE_CHECKING, Any, get_args

import msgspec
import prompty
import pytest
import yaml

from signpost import allowances, drafting, flows, inputs, instructions, teams, trying, urls, usage
from signpost.allowances import Allowances
from signpost.contracts import MAX_ATTEMPTS
from signpost.findings import findings
from signpost.flows import Flow, Parameters
from signpost.instructions import Instructions, PromptInput, Unusable, front, parse
from signpost.instructions.front import Options
from signpost.instructions.reading import MOST_TURNS
from signpost.instructions.templates import FILTERS, LARGEST_RESULT
from signpost.model import DEFAULTS, Kind, Refusal, client, refusals
from signpost.model.families import family
from signpost.model.outcomes import BACKOFF_SECONDS, Answer
from signpost.model.reading import read as read_completion
from signpost.problems import Misconfigured
from signpost.prompting import larger
from signpost.schemas import schema_of
from tests.builders import NOW, a_config
from tests.doubles import azure_openai_answers as azure
from tests.doubles.memory_ledger import MemoryLedger
from tests.doubles.openai_double import OpenAIDouble, Scripted, completion
from tests.files import upload
from tests.repo.sources import ROOT, read
from tests.unit.test_instructions_prompty import options_of, ours, theirs
from tests.unit.test_usage import KNOWN

if TYPE_CHECKING:
    from pathlib import Path

DOCUMENT = read("docs/instructions.md")
LONGEST = 230
FILES = re.findall(r"```prompty\n(.*?)```", DOCUMENT, re.DOTALL)
INPUTS = """\
  - {name: Topic, kind: string, example: Coffee at Noon}
  - {name: Price, kind: float, example: 2.375}
  - {name: Notes, kind: string}
"""
GIVEN = {"Topic": "Coffee at Noon", "Price": 2.375}
VALUES: dict[str, Any] = {
    "Name": "Alex", "Tone": None, "Reply to": "megan@contoso.com", "Notes": upload(b"Likes tea."),
    "Remote": False, "Desk": 12.0, "First day": "2026-12-01",
}  # fmt: skip
COMMON = {"English", "German", "Chinese", "Japanese", "Korean", "Russian", "Arabic"}
AT_AZURE, ELSEWHERE = a_config(model_api_key=None), a_config()
LARGEST_MODEL = "This model's maximum context length is 128000 tokens. However, your messages "
NO_ROOM = completion("", finish_reason="length")
# What the service answers, and whether it is Azure: each sentence of the table, in its order.
ANSWERS: list[tuple[Scripted, bool]] = [
    (azure.busy(), True),
    (azure.failure(429, {"code": "insufficient_quota"}), True),
    (azure.busy(retry_after="518400"), True),
    (azure.failure(500, {}), True),
    (azure.FORBIDDEN, True),
    (azure.failure(401, {}), False),
    (azure.FIREWALL, True),
    (azure.SUSPENDED, True),
    (azure.NO_DEPLOYMENT, True),
    (azure.NO_DEPLOYMENT, False),
    (azure.blocked(violence=True), True),
    (azure.FILTERED_TEXT, True),
    (Scripted(body=azure.UNFILTERED["plural"]), True),
    (Scripted(body=completion("")), True),
    (Scripted(body={"choices": []}), True),
    (Scripted(body=NO_ROOM), True),
    (azure.DECLINED, True),
    (azure.too_long(f"{LARGEST_MODEL} resulted in 204308 tokens."), True),
    (Scripted(413, b""), True),
    (azure.TOO_MANY_TOKENS, True),
    (azure.NO_TEMPERATURE, True),
    (azure.NO_TEMPERATURE, False),
    (azure.NOT_FOUND, True),
    (azure.NOT_FOUND, False),
    (azure.MOVED, True),
    (azure.NO_CHAT, True),
    (Scripted(400, b"null"), True),
    (Scripted(body=b"<html>"), True),
]


def rows(heading: str) -> list[list[str]]:
    """Return a table's rows; a bar in a cell is written with a backslash there."""
    wanted = rf"(?m)^\| {re.escape(heading)} \|.+\n\|---.+\n((?:\|.+\n)+)"
    [table] = re.findall(wanted, DOCUMENT)
    lines = [line.strip("|").split(" |") for line in table.splitlines()]
    return [[cell.strip().replace(r"\|", "|") for cell in line] for line in lines]


def codes(cell: str) -> list[str]:
    """Return what stands in backquotes."""
    return re.findall("`(.+?)`", cell)


def number(text: str) -> float:
    """Read a number as tables write it."""
    return float(text.replace(",", ""))


def prompt_of(template: str, head: str = "") -> Instructions:
    """Read instructions that use all inputs, and this template."""
    uses = "{% if Topic or Price or Notes %}{% endif %}"
    return parse(f"---\n{head}inputs:\n{INPUTS}---\nuser:\nIs:{uses}{template}", "news")


@pytest.fixture
def welcome(tmp_path: Path) -> Path:
    """Write the second file of the document, and its flow, where they belong."""
    [flow] = re.findall(r"```yaml\n(.*?)```", DOCUMENT, re.DOTALL)
    for name, text in (("instructions/welcome.prompty", FILES[1]), ("flows/welcome.yaml", flow)):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(text, "utf-8")
    return tmp_path


def test_it_is_read_to_its_end() -> None:
    """The document is short."""
    assert len(DOCUMENT.splitlines()) <= LONGEST


@pytest.mark.parametrize("source", FILES, ids=["smallest", "everything"])
def test_files_mean_the_same_to_the_prompty_tools(source: str, tmp_path: Path) -> None:
    """Both files load here and there, with the same messages and the same room."""
    path = tmp_path / "welcome.prompty"
    path.write_text(source, "utf-8")
    prompt = parse(source, "welcome")
    values = {"Topic": "tea"} if "Topic" in source else prompt.sample
    assert theirs(path, values) == ours(path, values)
    assert options_of(prompty.load(path)).max_output_tokens == prompt.parameters.max_tokens


def test_the_second_file_has_every_field() -> None:
    """Each field of an input, each kind but the plainest of numbers, and all parts of a head."""
    prompt = parse(FILES[1], "welcome")
    head: Any = yaml.safe_load(FILES[1].split("---\n")[1])
    fields = {each.encode_name for each in msgspec.structs.fields(PromptInput)}
    assert {key for each in head["inputs"] for key in each} == fields
    assert [role for role, _ in prompt.turns] == ["system", "user", "assistant", "user"]
    assert set(head) == {"name", "displayName", "description", "inputs", "model", "template"}


def test_the_flow_fits_its_instructions(welcome: Path) -> None:
    """It loads beside them, has an input of each type, and says each placeholder."""
    flow = flows.load(welcome / "flows/welcome.yaml")
    assert [type(rule) for rule in flow.inputs.values()] == list(get_args(inputs.Input))
    told = re.findall(r"(?m)^  ([\w ]+): \{type.+# \{\{ (\w+) \}\}: ", DOCUMENT)
    assert told == [(name, inputs.placeholder(name)) for name in flow.inputs]


async def test_the_model_reads_what_the_comments_say(welcome: Path) -> None:
    """Texts, the text of a file, numbers and days stand in the prompt; no is no condition."""
    flow: Flow = flows.load(welcome / "flows/welcome.yaml")
    given = inputs.prompt_values(flow.inputs, await inputs.read(flow.inputs, VALUES))
    prompt = instructions.load("welcome", welcome / "instructions")
    assert prompt.fill_in(given)[-1]["content"].split("\n") == [
        "<name>Alex</name>",
        "<notes>Likes tea.</notes>",
        "First day: 2026-12-01. Sits at desk 12. Be warm. Questions go to megan@contoso.com.",
    ]


def test_all_that_is_listed_is_taken() -> None:
    """Comparisons, tests, joins and remarks are read as the document lists them."""
    [listed] = re.findall(r"A prompt may hold (.+?)\. A `-`", DOCUMENT)
    told = codes(listed)
    signs = [each for each in told if re.fullmatch("[=!<>]+", each)]
    tests = [each for each in told if each.startswith("is ")]
    assert (len(signs), len(tests)) == (6, 3)
    for asked in [*(f"{sign} 2" for sign in signs), *tests]:
        prompt_of(f"{{% if Price is defined and not Price {asked} or Topic %}}a{{% endif %}}")
    chosen = '{# a remark #}{% if Topic in ["tea"] %}a{% elif Price %}{{ Topic ~ "!" }}{% endif %}'
    assert prompt_of(chosen).fill_in(GIVEN)[0]["content"] == "Is:Coffee at Noon!"


def test_filters_give_what_the_table_says() -> None:
    """All filters are there, and each example gives its result."""
    examples = [pair for a, b, c, d in rows("filter") for pair in ((a, b), (c, d))]
    told = {codes(example)[0]: codes(result)[0] for example, result in examples}
    assert {re.findall(r"\|(\w+)", example)[-1] for example in told} == set(FILTERS)
    for example, result in told.items():
        assert prompt_of(example).fill_in(GIVEN)[0]["content"] == f"Is:{result}", example


def test_what_is_refused_is_told_so() -> None:
    """Each example is refused when the file is read, with this sentence."""
    for written, told in rows("written"):
        for template in codes(written):
            with pytest.raises(Unusable, match=re.escape(told)):
                prompt_of(template)


@pytest.mark.parametrize("reference", ["${env:NAME}", "${file:NAME}"])
def test_references_in_the_head_are_refused(reference: str) -> None:
    """What the Prompty tools would replace is not read."""
    assert f"`{reference}`" in DOCUMENT
    with pytest.raises(Unusable, match="reads variables and files"):
        prompt_of("", f"description: {reference}\n")


def test_the_fence_holds() -> None:
    """The value that would close its tag is read as the document says."""
    [(given, read_as)] = re.findall("gives the Name `(.+?)`, the model reads `(.+?)`", DOCUMENT)
    filled = parse(FILES[1], "welcome").fill_in({"Name": given, "First_day": "2026-12-01"})
    assert filled[-1]["content"].split("\n")[0] == read_as


def test_parameters_have_their_names_defaults_and_ranges() -> None:
    """The table is that of the type, of the head of a file, and of the model."""
    properties = schema_of(Parameters)["properties"]
    names = {each.name: each.encode_name for each in msgspec.structs.fields(Options)}
    for name, head, ends, default, _ in rows("parameter"):
        [field] = codes(name)
        [numeric, _] = properties.pop(field)["anyOf"]
        assert codes(head) == [names[field]]
        assert number(default) == getattr(DEFAULTS, field)
        assert [number(e) for e in ends.split(" to ")] == [numeric["minimum"], numeric["maximum"]]
    assert properties == {}


def test_models_are_of_the_families_of_the_table() -> None:
    """Each name takes its parameters as told, also inside the name of a deployment."""
    for names, room, rest, several in rows("name"):
        for name in codes(names):
            takes = family(f"prod-{name}-eu")
            assert [takes.room] == codes(room)
            assert takes.sampling == (rest == "sent")
            assert takes.system != ("`user:`" in rest)
            assert takes.variants == (several == "yes")


async def test_the_trial_can_be_sent() -> None:
    """The example is tried out: two drafts of the topic, at the temperature that it gives."""
    [body] = re.findall(r"```json\n(.*?)```", DOCUMENT, re.DOTALL)
    trial = msgspec.json.decode(body, type=trying.Trial)
    async with OpenAIDouble() as double:
        config, ledger = a_config(model_base_url=double.url), MemoryLedger(Random(0))
        tried = await trying.try_out(ledger, config, trial, None, NOW)
        await client.close()
    assert (len(tried.variants), tried.parameters.temperature) == (trial.n, 0.7)
    assert trial.inputs["Topic"] in tried.prompt[-1].content


def test_drafts_get_the_findings_of_the_table() -> None:
    """Each example is told of as the table says."""
    for drafts, told in rows("in the draft"):
        for draft in codes(drafts):
            assert any(each.endswith(told) for each in findings(draft, ["contoso.com"])), draft


def refusal(answer: Scripted, *, is_azure: bool) -> Refusal:
    """Say what an answer of the service means to a run."""
    body = answer.body if isinstance(answer.body, bytes) else msgspec.json.encode(answer.body)
    if answer.status == 200:
        means = read_completion(body, "refuse", 1)
        assert isinstance(means, Refusal)
        return means
    said = Answer(answer.status, answer.headers, body)
    config = AT_AZURE if is_azure else ELSEWHERE
    return refusals.refused(said, config, size=204_308, now=NOW, attempt=1)


def sentences() -> dict[str, dict[str, bool]]:
    """Give all sentences by their kind, each with whether the model is asked again."""
    met = [refusal(answer, is_azure=is_azure) for answer, is_azure in ANSWERS]
    met += [refusals.unanswered(kind, 1) for kind in refusals.UNANSWERED]
    found: dict[str, dict[str, bool]] = {kind: {} for kind in get_args(Kind)}
    for each in met:
        found[each.kind][each.reason] = each.retry_after is not None
    return found


def test_every_kind_of_failure_has_its_sentences() -> None:
    """The table has all kinds in the code's order, and each sentence to the letter."""
    told = {codes(kind)[0]: said.split("<br>") for kind, said, _, _ in rows("kind")}
    assert told == {kind: list(reasons) for kind, reasons in sentences().items()}


def test_the_table_says_what_is_asked_again() -> None:
    """`first` is for a kind of which only the first sentence may pass."""
    for kind, _, again, remedy in rows("kind"):
        waits = list(sentences()[codes(kind)[0]].values())
        assert waits == [again == "yes" or (again == "first" and not i) for i in range(len(waits))]
        assert remedy


@pytest.mark.parametrize(
    "sentence",
    [drafting.BEHIND_OTHERS, drafting.CUT, instructions.REVISE, f"{teams.MAX_BYTES:,} bytes.`"],
)
def test_sentences_are_those_of_the_code(sentence: str) -> None:
    """What a run says, and what the model is told, stands here to the letter."""
    assert sentence in DOCUMENT


def test_settings_have_their_ranges() -> None:
    """Both ends of each range are taken, and what is beyond is not."""
    for names, ends, _ in rows("setting"):
        if " to " not in ends:
            continue
        low, high = (end.replace(",", "") for end in ends.split(" to "))
        for end in (low, high):
            assert allowances.read(dict.fromkeys(codes(names)[:2], end)) != Allowances()
        for beyond in (f"{int(low) - 1}", f"{int(high) + 1}"):
            with pytest.raises(Misconfigured):
                allowances.read(dict.fromkeys(codes(names)[:2], beyond))


def test_a_cost_is_what_the_example_says() -> None:
    """1,200 tokens read and 300 written have their price."""
    priced = Allowances(price_input=Decimal("0.0025"), price_output=Decimal("0.01"))
    cost = usage.cost(priced, 1200, 300)
    assert cost is not None
    assert f"1,200 read and 300 written at 0.0025 and 0.01 are `{cost.amount}`" in DOCUMENT


@pytest.mark.parametrize("name", KNOWN)
def test_estimates_are_as_far_off_as_told(name: str) -> None:
    """The texts whose tokens are known lie in the range of their language."""
    wanted = r"([\d.]+) to ([\d.]+) times (?:the tokens|those) of ([\w, ]+?), (?=[\d]|up to)"
    ranges = [each for each in re.findall(wanted, DOCUMENT) if name in each[2]]
    low, high = map(float, ranges[0][:2]) if ranges else (0.5, 5)
    text, *tokens = KNOWN[name]
    guessed = usage.estimate([{"content": text}]) - usage.FRAME_TOKENS
    assert all(low <= guessed / each <= high for each in tokens)
    assert bool(ranges) == (name in COMMON)


def test_the_gallery_is_what_is_there() -> None:
    """Each file stands in the table with its title, what it says of itself, and its sample."""
    for name, prompt in instructions.load_all().items():
        link = f"[`{name}`](../instructions/{name}.prompty)"
        shown = f"| {link} | {prompt.title} | {prompt.description} | [draft](samples/{name}.md) |"
        assert shown in DOCUMENT
        assert (ROOT / f"docs/samples/{name}.md").is_file()
    assert len(rows("file")) == len(instructions.load_all())


def test_parameters_of_power_automate_can_be_copied() -> None:
    """What *Create text with GPT* took as JSON is taken, and its defaults are ours."""
    [given] = re.findall(r'`(\{"temperature".+?\})`', DOCUMENT)
    assert msgspec.json.decode(given, type=Parameters) == DEFAULTS


def test_numbers_are_those_of_the_code() -> None:
    """How often, how large and how many is told exactly."""
    most = schema_of(front.Front)["properties"]["inputs"]["maxItems"]
    told = [
        f"calls the model {MAX_ATTEMPTS} times at most",
        f"up to {trying.ANY_TEXT.max_length:,} characters each",
        f"at most {instructions.LARGEST_SOURCE:,} bytes, {most} inputs and {MOST_TURNS} turns",
        f"a filled-in prompt has at most {LARGEST_RESULT:,}.",
        f"at most {larger(10**9):,} tokens",
        f"at most {urls.MOST} in a post",
        "{}, {}, {} and {} seconds".format(*BACKOFF_SECONDS),
    ]
    assert [each for each in told if each not in DOCUMENT] == []
