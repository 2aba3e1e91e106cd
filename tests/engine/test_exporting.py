"""Spans go where OpenTelemetry's variables say, and nothing of it is loaded otherwise."""

import json
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from devhost import exporting
from devhost.config import HostConfig
from devhost.traces import Trace
from devhost.tracing import Span
from tests.engine.conftest import APPS, Open

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
AT, ABOVE = Trace("a" * 32, "b" * 16), Trace("a" * 32, "c" * 16)
SPAN = Span("orchestration:once", "server", AT, ABOVE, NOW, NOW + timedelta(seconds=1),
            {"durabletask.task.task_id": 1}, failed=True)  # fmt: skip
SETTINGS = ("OTEL_TRACES_EXPORTER", "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_SERVICE_NAME")


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin with nothing asked for, whatever this machine says."""
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)


class Collector:
    """What an OTLP endpoint received."""

    def __init__(self) -> None:
        self.requests: list[ExportTraceServiceRequest] = []

    async def take(self, request: web.Request) -> web.Response:
        """Take a request."""
        self.requests.append(ExportTraceServiceRequest.FromString(await request.read()))
        return web.Response()

    @property
    def names(self) -> list[str]:
        """List the names of all spans."""
        scopes = [s for r in self.requests for t in r.resource_spans for s in t.scope_spans]
        return [span.name for scope in scopes for span in scope.spans]


@pytest.fixture
async def collector(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Collector]:
    """Listen as an OTLP endpoint that the environment names."""
    opened, app = Collector(), web.Application()
    app.router.add_post("/v1/traces", opened.take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{runner.addresses[0][1]}")
    yield opened
    await runner.cleanup()


@pytest.mark.parametrize(
    "environment,expected",
    [
        ({}, []),
        ({"OTEL_TRACES_EXPORTER": "console"}, ["console"]),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}, ["otlp"]),
        ({"OTEL_TRACES_EXPORTER": "console, otlp"}, ["console", "otlp"]),
        ({"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://x"}, []),
        ({"OTEL_TRACES_EXPORTER": "console", "OTEL_SDK_DISABLED": "true"}, []),
    ],
)
def test_the_environment_says_where_spans_go(environment: dict[str, str], expected: list[str]):
    """By OpenTelemetry's own variables."""
    assert exporting.places(environment) == expected


async def test_spans_reach_an_otlp_endpoint(open_app: Open, collector: Collector):
    """What was told of is sent when the host stops, at the latest."""
    app = await open_app("traced")
    await app.start("once")
    await app.host.stop()
    assert sorted(collector.names) == [
        "activity:where",
        "activity:where",
        "create_orchestration:once@(1)",
        "orchestration:once@(1)",
    ]


async def test_a_span_is_sent_as_it_was_told(collector: Collector):
    """Ids, times, kind, status and attributes arrive; the service is the devhost."""
    exporter = exporting.wanted({"OTEL_EXPORTER_OTLP_ENDPOINT": "as set"})
    assert exporter is not None
    exporter.add(SPAN)
    await exporter.stop()
    [told] = collector.requests[0].resource_spans
    [span] = told.scope_spans[0].spans
    assert (span.span_id.hex(), span.parent_span_id.hex()) == (AT.span, ABOVE.span)
    assert span.end_time_unix_nano - span.start_time_unix_nano == 10**9
    assert (span.kind, span.status.code, span.attributes[0].value.int_value) == (2, 2, 1)
    assert "devhost" in {a.value.string_value for a in told.resource.attributes}


async def test_a_trace_that_is_not_sampled_is_not_sent(collector: Collector):
    """Who calls decides, by the flags of traceparent."""
    exporter = exporting.wanted({"OTEL_EXPORTER_OTLP_ENDPOINT": "as set"})
    assert exporter is not None
    unsampled = Trace(AT.trace, AT.span, "00")
    exporter.add(Span("once", "server", unsampled, None, NOW, NOW))
    await exporter.stop()
    assert collector.requests == []


async def test_the_console_shows_a_line_a_span(capsys: pytest.CaptureFixture[str]):
    """As JSON, on standard output."""
    exporter = exporting.wanted({"OTEL_TRACES_EXPORTER": "console"})
    assert exporter is not None
    exporter.add(SPAN)
    await exporter.stop()
    [line] = capsys.readouterr().out.splitlines()
    assert json.loads(line)["name"] == "orchestration:once"


def test_an_app_is_told_why_its_durable_spans_are_missing(caplog: pytest.LogCaptureFixture):
    """The warning names what host.json has to say."""
    exporter = exporting.wanted({"OTEL_TRACES_EXPORTER": "console"})
    exporting.tracing(exporter, HostConfig())
    assert "distributedTracingEnabled" in caplog.text


def test_nothing_is_loaded_unless_it_is_wanted():
    """A host without these variables never imports the OpenTelemetry SDK."""
    code = (
        "import sys; from pathlib import Path; from devhost.host import open_host; "
        f"open_host(Path({str(APPS / 'chain')!r}), state=None); "
        "print([name for name in sys.modules if name.startswith('opentelemetry.sdk')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
