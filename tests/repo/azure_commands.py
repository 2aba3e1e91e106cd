"""Checks the form of commands that only Azure can run: their options, and every name in them."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.repo.commands import Command
from tests.repo.sources import ROOT, read

MAIN, PARAMETERS = "infra/main.bicep", "infra/main.parameters.json"
# Each command that a document may show, and its options, by the manuals of the two programs.
KNOWN = {
    "az account set": {"--subscription"},
    "az ad app create": {"--display-name", "--query", "--output"},
    "az ad app federated-credential create": {"--id", "--parameters"},
    "az ad signed-in-user show": {"--query", "--output"},
    "az ad sp create": {"--id"},
    "az bicep upgrade": set(),
    "az cognitiveservices usage list": {"--location"},
    "az deployment group create": {
        "--resource-group", "--template-file", "--parameters", "--query", "--output",
    },
    "az deployment sub create": {"--name", "--location", "--template-file", "--parameters"},
    "az deployment sub show": {"--name", "--query", "--output"},
    "az functionapp deployment source config-zip": {
        "--resource-group", "--name", "--src", "--build-remote",
    },
    "az functionapp keys list": {"--resource-group", "--name", "--query", "--output"},
    "az functionapp restart": {"--resource-group", "--name"},
    "az functionapp show": {"--resource-group", "--name", "--query", "--output"},
    "az keyvault secret set": {"--vault-name", "--name", "--file"},
    "az login": set(),
    "az provider register": {"--namespace"},
    "az rest": {"--method", "--url"},
    "az role assignment create": {"--assignee", "--role", "--scope", "--condition"},
    "azd auth login": set(),
    "azd down": set(),
    "azd env get-value": set(),
    "azd env get-values": set(),
    "azd env new": set(),
    "azd env set": set(),
    "azd provision": set(),
    "azd up": set(),
}  # fmt: skip
OF_AZD = {"AZURE_ENV_NAME", "AZURE_SUBSCRIPTION_ID"}  # which it keeps beside the outputs
ROLES = {"Contributor", "Role Based Access Control Administrator"}  # built in, for who deploys
VARIABLE = r"\$\{(\w+)(?:=([^}]*))?\}"


@dataclass(frozen=True)
class Template:
    """What a template takes and gives, and the values that are allowed."""

    params: dict[str, str]
    allowed: dict[str, list[str]]
    outputs: set[str]


def template(path: str) -> Template:
    """Read a template."""
    text = read(path)
    lists = re.findall(r"@allowed\(\[([^\]]*)\]\)\n(?:@.*\n)*param (\w+)", text)
    return Template(
        params=dict(re.findall(r"^param (\w+) (\w+)", text, re.MULTILINE)),
        allowed={name: re.findall(r"[\w.-]+", values) for values, name in lists},
        outputs=set(re.findall(r"^output (\w+)", text, re.MULTILINE)),
    )


def values() -> dict[str, tuple[str, str]]:
    """Give each of azd's values that the deployment reads: its parameter, and its default."""
    told = json.loads(read(PARAMETERS))["parameters"]
    found = {name: re.fullmatch(VARIABLE, str(each["value"])) for name, each in told.items()}
    return {match[1]: (name, match[2] or "") for name, match in found.items() if match}


def faults(command: Command) -> Iterator[str]:
    """Say what is wrong with a command."""
    name = next((each for each in sorted(KNOWN, reverse=True) if _is(command, each)), None)
    if name is None:
        yield f"{command.text}: is not known; add it to KNOWN with its options by the manual"
        return
    options = {word for word in command.words if word.startswith("--")}
    yield from (f"{name} has no {option}" for option in sorted(options - KNOWN[name]))
    yield from (f"azd reads no {each}" for each in command.given if each not in values())
    for looks_at, check in CHECKS.items():
        if _is(command, looks_at):
            yield from check(command)


def _is(command: Command, name: str) -> bool:
    return f"{command.text} ".startswith(f"{name} ")


def _value(command: Command) -> Iterator[str]:
    name, given = command.words[3:]
    if name not in values():
        yield f"{PARAMETERS} reads no {name}"
        return
    param, main = values()[name][0], template(MAIN)
    kinds = {"bool": "true|false", "int": r"-?\d+"}
    if not re.fullmatch(kinds.get(main.params[param], ".+"), given):
        yield f"{name} is {main.params[param]}, not {given}"
    if given not in main.allowed.get(param, [given]):
        yield f"{name} is one of {main.allowed[param]}, not {given}"


def _deployment(command: Command) -> Iterator[str]:
    path = command.option("--template-file") or ""
    if not (ROOT / path).is_file():
        yield f"there is no {path}"
        return
    known, words = template(path), command.words
    told = [each.partition("=") for each in words[words.index("--parameters") + 1 :]]
    given = {name: value for name, is_set, value in told if is_set}
    yield from (f"{path} has no param {name}" for name in given if name not in known.params)
    yield from (
        f"{name} is none of {known.allowed[name]}"
        for name, value in given.items()
        if value not in known.allowed.get(name, [value])
    )
    yield from _outputs(command, known.outputs)


def _outputs(command: Command, outputs: set[str]) -> Iterator[str]:
    asked = re.findall(r"properties\.outputs\.(\w+)\.value", command.text)
    yield from (f"there is no output {name}" for name in asked if name not in outputs)


def _main_outputs(command: Command) -> Iterator[str]:
    yield from _outputs(command, template(MAIN).outputs)


def _get_value(command: Command) -> Iterator[str]:
    if command.words[3] not in template(MAIN).outputs | OF_AZD | set(values()):
        yield f"azd has no value {command.words[3]}"


def _secret(command: Command) -> Iterator[str]:
    made = re.findall(r"name: '([\w-]+)'", read("infra/modules/secrets.bicep"))
    if command.option("--name") not in made:
        yield f"the app reads no secret {command.option('--name')}"


def _role(command: Command) -> Iterator[str]:
    if command.option("--role") not in ROLES:
        yield f"there is no role {command.option('--role')}"


def _trust(command: Command) -> Iterator[str]:
    told = json.loads(command.option("--parameters") or "")
    named = re.findall(r"environment: (\w+)", read(".github/workflows/deploy.yml"))
    if told.keys() != {"name", "issuer", "subject", "audiences"}:
        yield f"a federated credential has other fields than {sorted(told)}"
    if [told["subject"].rpartition(":environment:")[2]] != named:
        yield f"deploy.yml runs in {named}, not in {told['subject']}"


CHECKS: dict[str, Callable[[Command], Iterator[str]]] = {
    "az ad app federated-credential create": _trust,
    "az deployment group create": _deployment,
    "az deployment sub create": _deployment,
    "az deployment sub show": _main_outputs,
    "az keyvault secret set": _secret,
    "az role assignment create": _role,
    "azd env get-value": _get_value,
    "azd env set": _value,
}
