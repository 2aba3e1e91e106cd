"""A loopback collector: takes OTLP over HTTP, or what Application Insights takes, and tells it."""

import asyncio
import json
from collections import Counter
from typing import Any, NamedTuple

from aiohttp import web
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.doubles.listening import ListeningApart

LONG = 3600.0  # seconds; nobody waits for them


class Told(NamedTuple):
    """One span; ids are in hex digits, and `parent` is empty at the root of a trace."""

    name: str
    trace: str
    id: str
    parent: str
    failed: bool
    attributes: dict[str, Any]


class Collector(ListeningApart):
    """Listens on a port of its own, in a thread of its own.

    `sums` adds up what counters told as deltas, by name and attributes, and the number of values
    of histograms; `gauges` has the last values, `items` those of Application Insights, and `bodies`
    the bytes of all that came. With a `status` it refuses, and while it `hangs` nothing is
    answered.
    """

    def __init__(self) -> None:
        super().__init__()
        self.spans: list[Told] = []
        self.sums: Counter[tuple[str, ...]] = Counter()
        self.gauges: dict[tuple[str, ...], float] = {}
        self.items: list[Any] = []
        self.bodies: list[bytes] = []
        self.status = 200
        self.hangs = False

    def environment(self) -> dict[str, str]:
        """Give the variables by which the app sends here, and soon."""
        return {
            "OTEL_EXPORTER_OTLP_ENDPOINT": self.url,
            "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE": "delta",
            "OTEL_BSP_SCHEDULE_DELAY": "50",
            "OTEL_METRIC_EXPORT_INTERVAL": "100",
        }

    def named(self, name: str) -> list[Told]:
        """Give the spans of this name."""
        return [span for span in self.spans if span.name == name]

    def routes(self) -> list[web.RouteDef]:
        """Give what it answers."""
        return [
            web.post("/v1/traces", self._take_spans),
            web.post("/v1/metrics", self._take_metrics),
            web.post("/v2.1/track", self._take_items),
        ]

    async def _body(self, request: web.Request) -> bytes:
        body = await request.read()
        self.bodies.append(body)
        if self.hangs:
            await asyncio.sleep(LONG)
        return body if self.status == 200 else b""

    async def _take_spans(self, request: web.Request) -> web.Response:
        asked = ExportTraceServiceRequest.FromString(await self._body(request))
        for scope in (scope for each in asked.resource_spans for scope in each.scope_spans):
            for span in scope.spans:
                ids = (span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex())
                failed = span.status.code == span.status.STATUS_CODE_ERROR
                self.spans.append(Told(span.name, *ids, failed, _plain(span.attributes)))
        return web.Response(status=self.status)

    async def _take_metrics(self, request: web.Request) -> web.Response:
        asked = ExportMetricsServiceRequest.FromString(await self._body(request))
        for scope in (scope for each in asked.resource_metrics for scope in each.scope_metrics):
            for metric in scope.metrics:
                for point in metric.sum.data_points:
                    self.sums[_series(metric.name, point)] += point.as_double or point.as_int
                for spread in metric.histogram.data_points:
                    self.sums[_series(metric.name, spread)] += spread.count
                for point in metric.gauge.data_points:
                    self.gauges[_series(metric.name, point)] = point.as_double or point.as_int
        return web.Response(status=self.status)

    async def _take_items(self, request: web.Request) -> web.Response:
        new = json.loads(await self._body(request))
        self.items += new
        counts = {"itemsReceived": len(new), "itemsAccepted": len(new), "errors": []}
        return web.json_response(counts, status=self.status)


def _series(name: str, point: Any) -> tuple[str, ...]:
    """Name a series: the metric's name without the project's, then its attributes in order."""
    told = _plain(point.attributes)
    return (name.removeprefix("signpost."), *(f"{told[key]}" for key in sorted(told)))


def _plain(attributes: Any) -> dict[str, Any]:
    return {each.key: _value(each.value) for each in attributes}


def _value(value: Any) -> Any:
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [_value(each) for each in value.array_value.values]
    return getattr(value, kind)
