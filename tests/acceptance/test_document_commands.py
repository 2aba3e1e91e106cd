"""Commands of the documents run as they stand there, in a copy of the repository."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.devhost import PARTS
from local.stack import ROOT, answers, free_port
from tests.acceptance.client import Signpost, once
from tests.acceptance.conftest import serving
from tests.doubles import fake_az
from tests.doubles.quick_model import QuickModel
from tests.repo.commands_run import run_by
from tests.repo.sources import files

CARDS = Path("console/node_modules/adaptivecards/dist/adaptivecards.min.js")
GIVES_THE_KEY = '#!/bin/sh\n[ "$1 $2 $3" = "functionapp keys list" ] && echo "$KEY_OF_THE_APP"\n'
NAMES = {"AZURE_RESOURCE_GROUP": "rg-news", "SERVICE_APP_NAME": "func-news",
         "AZURE_SUBSCRIPTION_ID": "11111111-1111-1111-1111-111111111111"}  # fmt: skip


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy the repository, so that a command may write where it writes."""
    folder = tmp_path_factory.mktemp("clone")
    for path in (*files(), CARDS, CARDS.with_name(f"{CARDS.name}.LICENSE.txt")):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, folder / path)
    (folder / ".venv").symlink_to(ROOT / ".venv")
    return folder


@pytest.fixture(scope="module")
def kept(
    model: QuickModel, all_types: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Signpost]:
    """Run a Signpost that asks for keys, with one run that is over."""
    state, settings = tmp_path_factory.mktemp("state"), {"SIGNPOST_SIGN_IN": "off"}
    with serving(state, model.url, all_types, DEVHOST_KEYS="1", **settings) as started:
        started.http.headers["x-functions-key"] = key(started)
        run, link = started.drafted()
        started.sign(link)
        started.wait(run, "closed")
        yield started


def key(signpost: Signpost) -> str:
    """Give the function key of a Signpost."""
    found: str = json.loads((signpost.plan.state / "keys.json").read_text("utf-8"))["function"]
    return found


def found_at(clone: Path) -> str:
    """Give a path of programs: those of a test, the Python of the tests, the machine's."""
    return f"{clone / 'bin'}:{Path(sys.executable).parent}:{os.environ['PATH']}"


def type_in(line: str, clone: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Type a line into a shell in the copy, with the Python of the tests and these variables."""
    told = env | {"PATH": found_at(clone), "HOME": str(clone)}
    return subprocess.run(
        ["sh", "-c", line], cwd=clone, env=told, capture_output=True, text=True, timeout=100,
        check=False,
    )  # fmt: skip


def sound(line: str, clone: Path, **env: str) -> str:
    """Type a line, see that it ends well, and give what it says."""
    done = type_in(line, clone, **env)
    assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def with_key(clone: Path, signpost: Signpost) -> dict[str, str]:
    """Put an `az` that gives the app's key on the path; give the variables of the document."""
    program = clone / "bin" / "az"
    program.parent.mkdir(exist_ok=True)
    program.write_text(GIVES_THE_KEY, "utf-8")
    program.chmod(0o755)
    return NAMES | {"KEY_OF_THE_APP": key(signpost), "SERVICE_API_URI": signpost.url}


def test_the_doctor_examines_the_environment(clone: Path, kept: Signpost) -> None:
    """Of the settings that a running Signpost has: no problem."""
    for line in run_by("test_the_doctor_examines_the_environment"):
        assert "The settings can be read" in sound(line.text, clone, **kept.plan.environment())


def test_the_doctor_asks_azure(clone: Path) -> None:
    """Names are taken as they are shown; who did not sign in is told to."""
    fake_az.install(clone / "bin", None)
    for line in run_by("test_the_doctor_asks_azure"):
        done = type_in(line.text, clone, **NAMES)
        assert (done.returncode, done.stderr) == (2, "")
        assert "Nobody is signed in to Azure here" in done.stdout


def test_the_doctor_asks_an_app(clone: Path, kept: Signpost) -> None:
    """The key comes from `az` into a variable, and the app tells all that it found."""
    for line in run_by("test_the_doctor_asks_an_app"):
        told = sound(line.text, clone, **with_key(clone, kept))
        assert re.search(r"^ok +ledger: ", told, re.MULTILINE)


def test_the_smoke_test_looks_at_an_app(clone: Path, kept: Signpost) -> None:
    """Every step is well; an address in Azure stands for the app here."""
    for line in run_by("test_the_smoke_test_looks_at_an_app"):
        text = line.text.replace('"https://$SERVICE_APP_NAME.azurewebsites.net"', kept.url)
        assert "Signpost is ready" in sound(text, clone, SERVICE_API_URI=kept.url)


def test_receipts_are_exported(clone: Path, kept: Signpost) -> None:
    """One run is over, so that there is one receipt, and the public keys."""
    for line in run_by("test_receipts_are_exported"):
        text = line.text.replace("URL FOLDER", f"{kept.url} receipts --key-from-env KEY_OF_THE_APP")
        assert " written, " in sound(text, clone, **with_key(clone, kept))
    assert len(list((clone / "receipts").glob("*.json"))) == 2


def test_receipts_are_verified(clone: Path, kept: Signpost) -> None:
    """Also against a key that is trusted."""
    [run] = [each["id"] for each in kept.http.get("/api/runs?box=all").json()["runs"]]
    (clone / "receipts").mkdir(exist_ok=True)
    (clone / f"receipts/{run}.json").write_bytes(kept.receipt(run))
    [public] = kept.http.get("/api/receipts/keys").json()["keys"]
    for line in run_by("test_receipts_are_verified"):
        text = re.sub(r"FILE|receipts/RUN\.json", f"receipts/{run}.json", line.text)
        assert run in sound(text.replace("HEX", public["publicKey"]), clone)


def test_the_app_is_packed(clone: Path) -> None:
    """The zip lies where the command says."""
    for line in run_by("test_the_app_is_packed"):
        shutil.rmtree(clone / ".package", ignore_errors=True)
        sound(line.text, clone)
        assert (clone / ".package/app/function_app.py").is_file()
    assert (clone / "signpost.zip").stat().st_size > 100_000


def test_npm_knows_what_to_install(tmp_path: Path) -> None:
    """By the locked versions, and no developer's tool; nothing is fetched or written here."""
    (tmp_path / "console").mkdir()
    for path in (ROOT / "console").glob("package*.json"):
        shutil.copy(path, tmp_path / "console")
    for line in run_by("test_npm_knows_what_to_install"):
        told = sound(f"{line.text} --dry-run --offline", tmp_path)
        assert re.findall(r"^add ([\w-]+)", told, re.MULTILINE) == ["swiper", "adaptivecards"]


def test_what_writes_files_runs(clone: Path) -> None:
    """What is recorded is as it was, also of a release that is out; so is the table of settings."""
    for line in run_by("test_what_writes_files_runs"):
        done = type_in(line.text, clone)
        assert done.returncode == 0 or " is out: raise " in done.stderr, done.stderr
        if "variables" in line.text:
            assert done.stdout == (ROOT / "docs/settings.md").read_text("utf-8")
    earlier = "tests/unit/earlier/0.1.0.json"
    assert (clone / earlier).read_bytes() == (ROOT / earlier).read_bytes()


def test_samples_are_written(clone: Path, model: QuickModel) -> None:
    """With any model; the local one, that is asked without names of one, takes minutes."""
    given = {"MODEL_BASE_URL": model.url, "MODEL_NAME": "quick"}
    for line in run_by("test_samples_are_written"):
        sound(f"{line.text.rpartition(' ')[2]} summary", clone, **given)
    assert "quick" in (clone / "docs/samples/summary.md").read_text("utf-8")


def in_small(shown: str) -> str:
    """Let a benchmark measure little; its part `parked` watches an idle host for half a minute."""
    words = re.sub(r"\d+", "3", shown).split()
    given = [word for word in words[3:] if word not in PARTS]
    parts = [word for word in words[3:] if word in PARTS and word != "parked"] or ["startup"]
    few = {"devhost": "--runs 3 --parked 3", "drafts": "--drafts 3", "runs": "--runs 3 --parked 3"}
    kind = words[2].removeprefix("bench.")
    return " ".join([*words[:3], *(parts if kind == "devhost" else []), *(given or [few[kind]])])


def test_benchmarks_run(clone: Path) -> None:
    """Each program and option that is shown."""
    for text in sorted({in_small(line.text) for line in run_by("test_benchmarks_run")}):
        assert sound(text, clone)


def test_the_devhost_serves(clone: Path, kept: Signpost) -> None:
    """By each way to start it, on a free port."""
    for line in run_by("test_the_devhost_serves"):
        port = str(free_port())
        env = kept.plan.environment() | {"DEVHOST_PORT": port, "PATH": found_at(clone)}
        command = ["sh", "-c", f"exec {line.text.replace('7072', port)}"]
        with subprocess.Popen(command, cwd=clone, env=env) as host:
            answers_at(f"http://127.0.0.1:{port}/")
            host.terminate()


def test_the_devhosts_options_are_told(clone: Path) -> None:
    """Its document shows each, and no other."""
    usage = (ROOT / "devhost/README.md").read_text("utf-8").split("```")[1]
    offered = set(re.findall(r"--[a-z]+", sound("python -m devhost --help", clone)))
    assert set(re.findall(r"--[a-z]+", usage)) == offered - {"--help"}


def answers_at(url: str) -> None:
    """Wait until a server answers."""
    once(lambda: answers(url), lambda: f"{url} gave no answer")


def test_spans_come_to_the_terminal(all_types: Path, model: QuickModel, tmp_path: Path) -> None:
    """With the variable that the document shows, the dev host's output holds spans of a run."""
    [given] = [
        command.given
        for line in run_by("test_spans_come_to_the_terminal")
        for command in line.commands
    ]
    with serving(tmp_path, model.url, all_types, **given) as started:
        started.drafted()
        log = started.plan.state / "devhost.log"
        once(lambda: '"signpost.draft"' in log.read_text("utf-8"), lambda: "no span came")


def test_targets_are_commands(clone: Path) -> None:
    """`make` knows what it would run, and the variables that are shown reach it."""
    for line in run_by("test_targets_are_commands"):
        text = line.text.replace("make ", "make -n ")
        assert ".venv/bin/python" in sound(text, clone) or "scripts/setup" in sound(text, clone)
        for value in re.findall(r'ARGS="(.+?)"|FRESH=1', text):
            assert (value or "--fresh") in sound(text, clone)
