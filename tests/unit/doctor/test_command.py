"""`python -m signpost.doctor` tells findings, and exits with what a script can use."""

import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from msgspec.structs import asdict

from signpost.doctor import remote
from signpost.doctor.__main__ import main
from signpost.doctor.finding import Finding
from signpost.doctor.remote import CannotAsk
from tests.doubles.listening import Listening
from tests.repo.sources import ROOT
from tests.unit.doctor.installed import SOUND

KEY = "canary-of-the-function-key"
PROBLEM = Finding("model", "problem", "It is gone.", "azd provision")


class App(Listening):
    """A deployed app's health on loopback: what it answers without a key, and with its own."""

    path = "/"

    def __init__(self) -> None:
        super().__init__()
        self.open: tuple[int, object] = (200, {"status": "ready"})
        self.deep: tuple[int, object] = (
            503,
            {"status": "misconfigured", "findings": [asdict(PROBLEM)]},
        )

    def routes(self) -> list[web.RouteDef]:
        """Give what it answers."""
        return [web.get("/api/{path:.*}", self.answer)]

    async def answer(self, request: web.Request) -> web.Response:
        """Answer as the app does."""
        status, body = self.open
        if request.path == "/api/health/deep":
            given = request.headers.get("x-functions-key") == KEY
            status, body = self.deep if given else (401, None)
        return web.json_response(body, status=status) if body else web.Response(status=status)


@pytest.fixture
async def app() -> AsyncIterator[App]:
    """Listen as a deployed app."""
    async with App() as listening:
        yield listening


async def test_a_key_shows_the_apps_own_findings(app: App) -> None:
    """As the app tells them, whatever its status."""
    assert await remote.ask(app.url, KEY) == [PROBLEM]


async def test_an_app_that_hides_its_findings_is_a_problem(app: App) -> None:
    """An answer without any would else pass for a sound app."""
    app.deep = (503, {"status": "misconfigured", "findings": []})
    [finding] = await remote.ask(app.url, KEY)
    assert finding.state == "problem"


async def test_without_a_key_the_app_says_one_word(app: App) -> None:
    """And the finding says how to hear more."""
    [finding] = await remote.ask(app.url, None)
    assert finding.state == "ok"
    app.open = (503, {"status": "misconfigured"})
    [finding] = await remote.ask(app.url, None)
    assert (finding.state, "--key-from-env" in str(finding.fix)) == ("problem", True)
    assert f"curl {app.url}api/health/deep " in str(finding.fix)


async def test_a_wrong_key_can_not_ask(app: App) -> None:
    """The host's own 401 has no body; the sentence says how to get a good one."""
    with pytest.raises(CannotAsk, match="does not accept the key") as error:
        await remote.ask(app.url, f"{KEY}-2")
    assert "az functionapp keys list" in str(error.value)
    assert KEY not in str(error.value)


async def test_an_app_with_sign_in_takes_no_key(app: App) -> None:
    """Our own 401 says so."""
    app.deep = (401, {"type": "urn:signpost:problem:SignInNeeded"})
    with pytest.raises(CannotAsk, match="signed in as an operator"):
        await remote.ask(app.url, KEY)


@pytest.mark.parametrize("answer", [(404, None), (502, {"a": "page"}), (200, [])])
async def test_an_app_that_did_not_start_is_a_problem(app: App, answer: tuple[int, object]) -> None:
    """Something answers there, and it is no Signpost."""
    app.deep = answer
    [finding] = await remote.ask(app.url, KEY)
    assert finding.state == "problem"
    assert str(answer[0]) in finding.detail


async def test_an_app_that_is_not_there_is_a_problem() -> None:
    """With the command that tells its address."""
    [finding] = await remote.ask("https://signpost.invalid", KEY)
    assert (finding.state, finding.check) == ("problem", "app")
    assert "there is no host" in finding.detail
    assert "azd env get-value" in str(finding.fix)


async def test_a_local_app_that_is_not_there_is_started() -> None:
    """Azure knows nothing of it."""
    [finding] = await remote.ask("http://localhost:9", None)
    assert str(finding.fix).startswith("make run ")


@pytest.mark.parametrize("url", ["http://signpost.contoso.com", "signpost.contoso.com", "ftp://x"])
async def test_a_key_travels_over_https_alone(url: str) -> None:
    """Nothing is asked at any other address."""
    with pytest.raises(CannotAsk, match="https://"):
        await remote.ask(url, KEY)


def run(*given: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run the command with these variables alone, warnings being errors."""
    told = {"PATH": os.environ["PATH"], **env}
    program = [sys.executable, "-W", "error", "-m", "signpost.doctor", *given]
    return subprocess.run(
        program, cwd=ROOT, env=told, capture_output=True, text=True, timeout=60, check=False
    )


def test_problems_of_the_environment_exit_with_1() -> None:
    """Each has its line and its fix, and no secret is among them."""
    env = SOUND | {"SIGNPOST_SIGNING_KEYS": "canary", "SIGNPOST_LEDGER": "paper"}
    done = run(**env | {"TEAMS_CHANNEL_WEBHOOK_URL": "http://127.0.0.1:9/canary"})
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.count("problem  settings: ") == 2
    assert "fix: Set SIGNPOST_LEDGER" in done.stdout
    assert "canary" not in done.stdout


def test_an_environment_without_settings_is_told() -> None:
    """Whoever runs it on a laptop learns how to look at a deployed app."""
    done = run()
    assert done.returncode == 1
    assert "--resource-group GROUP or --app URL" in done.stderr
    assert "ok       flows: " in done.stdout


@pytest.mark.parametrize(
    "given,told",
    [
        (["--settings", "x.json", "--app", "https://x.invalid"], "--settings"),
        (["--settings", "x.json", "--cloud", "AzureCloud"], "--settings"),
        (["--key-from-env", "KEY"], "--key-from-env goes with --app"),
        (["--subscription", "1"], "--subscription goes with --resource-group"),
        (["--app", "https://x.invalid", "--cloud", "C"], "--cloud goes with --resource-group"),
    ],
)
def test_an_option_is_never_passed_over(
    capsys: pytest.CaptureFixture[str], given: list[str], told: str
) -> None:
    """Options that do not go together are refused before anything is looked at."""
    with pytest.raises(SystemExit) as ended:
        main(given)
    assert ended.value.code == 2
    assert told in capsys.readouterr().err


def a_file(folder: Path, text: str) -> str:
    """Write a file of local settings."""
    (folder / "local.settings.json").write_text(text)
    return str(folder / "local.settings.json")


def test_a_file_of_settings_is_read_instead(tmp_path: Path) -> None:
    """What `func start` would set, without starting it."""
    values = SOUND | {"SIGNPOST_DAILY_RUNS": "many", "SIGNPOST_LEDGER": f"sqlite:{tmp_path}/l.db"}
    values["TEAMS_CHANNEL_WEBHOOK_URL"] = "http://127.0.0.1:9/canary"
    done = run("--settings", a_file(tmp_path, json.dumps({"Values": values})))
    assert "problem  settings: SIGNPOST_DAILY_RUNS" in done.stdout
    assert "ok       ledger: " in done.stdout
    assert "canary" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    "text,told",
    [
        ("{", "local.settings.example.json"),
        ('{"Values": {"A": 1}}', "local.settings.example.json"),
        ("[]", "local.settings.example.json"),
        ('{"IsEncrypted": true, "Values": {}}', "func settings decrypt"),
    ],
)
def test_a_file_that_can_not_be_read_exits_with_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, told: str
) -> None:
    """It was not run as asked."""
    assert main(["--settings", a_file(tmp_path, text)]) == 2
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    "given,told",
    [
        (["--settings", "/missing.json"], "can't be read"),
        (["--app", "http://signpost.contoso.com"], "https://"),
        (["--app", "https://x.invalid", "--key-from-env", "NOT_SET"], "no NOT_SET"),
        (["--app", "https://x.invalid", "--key-from-env", "TWO_LINES"], "no key"),
        (["--resource-group"], "AZURE_RESOURCE_GROUP"),
    ],
)
def test_what_can_not_be_asked_exits_with_2(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    given: list[str],
    told: str,
) -> None:
    """The sentence says why."""
    monkeypatch.delenv("AZURE_RESOURCE_GROUP", raising=False)
    monkeypatch.setenv("TWO_LINES", "key\r\nX-Other: 1")
    assert main(given) == 2
    assert told in capsys.readouterr().err
