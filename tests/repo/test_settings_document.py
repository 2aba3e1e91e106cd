"""Settings that documents name are read by the app, and those that it reads are documented."""

from __future__ import annotations

import json

from tests.repo.sources import files, markdown, names_setting, read

READER = "signpost/settings.py"
READERS = (READER, "signpost/allowances.py")
SIZES = "tests/acceptance/sizes.py"
TABLE = "docs/architecture.md"


def settings_read() -> set[str]:
    """Return the names of all settings that the app reads."""
    return {name for path in READERS for name in names_setting(read(path))}


def test_documented_settings_are_read() -> None:
    """No document tells a reader to set what nothing reads."""
    known = settings_read() | names_setting(read(SIZES))
    unknown = {str(path): names_setting(read(path)) - known for path in markdown()}
    assert {path: names for path, names in unknown.items() if names} == {}


def test_settings_are_documented() -> None:
    """Every setting that the app reads stands in the table of settings."""
    assert settings_read() - names_setting(read(TABLE)) == set()


def test_example_settings_are_read() -> None:
    """The example for Core Tools sets nothing that nothing reads."""
    for path in (path for path in files() if path.name.startswith("local.settings.")):
        values = json.loads(read(path))["Values"]
        assert names_setting(" ".join(values)) <= settings_read()


def test_only_settings_reads_the_environment() -> None:
    """The app's environment is read in one place."""
    readers = [p for p in files() if p.suffix == ".py" and "os.environ" in read(p)]
    app = {"function_app.py", "triggers", "orchestrators", "activities", "signpost"}
    assert [str(p) for p in readers if p.parts[0] in app] == [READER]
