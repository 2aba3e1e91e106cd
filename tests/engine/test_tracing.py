"""Traces go through orchestrations, and the durable spans are those of the extension."""

from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from devhost import traces
from devhost.traces import Trace
from devhost.tracing import Span, Telling, Tracing
from tests.engine.conftest import MOUNT, Open, Running

TRACE, CALLER = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
PARENT = f"00-{TRACE}-{CALLER}-01"
GIVEN = {"traceparent": PARENT, "tracestate": "contoso=1"}
MINUTE = timedelta(minutes=1)


@pytest.fixture
def spans() -> list[Span]:
    """Collect what is told."""
    return []


def named(spans: list[Span], name: str, kind: str = "server") -> Span:
    """Give the one span of that name and kind."""
    [found] = [span for span in spans if (span.name, span.kind) == (name, kind)]
    return found


def is_below(child: Span, parent: Span) -> bool:
    """Say whether one span hangs below the other."""
    return child.parent is not None and child.parent.parent == parent.at.parent


async def begin(app: Running, name: str, **headers: str) -> str:
    """Start an orchestration by the management API, with headers."""
    path = f"{MOUNT}/orchestrators/{name}"
    _, answer = await app.call("POST", path, headers=headers)
    await app.settle()
    return str(answer["id"])


async def play(app: Running) -> str:
    """Let an orchestration go through all kinds of waits, to its end."""
    key = await begin(app, "all_kinds", **GIVEN)
    await app.advance(2 * MINUTE)
    await app.raise_event(key, "go")
    return key


async def test_a_trace_reaches_the_activities(open_app: Open):
    """Also where nobody collects spans: what came with the start is handed on, state and all."""
    app = await open_app("traced", tracing=Tracing())
    key = await play(app)
    assert await app.output(key) == [f"{PARENT}|contoso=1"] * 2


async def test_a_trace_outlives_the_host(open_app: Open, tmp_path: Path):
    """It is kept with the instance, on disk."""
    app = await open_app("traced", tmp_path, tracing=Tracing())
    key = await begin(app, "all_kinds", **GIVEN)
    await app.host.stop()
    later = await open_app("traced", tmp_path, tracing=Tracing(), clock=app.clock)
    await later.advance(2 * MINUTE)
    await later.raise_event(key, "go")
    assert await later.output(key) == [f"{PARENT}|contoso=1"] * 2


async def test_nothing_is_kept_without_a_trace(open_app: Open):
    """Histories stay as they are for who does not trace."""
    app = await open_app("traced", tracing=Tracing())
    key = await begin(app, "once")
    assert "ParentTraceContext" not in "".join(app.host.store.history(key))
    assert await app.output(key) == "|"


async def test_the_sdk_s_client_hands_on_the_app_s_span(open_app: Open, spans: list[Span]):
    """A span of the app's own, around `start_new`, is the parent of the start."""
    app = await open_app("traced", tracing=Telling(spans.append))
    _, text = await app.call("POST", "/api/start-within/once")
    await app.settle()
    _, parent = text.split()
    created = named(spans, "create_orchestration:once@(1)", "producer")
    assert created.parent is not None
    assert created.parent.parent == parent


async def test_a_request_is_a_span(open_app: Open, spans: list[Span]):
    """It goes on with the caller's trace, names the route and not the path, and is the parent."""
    app = await open_app("traced", tracing=Telling(spans.append))
    _, text = await app.call("POST", "/api/start/once?code=secret", headers=GIVEN)
    span = named(spans, "POST /api/start/{name}")
    assert span.parent == Trace(TRACE, CALLER, "01", "contoso=1")
    assert text.split()[1] == span.at.parent
    assert span.attributes["http.response.status_code"] == 200
    assert not span.failed


async def test_a_start_is_one_story(open_app: Open, spans: list[Span]):
    """Caller, start, orchestration, the call of an activity, its run: each below the one before."""
    app = await open_app("traced", tracing=Telling(spans.append))
    key = await begin(app, "once", **GIVEN)
    story = [
        named(spans, "create_orchestration:once@(1)", "producer"),
        named(spans, "orchestration:once@(1)"),
        named(spans, "activity:where", "client"),
        named(spans, "activity:where"),
    ]
    assert story[0].parent == Trace(TRACE, CALLER, "01", "contoso=1")
    assert all(is_below(child, parent) for parent, child in pairwise(story))
    assert await app.output(key) == f"{story[-1].at.parent}|contoso=1"


async def test_every_wait_has_its_span(open_app: Open, spans: list[Span]):
    """Activity, timer, child: below the orchestration, once each although it is replayed."""
    app = await open_app("traced", tracing=Telling(spans.append))
    await play(app)
    whole = named(spans, "orchestration:all_kinds@(1)")
    timer = named(spans, "orchestration:all_kinds:timer", "internal")
    waiting = named(spans, "orchestration:once@(1)", "client")
    assert all(is_below(each, whole) for each in (timer, waiting))
    assert is_below(named(spans, "orchestration:once@(1)"), waiting)
    assert [(each.end - each.start) // MINUTE for each in (timer, whole)] == [1, 2]
    assert len({span.at.span for span in spans}) == len(spans) == 10


async def test_the_attributes_are_those_of_the_extension(open_app: Open, spans: list[Span]):
    """Kind, name, version, instance, task and status, as DTFx calls them."""
    app = await open_app("traced", tracing=Telling(spans.append))
    key = await begin(app, "once", **GIVEN)
    assert named(spans, "orchestration:once@(1)").attributes == {
        "durabletask.type": "orchestration",
        "durabletask.task.name": "once",
        "durabletask.task.instance_id": key,
        "durabletask.task.version": "1",
        "durabletask.task.status": "Completed",
    }
    assert named(spans, "activity:where").attributes == {
        "durabletask.type": "activity",
        "durabletask.task.name": "where",
        "durabletask.task.instance_id": key,
        "durabletask.task.task_id": 0,
    }


async def test_an_event_is_a_span(open_app: Open, spans: list[Span]):
    """It names the event and who gets it, in the trace of who raised it."""
    app = await open_app("traced", tracing=Telling(spans.append))
    key = await begin(app, "all_kinds", **GIVEN)
    path = f"{MOUNT}/instances/{key}/raiseEvent/go"
    await app.call("POST", path, data=b"null", headers=GIVEN | {"Content-Type": "application/json"})
    raised = named(spans, "orchestration_event:go", "producer")
    assert raised.attributes["durabletask.event.target_instance_id"] == key
    assert raised.parent == Trace(TRACE, CALLER, "01", "contoso=1")


async def test_failures_are_told_without_their_texts(open_app: Open, spans: list[Span]):
    """The run, its call and the orchestration are marked; what was raised stays in the log."""
    app = await open_app("traced", tracing=Telling(spans.append))
    await begin(app, "failing", **GIVEN)
    failed = [(span.name, span.kind) for span in spans if span.failed]
    assert failed == [
        ("activity:fail", "server"),
        ("activity:fail", "client"),
        ("orchestration:failing@(1)", "server"),
    ]
    assert "secret" not in repr(spans)


async def test_continuing_as_new_stays_in_the_trace(open_app: Open, spans: list[Span]):
    """Each execution has a span of its own, below the same start."""
    app = await open_app("traced", tracing=Telling(spans.append))
    await begin(app, "twice", **GIVEN)
    whole = [span for span in spans if span.name == "orchestration:twice@(1)"]
    created = named(spans, "create_orchestration:twice@(1)", "producer")
    status = [span.attributes["durabletask.task.status"] for span in whole]
    assert status == ["ContinuedAsNew", "Completed"]
    assert all(is_below(span, created) for span in whole)
    assert whole[0].at != whole[1].at


async def test_spans_go_on_over_a_restart(open_app: Open, spans: list[Span], tmp_path: Path):
    """What began before and ends after has one span, from its beginning on, told by the second."""
    app = await open_app("traced", tmp_path, tracing=Telling(spans.append))
    key = await begin(app, "all_kinds", **GIVEN)
    await app.host.stop()
    before = list(spans)
    later = await open_app("traced", tmp_path, tracing=Telling(spans.append), clock=app.clock)
    await later.advance(2 * MINUTE)
    await later.raise_event(key, "go")
    whole = named(spans, "orchestration:all_kinds@(1)")
    assert whole not in before
    assert is_below(named(before, "activity:where", "client"), whole)
    assert len({span.at.span for span in spans}) == len(spans) == 10


async def test_what_began_without_a_trace_has_no_spans(open_app: Open, spans: list[Span], tmp_path):
    """An instance of before tracing goes on without, as in Azure."""
    app = await open_app("traced", tmp_path, tracing=Tracing())
    key = await begin(app, "all_kinds")
    await app.host.stop()
    later = await open_app("traced", tmp_path, tracing=Telling(spans.append), clock=app.clock)
    await later.advance(2 * MINUTE)
    await later.raise_event(key, "go")
    assert (await later.status(key))["runtimeStatus"] == "Completed"
    assert {span.name for span in spans} == {"orchestration_event:go"}


async def test_host_json_decides_on_durable_spans(open_app: Open, spans: list[Span]):
    """Without `distributedTracingEnabled` and V2 requests alone are told of, as in Azure."""
    app = await open_app("traced", tracing=Telling(spans.append, durable=False))
    _, text = await app.call("POST", "/api/start-within/all_kinds")
    await app.settle()
    await app.advance(2 * MINUTE)
    key, parent = text.split()
    await app.raise_event(key, "go")
    assert await app.output(key) == [f"{parent}|"] * 2
    assert [span.name for span in spans] == ["POST /api/start-within/{name}"]


@pytest.mark.parametrize(
    "header",
    ["", "x", f"ff-{TRACE}-{CALLER}-01", f"00-{'0' * 32}-{CALLER}-01", f"00-{TRACE}-{'0' * 16}-01",
     f"00-{TRACE.upper()}-{CALLER}-01", f"00-{TRACE[1:]}-{CALLER}-01"],
)  # fmt: skip
def test_a_header_that_is_not_valid_is_none(header: str):
    """W3C Trace Context names what has to be refused."""
    assert traces.read(header) is None


def test_a_later_version_of_the_header_is_read():
    """What follows the fields that are known is passed over."""
    assert traces.read(f"cc-{TRACE}-{CALLER}-00-more") == Trace(TRACE, CALLER, "00")
