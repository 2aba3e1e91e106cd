"""The running app says how it is: in a word to the platform, and in full to who operates it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest

from signpost.doctor.__main__ import main
from tests.acceptance.azure_stand import AzureStand, azure_stand
from tests.acceptance.client import ADELE, Signpost
from tests.acceptance.conftest import serving
from tests.doubles.azure_openai_answers import NO_DEPLOYMENT, NO_ROLE
from tests.doubles.openai_double import Scripted
from tests.doubles.quick_model import QuickModel

CANARY = "canary-of-a-signing-key"


@pytest.fixture(scope="module")
def broken(
    model: QuickModel, all_types: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Signpost]:
    """Run a Signpost whose signing key is too short, and whose ledger leads nowhere."""
    wrong = {"SIGNPOST_SIGNING_KEYS": CANARY, "SIGNPOST_DAILY_RUNS": "many"}
    with serving(tmp_path_factory.mktemp("state"), model.url, all_types, **wrong) as signpost:
        yield signpost


def by_check(answer: httpx.Response) -> dict[str, Any]:
    """Give the last finding of each check."""
    return {each["check"]: each for each in answer.json()["findings"]}


def test_a_started_app_is_ready(signpost: Signpost) -> None:
    """Also for who has nothing to show, and with our headers."""
    answer = signpost.http.get("/api/health")
    assert (answer.status_code, answer.json()) == (200, {"status": "ready"})
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", ["/api/health?deep", "/api/health/deep"])
def test_everything_of_it_is_looked_at(signpost: Signpost, path: str) -> None:
    """The ledger is written, the extension asked, the webhooks' hosts found: on either ledger."""
    answer = signpost.http.get(path)
    found = by_check(answer)
    sound = {"settings", "vault", "flows", "people", "instructions", "ledger", "scheduler"}
    assert {name for name, each in found.items() if each["state"] == "ok"} >= sound | {"webhook"}
    assert [each for each in found.values() if each["state"] == "problem"] == []
    assert answer.status_code == 200


def test_only_operators_look_further(signpost: Signpost) -> None:
    """Whoever else is known learns no more than the platform does."""
    answer = signpost.http.get("/api/health?deep", headers=signpost.as_person(ADELE))
    assert answer.status_code == 403
    assert "findings" not in answer.text


def test_a_look_posts_nothing_and_starts_nothing(signpost: Signpost) -> None:
    """Teams hears nothing of it, and no run is listed that was not there."""
    before = (signpost.journal.posts(), signpost.http.get("/api/runs?box=all").json())
    signpost.http.get("/api/health/deep")
    assert (signpost.journal.posts(), signpost.http.get("/api/runs?box=all").json()) == before


def test_an_app_that_lacks_settings_says_so(broken: Signpost) -> None:
    """503 to the platform; the full look names all of them at once, and no key."""
    answer = broken.http.get("/api/health")
    assert (answer.status_code, answer.json()) == (503, {"status": "misconfigured"})
    full = broken.http.get("/api/health?deep")
    wrong = [each["detail"] for each in full.json()["findings"] if each["check"] == "settings"]
    assert [any(name in each for each in wrong) for name in ("KEYS", "DAILY_RUNS")] == [True, True]
    assert CANARY not in full.text


def test_the_command_asks_the_app(broken: Signpost, capsys: pytest.CaptureFixture[str]) -> None:
    """From a laptop, by its address."""
    assert main(["--app", broken.url]) == 1
    assert capsys.readouterr().out.startswith("problem  app: ")


async def look(stand: AzureStand, answer: Scripted) -> dict[str, Any]:
    """Look at an app whose model answers so, and give the finding."""
    stand.model.script.append(answer)
    status, _, body = await stand.app.call("GET", "/api/health/deep")
    [found] = [each for each in body["findings"] if each["check"] == "model"]
    assert status == 503
    assert found["fix"]
    return dict(found)


async def test_a_missing_role_is_named_over_http(tmp_path: Path) -> None:
    """The app asks as its own identity, and nobody else learns of its token."""
    async with azure_stand(tmp_path) as stand:
        stand.identity.tokens = ["made-up"]
        found = await look(stand, NO_ROLE)
    assert "Cognitive Services OpenAI User" in found["detail"]
    assert "az role assignment create" in found["fix"]
    assert "made-up" not in repr(found)


async def test_a_missing_deployment_is_named_over_http(tmp_path: Path) -> None:
    """With the setting that names it."""
    async with azure_stand(tmp_path) as stand:
        found = await look(stand, NO_DEPLOYMENT)
    assert "AZURE_OPENAI_DEPLOYMENT" in found["detail"]
