"""docs/deploy.md is true: its tables say what the templates take, and what a run costs."""

from __future__ import annotations

import json
import re

import yaml

from tests.repo.azure_commands import MAIN, PARAMETERS, template, values
from tests.repo.sources import read

DOCUMENT = read("docs/deploy.md")
ASKED = {"AZURE_ENV_NAME", "AZURE_LOCATION", "AZURE_PRINCIPAL_ID", "AZURE_PRINCIPAL_TYPE"}
STARTED, SCHEDULED, TIMER_FIRED, EVENT_RAISED = 0, 4, 11, 15  # kinds of events of a history
ACTIONS = {STARTED: 1, SCHEDULED: 2, TIMER_FIRED: 1, EVENT_RAISED: 1}
MOST_LINES = 190


def told() -> dict[str, tuple[str, str]]:
    """Give the default of each value that the document tells, and what it says of the row."""
    rows = re.findall(r"^\| (`[A-Z_`, ]+`) \| (.+?) \| (.+) \|$", DOCUMENT, re.MULTILINE)
    found: dict[str, tuple[str, str]] = {}
    for names, defaults, meaning in rows:
        named, given = re.findall(r"\w+", names), defaults.split(", ")
        each = given if len(given) == len(named) else given * len(named)
        found |= {name: (default, meaning) for name, default in zip(named, each, strict=True)}
    return found


def priced(what: str) -> list[str]:
    """Give the cells of a row of the cost table."""
    [row] = [line for line in DOCUMENT.splitlines() if line.startswith(f"| {what}")]
    return [cell.strip() for cell in row.strip("|").split("|")]


def test_a_workflow_may_give_the_deployment_s_roles_alone() -> None:
    """Both to give and to take: any other role, as Owner, would let it give itself all rights."""
    given = re.findall(r"'([0-9a-f-]{36})'", read("infra/modules/roles.bicep"))
    condition = read("infra/deployer-condition.txt")
    listed = [part.split(", ") for part in re.findall(r"GuidEquals \{([^}]*)\}", condition)]
    assert listed == [given, given]


def test_it_is_read_to_its_end() -> None:
    """A page that is too long is not."""
    assert len(DOCUMENT.splitlines()) <= MOST_LINES


def test_every_value_is_told_with_its_default() -> None:
    """Each value that main.parameters.json reads has its row; one in words is empty there."""
    wanted = {name: default for name, (_, default) in values().items() if name not in ASKED}
    shown = {name: re.sub(r"^[^`].*|`", "", default) for name, (default, _) in told().items()}
    assert shown == wanted


def test_every_choice_is_told() -> None:
    """Of a value that is one of several, the row names all; each name in it is one."""
    choices = template(MAIN).allowed
    for name, (param, default) in values().items():
        if param in choices and name not in ASKED and name != "INSTANCE_MEMORY_MB":
            default_and_meaning = " ".join(told()[name])
            missing = [each for each in choices[param] if f"`{each}`" not in default_and_meaning]
            assert missing == [], name
            assert default in choices[param]


def test_what_is_no_value_is_a_parameter() -> None:
    """What the document says to write into the file of parameters stands there."""
    parameters = json.loads(read(PARAMETERS))["parameters"]
    for name in ("furtherSettings", "schedulerIpAllowlist"):
        assert f"`{name}`" in DOCUMENT
        assert parameters[name]["value"] in ({}, [])


def test_a_run_costs_as_many_actions_as_it_takes() -> None:
    """By the recorded history of a run that one person approved, at $0.003 each."""
    history = json.loads(read("tests/histories/0.1.0/approved.json"))
    actions = sum(ACTIONS.get(event["EventType"], 0) for event in history)
    what, price, run, thousand = priced("Durable Task Scheduler, ")
    assert f", {actions} actions a run" in what
    assert price.startswith("$0.003 an action")
    assert run.startswith(f"${actions * 0.003:.3f}")
    assert thousand.startswith(f"${actions * 3}")


def test_numbers_of_priced_things_are_those_of_the_templates() -> None:
    """Alert rules of the default backend, and private endpoints with the scheduler."""
    words = {6: "six", 7: "seven", 8: "eight"}
    rules = yaml.safe_load(read("infra/modules/alerts.yaml"))["everywhere"]
    endpoints = re.findall(r"part: '\w+'", read("infra/modules/endpoints.bicep"))
    assert f"{words[len(rules)]} alert rules" in priced("Log Analytics")[0]
    assert f"{words[len(endpoints)]} endpoints" in priced("private networking, ")[0]
