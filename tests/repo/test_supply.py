"""What is installed is fixed to the version."""

from __future__ import annotations

import json
import re
import subprocess
import tomllib
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.repo.sources import APP, ROOT, files, read

if TYPE_CHECKING:
    from pathlib import Path

CARDS = "console/node_modules/adaptivecards/dist/adaptivecards.min.js"


def pins(name: str) -> dict[str, str]:
    """Return the pinned version of each package in a requirements file."""
    found = re.findall(r"^([\w.-]+)==(\S+)$", read(name), re.MULTILINE)
    return {canonicalize_name(package): version for package, version in found}


def asked(extra: str | None = None) -> list[Requirement]:
    """Return what pyproject.toml asks for, at run time or for an extra."""
    project = tomllib.loads(read("pyproject.toml"))["project"]
    listed = project["optional-dependencies"][extra] if extra else project["dependencies"]
    return [Requirement(line) for line in listed]


def unmet(requirements: list[Requirement], pinned: dict[str, str]) -> list[str]:
    """Return the requirements that no pin satisfies."""
    versions = [pinned.get(canonicalize_name(requirement.name)) for requirement in requirements]
    both = zip(requirements, versions, strict=True)
    return [str(asked) for asked, version in both if not version or version not in asked.specifier]


def packed() -> set[str]:
    """Return the files that .funcignore lets into the package, committed and installed ones."""
    rules = ["git", "ls-files", "--exclude-from=.funcignore"]
    kinds = (["-c"], ["-c", "-i"], ["-o"])
    listed = [subprocess.check_output([*rules, *kind], cwd=ROOT, text=True) for kind in kinds]
    committed, refused, installed = (set(names.splitlines()) for names in listed)
    return committed - refused | installed


def test_package_holds_what_the_app_reads() -> None:
    """A deployed app has its code, flows, instructions and pages, and the browser's library."""
    parts = {*APP, "function_app.py", "flows", "instructions", "console"}
    ours = {
        path.as_posix() for path in files() if path.parts[0] in parts and path.suffix != ".json"
    }
    assert (ours | {"host.json", "requirements.txt", CARDS}) - packed() == set()


def test_package_holds_nothing_else() -> None:
    """Development tools, tests and secrets of this machine stay at home."""
    folders = {*APP, "console", "flows", "instructions"}
    files_at_root = {"function_app.py", "host.json", "requirements.txt"}
    files_at_root |= {"LICENSE", ".funcignore"}
    assert {name.split("/")[0] for name in packed()} <= folders | files_at_root
    assert {name for name in packed() if "node_modules" in name} <= {CARDS, f"{CARDS}.LICENSE.txt"}


def test_secrets_of_a_laptop_stay_there(tmp_path: Path) -> None:
    """What azd and editors keep beside the app, of which git knows nothing, is not published."""
    (tmp_path / ".funcignore").write_text(read(".funcignore"), "utf-8")
    for name in (".azure/dev/.env", ".env", ".vscode/launch.json", "local.settings.prod.json"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    command = ["git", "ls-files", "-o", "--exclude-from=.funcignore"]
    assert subprocess.check_output(command, cwd=tmp_path) == b""


def test_every_requirement_is_pinned() -> None:
    """Each line is one exact version, a comment or the include of the runtime."""
    for name in ("requirements.txt", "requirements-dev.txt"):
        lines = [line for line in read(name).splitlines() if not line.startswith("#")]
        allowed = {"-r requirements.txt"} if name == "requirements-dev.txt" else set()
        assert [line for line in lines if "==" not in line and line not in allowed] == []


def test_pins_meet_what_the_project_asks_for() -> None:
    """The lock isn't older than pyproject.toml; scripts/lock writes it anew."""
    runtime = pins("requirements.txt")
    assert unmet(asked(), runtime) == []
    assert unmet(asked("dev"), runtime | pins("requirements-dev.txt")) == []


def test_npm_packages_are_locked() -> None:
    """Every npm package has a version and a checksum."""
    packages = json.loads(read("console/package-lock.json"))["packages"]
    third_party = {name: entry for name, entry in packages.items() if name}
    assert third_party
    assert [n for n, entry in third_party.items() if not entry["integrity"]] == []
