"""Spans go on with the host's trace, name the run, and hold nothing that somebody wrote."""

import inspect
import typing
from pathlib import Path
from typing import Any

import azure.functions as func
import pytest

from activities import draft as drafting
from activities import oversight
from activities import post as posting
from devhost.invoke import Context, TraceContext
from signpost import records
from signpost.contracts import Work, pack
from signpost.ledger import put
from signpost.telemetry import names, spans
from tests.builders import NOW, RUN, TEXT, a_run
from tests.doubles.openai_double import Scripted, completion
from tests.unit.telemetry.conftest import Sent
from tests.unit.trials import Trials
from triggers import approvals, runs

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
ACTIVITIES = {
    names.DRAFT: drafting.draft,
    names.OPEN_ROUND: oversight.open_round,
    names.SETTLE_ROUND: oversight.settle_round,
    names.POST: posting.post,
    names.CLOSE_RUN: oversight.close_run,
}
ROUTES = {names.START: runs.start_run, names.ANSWER: approvals.sign}


def context(flags: str = "01") -> Context:
    """Build what the host hands to a function that asks for it."""
    told = TraceContext(f"00-{TRACE}-{PARENT}-{flags}")
    return Context("draft", "", trace_context=told)


async def drafted(trials: Trials, *script: Scripted, **given: Any) -> Any:
    """Run the activity that drafts, for the default run."""
    trials.enter()
    trials.model.script.extend(script)
    await put(trials.site.ledger, RUN, records.RUN, a_run())
    work = pack(Work(run=RUN, round=1, attempt=1, now=NOW))
    return await drafting.draft._function.get_user_function()(work=work, **given)


@pytest.mark.parametrize("name", [*ACTIVITIES, *ROUTES])
def test_a_function_asks_for_the_host_s_context(name: str) -> None:
    """The worker looks at signature and hints, and hands over what is called `context`."""
    function = (ACTIVITIES | ROUTES)[name]._function.get_user_function()
    assert "context" in inspect.signature(function).parameters
    assert typing.get_type_hints(function)["context"] is func.Context


async def test_a_span_is_a_child_of_the_host_s(trials: Trials, sent: Sent) -> None:
    """Also where the host marks its trace as not sampled, since it samples by itself."""
    await drafted(trials, context=context("00"))
    [span] = sent().named(names.DRAFT)
    assert (span.trace, span.parent, span.failed) == (TRACE, PARENT, False)
    assert span.attributes == {names.RUN: RUN, names.ROUND: 1, names.FLOW: "news"}


async def test_a_caller_s_own_text_is_not_told(trials: Trials, sent: Sent) -> None:
    """Whoever may send a request may send a tracestate, whatever stands in it."""
    told = TraceContext(f"00-{TRACE}-{PARENT}-01", "vendor=canary-of-a-stranger")
    await drafted(trials, context=Context("draft", "", trace_context=told))
    [span] = sent().named(names.DRAFT)
    assert span.parent == PARENT
    assert not any(b"canary" in body for body in sent().bodies)


async def test_without_a_context_a_trace_begins(trials: Trials, sent: Sent) -> None:
    """A host that gives none costs the story, not the span."""
    await drafted(trials)
    [span] = sent().named(names.DRAFT)
    assert span.parent == ""


async def test_a_call_of_the_model_tells_sizes_and_no_text(trials: Trials, sent: Sent) -> None:
    """Model, tokens and finish reason, under the draft's span."""
    await drafted(trials, Scripted(body=completion(TEXT)))
    collected = sent()
    [draft], [chat] = collected.named(names.DRAFT), collected.named("chat gpt")
    assert (chat.trace, chat.parent) == (draft.trace, draft.id)
    assert chat.attributes == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt",
        "gen_ai.response.model": "gpt-4o-mini",
        "gen_ai.response.finish_reasons": ["stop"],
        "gen_ai.usage.input_tokens": 7,
        "gen_ai.usage.output_tokens": 2,
    }


async def test_a_refusal_is_a_failed_call(trials: Trials, sent: Sent) -> None:
    """By its kind, in a word."""
    await drafted(trials, Scripted(status=429, body={"error": {"message": "Slow down."}}))
    [chat] = sent().named("chat gpt")
    assert (chat.failed, chat.attributes["error.type"]) == (True, "throttled")


async def test_a_ledger_that_is_away_fails_the_span(
    trials: Trials, sent: Sent, tmp_path: Path
) -> None:
    """The activity answers that it decided nothing, which is no success."""
    trials.enter(SIGNPOST_LEDGER=f"sqlite:{tmp_path}/nowhere/app.db")
    work = pack(Work(run=RUN, round=1, attempt=1, now=NOW))
    await oversight.open_round._function.get_user_function()(work=work)
    [span] = sent().named(names.OPEN_ROUND)
    assert (span.failed, span.attributes["error.type"]) == (True, "LedgerAway")
    assert span.attributes[names.RUN] == RUN


async def test_an_exception_is_told_by_its_type(sent: Sent) -> None:
    """Its message may hold anything."""
    with pytest.raises(KeyError), spans.span("signpost.draft"):
        raise KeyError("a secret")
    collected = sent()
    [span] = collected.spans
    assert (span.failed, span.attributes) == (True, {"error.type": "KeyError"})
    assert not any(b"a secret" in body for body in collected.bodies)


def test_every_span_in_the_table_is_used() -> None:
    """The names are those of the functions that ask for a context, and of the model's calls."""
    told = {span.name for span in names.SPANS}
    assert told == {*ACTIVITIES, *ROUTES, "chat DEPLOYMENT"}
