"""One run is one story, from the HTTP start to the receipt, and tells none of its texts."""

from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from typing import Any, NamedTuple

import pytest

from local.stack import STOP_SECONDS
from signpost.telemetry import names
from tests.acceptance.client import ADELE, Signpost, app_with, once, plan
from tests.acceptance.conftest import started
from tests.doubles.otlp_collector import Collector, Told
from tests.doubles.quick_model import QuickModel, say

TRACE, CALLER = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
TOPIC, DRAFT, COMMENT = "canary-topic", "canary-draft", "canary-comment"
WEBHOOK, MODEL_KEY = "canary-webhook", "canary-model-key"
STORY = (
    names.START, names.DRAFT, names.OPEN_ROUND, names.SETTLE_ROUND, names.POST, names.CLOSE_RUN,
)  # fmt: skip
# Runs each activity a second time, as a host does that lost the first one's answer.
TWICE = """
from functools import wraps
from whole_app import app

def twice(activity):
    @wraps(activity)
    async def run(**given):
        await activity(**given)
        return await activity(**given)
    return run

for builder in app._function_builders:
    if builder._function._trigger.type == "activityTrigger":
        builder._function._func = twice(builder._function._func)
"""


class Lived(NamedTuple):
    """A run that was lived through, what the collector got of it, and where its secrets are."""

    run: str
    collector: Collector
    signpost: Signpost
    tokens: list[str]

    def spans(self) -> dict[str, Told]:
        """Give all spans of the run's trace, by their ids."""
        return {span.id: span for span in self.collector.spans if span.trace == TRACE}


@pytest.fixture(scope="module", params=["once", "twice"])
def lived(
    request: pytest.FixtureRequest, model: QuickModel, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Lived]:
    """Live through a run with a request for changes, on a host that runs activities so often."""
    folder = app_with(tmp_path_factory.mktemp("app"))
    if request.param == "twice":
        (folder / "function_app.py").rename(folder / "whole_app.py")
        (folder / "function_app.py").write_text(TWICE)
    with Collector() as collector:
        laid_out = plan(tmp_path_factory.mktemp("state"), model.url, folder)
        teams = f"http://127.0.0.1:{laid_out.teams_port}"
        laid_out.settings.update(
            collector.environment(),
            TEAMS_CHANNEL_WEBHOOK_URL=f"{teams}/channel?sig={WEBHOOK}",
            TEAMS_CHAT_WEBHOOK_URL=f"{teams}/chat?sig={WEBHOOK}",
            MODEL_API_KEY=MODEL_KEY,
            MODEL_PRICE_INPUT="1",
            MODEL_PRICE_OUTPUT="10",
        )
        with started(laid_out) as signpost:
            yield live(signpost, collector)


def live(signpost: Signpost, collector: Collector) -> Lived:
    """Start a run as part of a trace, have it changed once, sign it, and wait till all is told."""
    signpost.http.headers["traceparent"] = f"00-{TRACE}-{CALLER}-01"
    run = signpost.start(f"{TOPIC} {say(DRAFT)}")
    del signpost.http.headers["traceparent"]
    first = signpost.link(run)
    signpost.sign(first, response="Request changes", comments=COMMENT)
    second = signpost.link(run, number=2)
    signpost.sign(second, acceptedText=f"{DRAFT} edited", comments=COMMENT)
    signpost.wait(run, "closed")
    once(lambda: not unknown(collector), lambda: f"not told: {unknown(collector)}")
    once(lambda: ("runs.closed", "topic-post", "Approve") in collector.sums, lambda: "not counted")
    return Lived(run, collector, signpost, [first.token, second.token])


def unknown(collector: Collector) -> set[str]:
    """Name the spans of the run that are not there yet: its end, and what others come from."""
    spans = [span for span in collector.spans if span.trace == TRACE]
    ends = {names.CLOSE_RUN} - {span.name for span in spans}
    return ends | {span.parent for span in spans} - {span.id for span in spans} - {CALLER}


def test_the_run_is_one_trace(lived: Lived) -> None:
    """Every step has its span, and belongs to the trace that the caller began."""
    told = [span for span in lived.collector.spans if span.name in STORY]
    assert {span.name for span in told} == set(STORY)
    assert {span.trace for span in told} == {TRACE}
    assert not any(span.failed for span in told)
    assert {span.attributes[names.RUN] for span in told} == {lived.run}
    new = [span for span in told if names.FLOW in span.attributes]  # not for a draft that is there
    assert {span.attributes[names.FLOW] for span in new} == {"topic-post"}
    assert {span.name for span in new} == set(STORY)


@pytest.mark.parametrize("name", STORY)
def test_each_step_comes_from_the_start(lived: Lived, name: str) -> None:
    """From parent to parent, through the host's own spans, to the caller's."""
    known = lived.spans()
    for span in lived.collector.named(name):
        above = span
        while above.parent != CALLER:
            above = known[above.parent]
        assert name == names.START or names.START in ancestors(known, span)


def ancestors(known: dict[str, Told], span: Told) -> list[str]:
    """Name the spans above one."""
    found = []
    while span.parent in known:
        span = known[span.parent]
        found.append(span.name)
    return found


def test_the_model_s_calls_are_inside_the_drafts(lived: Lived) -> None:
    """Two drafts, two calls, whoever runs the activity twice."""
    known = lived.spans()
    calls = [span for span in known.values() if span.name.startswith("chat ")]
    assert [known[call.parent].name for call in calls] == [names.DRAFT, names.DRAFT]


def test_an_answer_is_a_story_of_its_own(lived: Lived) -> None:
    """It is another caller's request; the run's id leads from one to the other."""
    answers = lived.collector.named(names.ANSWER)
    assert [span.attributes[names.OUTCOME] for span in answers] == ["Request changes", "Approve"]
    assert {span.attributes[names.RUN] for span in answers} == {lived.run}


def test_the_ends_are_told(lived: Lived) -> None:
    """What the run came to stands on the spans of its last steps."""
    [*_, post], [*_, closed] = map(lived.collector.named, (names.POST, names.CLOSE_RUN))
    assert post.attributes[names.DELIVERY] == "handed over"
    assert closed.attributes[names.OUTCOME] == "Approve"
    assert closed.attributes[names.ROUND] == 2


def test_each_thing_is_counted_once(lived: Lived) -> None:
    """Also where each activity ran twice."""
    sums: dict[Any, float] = {
        key: round(n, 6) for key, n in lived.collector.sums.items() if not key[0].startswith("otel")
    }
    asked, written = sums["tokens", "input"], sums["tokens", "output"]
    assert sums == {
        ("runs.started", "topic-post"): 1,
        ("drafts", "topic-post", "written"): 2,
        ("tokens", "input"): asked,
        ("tokens", "output"): written,
        ("cost", "USD"): round((asked + 10 * written) / 1000, 6),
        ("responses", "topic-post", "Request changes"): 1,
        ("responses", "topic-post", "Approve"): 1,
        ("approval.wait", "topic-post", "Request changes"): 1,
        ("approval.wait", "topic-post", "Approve"): 1,
        ("deliveries", "topic-post", "handed over"): 1,
        ("runs.closed", "topic-post", "Approve"): 1,
    }


def test_the_counted_tokens_are_those_of_the_run(lived: Lived) -> None:
    """What is told is what the run's own page shows."""
    story = lived.signpost.run(lived.run)
    told = lived.collector.sums
    assert told["tokens", "input"] == story["promptTokens"]
    assert told["tokens", "output"] == story["completionTokens"]


def test_nothing_that_somebody_wrote_is_told(lived: Lived) -> None:
    """No topic, draft, comment, person, token, webhook or key: in no body, and no log line."""
    hidden = [TOPIC, DRAFT, COMMENT, ADELE, "contoso.com", "Adele", WEBHOOK, MODEL_KEY]
    texts = [*lived.collector.bodies, log(lived.signpost.plan.state)]
    assert any(lived.run.encode() in text for text in texts)
    for canary in (*hidden, *lived.tokens):
        assert not any(canary.encode() in text for text in texts), canary


def log(state: Path) -> bytes:
    """Read what the host and the app printed."""
    return (state / "devhost.log").read_bytes()


def test_a_collector_that_hangs_holds_no_run_up(
    model: QuickModel, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The run goes its way, and so does the end of the host, which waits for seconds at most."""
    with Collector() as collector:
        collector.hangs = True
        laid_out = plan(tmp_path_factory.mktemp("state"), model.url)
        laid_out.settings.update(collector.environment())
        with started(laid_out) as signpost:
            run, link = signpost.drafted()
            signpost.sign(link)
            assert signpost.wait(run, "closed")["outcome"] == "Approve"
            once(lambda: collector.bodies, lambda: "nothing was sent")
            began = monotonic()
        assert monotonic() - began < STOP_SECONDS
