"""Every command of every document is run by a test, or checked in form where only Azure can."""

from __future__ import annotations

import re

import pytest

from tests.repo import azure_commands
from tests.repo.azure_commands import MAIN, OF_AZD, template
from tests.repo.commands import Command, Line, commands, fenced
from tests.repo.commands_run import ELSEWHERE, NOT_RUN, OF_DOCUMENTS, RUN
from tests.repo.sources import ROOT, markdown, read


def of_azure(command: Command) -> bool:
    """Tell whether only Azure can run a command."""
    return command.words[0] in {"az", "azd"}


LISTED = [*RUN, *ELSEWHERE, *NOT_RUN]
TESTS = sorted({*ELSEWHERE.values(), *(f"{OF_DOCUMENTS}::{name}" for name in RUN.values())})
OURS = [each for each in commands() if not of_azure(each)]
THEIRS = [each for each in commands() if of_azure(each)]


def shown(command: Command) -> str:
    """Name a command in the report of the tests."""
    return f"{command.document}: {command.text[:60]}"


@pytest.mark.parametrize("command", OURS, ids=shown)
def test_every_command_is_run_or_said_not_to_be(command: Command) -> None:
    """Nobody adds a command that no test knows."""
    listed = [each for each in LISTED if re.fullmatch(each, command.typed)]
    assert listed, f"list {command.typed} in tests/repo/commands_run.py"


@pytest.mark.parametrize("pattern", LISTED)
def test_nothing_is_listed_that_no_document_shows(pattern: str) -> None:
    """The lists shrink with the documents."""
    assert any(re.fullmatch(pattern, each.typed) for each in OURS)


@pytest.mark.parametrize("test", TESTS)
def test_tests_that_run_commands_exist(test: str) -> None:
    """A test that was renamed runs nothing."""
    path, _, name = test.partition("::")
    assert re.search(rf"^(async )?def {name}\(", read(path), re.MULTILINE)


@pytest.mark.parametrize("command", THEIRS, ids=shown)
def test_commands_for_azure_name_what_there_is(command: Command) -> None:
    """Options, values of azd, parameters, outputs, secrets, roles and files are known."""
    assert list(azure_commands.faults(command)) == []


WRONG = {
    "az vm create --name x": "is not known",
    "az login --all": "has no --all",
    "azd env set VNET true": "reads no VNET",
    "azd env set VNET_ENABLED yes": "is bool, not yes",
    "azd env set DURABLE_BACKEND Netherite": "is one of",
    "TEAMS_WEBHOOK=x azd up": "reads no TEAMS_WEBHOOK",
    "azd env get-value APP": "no value APP",
    "az keyvault secret set --name hook": "no secret hook",
    "az role assignment create --role Contributer": "no role Contributer",
    "az deployment sub create --template-file infra/all.bicep": "no infra/all.bicep",
    "az deployment sub create --template-file infra/main.bicep --parameters name=x": "no param",
    "az deployment sub show --query properties.outputs.APP.value": "no output APP",
    'az ad app federated-credential create --parameters \'{"subject": "a"}\'': "other fields",
}


@pytest.mark.parametrize("text", WRONG)
def test_wrong_commands_for_azure_are_found(text: str) -> None:
    """The check itself sees a wrong option and a wrong name of each kind."""
    [command] = Line("a.md", text).commands
    assert WRONG[text] in "; ".join(azure_commands.faults(command))


@pytest.mark.parametrize("document", sorted({line.document for line in fenced()}))
def test_variables_are_there_when_a_line_needs_them(document: str) -> None:
    """A line uses outputs of the deployment, what azd keeps, and what a line above it sets."""
    known = template(MAIN).outputs | OF_AZD
    for line in (each for each in fenced() if each.document == document):
        assert set(re.findall(r"\$\{?([A-Za-z_]\w*)", line.text)) <= known, line.text
        known = known | line.assigned


def test_files_that_commands_read_exist() -> None:
    """But for those of the reader's own."""
    read_ones = [each.words[1] for each in OURS if each.words[0] == "cat"]
    assert [name for name in read_ones if name[0] != "~" and not (ROOT / name).is_file()] == []


def test_workflows_that_documents_name_exist() -> None:
    """Documents and scripts speak of workflows that are there."""
    named = {
        name for path in markdown() for name in re.findall(r"\.github/[\w/]+\.yml", read(path))
    }
    assert named
    assert [name for name in named if not (ROOT / name).is_file()] == []


def test_lines_are_taken_apart() -> None:
    """The check sees what is joined, assigned, chained and substituted; a comment is none."""
    line = Line("a.md", 'KEY=$(az login) make run && x="$(azd env get-values)"')
    assert [each.text for each in line.commands] == ["azd env get-values", "az login", "make run"]
    assert [each.given for each in line.commands][2] == {"KEY": "RESULT"}
    assert line.assigned == {"x"}
