"""Gives a collector that this process sends to, and what the host hands to a function."""

import atexit
from collections.abc import Callable, Iterator

import pytest

from signpost.telemetry import exporters
from tests.doubles.otlp_collector import Collector

VARIABLES = (*exporters.READ, "OTEL_BSP_SCHEDULE_DELAY")

Sent = Callable[[], Collector]


@pytest.fixture
def unset(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Let nothing say where telemetry goes, and let the process decide anew."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    exporters.providers.cache_clear()
    yield monkeypatch
    exporters.providers.cache_clear()


@pytest.fixture
def collector(unset: pytest.MonkeyPatch) -> Iterator[Collector]:
    """Listen, and have telemetry sent here when a test asks for it."""
    with Collector() as listening:
        for name, value in listening.environment().items():
            unset.setenv(name, value)
        unset.setenv("OTEL_BSP_SCHEDULE_DELAY", "60000")  # until a test asks
        unset.setenv("OTEL_METRIC_EXPORT_INTERVAL", "60000")
        yield listening
        if exporters.providers.cache_info().currsize:
            stop()


@pytest.fixture
def sent(collector: Collector) -> Sent:
    """Have all be sent that was told, and give the collector."""

    def send() -> Collector:
        stop()
        return collector

    return send


def stop() -> None:
    """Send what is left, as at the end of a process, whose end then has nothing to send."""
    made = exporters.providers()
    exporters.providers.cache_clear()
    assert made.stop is not None
    atexit.unregister(made.stop)
    made.stop()
