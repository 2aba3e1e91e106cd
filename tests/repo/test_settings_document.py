"""Settings have one catalogue: the app reads what stands in it, and documents name nothing else."""

from __future__ import annotations

import json

import pytest

from signpost.telemetry.exporters import READ
from signpost.variables import OF_HOST, VARIABLES, page
from tests.repo.infra.agreement import OF_AZD
from tests.repo.sources import files, markdown, names_setting, read

READER = "signpost/settings.py"
READERS = (READER, "signpost/allowances.py")
SIZES = "tests/acceptance/sizes.py"
DEPLOYMENT = ("infra/main.parameters.json", "infra/main.bicep")
CATALOGUE = [variable.name for variable in VARIABLES]
HOST = [variable.name for variable in OF_HOST]
OVERRIDES = "AzureFunctionsJobHost__"  # of host.json, by its own path
ON_ONE_MACHINE = {"AzureWebJobsStorage", "FUNCTIONS_WORKER_RUNTIME"}
FINE_TUNING = {"OTEL_TRACES_SAMPLER", "OTEL_METRIC_EXPORT_INTERVAL", "OTEL_SERVICE_NAME"}
FINE_TUNING |= {"OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE"}


def test_every_setting_that_is_read_stands_in_the_catalogue() -> None:
    """What the app reads and what is listed are the same names, each listed once."""
    assert sorted(CATALOGUE) == sorted(set(CATALOGUE))
    assert {name for path in READERS for name in names_setting(read(path))} == set(CATALOGUE)


def test_the_page_of_settings_is_the_catalogue() -> None:
    """The page is written anew by `python -m signpost.variables > docs/settings.md`."""
    assert read("docs/settings.md") == page()


@pytest.mark.parametrize("variable", [*VARIABLES, *OF_HOST], ids=[*CATALOGUE, *HOST])
def test_a_setting_is_told_in_one_line(variable) -> None:
    """Meaning, default and who sets it are there, and don't break the table."""
    assert all(cell and "|" not in cell and "\n" not in cell for cell in variable)


def test_documented_settings_are_read() -> None:
    """No document tells a reader to set what neither the app nor a deployment reads."""
    known = {*CATALOGUE, *HOST, *names_setting(read(SIZES)), *OF_AZD}
    known |= {name for path in DEPLOYMENT for name in names_setting(read(path))}
    ours = [path for path in markdown() if path.parts[0] != "devhost"]  # a host for any app
    unknown = {str(path): names_setting(read(path)) - known for path in ours}
    assert {path: names for path, names in unknown.items() if names} == {}


def test_example_settings_are_read() -> None:
    """The example for Core Tools sets nothing that nothing reads."""
    for path in (path for path in files() if path.name.startswith("local.settings.")):
        named = {
            name for name in json.loads(read(path))["Values"] if not name.startswith(OVERRIDES)
        }
        assert named <= {*CATALOGUE, *HOST} | ON_ONE_MACHINE


def test_what_telemetry_reads_is_listed() -> None:
    """Where telemetry goes stands on the page; the SDK's own variables are OpenTelemetry's."""
    assert set(READ) - set(HOST) == FINE_TUNING


def test_only_settings_reads_the_environment() -> None:
    """The app's environment is read in one place."""
    readers = [p for p in files() if p.suffix == ".py" and "os.environ" in read(p)]
    app = {"function_app.py", "triggers", "orchestrators", "activities", "signpost"}
    assert [str(p) for p in readers if p.parts[0] in app] == [READER]
