"""Owns where spans go: to the console or to an OTLP endpoint, as OpenTelemetry's variables say.

The OpenTelemetry SDK is loaded only then. No global provider is set: in Azure, too, the host's
spans come from a process of its own, and what the app tells of itself is the app's business.
"""

import asyncio
import logging
import os
import sys
from collections.abc import Mapping
from datetime import datetime
from threading import Thread
from typing import TYPE_CHECKING

from devhost.config import ConfigError, HostConfig
from devhost.traces import Trace
from devhost.tracing import Span, Telling, Tracing

if TYPE_CHECKING:
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import SpanContext

_log = logging.getLogger("devhost.exporting")
_KINDS = "OTEL_TRACES_EXPORTER"
_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_TIMEOUT = 3.0  # seconds for one request
_PATIENCE = 3.0  # seconds for what is left when the host stops
_SCOPE = "DurableTask.Core"


def places(environment: Mapping[str, str]) -> list[str]:
    """Tell where spans are wanted: "console", "otlp", both or nowhere.

    By the names of OpenTelemetry's specification; an endpoint alone means OTLP.
    """
    if environment.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return []
    named = {kind.strip() for kind in environment.get(_KINDS, "").lower().split(",")}
    if "none" in named:
        return []
    if any(environment.get(name) for name in _ENDPOINTS):
        named.add("otlp")
    return sorted(named & {"console", "otlp"})


def wanted(environment: Mapping[str, str]) -> "Exporter | None":
    """Open what sends spans, None when nobody wants them. Raises ConfigError without the SDK."""
    found = places(environment)
    try:
        return Exporter([_exporter(kind) for kind in found]) if found else None
    except ImportError as error:
        raise ConfigError(
            f"{_KINDS} or {_ENDPOINTS[1]} asks for spans, but {error.name} is not installed: pip "
            "install opentelemetry-sdk opentelemetry-exporter-otlp-proto-http, or unset it."
        ) from error


def tracing(exporter: "Exporter | None", config: HostConfig) -> Tracing:
    """Give what hands traces on, and tells of spans where somebody listens."""
    if exporter is None:
        return Tracing()
    if not config.durable_spans:
        _log.warning(
            "Spans of requests only: as in Azure, those of orchestrations need host.json to set "
            'extensions.durableTask.tracing to {"distributedTracingEnabled": true, "version": '
            '"V2"}.'
        )
    return Telling(exporter.add, durable=config.durable_spans)


class Exporter:
    """Sends spans in the background."""

    def __init__(self, exporters: "list[SpanExporter]") -> None:
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415 - loaded when wanted
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415 - as above

        name = {} if os.environ.get("OTEL_SERVICE_NAME") else {"service.name": "devhost"}
        self._resource = Resource.create(dict(name))
        self._processors = [BatchSpanProcessor(exporter) for exporter in exporters]

    def add(self, span: Span) -> None:
        """Take a span to be sent; one whose trace is not sampled is dropped."""
        made = _made(span, self._resource)
        for processor in self._processors:
            processor.on_end(made)

    async def stop(self) -> None:
        """Send what is left, for seconds at most; a thread that is not done by then is left."""
        ending = [Thread(target=each.shutdown, daemon=True) for each in self._processors]
        for thread in ending:
            thread.start()
        await asyncio.gather(*(asyncio.to_thread(each.join, _PATIENCE) for each in ending))


def _exporter(kind: str) -> "SpanExporter":
    if kind == "otlp":
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415 - as above
            OTLPSpanExporter,
        )

        return OTLPSpanExporter(timeout=_TIMEOUT)
    from opentelemetry.sdk.trace.export import ConsoleSpanExporter  # noqa: PLC0415 - as above

    return ConsoleSpanExporter(
        out=sys.stdout, formatter=lambda span: f"{span.to_json(indent=None)}\n"
    )


def _made(span: Span, resource: "Resource") -> "ReadableSpan":
    from opentelemetry.sdk.trace import ReadableSpan  # noqa: PLC0415 - as above
    from opentelemetry.sdk.util.instrumentation import InstrumentationScope  # noqa: PLC0415 - as above
    from opentelemetry.trace import SpanKind, Status, StatusCode  # noqa: PLC0415 - as above

    return ReadableSpan(
        name=span.name,
        context=_context(span.at),
        parent=_context(span.parent) if span.parent else None,
        resource=resource,
        attributes=span.attributes,
        kind=SpanKind[span.kind.upper()],
        status=Status(StatusCode.ERROR if span.failed else StatusCode.UNSET),
        start_time=_nanoseconds(span.start),
        end_time=_nanoseconds(span.end),
        instrumentation_scope=InstrumentationScope(_SCOPE),
    )


def _context(trace: Trace) -> "SpanContext":
    from opentelemetry.trace import SpanContext, TraceFlags, TraceState  # noqa: PLC0415 - as above

    flags = TraceFlags(int(trace.flags, 16))
    state = TraceState.from_header([trace.state]) if trace.state else None
    return SpanContext(
        int(trace.trace, 16),
        int(trace.span, 16),
        is_remote=True,
        trace_flags=flags,
        trace_state=state,
    )


def _nanoseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1e6) * 1000
