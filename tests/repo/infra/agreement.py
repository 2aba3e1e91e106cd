"""Checks that infra/ agrees with what lies beside it: code, host.json, azure.yaml and docs."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import yaml

from signpost.doctor.azure import setting_names
from signpost.ledger.tables import TABLE
from signpost.variables import BICEP, OF_HOST, VARIABLES, VAULT
from tests.repo.infra.app_policy import FORBIDDEN, settings_of
from tests.repo.infra.project import FULL, MAIN, MODES, Project
from tests.repo.infra.values import Finding
from tests.repo.infra.wiring import PARAMETERS, VARIABLE
from tests.repo.sources import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

OF_SIGN_IN = {"OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID", "WEBSITE_AUTH_AAD_ALLOWED_TENANTS"}
NAMED = re.compile(r"%(\w+)%")


def _set(project: Project) -> set[str]:
    """Return the names of all settings that some mode sets."""
    return {name for mode in MODES for name in settings_of(project.deployed(mode))}


def _host(project: Project) -> set[str]:
    """Return the settings that host.json names: between percent signs, and as connections."""
    text = project.texts["host.json"]
    storage = json.loads(text)["extensions"]["durableTask"].get("storageProvider", {})
    return set(NAMED.findall(text)) | ({storage.get("connectionStringName")} - {None})


def settings_are_those_that_are_read(project: Project) -> Iterator[Finding]:
    """Demand that Bicep sets what the catalogue says, what host.json names, no more."""
    listed = {each.name for each in (*VARIABLES, *OF_HOST) if each.set_by in (BICEP, VAULT)}
    wanted = listed | _host(project)
    found = _set(project) - FULL["furtherSettings"].keys()
    for name in sorted(wanted - found):
        yield Finding(MAIN, 1, f"the setting {name} is set nowhere")
    for name in sorted(found - wanted):
        yield Finding(MAIN, 1, f"the setting {name} is read by nothing")


def settings_of_sign_in_follow_it(project: Project) -> Iterator[Finding]:
    """Demand that what stands in for a client secret is set exactly where people sign in."""
    for mode, given in MODES.items():
        is_on = given.get("signInMode", "off") != "off"
        found = OF_SIGN_IN & settings_of(project.deployed(mode)).keys()
        if found != (OF_SIGN_IN if is_on else set()):
            yield Finding(MAIN, 1, f"{mode}: of the settings of sign-in there are {sorted(found)}")


def host_names_are_set(project: Project) -> Iterator[Finding]:
    """Demand that host.json names hub and connection by settings that Bicep sets."""
    names = _host(project)
    for name in sorted({"TASKHUB_NAME", "DURABLE_TASK_SCHEDULER_CONNECTION_STRING"} - names):
        yield Finding("host.json", 1, f"{name} is not named")
    for name in sorted(names - _set(project)):
        yield Finding("host.json", 1, f"{name} is set nowhere in infra/")
    for name in sorted(names & FORBIDDEN):
        yield Finding("host.json", 1, f"{name} must not be set")


def the_doctor_knows_the_same_settings(project: Project) -> Iterator[Finding]:
    """Demand that each mode sets what the doctor asks for."""
    for mode in MODES:
        for name in sorted(set(setting_names.NEEDED) - settings_of(project.deployed(mode)).keys()):
            yield Finding(MAIN, 1, f"{mode}: the doctor asks for {name}")


def the_ledger_has_its_table(project: Project) -> Iterator[Finding]:
    """Demand that the table that the ledger opens is made with the account."""
    for mode in MODES:
        made = project.deployed(mode).of_type("Storage/storageAccounts/tableServices/tables")
        if [held.name for held in made] != [TABLE]:
            yield Finding(MAIN, 1, f"{mode}: the ledger's table {TABLE} is not made")


def regions_are_those_with_the_model(project: Project) -> Iterator[Finding]:
    """Demand that azd asks for a region with quota for the deployment that is made by default."""
    given = dict(
        re.findall(r"^param (model\w+) \w+ = '?([\w.-]+)", project.main.text, re.MULTILINE)
    )
    wanted = "OpenAI.{modelSku}.{modelName}, {modelCapacity}".format_map(given)
    if f"usageName: ['{wanted}']" not in project.main.text:
        yield Finding(MAIN, project.main.params["location"].line, f"location lacks {wanted}")


def services_are_tagged(project: Project) -> Iterator[Finding]:
    """Demand that the site's tag azd-service-name is the service in azure.yaml."""
    azure = yaml.safe_load(project.texts.get("azure.yaml", "")) or {}
    services = set(azure.get("services", {}))
    for mode in MODES:
        sites = project.deployed(mode).of_type("Web/sites")
        tags = {site.get("tags.azd-service-name") for site in sites}
        if tags != services:
            yield Finding("azure.yaml", 1, f"services are {services}, tags {tags}")
    for name, service in azure.get("services", {}).items():
        if (service.get("language"), service.get("host")) != ("python", "function"):
            yield Finding("azure.yaml", 1, f"{name} is no Python function app")


def hooks_run_what_there_is(project: Project) -> Iterator[Finding]:
    """Demand that each script that a hook of azure.yaml names is in the repository."""
    azure = yaml.safe_load(project.texts.get("azure.yaml", "")) or {}
    hooks = [
        azure.get("hooks", {}),
        *(s.get("hooks", {}) for s in azure.get("services", {}).values()),
    ]
    for text in (str(hook) for held in hooks for hook in held.values()):
        for name in re.findall(r"\bscripts[/\\]+([\w.-]+)", text):
            if not (ROOT / "scripts" / name).is_file():
                yield Finding("azure.yaml", 1, f"scripts/{name} does not exist")


def documents_name_parameters_that_exist(project: Project) -> Iterator[Finding]:
    """Demand that docs/deploy.md sets only variables of azd that main.parameters.json reads."""
    document = project.texts.get("docs/deploy.md", "")
    read = {found[0] for found in VARIABLE.findall(project.texts.get(PARAMETERS, ""))}
    for name in re.findall(r"azd env set(?:-secret)? +([A-Z][A-Z0-9_]+)", document):
        if name not in read | OF_AZD:
            yield Finding("docs/deploy.md", 1, f"{name} is read by nothing")
    known = read | OF_AZD | set(project.main.outputs) | _set(project)
    known |= {variable.name for variable in VARIABLES}
    for name in re.findall(r"`([A-Z][A-Z0-9]*_[A-Z0-9_]+)`", document):
        if name not in known:
            yield Finding("docs/deploy.md", 1, f"{name} is no variable, setting or output")
    for name in re.findall(r"--parameters +(\w+)=", document):
        if not any(name in project.bicep[path].params for path in project.roots):
            yield Finding("docs/deploy.md", 1, f"no template has the param {name}")


OF_AZD = {"AZURE_ENV_NAME", "AZURE_LOCATION", "AZURE_SUBSCRIPTION_ID", "AZURE_PRINCIPAL_ID"}

CHECKS = (
    settings_are_those_that_are_read,
    settings_of_sign_in_follow_it,
    host_names_are_set,
    the_doctor_knows_the_same_settings,
    the_ledger_has_its_table,
    regions_are_those_with_the_model,
    services_are_tagged,
    hooks_run_what_there_is,
    documents_name_parameters_that_exist,
)
