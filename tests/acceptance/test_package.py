"""The package that is deployed runs with nothing but what Azure installs beside it."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from local.stack import Child, running
from tests.acceptance.client import AppPlan, Signpost, plan
from tests.doubles.quick_model import QuickModel
from tests.files import a_docx, upload
from tests.repo.sources import ROOT
from tests.repo.test_import_budget import APP, BUDGET, HEAVY, MOST_ROUNDS, SDK
from tests.repo.test_package import RUNTIME, unpacked

BARE = [sys.executable, "-I", "-S", "-B", "-c"]  # no package of this machine can be found
START = (
    "import runpy, sys; sys.path[:0] = {}; sys.argv = {};"
    " runpy.run_module(sys.argv[0], run_name='__main__')"
)
MEASURE = (
    "import sys, time; sys.path[:0] = {}; b = time.process_time(); {};"
    " print(time.process_time() - b, *sys.modules)"
)


@dataclass
class BareChild(Child):
    """A dev host that finds itself, the packages that Azure installs, and nothing else of ours."""

    def start(self, environment: Mapping[str, str]) -> None:
        """Start it in a folder that holds only the dev host."""
        assert self.log is not None
        shutil.copytree(ROOT / "devhost", self.log.parent / "host" / "devhost")
        paths = [str(self.log.parent / "host"), str(RUNTIME)]
        program = START.format(paths, self.arguments)
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [*BARE, program], cwd=paths[0], env=dict(environment), stdout=log, stderr=log
            )


class BarePlan(AppPlan):
    """A plan whose dev host has only what Azure has."""

    def children(self) -> list[Child]:
        """Return what has to run."""
        *others, host = super().children()
        return [*others, BareChild(host.name, host.arguments, host.answers, host.log)]


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pack the app and unpack it into a bare folder."""
    return unpacked(tmp_path_factory.mktemp("package"))


@pytest.fixture(scope="module")
def deployed(
    package: Path, model: QuickModel, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Signpost]:
    """Run the unpacked app."""
    laid_out = plan(tmp_path_factory.mktemp("state"), model.url, package)
    bare = BarePlan(**vars(laid_out))
    with running(bare) as children, Signpost(bare, children) as signpost:
        yield signpost


def test_a_run_goes_through_the_package(deployed: Signpost) -> None:
    """A text is drafted, signed and posted, and its receipt is there."""
    run, link = deployed.drafted(topic="The package arrived")
    assert deployed.sign(link).status_code == 200
    assert deployed.wait(run, "closed")["outcome"] == "Approve"
    assert deployed.receipt(run)


def test_a_file_is_read_in_the_package(deployed: Signpost) -> None:
    """The process that reads files finds its packages, too."""
    inputs = {"Meeting": "The terrace", "Notes": upload(a_docx("It opens."), "notes.docx")}
    answer = deployed.http.post("/api/flows/write-up/runs", json={"inputs": inputs})
    assert answer.status_code == 202, answer.text


def test_the_pages_are_in_the_package(deployed: Signpost) -> None:
    """The browser gets the pages and the library that shows cards."""
    for path in ("/", "/approvals", "/instructions", "/assets/adaptivecards.min.js"):
        assert deployed.http.get(path).status_code == 200, path


def loaded(package: Path, cache: Path, statement: str) -> tuple[float, set[str]]:
    """Import something as the host does at a cold start; give the seconds and all modules."""
    program = MEASURE.format([str(package), str(RUNTIME)], statement)
    env = os.environ | {"PYTHONPYCACHEPREFIX": str(cache)}
    env.pop("PYTHONDONTWRITEBYTECODE", None)  # bytecode is kept, as after an installation
    command = [sys.executable, "-S", "-P", "-c", program]
    done = subprocess.run(command, cwd=package, env=env, capture_output=True, check=True, text=True)
    seconds, *modules = done.stdout.split()
    return float(seconds), set(modules)


def test_a_cold_start_of_the_package_keeps_the_budget(package: Path, tmp_path: Path) -> None:
    """Importing the unpacked app costs little more than the SDK, and loads nothing heavy."""
    sdk = app = float("inf")
    for _ in range(MOST_ROUNDS):
        sdk = min(sdk, loaded(package, tmp_path, SDK)[0])
        seconds, modules = loaded(package, tmp_path, APP)
        app = min(app, seconds)
        if app <= BUDGET * sdk:
            break
    assert app <= BUDGET * sdk
    assert "signpost.settings" in modules
    assert modules & set(HEAVY) == set()
