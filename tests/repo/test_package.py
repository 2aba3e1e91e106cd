"""What is deployed is the app and nothing else, small, and the same each time it is packed."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING

from tests.repo.sources import ROOT
from tests.repo.test_supply import packed

if TYPE_CHECKING:
    from pathlib import Path

RUNTIME = ROOT / ".venv" / "runtime"
LARGEST = 60_000_000  # bytes unpacked, with everything that Azure installs, without bytecode
SMALLEST = 30_000_000  # or the folder of packages is not what Azure installs


def package(folder: Path, *more: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Pack the app into a zip of a folder."""
    where = ["--to", str(folder / "laid-out"), "--zip", str(folder / "app.zip")]
    command = [sys.executable, "scripts/package", *where, *more]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)


def unpacked(folder: Path, *more: str, **env: str) -> Path:
    """Pack the app, and unpack it into a bare folder."""
    done = package(folder, *more, **env)
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(folder / "app.zip") as archive:
        archive.extractall(folder / "app")
    return folder / "app"


def names(folder: Path) -> set[str]:
    """Name the files below a folder."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def size(folder: Path) -> int:
    """Add up the bytes of the files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def test_both_ways_to_deploy_send_the_same_files(tmp_path: Path) -> None:
    """What `func azure functionapp publish` leaves out by .funcignore isn't packed either."""
    assert names(unpacked(tmp_path)) == packed() - {".funcignore"}


def test_the_package_is_small_with_all_that_azure_installs(tmp_path: Path) -> None:
    """A cold start unpacks less than 60 MB."""
    app, installed = unpacked(tmp_path), size(RUNTIME)
    assert not list(RUNTIME.rglob("*.pyc"))
    assert SMALLEST < installed < LARGEST - size(app)


def test_a_package_is_made_the_same_each_time(tmp_path: Path) -> None:
    """Who packs again gets the same bytes, so that a changed zip means a changed app."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        package(tmp_path / name)
    one, two = ((tmp_path / name / "app.zip").read_bytes() for name in ("one", "two"))
    assert one == two


def test_the_scheduler_is_named_in_host_json(tmp_path: Path) -> None:
    """The scale controller reads there which backend to look at."""
    host = json.loads((unpacked(tmp_path) / "host.json").read_text("utf-8"))
    assert host["extensions"]["durableTask"]["storageProvider"]["type"] == "azureManaged"
    assert host == json.loads((ROOT / "host.json").read_text("utf-8"))


def test_azure_storage_is_named_where_it_is_asked_for(tmp_path: Path) -> None:
    """The other backend needs another host.json; all else stays as it is."""
    app = unpacked(tmp_path, "--backend", "AzureStorage")
    durable = json.loads((app / "host.json").read_text("utf-8"))["extensions"]["durableTask"]
    assert durable["storageProvider"]["type"] == "AzureStorage"
    assert "DURABLE_TASK_SCHEDULER_CONNECTION_STRING" not in json.dumps(durable)
    assert durable["hubName"] == "%TASKHUB_NAME%"


def test_the_backend_of_the_deployment_is_taken(tmp_path: Path) -> None:
    """What the infrastructure was made for is what the package is made for."""
    told = package(tmp_path, DURABLE_BACKEND="AzureStorage").stdout
    assert "for AzureStorage" in told


def test_an_unknown_backend_is_refused(tmp_path: Path) -> None:
    """A typing mistake isn't deployed as something else."""
    done = package(tmp_path, DURABLE_BACKEND="SqlServer")
    assert done.returncode == 2
    assert "DURABLE_BACKEND" in done.stderr
    assert not (tmp_path / "app.zip").exists()


def test_only_a_package_is_emptied(tmp_path: Path) -> None:
    """A folder that holds anything else stays as it is."""
    (tmp_path / "laid-out").mkdir()
    (tmp_path / "laid-out" / "notes.txt").touch()
    done = package(tmp_path)
    assert (done.returncode, "empty folder" in done.stderr) == (2, True)
    assert (tmp_path / "laid-out" / "notes.txt").exists()


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    """What lies outside of the app, or beside it as local.settings.json, is never packed."""
    (tmp_path / "scripts").mkdir()
    script = tmp_path / "scripts" / "package"
    script.write_bytes((ROOT / "scripts/package").read_bytes())
    (tmp_path / "local.settings.json").write_text("{}", "utf-8")
    (tmp_path / "function_app.py").symlink_to("local.settings.json")
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "function_app.py is a link" in done.stderr
