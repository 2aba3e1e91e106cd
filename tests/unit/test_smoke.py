"""The smoke test after a deployment finds what is wrong, says it, and says what to do next."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.doubles.deployed_double import PAGE, DeployedDouble, Reply, told
from triggers.answers import SECURITY_HEADERS

SMOKE = Path(__file__).resolve().parents[2] / "scripts/smoke"
RUNS, DURABLE = "/api/flows/topic-post/runs", "/runtime/webhooks/durabletask/instances"
ADVICE = "python -m signpost.doctor --resource-group rg-news --subscription 11111111"
BARE: dict[str, str] = {}
WRONG: dict[str, tuple[str, Reply, str]] = {
    "no page": ("/", (500, BARE, ""), "the start page gave 500"),
    "redirect": ("/", (302, {"Location": "https://x.example"}, ""), "the start page gave 302"),
    "bare page": ("/", (200, BARE, PAGE), "without the header content-security-policy"),
    "no script": ("/", (200, SECURITY_HEADERS, "<p>Hello"), "the start page names no script"),
    "lost script": ("/assets/start.js", (404, BARE, ""), "/assets/start.js gave 404"),
    "no type": ("/assets/start.js", (200, SECURITY_HEADERS, ""), "not served as JavaScript"),
    "deep": ("/api/openapi.json", (200, BARE, "[" * 200_000), "no OpenAPI description"),
    "not an API": ("/api/openapi.json", (200, BARE, "<p>"), "no OpenAPI description"),
    "another API": ("/api/openapi.json", told([]), "no OpenAPI description"),
    "open door": (RUNS, (422, BARE, ""), "by a stranger gave 422 in place of 401"),
    "no door": (RUNS, (404, BARE, ""), "by a stranger gave 404 in place of 401"),
    "open durable": (DURABLE, told([]), "by a stranger gave 200 in place of 401"),
    "broken me": ("/api/me", (500, BARE, ""), "/api/me gave 500"),
}


@pytest.fixture
def deployed() -> Iterator[DeployedDouble]:
    """Serve a sound Signpost."""
    with DeployedDouble() as serving:
        yield serving


def smoke(url: str, *options: str) -> "subprocess.CompletedProcess[str]":
    """Run the script as a hook of azd does, with nothing of this environment's packages."""
    command = [sys.executable, "-I", str(SMOKE), url, "--every", "0.01", *options]
    env = {"PATH": os.environ["PATH"], "AZURE_RESOURCE_GROUP": "rg-news"}
    env |= {"AZURE_SUBSCRIPTION_ID": "11111111", "SERVICE_APP_NAME": "func-news"}
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)


def test_sound_app_passes(deployed) -> None:
    """Each step says its line, nothing is sent that could start a run, and no key is."""
    done = smoke(deployed.url)
    assert done.returncode == 0, done.stdout + done.stderr
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["ok"] * 6 + ["Signpost"]
    assert [path for method, path, _ in deployed.asked if method == "POST"] == [RUNS]
    assert not any("x-functions-key" in str(headers).lower() for _, _, headers in deployed.asked)


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_said(deployed, name) -> None:
    """Exit status 1, a line that says what is wrong, and the command that says why."""
    path, reply, words = WRONG[name]
    deployed.answers[path] = [reply]
    done = smoke(deployed.url)
    assert done.returncode == 1
    assert words in done.stdout
    assert ADVICE in done.stdout


def test_answer_steers_no_terminal(deployed) -> None:
    """Nor a workflow, which takes a line that begins with two colons for an order."""
    page = '<script src="/a\n::stop-commands::x\n\x1b[2J.js">'
    deployed.answers["/"] = [(200, SECURITY_HEADERS, page)]
    done = smoke(deployed.url)
    assert done.returncode == 1
    assert "\x1b" not in done.stdout
    assert not any(line.startswith("::") for line in done.stdout.splitlines())


@pytest.mark.parametrize(
    "reply, words",
    [
        (told({"status": "misconfigured"}, 503), "a setting or a flow can't be used"),
        ((404, BARE, ""), "answered 404"),
        ((200, BARE, "Your app is up and running"), "answered 200"),
    ],
)
def test_app_that_stays_unready_is_said(deployed, reply, words) -> None:
    """After the time is over the last state is told, with the command that says why."""
    deployed.answers["/api/health"] = [reply]
    done = smoke(deployed.url, "--seconds", "0")
    assert done.returncode == 1
    assert words in done.stdout
    assert ADVICE in done.stdout
    assert "az functionapp keys list --resource-group rg-news --name func-news" in done.stdout
    assert f"--app {deployed.url} --key-from-env FUNCTION_KEY" in done.stdout


def test_app_that_becomes_ready_is_waited_for(deployed) -> None:
    """Roles take a while: an app that is not ready yet is asked again, and each state told once."""
    unready = told({"status": "misconfigured"}, 503)
    states = [(502, BARE, ""), unready, unready, told({"status": "ready"})]
    deployed.answers["/api/health"] = states
    done = smoke(deployed.url)
    assert done.returncode == 0
    assert [path for _, path, _ in deployed.asked].count("/api/health") == 4
    assert [line.split()[0] for line in done.stdout.splitlines()][:3] == ["waiting"] * 2 + ["ok"]
    assert re.match("waiting up to [0-9]+ s: /api/health ", done.stdout)


@pytest.fixture
def lacking(deployed: DeployedDouble) -> DeployedDouble:
    """Let the app lack the URL of a workflow, as after a first deployment."""
    deployed.answers["/api/health"] = [told({"status": "misconfigured"}, 503)]
    deployed.answers["/api/me"] = [told({"field": "TEAMS_CHANNEL_WEBHOOK_URL"}, 500)]
    deployed.answers["/api/openapi.json"] = [(500, BARE, "")]
    return deployed


def test_app_without_the_url_of_teams_is_told_apart(lacking) -> None:
    """No wait helps there: it ends at once, with a status of its own and what to do."""
    done = smoke(lacking.url)
    assert done.returncode == 3
    assert "TEAMS_CHANNEL_WEBHOOK_URL lacks" in done.stdout
    assert f"python3 scripts/smoke {lacking.url}" in done.stdout
    assert [path for _, path, _ in lacking.asked].count("/api/health") == 1


def test_app_without_the_url_of_teams_has_to_be_served_well(lacking) -> None:
    """What is wrong with its pages is a failure all the same."""
    lacking.answers["/"] = [(200, BARE, PAGE)]
    assert smoke(lacking.url).returncode == 1


@pytest.mark.parametrize("field", ["SIGNPOST_SIGNING_KEYS", None, 1, ["TEAMS_CHAT_WEBHOOK_URL"]])
def test_other_settings_are_waited_for(lacking, field) -> None:
    """A key that the vault does not give yet may come with its role."""
    lacking.answers["/api/me"] = [told({"field": field}, 500)]
    assert smoke(lacking.url, "--seconds", "0").returncode == 1


def test_nobody_there_is_said() -> None:
    """An address where nobody listens is told as what it is."""
    done = smoke("http://127.0.0.1:9", "--seconds", "0")
    assert done.returncode == 1
    assert "gave no answer: " in done.stdout


def test_local_word_counts_on_one_machine_alone(deployed) -> None:
    """A stand on loopback that lets everybody say who they are passes with its doors open."""
    deployed.answers["/api/me"] = [told({"signIn": "local"})]
    deployed.answers[RUNS] = [(422, BARE, "")]
    deployed.answers[DURABLE] = [told([])]
    done = smoke(deployed.url)
    assert done.returncode == 0
    assert "this is a local one" in done.stdout


@pytest.mark.parametrize(
    "url",
    ["http://app.azurewebsites.net", "app.azurewebsites.net", "https://", "https://a/b", "ftp://a"],
)
def test_what_is_no_address_is_refused(url) -> None:
    """Exit status 2, before anything is sent."""
    done = smoke(url)
    assert done.returncode == 2
    assert "is no address as https://APP.azurewebsites.net" in done.stderr
