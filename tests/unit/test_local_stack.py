"""The launcher's plan: ports, settings, the kept key, and what it says when a process dies."""

from __future__ import annotations

import socket
import stat
import time
from typing import TYPE_CHECKING

import pytest

from local.stack import Child, Plan, StackError, answers, free_port, require_free, signing_key
from signpost import settings

if TYPE_CHECKING:
    from pathlib import Path


def plan(state: Path, **given: str) -> Plan:
    """Lay out a stack on made-up ports, with nothing in the environment but what is given."""
    return Plan(state, 7071, 7072, 7073, quiet=True, given=given)


def test_environment_makes_valid_settings(tmp_path: Path) -> None:
    """The app accepts what the launcher tells it."""
    told = settings.read(plan(tmp_path).environment())
    assert told.base_url == "http://localhost:7071"
    assert told.model_base_url == "http://127.0.0.1:7073/v1"
    assert told.ledger == f"sqlite:{tmp_path}/ledger.db"


@pytest.mark.parametrize("given,mode", [({}, "local"), ({"SIGNPOST_SIGN_IN": "off"}, "off")])
def test_one_machine_offers_the_switch(tmp_path: Path, given: dict[str, str], mode: str) -> None:
    """Whoever sits at the machine can be anybody, unless the environment says otherwise."""
    assert settings.read(plan(tmp_path, **given).environment()).sign_in == mode


def test_signing_key_is_kept_and_private(tmp_path: Path) -> None:
    """Links stay good over a restart, and only the owner can read the key."""
    first, second = signing_key(tmp_path), signing_key(tmp_path)
    assert first == second
    assert len(first) >= settings.SHORTEST_KEY
    assert stat.S_IMODE((tmp_path / "signing-key").stat().st_mode) == 0o600


def test_keys_of_two_states_differ(tmp_path: Path) -> None:
    """A key is made at random, never shipped."""
    (tmp_path / "other").mkdir()
    assert signing_key(tmp_path) != signing_key(tmp_path / "other")


@pytest.mark.parametrize("name", ["MODEL_BASE_URL", "AZURE_OPENAI_ENDPOINT"])
def test_another_model_replaces_the_local_one(tmp_path: Path, name: str) -> None:
    """A model that somebody chose is left as it is, and the local one isn't started."""
    other = plan(tmp_path, **{name: "https://models.contoso.com/v1"})
    assert [child.name for child in other.children()] == ["local Teams", "dev host"]
    assert "MODEL_NAME" not in other.environment()
    assert other.environment()[name] == "https://models.contoso.com/v1"


def test_local_model_is_started_by_default(tmp_path: Path) -> None:
    """Without a choice the local model runs, and the dev host starts last."""
    names = [child.name for child in plan(tmp_path).children()]
    assert names == ["local Teams", "local model", "dev host"]


def test_taken_port_is_named_with_the_fix() -> None:
    """The message says which port, and the command that takes another."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(StackError, match=rf"port {port} is taken.*make run PORT={port + 10}"):
            require_free(port, "PORT")


def test_free_port_is_free() -> None:
    """A port that was found free passes the check, and answers nothing."""
    port = free_port()
    require_free(port, "PORT")
    assert not answers(f"http://127.0.0.1:{port}")


def test_child_that_dies_is_named_with_its_words(tmp_path: Path) -> None:
    """A process that ends while it is waited for ends the waiting, with what it printed."""
    child = Child("a part", ["local.nothing"], "http://127.0.0.1:9", tmp_path / "part.log")
    child.start({})
    with pytest.raises(StackError, match=r"a part ended with exit code 1\.\n.*local\.nothing"):
        child.wait(time.monotonic() + 10)


def test_child_that_never_answers_is_named(tmp_path: Path) -> None:
    """A process that stays silent ends the waiting at the deadline."""
    child = Child("a part", ["timeit", "-n1", "-r1", "input()"], "http://127.0.0.1:9", None)
    child.start({})
    with pytest.raises(StackError, match=r"a part (doesn't answer|ended)"):
        child.wait(time.monotonic())
    child.stop()
