"""Owns where telemetry goes: decided once a process, when something is told for the first time.

Without a setting that names a place nothing is loaded, and what is told goes to OpenTelemetry's
own providers, which do nothing unless somebody else set them up.
"""

import atexit
from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING

from msgspec import Struct
from opentelemetry import trace

from signpost.settings import variables

if TYPE_CHECKING:
    from opentelemetry.metrics import MeterProvider

AZURE = "APPLICATIONINSIGHTS_CONNECTION_STRING"
OTLP = "OTEL_EXPORTER_OTLP_ENDPOINT"
CONSOLE_TRACES = "OTEL_TRACES_EXPORTER"
CONSOLE_METRICS = "OTEL_METRICS_EXPORTER"
PREFERENCE = "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE"
SAMPLER = "OTEL_TRACES_SAMPLER"
INTERVAL = "OTEL_METRIC_EXPORT_INTERVAL"
NAME = "OTEL_SERVICE_NAME"
SITE = "WEBSITE_SITE_NAME"
READ = (
    AZURE, OTLP, CONSOLE_TRACES, CONSOLE_METRICS, PREFERENCE, SAMPLER, INTERVAL, NAME, SITE,
)  # fmt: skip


class Places(Struct, frozen=True):
    """Where spans and where metrics go, each any of `azure`, `otlp` and `console`."""

    spans: list[str]
    metrics: list[str]


class Providers(Struct, frozen=True):
    """What gives tracers and meters; `stop` sends what is left, and takes seconds at most."""

    traces: trace.TracerProvider
    metrics: "MeterProvider"
    stop: Callable[[], None] | None = None


def places(env: Mapping[str, str]) -> Places:
    """Read from the environment where telemetry is wanted."""
    both = [kind for kind, name in (("azure", AZURE), ("otlp", OTLP)) if env.get(name)]
    spans = ["console"] * (env.get(CONSOLE_TRACES) == "console")
    metrics = ["console"] * (env.get(CONSOLE_METRICS) == "console")
    return Places([*both, *spans], [*both, *metrics])


def is_on() -> bool:
    """Say whether telemetry has somewhere to go."""
    return providers().stop is not None


@cache
def providers() -> Providers:
    """Give the providers of this process; its end waits for them, for seconds at most."""
    env = variables(READ)
    wanted = places(env)
    if not (wanted.spans or wanted.metrics):
        from opentelemetry import metrics  # noqa: PLC0415 - every cold start would pay

        return Providers(trace.get_tracer_provider(), metrics.get_meter_provider())
    from signpost.telemetry import sending  # noqa: PLC0415 - loads the OpenTelemetry SDK

    made = sending.providers(wanted, env)
    if made.stop is not None:
        atexit.register(made.stop)
    return made
