"""Workflows run fixed code with few rights, and commands that the repository has."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
import yaml

from tests.repo.sources import ROOT, files, read

if TYPE_CHECKING:
    from pathlib import Path

WORKFLOWS = [path for path in files() if path.parent.as_posix() == ".github/workflows"]
PINNED_ACTION = re.compile(r"[\w-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")
EXACT = re.compile(r"v?\d+\.\d+\.\d+")
OWN_BRANCH = "github.event.pull_request.head.repo.full_name == github.repository"
MANIFESTS = {
    "pip": "requirements.txt",
    "npm": "package-lock.json",
    "github-actions": ".github/workflows/ci.yml",
    "devcontainers": ".devcontainer/devcontainer.json",
}
# Writes down how it was called, and the files that it was given.
AZD = """#!/bin/sh
echo "azd $*" >> '{log}'
for word; do test -f "$word" && cat "$word" >> '{log}'; done
exit {status}
"""
VALUES = {
    "AZURE_CLIENT_ID": "client",
    "AZURE_ENV_NAME": "signpost-prod",
    "AZURE_LOCATION": "swedencentral",
    "AZURE_SUBSCRIPTION_ID": "subscription",
    "AZURE_TENANT_ID": "tenant",
    "OPERATORS": "adele@contoso.com;alex@contoso.com",
}


class Job(NamedTuple):
    """A job of a workflow: its name and what the file says of it."""

    name: str
    says: dict[str, Any]

    @property
    def commands(self) -> list[str]:
        """Return the lines that its steps run."""
        return [line for step in self.says["steps"] for line in step.get("run", "").splitlines()]


def jobs() -> list[Job]:
    """Return the jobs of all workflows."""
    each = [yaml.safe_load(read(path))["jobs"] for path in WORKFLOWS]
    return [Job(name, says) for some in each for name, says in some.items()]


def environment(
    folder: Path, changed: dict[str, str | None] | None = None, *, status: int = 0
) -> tuple[str, str]:
    """Run scripts/environment with a stand-in for azd; give its complaint and azd's log."""
    log, azd = folder / "log", folder / "azd"
    azd.write_text(AZD.format(log=log, status=status), "utf-8")
    azd.chmod(0o755)
    given = {name: value for name, value in (VALUES | (changed or {})).items() if value}
    env = {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}", "VALUES": json.dumps(given)}
    env["CLIENT_ID"] = given.get("AZURE_CLIENT_ID", "")
    command = [sys.executable, str(ROOT / "scripts/environment")]
    ended = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    return ended.stderr, log.read_text("utf-8") if log.exists() else ""


def test_actions_are_pinned_by_commit() -> None:
    """A moved tag can't change what runs in continuous integration."""
    uses = [use for path in WORKFLOWS for use in re.findall(r"uses: (.+)", read(path))]
    assert uses
    assert [use for use in uses if not PINNED_ACTION.match(use)] == []


def test_one_action_has_one_version() -> None:
    """Two workflows run the same code of an action."""
    uses = {use for path in WORKFLOWS for use in re.findall(r"uses: (.+)", read(path))}
    assert len({use.split("@")[0] for use in uses}) == len(uses)


@pytest.mark.parametrize("job", jobs(), ids=lambda job: job.name)
def test_tools_are_pinned(job: Job) -> None:
    """The tools that jobs install have an exact version."""
    says = job.says
    tools = [step["with"]["version"] for step in says["steps"] if "azd" in step.get("uses", "")]
    tools += [says["env"]["BICEP"]] if "az bicep install" in " ".join(job.commands) else []
    assert [version for version in tools if not EXACT.fullmatch(version)] == []


@pytest.mark.parametrize("path", WORKFLOWS, ids=str)
def test_workflows_may_only_read(path: Path) -> None:
    """Whoever takes over a step can't write to the repository."""
    assert yaml.safe_load(read(path))["permissions"] == {"contents": "read"}
    assert "pull_request_target" not in read(path)


@pytest.mark.parametrize("job", jobs(), ids=lambda job: job.name)
def test_jobs_ask_for_a_token_only_behind_a_guard(job: Job) -> None:
    """Azure opens to who was approved, or to previews of our own branches; to no fork."""
    rights = job.says.get("permissions", {})
    assert rights in ({}, {"contents": "read", "id-token": "write"})
    if rights:
        assert job.says.get("environment") == "production" or OWN_BRANCH in job.says["if"]


@pytest.mark.parametrize("job", jobs(), ids=lambda job: job.name)
def test_jobs_ask_whose_changes_these_are(job: Job) -> None:
    """Not who began the run, which is a maintainer when they reopen a bot's pull request."""
    assert "github.actor" not in job.says.get("if", "")


@pytest.mark.parametrize("job", jobs(), ids=lambda job: job.name)
def test_jobs_know_no_secret_but_what_the_template_asks_for(job: Job) -> None:
    """Only the step that provisions is given secrets, and each is a secure parameter."""
    secure = set(re.findall(r"@secure\(\)\nparam (\w+)", read("infra/main.bicep")))
    told = json.loads(read("infra/main.parameters.json"))["parameters"]
    names = {re.findall(r"\w+", told[name]["value"])[0] for name in secure & told.keys()}
    for step in job.says["steps"]:
        used = set(re.findall(r"\bsecrets\b[.]?(\w*)", json.dumps(step)))
        assert used <= (names if step.get("run") == "azd provision --no-prompt" else set())


@pytest.mark.parametrize("job", jobs(), ids=lambda job: job.name)
def test_commands_hold_no_expression(job: Job) -> None:
    """A value from outside reaches a shell as a variable, never as a piece of the command."""
    assert [command for command in job.commands if "${{" in command] == []


@pytest.mark.parametrize("job", jobs(), ids=lambda job: job.name)
def test_jobs_keep_no_credentials_and_end(job: Job) -> None:
    """The clone's token isn't left on the disk, and a job that hangs is stopped."""
    clones = [step for step in job.says["steps"] if "checkout" in step.get("uses", "")]
    assert [clone["with"]["persist-credentials"] for clone in clones] == [False]
    assert job.says["timeout-minutes"] <= 60


@pytest.mark.parametrize("job", jobs(), ids=lambda job: job.name)
def test_jobs_run_what_there_is(job: Job) -> None:
    """Targets of make and scripts that a job runs are in the repository."""
    targets = re.findall(r"^([a-z]+):", read("Makefile"), re.MULTILINE)
    assert {line.split()[1] for line in job.commands if line.startswith("make ")} <= {*targets}
    scripts = [line.split()[0] for line in job.commands if line.startswith("scripts/")]
    assert [script for script in scripts if not os.access(ROOT / script, os.X_OK)] == []


def test_continuous_integration_runs_make_check() -> None:
    """People and machines run the same command."""
    assert "make check" in read(".ci/run")
    assert "run: make check" in read(".github/workflows/ci.yml")


def test_the_compiler_reads_every_template() -> None:
    """The job that has a compiler names all templates, in whatever folder."""
    [pattern] = re.findall(r"git ls-files -z '(.+?)'", read(".github/workflows/ci.yml"))
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", pattern]
    listed = subprocess.check_output(command, cwd=ROOT, text=True).split()
    assert listed
    assert set(listed) == {path.as_posix() for path in files() if path.suffix == ".bicep"}


def test_updates_are_asked_for_where_packages_are() -> None:
    """Dependabot looks at each list of packages, once a week, for what has been out for one."""
    updates = yaml.safe_load(read(".github/dependabot.yml"))["updates"]
    assert {update["package-ecosystem"] for update in updates} == MANIFESTS.keys()
    for update in updates:
        manifest = MANIFESTS[update["package-ecosystem"]]
        assert (ROOT / update["directory"].strip("/") / manifest).is_file()
        assert update["schedule"] == {"interval": "weekly"}
        assert update["cooldown"] == {"default-days": 7}
        assert [group["patterns"] for group in update["groups"].values()] == [["*"]]


def test_azd_is_signed_in_without_a_secret(tmp_path: Path) -> None:
    """The workflow's own token stands for the application that deploys."""
    complaint, log = environment(tmp_path)
    [login] = [line for line in log.splitlines() if line.startswith("azd auth login")]
    assert complaint == ""
    assert "--federated-credential-provider github --no-prompt" in login
    assert "--client-id client --tenant-id tenant" in login


def test_variables_become_the_values_of_azd(tmp_path: Path) -> None:
    """A deployment from GitHub has the settings of its environment, but not who deploys."""
    _, log = environment(tmp_path)
    assert "azd env new signpost-prod --subscription subscription --location swedencentral" in log
    assert "OPERATORS='adele@contoso.com;alex@contoso.com'\n" in log
    assert "AZURE_CLIENT_ID=" not in log


@pytest.mark.parametrize("name", sorted(VALUES.keys() - {"OPERATORS"}))
def test_missing_variables_are_named(tmp_path: Path, name: str) -> None:
    """Without a variable that azd needs nothing is called, and the variable is named."""
    assert environment(tmp_path, {name: None}) == (
        f"environment: set these variables in GitHub: {name}\n",
        "",
    )


@pytest.mark.parametrize("value", ["it's", "one\ntwo"])
def test_values_that_azd_would_misread_are_refused(tmp_path: Path, value: str) -> None:
    """A value that could end its own line is named before anything is called."""
    complaint, log = environment(tmp_path, {"OPERATORS": value})
    assert "the variable OPERATORS" in complaint
    assert log == ""


def test_azd_that_fails_fails_the_job(tmp_path: Path) -> None:
    """After a sign-in that is refused no environment is made."""
    assert environment(tmp_path, status=1)[1].count("azd ") == 1
