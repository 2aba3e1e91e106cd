"""Telemetry goes where a setting says, costs no request anything, and never holds a run up."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from azure.identity import ManagedIdentityCredential

from signpost.telemetry import exporters, metrics, sending, spans
from signpost.telemetry.exporters import Places
from tests.doubles.otlp_collector import Collector
from tests.repo.sources import ROOT
from tests.unit.telemetry.conftest import VARIABLES, Sent, stop

INGESTION = "InstrumentationKey=00000000-0000-0000-0000-000000000001;IngestionEndpoint={0}"
QUIET = {"APPLICATIONINSIGHTS_CONTROLPLANE_DISABLED": "true"}
LOADED = "; import json, sys; print(json.dumps([n for n in sys.modules if {0} in n]))"
TELL = """
from signpost.telemetry import metrics, spans
with spans.span("signpost.draft"):
    metrics.started("news")
"""
# Azure's exporter starts threads when it is made, which no process can that ends already.
FLUSH = """
from signpost.telemetry import exporters
exporters.providers().traces.force_flush()
exporters.providers().metrics.force_flush()
"""
BUSY = """
from time import monotonic
from signpost.telemetry import exporters, metrics, spans
exporters.providers()
began = monotonic()
for _ in range(3000):
    with spans.span("signpost.draft"):
        metrics.started("news")
print(monotonic() - began)
"""


def run(program: str, settings: dict[str, str] | None = None, folder: Path = ROOT) -> str:
    """Return what a fresh interpreter prints on either stream, with these settings alone."""
    env = {name: text for name, text in os.environ.items() if name not in VARIABLES}
    env |= {"PYTHONPATH": str(ROOT), **QUIET, **(settings or {})}
    env |= {"TMPDIR": str(folder), "HOME": str(folder)}
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=folder, env=env, check=True, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60,
    )  # fmt: skip
    return done.stdout


@pytest.mark.parametrize(
    "set_, spans_to, metrics_to",
    [
        ({}, [], []),
        ({exporters.AZURE: "x"}, ["azure"], ["azure"]),
        ({exporters.OTLP: "x"}, ["otlp"], ["otlp"]),
        ({exporters.CONSOLE_TRACES: "console"}, ["console"], []),
        ({exporters.CONSOLE_METRICS: "console"}, [], ["console"]),
        ({exporters.CONSOLE_METRICS: "otlp", exporters.OTLP: ""}, [], []),
        ({exporters.AZURE: "x", exporters.OTLP: "x"}, ["azure", "otlp"], ["azure", "otlp"]),
    ],
)
def test_settings_say_where_it_goes(set_: Any, spans_to: Any, metrics_to: Any) -> None:
    """Each place has a variable of its own, and all of them may be set at once."""
    assert exporters.places(set_) == Places(spans_to, metrics_to)


def test_importing_the_app_loads_the_api_alone() -> None:
    """Wherever telemetry goes: every cold start would pay for the SDK."""
    program = "import function_app" + LOADED.format("'opentelemetry'")
    loaded = json.loads(run(program, {exporters.OTLP: "http://127.0.0.1:9"}))
    assert [name for name in loaded if ".sdk" in name or "export" in name] == []


def test_without_a_place_nothing_is_loaded() -> None:
    """Telling then costs the calls of an API that does nothing."""
    program = TELL + LOADED.format("'opentelemetry'").removeprefix(";").strip()
    assert [name for name in json.loads(run(program)) if ".sdk" in name] == []


def test_exporters_are_made_by_the_thread_that_sends(collector: Collector) -> None:
    """They take the longest to load, so what is told first does not wait for them."""
    program = TELL + LOADED.format("'exporter.otlp'").removeprefix(";").strip()
    late = {"OTEL_BSP_SCHEDULE_DELAY": "60000", "OTEL_METRIC_EXPORT_INTERVAL": "60000"}
    assert json.loads(run(program, collector.environment() | late)) == []
    assert [span.name for span in collector.spans] == ["signpost.draft"]


def test_the_console_gets_one_object_a_line() -> None:
    """For `make run`: what an endpoint would get, to read."""
    console = {exporters.CONSOLE_TRACES: "console", exporters.CONSOLE_METRICS: "console"}
    span, told = map(json.loads, run(TELL, console).splitlines())
    assert span["name"] == "signpost.draft"
    assert told["resource_metrics"][0]["scope_metrics"][0]["scope"]["name"] == "signpost"


@pytest.mark.parametrize("fault", ["hangs", "refuses", "is gone"])
def test_a_collector_that_fails_holds_nothing_up(collector: Collector, fault: str) -> None:
    """Telling takes no longer, and the end of the process a few seconds at most."""
    collector.hangs, collector.status = fault == "hangs", 503
    url = "http://127.0.0.1:9" if fault == "is gone" else collector.url
    began = monotonic()
    said = run(BUSY, collector.environment() | {exporters.OTLP: url})
    assert monotonic() - began < 12
    assert min(map(float, re.findall(r"^[0-9.]+$", said, re.MULTILINE))) < 2


def test_application_insights_gets_it(collector: Collector, tmp_path: Path) -> None:
    """A span as a dependency of its trace, a counter as a sum with its attributes."""
    run(TELL + FLUSH, {exporters.AZURE: INGESTION.format(collector.url)}, tmp_path)
    told = {each["data"]["baseType"]: each for each in collector.items}
    span, metric = told["RemoteDependencyData"], told["MetricData"]["data"]["baseData"]
    assert span["data"]["baseData"]["name"] == "signpost.draft"
    assert (len(span["tags"]["ai.operation.id"]), span["tags"]["ai.cloud.role"]) == (32, "signpost")
    [value] = metric["metrics"]
    assert (value["name"], value["value"]) == ("signpost.runs.started", 1)
    assert metric["properties"]["flow"] == "news"


@pytest.mark.parametrize("is_there", [True, False])
def test_no_file_stays(collector: Collector, tmp_path: Path, is_there: bool) -> None:  # noqa: FBT001 - the case
    """What can't be sent is dropped, not kept on the disk."""
    url = collector.url if is_there else "http://127.0.0.1:9"
    said = run(TELL + FLUSH, {exporters.AZURE: INGESTION.format(url)}, tmp_path)
    assert ("Connection refused" in said) is not is_there
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_it_sends_as_the_app_s_identity(unset: pytest.MonkeyPatch) -> None:
    """With the client id of the variable, where the resource takes no key."""
    unset.setenv(exporters.AZURE, INGESTION.format("https://ingestion.contoso.com"))
    unset.setenv("APPLICATIONINSIGHTS_AUTHENTICATION_STRING", "ClientId=our-id;Authorization=AAD")
    unset.setenv("APPLICATIONINSIGHTS_CONTROLPLANE_DISABLED", "true")
    made = sending.METRICS["azure"]()
    credential: Any = made._credential
    assert type(credential) is ManagedIdentityCredential
    assert vars(credential._credential)["_settings"]["client_id"] == "our-id"


def test_what_can_not_be_made_is_said_once(unset: pytest.MonkeyPatch, caplog) -> None:
    """By the kind of its error: its text could hold the setting. Runs go on."""
    unset.setenv(exporters.AZURE, "a secret that is no connection string")
    for _ in range(3):
        with spans.span("signpost.draft"):
            metrics.started("news")
    stop()
    assert caplog.text.count("Telemetry can't be sent: ValueError") == 2  # spans and metrics
    assert "a secret" not in caplog.text


def test_the_service_has_a_name(sent: Sent) -> None:
    """Application Insights shows it as the role, and an endpoint as the service."""
    with spans.span("signpost.draft"):
        pass
    assert b"service.name\x12\x0a\x0a\x08signpost" in sent().bodies[0]
