"""Owns sending: the SDK's providers, with queues that are bounded and threads of their own.

Loaded when telemetry has somewhere to go. The exporters, which take the longest to load, are
made by the thread that sends, so that no request waits for them.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from time import monotonic
from typing import Any

from opentelemetry.sdk.metrics import Counter, Histogram, MeterProvider
from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    ConsoleMetricExporter,
    MetricExporter,
    MetricExportResult,
    MetricsData,
    PeriodicExportingMetricReader,
)
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import (
    BatchSpanProcessor,
    ConsoleSpanExporter,
    SpanExporter,
    SpanExportResult,
)
from opentelemetry.sdk.trace.sampling import ALWAYS_ON

from signpost.telemetry import exporters, logs
from signpost.telemetry.exporters import Places, Providers
from signpost.telemetry.names import SCOPE

TIMEOUT_SECONDS = 3.0  # of one request
LAST_SECONDS = 2.0  # from the end of the process on, in which requests are still begun
INTERVAL_MS = 15_000.0  # between metrics; an instance that Azure takes away loses no more
MOST_SPANS = 2048  # that wait to be sent; further ones are dropped
DELTA: dict[type, AggregationTemporality] = {
    Counter: AggregationTemporality.DELTA,
    Histogram: AggregationTemporality.DELTA,
}
NOISY = ("azure.core.pipeline.policies.http_logging_policy", "azure.monitor.opentelemetry")

log = logs.logger(__name__)


class Late:
    """An exporter that is made when it is first used, and not used any more at the end.

    One that can't be made is told of once, by the kind of its error: a message could hold what
    the settings do.
    """

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make, self._until = cache(make), float("inf")
        self._is_broken = False

    def send(self, batch: Any, **more: Any) -> bool:  # noqa: ANN401 - spans or metrics
        """Send a batch, and say whether it was taken. Raises nothing."""
        if self._is_broken or monotonic() > self._until:
            return False
        try:
            exporter = self._make()
        except Exception as error:  # noqa: BLE001 - whatever it is, runs go on
            self._is_broken = True
            log.error("Telemetry can't be sent: %s", type(error).__name__)  # noqa: TRY400 - as above
            return False
        return bool(exporter.export(batch, **more).value == 0)

    def end(self) -> None:
        """Begin no request when the last seconds are over."""
        self._until = monotonic() + LAST_SECONDS


class LateSpans(SpanExporter):
    """Sends spans by an exporter that is made late."""

    def __init__(self, late: Late) -> None:
        self._late = late

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send spans."""
        return SpanExportResult.SUCCESS if self._late.send(spans) else SpanExportResult.FAILURE


class LateMetrics(MetricExporter):
    """Sends metrics by an exporter that is made late."""

    def __init__(self, late: Late, *, delta: bool) -> None:
        super().__init__(preferred_temporality=DELTA if delta else None)
        self._late = late

    def export(
        self,
        metrics_data: MetricsData,
        timeout_millis: float = TIMEOUT_SECONDS * 1000,
        **_: Any,  # noqa: ANN401 - as the SDK's own
    ) -> MetricExportResult:
        """Send metrics."""
        sent = self._late.send(metrics_data, timeout_millis=timeout_millis)
        return MetricExportResult.SUCCESS if sent else MetricExportResult.FAILURE

    def force_flush(self, timeout_millis: float = 0) -> bool:  # noqa: ARG002 - the SDK gives it
        """Do nothing: no metrics are held back here."""
        return True

    def shutdown(self, timeout_millis: float = 0, **_: Any) -> None:  # noqa: ANN401 - as above
        """Do nothing: the process ends."""


def providers(wanted: Places, env: Mapping[str, str]) -> Providers:
    """Make the providers for these places."""
    for name in NOISY:  # they log each request, and each log line could be a request
        logging.getLogger(name).setLevel(logging.WARNING)
    lates: list[Late] = []

    resource = _resource(env)
    # A host that samples by itself marks its traces as not sampled, which would drop all of ours.
    sampler = None if env.get(exporters.SAMPLER) else ALWAYS_ON
    traces = TracerProvider(sampler=sampler, resource=resource, shutdown_on_exit=False)
    for kind in wanted.spans:
        lates.append(Late(partial(SPANS[kind], traces)))
        spans = LateSpans(lates[-1])
        traces.add_span_processor(BatchSpanProcessor(spans, max_queue_size=MOST_SPANS))
    readers = []
    for kind in wanted.metrics:
        delta = kind == "azure" or env.get(exporters.PREFERENCE, "").lower() == "delta"
        lates.append(Late(METRICS[kind]))
        sent = LateMetrics(lates[-1], delta=delta)
        every = None if env.get(exporters.INTERVAL) else INTERVAL_MS
        readers.append(PeriodicExportingMetricReader(sent, every, TIMEOUT_SECONDS * 1000))
    meters = MeterProvider(readers, resource, shutdown_on_exit=False)

    def stop() -> None:
        for each in lates:
            each.end()
        traces.shutdown()
        meters.shutdown(TIMEOUT_SECONDS * 1000)

    return Providers(traces, meters, stop)


def _resource(env: Mapping[str, str]) -> Resource:
    """Name the service; OTEL_RESOURCE_ATTRIBUTES and OTEL_SERVICE_NAME are read by the SDK."""
    named: dict[str, Any] = (
        {} if env.get(exporters.NAME) else {"service.name": env.get(exporters.SITE) or SCOPE}
    )
    return Resource.create(named)


def _azure(kind: str, **more: Any) -> Any:  # noqa: ANN401 - the exporter of either kind
    """Make an exporter to Application Insights that leaves nothing on the disk.

    It reads APPLICATIONINSIGHTS_AUTHENTICATION_STRING by itself: with `Authorization=AAD` it
    sends as the managed identity of that client id.
    """
    from azure.monitor.opentelemetry import exporter  # noqa: PLC0415 - 0.2 seconds of CPU

    return getattr(exporter, f"AzureMonitor{kind}Exporter")(
        disable_offline_storage=True,
        instrumentation_collection=True,  # it sends no statistics of its own
        timeout=TIMEOUT_SECONDS,
        read_timeout=TIMEOUT_SECONDS,
        retry_total=1,
        **more,
    )


def _otlp_spans(_: TracerProvider) -> Any:  # noqa: ANN401 - loaded late
    from opentelemetry.exporter.otlp.proto.http import trace_exporter  # noqa: PLC0415 - as above

    return trace_exporter.OTLPSpanExporter(timeout=TIMEOUT_SECONDS)


def _otlp_metrics() -> Any:  # noqa: ANN401 - loaded late
    from opentelemetry.exporter.otlp.proto.http import metric_exporter  # noqa: PLC0415 - as above

    return metric_exporter.OTLPMetricExporter(timeout=TIMEOUT_SECONDS)


def _line(told: ReadableSpan | MetricsData) -> str:
    return told.to_json(indent=None) + "\n"


SPANS: dict[str, Callable[[TracerProvider], Any]] = {
    "azure": lambda traces: _azure("Trace", tracer_provider=traces),
    "otlp": _otlp_spans,
    "console": lambda _: ConsoleSpanExporter(formatter=_line),
}
METRICS: dict[str, Callable[[], Any]] = {
    "azure": lambda: _azure("Metric"),
    "otlp": _otlp_metrics,
    "console": lambda: ConsoleMetricExporter(formatter=_line),
}
