"""Checks the house rules of infra/: versions, sizes, descriptions, names, regions and clouds."""

from __future__ import annotations

import itertools
import json
import re
from typing import TYPE_CHECKING

from tests.repo.infra import shapes
from tests.repo.infra.clouds import GOVERNMENT
from tests.repo.infra.project import MAIN, MODES, NEEDED, Project
from tests.repo.infra.values import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.repo.infra.reader import File

LONGEST_MODULE = 70
LONGEST_WIRING = 230  # lines of main.bicep below its params, without empty ones
# Versions that installed compilers know; a newer one would leave properties unchecked there.
VERSIONS = {
    "Microsoft.Resources/resourceGroups": "2024-11-01",
    "Microsoft.Web/serverfarms": "2024-11-01",
    "Microsoft.Web/sites": "2024-11-01",
    "Microsoft.Web/sites/config": "2024-11-01",
    "Microsoft.Web/sites/basicPublishingCredentialsPolicies": "2024-11-01",
    "Microsoft.Storage/storageAccounts": "2025-01-01",
    "Microsoft.Storage/storageAccounts/blobServices": "2025-01-01",
    "Microsoft.Storage/storageAccounts/blobServices/containers": "2025-01-01",
    "Microsoft.Storage/storageAccounts/queueServices": "2025-01-01",
    "Microsoft.Storage/storageAccounts/tableServices": "2025-01-01",
    "Microsoft.Storage/storageAccounts/tableServices/tables": "2025-01-01",
    "Microsoft.DurableTask/schedulers": "2026-02-01",
    "Microsoft.DurableTask/schedulers/taskHubs": "2026-02-01",
    "Microsoft.DurableTask/schedulers/retentionPolicies": "2026-02-01",
    "Microsoft.CognitiveServices/accounts": "2025-06-01",
    "Microsoft.CognitiveServices/accounts/deployments": "2025-06-01",
    "Microsoft.KeyVault/vaults": "2024-11-01",
    "Microsoft.KeyVault/vaults/secrets": "2024-11-01",
    "Microsoft.OperationalInsights/workspaces": "2025-02-01",
    "Microsoft.Insights/components": "2020-02-02",
    "Microsoft.Insights/workbooks": "2023-06-01",
    "Microsoft.Insights/metricAlerts": "2018-03-01",
    "Microsoft.Insights/scheduledQueryRules": "2023-12-01",
    "Microsoft.Insights/actionGroups": "2023-01-01",
    "Microsoft.Insights/diagnosticSettings": "2021-05-01-preview",
    "Microsoft.ManagedIdentity/userAssignedIdentities": "2024-11-30",
    "Microsoft.Authorization/roleAssignments": "2022-04-01",
    "Microsoft.Authorization/locks": "2020-05-01",
    "Microsoft.Network/virtualNetworks": "2024-07-01",
    "Microsoft.Network/networkSecurityGroups": "2024-07-01",
    "Microsoft.Network/privateEndpoints": "2024-07-01",
    "Microsoft.Network/privateEndpoints/privateDnsZoneGroups": "2024-07-01",
    "Microsoft.Network/privateDnsZones": "2024-06-01",
    "Microsoft.Network/privateDnsZones/virtualNetworkLinks": "2024-06-01",
    "Microsoft.Consumption/budgets": "2024-08-01",
    "Microsoft.Graph/applications": "v1.0",
    "Microsoft.Graph/applications/federatedIdentityCredentials": "v1.0",
    "Microsoft.Graph/servicePrincipals": "v1.0",
}
CLOUDS = re.compile(
    r"windows\.net|azure\.(com|net|us|cn)\b|microsoftonline|chinacloudapi|usgovcloudapi"
)
OF_PUBLIC = re.compile(r"[\w.-]*(?:windows\.net|azure\.(?:com|net)|microsoftonline\.com)\b")
ZONES_OF_GOVERNMENT = {
    *(f"privatelink.{kind}.core.usgovcloudapi.net" for kind in ("blob", "queue", "table")),
    *("privatelink.vaultcore.usgovcloudapi.net", "privatelink.openai.azure.us"),
    "privatelink.durabletask.io",
}
# Portal pages are linked in comments only; this zone has no name that differs by cloud.
SAME_IN_CLOUDS = ("privatelink.durabletask.io",)
NAMES = {
    "Microsoft.Storage/storageAccounts": r"[a-z0-9]{3,24}",
    "Microsoft.KeyVault/vaults": r"[A-Za-z](?!.*--)[A-Za-z0-9-]{1,22}[A-Za-z0-9]",
    "Microsoft.Web/sites": r"[a-z0-9][a-z0-9-]{0,58}[a-z0-9]",
    "Microsoft.Web/serverfarms": r"[A-Za-z0-9-]{1,40}",
    "Microsoft.CognitiveServices/accounts": r"[a-z0-9][a-z0-9-]{0,62}[a-z0-9]",
    "Microsoft.DurableTask/schedulers": r"[a-zA-Z0-9-]{3,64}",
    "Microsoft.DurableTask/schedulers/taskHubs": r"[A-Za-z][A-Za-z0-9]{2,44}",
    "Microsoft.OperationalInsights/workspaces": r"[A-Za-z0-9][A-Za-z0-9-]{2,61}[A-Za-z0-9]",
    "Microsoft.Storage/storageAccounts/blobServices/containers": r"[a-z0-9][a-z0-9-]{2,62}",
    "Microsoft.Resources/resourceGroups": r"[\w.()-]{1,89}[\w()-]",
}
GLOBAL = {
    "Microsoft.Network/privateDnsZones",
    "Microsoft.Network/privateDnsZones/virtualNetworkLinks",
    "Microsoft.Insights/actionGroups",
    "Microsoft.Insights/metricAlerts",
}
UNIQUE = (
    *("Storage/storageAccounts", "KeyVault/vaults", "Web/sites", "CognitiveServices/accounts"),
    "DurableTask/schedulers",
)


def versions_are_those_of_the_table(project: Project) -> Iterator[Finding]:
    """Demand that each type is used in one version, a stable one that compilers in use know."""
    for file in project.bicep.values():
        for held in file.resources.values():
            if VERSIONS.get(held.type) != held.version:
                wanted = VERSIONS.get(held.type, "no version: add it to the table")
                wrong = f"{held.type}@{held.version}, expected {wanted}"
                yield Finding(file.path, held.line, wrong)


def files_are_short(project: Project) -> Iterator[Finding]:
    """Demand modules of at most 70 lines, and a main template that is mere wiring."""
    for path, file in project.bicep.items():
        lines = len(file.text.splitlines()) if path != MAIN else _lines_of_wiring(file)
        if lines > (LONGEST_WIRING if path == MAIN else LONGEST_MODULE):
            yield Finding(path, lines, f"the file has {lines} lines")


def _lines_of_wiring(main: File) -> int:
    """Count the lines of a template after its params, which are as many as there are choices."""
    last = max(param.line for param in main.params.values())
    return sum(bool(line.strip()) for line in main.text.splitlines()[last:])


def main_reads_from_top_to_bottom(project: Project) -> Iterator[Finding]:
    """Demand that params come first, then variables, what is deployed, and outputs."""
    main = project.main
    kinds = (main.params, main.variables, {**main.resources, **main.modules}, main.outputs)
    lines = [sorted(held.line for held in kind.values()) for kind in kinds]
    for above, below in itertools.pairwise(lines):
        if above and below and above[-1] > below[0]:
            yield Finding(MAIN, above[-1], "this stands below what comes after its kind")
    for held in main.resources.values():
        if held.type != "Microsoft.Resources/resourceGroups":
            yield Finding(MAIN, held.line, f"{held.name} belongs into a module")


def everything_is_described(project: Project) -> Iterator[Finding]:
    """Demand that params say what they are and whether needed, and outputs what they give."""
    for path, file in project.bicep.items():
        for param in file.params.values():
            word = "Optional. " if param.default is not None else "Required. "
            if not param.description.startswith(word):
                yield Finding(file.path, param.line, f"{param.name} is not described by {word}")
        for output in file.outputs.values() if path != MAIN else ():
            if not output.description:
                yield Finding(file.path, output.line, f"the output {output.name} is not described")
        if not file.text.startswith("//"):
            yield Finding(file.path, 1, "the file does not begin by what it owns")


def clouds_are_asked_for(project: Project) -> Iterator[Finding]:
    """Demand that no address of one cloud is written down: environment() gives those of each."""
    for file in project.bicep.values():
        for part in file.parts:
            text = str(part.value) if part.kind == "constant" else ""
            if CLOUDS.search(text) and text not in SAME_IN_CLOUDS:
                yield Finding(file.path, part.line, f"{text[:60]!r} is of one cloud")


def other_clouds_have_their_own_names(project: Project) -> Iterator[Finding]:
    """Demand that nothing that is deployed in another cloud leads to the public one."""
    for held in project.deployed("full", GOVERNMENT).resources:
        for text in sorted(set(OF_PUBLIC.findall(repr(held.body)))):
            yield held.wrong(f"leads to {text} in another cloud")
    zones = {
        zone.name
        for zone in project.deployed("full", GOVERNMENT).of_type("Network/privateDnsZones")
    }
    for zone in sorted(ZONES_OF_GOVERNMENT ^ zones):
        yield Finding(MAIN, 1, f"the zone {zone} is wrong or missing in another cloud")


def regions_are_offered(project: Project) -> Iterator[Finding]:
    """Demand that the region is chosen from a list, in the form that Azure writes."""
    location = project.main.params["location"]
    regions = [str(name) for name in location.allowed]
    if not regions or len(set(regions)) < len(regions):
        yield Finding(MAIN, location.line, "the list of regions is empty or has doubles")
    for name in regions:
        if not re.fullmatch(r"[a-z]+\d?", name):
            yield Finding(MAIN, location.line, f"{name} is no region")
    metadata = location.decorated("metadata")
    if metadata is None or "type: 'location'" not in metadata.text:
        yield Finding(MAIN, location.line, "azd is not told that this is a location")


def everything_lies_in_the_region(project: Project) -> Iterator[Finding]:
    """Demand that resources lie where they were asked to, but for those that have no region."""
    for mode in MODES:
        for held in project.deployed(mode).resources:
            node = shapes.place_of(held.reference.pair)
            if node is None or "location" not in shapes.members(shapes.shape(node)):
                continue
            place = held.body.get("location")
            if place is None and "/" in held.type.partition("/")[2] and held.type not in GLOBAL:
                continue  # a child lies with its parent
            wanted = "global" if held.type in GLOBAL else NEEDED["location"]
            if place != wanted:
                yield held.wrong(f"{mode}: location is {place}")


def names_are_ones_that_azure_takes(project: Project) -> Iterator[Finding]:
    """Demand that names keep to the letters and lengths of their types."""
    for mode in MODES:
        for held in project.deployed(mode).resources:
            pattern = NAMES.get(held.type)
            if pattern and not re.fullmatch(pattern, held.name):
                yield held.wrong(f"{mode}: {held.name} is no name for {held.type}")


def names_are_unique_in_azure(project: Project) -> Iterator[Finding]:
    """Demand that what shares its names with all of Azure is named by the environment."""
    variables = project.main.variables.values()
    tokens = [held for held in variables if "uniqueString" in held.value.text]
    text = " ".join(held.value.text for held in tokens)
    for word in ("subscription().id", "environmentName", "location"):
        if word not in text:
            yield Finding(MAIN, 1, f"the token of names does not depend on {word}")
    names = [held.name for held in project.deployed("plain").of_type(*UNIQUE)]
    token = re.search(r"[a-z0-9]{13}$", names[0]) if names else None
    for name in names:
        if token is None or token.group() not in name:
            yield Finding(MAIN, 1, f"{name} does not end in the token of names")


def the_linter_is_strict(project: Project) -> Iterator[Finding]:
    """Demand that bicepconfig.json makes what the linter finds an error."""
    path = "infra/bicepconfig.json"
    core = json.loads(project.texts.get(path, "{}")).get("analyzers", {}).get("core", {})
    rules = core.get("rules", {})
    if not core.get("enabled") or not rules:
        yield Finding(path, 1, "the linter is off")
    for name, rule in rules.items():
        if rule.get("level") != "error" and name not in LOOSE:
            yield Finding(path, 1, f"{name} is {rule.get('level')}")
    for name in sorted(STRICT - rules.keys()):
        yield Finding(path, 1, f"{name} is not among the rules")


# Rules that ask for the newest versions, against the table above.
LOOSE = {"use-recent-api-versions", "use-recent-module-versions"}
STRICT = {
    *("no-unused-params", "no-unused-vars", "no-unused-existing-resources"),
    *("outputs-should-not-contain-secrets", "secure-secrets-in-params"),
    *("no-hardcoded-env-urls", "secure-parameter-default", "protect-commandtoexecute-secrets"),
    *("adminusername-should-not-be-literal", "use-stable-resource-identifiers"),
}


def outputs_are_names_of_variables(project: Project) -> Iterator[Finding]:
    """Demand that outputs of the main template are named as variables of azd."""
    for output in project.main.outputs.values():
        if not re.fullmatch(r"[A-Z][A-Z0-9_]*", output.name):
            yield Finding(MAIN, output.line, f"{output.name} is no name of a variable")
    for name in sorted(OUTPUTS - project.main.outputs.keys()):
        yield Finding(MAIN, 1, f"the output {name} is missing")


OUTPUTS = {"AZURE_LOCATION", "AZURE_TENANT_ID", "AZURE_RESOURCE_GROUP"}

CHECKS = (
    versions_are_those_of_the_table,
    files_are_short,
    main_reads_from_top_to_bottom,
    everything_is_described,
    clouds_are_asked_for,
    other_clouds_have_their_own_names,
    regions_are_offered,
    everything_lies_in_the_region,
    names_are_ones_that_azure_takes,
    names_are_unique_in_azure,
    the_linter_is_strict,
    outputs_are_names_of_variables,
)
