"""Fixes are commands that a shell takes as they stand, whatever the names in them."""

import subprocess

import pytest

from signpost.doctor import fixes
from tests.unit.doctor.installed import IN_AZURE

ODD = "a name; rm -rf '$HOME'"
SCOPES = {
    "storage": fixes.storage_scope(ODD),
    "model": fixes.model_scope("oai-signpost"),
    "hub": fixes.hub_scope("dts-signpost-b2c1.northeurope.durabletask.io", "signpost"),
    "secret": fixes.secret_scope(ODD, "signing-key-1"),
    "odd hub": fixes.hub_scope("dts-signpost.northeurope.durabletask.io", "$(az hacked)`az in`"),
}
COMMANDS = {
    "set up": fixes.set_up("SIGNPOST_DAILY_RUNS", IN_AZURE, set_by_deployment=False),
    "provision": fixes.set_up("SIGNPOST_LEDGER", IN_AZURE, set_by_deployment=True),
    "read again": fixes.read_again(IN_AZURE),
    "restart": fixes.restart(IN_AZURE),
    "identities": fixes.show_identities(IN_AZURE),
    "network": fixes.open_network("az storage account update"),
    "secret of a vault": fixes.set_secret("signing-key-1", IN_AZURE, ODD),
    "secret": fixes.set_secret("signing-key-1", IN_AZURE),
    "odd identity": fixes.assign("Reader", "/", {"AZURE_CLIENT_ID": ODD}),
} | {f"role on {name}": fixes.assign("Reader", scope, IN_AZURE) for name, scope in SCOPES.items()}

# The shell runs what it is given, with `az` and `azd` that say how they were called.
STAND_INS = """
az() { for word in "$@"; do printf '<%s>' "$word"; done; echo; }
azd() { az "$@"; }
"""


def ran(command: str) -> list[str]:
    """Give the words of each call that the last line of output holds, as a shell splits them."""
    done = subprocess.run(
        ["/bin/sh", "-eu", "-c", STAND_INS + command], capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    return done.stdout.splitlines()


@pytest.mark.parametrize("name", COMMANDS)
def test_a_shell_takes_each_command(name: str) -> None:
    """Its notes are comments, and nothing of it needs to be mended first."""
    assert ran(COMMANDS[name])


@pytest.mark.parametrize("name", ["secret of a vault", "odd identity"])
def test_odd_names_stay_one_word(name: str) -> None:
    """A name from a setting runs nothing."""
    assert f"<{ODD}>" in "".join(ran(COMMANDS[name]))


def test_an_odd_hub_runs_nothing() -> None:
    """Who may write TASKHUB_NAME is not let into the shell of who pastes the fix."""
    line = "".join(ran(COMMANDS["role on odd hub"]))
    assert line.endswith("/taskHubs/$(az hacked)`az in`>")


def test_a_scope_is_asked_for_by_name() -> None:
    """What only Azure knows comes from a command within the command."""
    line = ran(COMMANDS["role on hub"])[-1]
    assert line.startswith("<role><assignment><create><--assignee>")
    assert line.endswith("/taskHubs/signpost>")
    query = "[?starts_with('dts-signpost-b2c1.northeurope.durabletask.io', name)].id"
    assert f"<--query><{query}><--output><tsv>" in line
