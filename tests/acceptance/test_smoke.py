"""The smoke test after a deployment, on the real app: with keys, local, and misconfigured."""

import subprocess
import sys
from collections.abc import Iterator

import pytest

from local.stack import ROOT
from tests.acceptance.client import Signpost
from tests.acceptance.conftest import serving

UNRESOLVED = "@Microsoft.KeyVault(SecretUri=https://kv-news.vault.azure.net/secrets/channel)"


def smoke(url: str, *options: str) -> tuple[int, str]:
    """Run the script; give its exit status and what it says."""
    command = [sys.executable, "-I", str(ROOT / "scripts/smoke"), url, *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def with_keys(model, all_types, tmp_path_factory) -> Iterator[Signpost]:
    """Run a Signpost as in Azure without sign-in: the host asks for keys."""
    state, settings = tmp_path_factory.mktemp("state"), {"SIGNPOST_SIGN_IN": "off"}
    with serving(state, model.url, all_types, DEVHOST_KEYS="1", **settings) as started:
        yield started


@pytest.fixture(scope="module")
def misconfigured(model, all_types, tmp_path_factory) -> Iterator[Signpost]:
    """Run a Signpost whose vault reference did not resolve."""
    state, settings = tmp_path_factory.mktemp("state"), {"TEAMS_CHANNEL_WEBHOOK_URL": UNRESOLVED}
    with serving(state, model.url, all_types, **settings) as started:
        yield started


def test_app_with_keys_passes(with_keys) -> None:
    """Every step is well on the app as it is deployed, and no run was started."""
    status, told = smoke(with_keys.url)
    assert status == 0, told
    assert "is refused without a key or sign-in" in told
    assert "/runtime/webhooks/durabletask is refused without a key" in told


def test_local_app_passes(signpost_with_all_types) -> None:
    """On one machine the doors are open, and said to be."""
    status, told = smoke(signpost_with_all_types.url)
    assert status == 0, told
    assert "this is a local one" in told


def test_app_without_the_url_of_teams_is_told_apart(misconfigured) -> None:
    """After a first deployment: what lacks, and the way to it; the reference is not shown."""
    status, told = smoke(misconfigured.url)
    assert status == 3, told
    assert "TEAMS_CHANNEL_WEBHOOK_URL lacks" in told
    assert "azd hooks run postprovision" in told
    assert "kv-news" not in told
