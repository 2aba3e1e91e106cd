"""Checks that everything is seen and told: logs, alerts, sign-in, tags."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from signpost.telemetry import names
from tests.repo.infra import shapes
from tests.repo.infra.evaluation import TENANT
from tests.repo.infra.project import FULL, MODES, NEEDED, Project
from tests.repo.infra.values import Deployed, Finding, Value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.repo.infra.deployment import Deployment

# What logs for itself; the scheduler's type is not known to.
LOGS = {
    "Microsoft.Storage/storageAccounts/blobServices",
    "Microsoft.Storage/storageAccounts/queueServices",
    "Microsoft.Storage/storageAccounts/tableServices",
    "Microsoft.KeyVault/vaults",
    "Microsoft.Web/sites",
}
MODEL = "Microsoft.CognitiveServices/accounts"
AUDITED = {"Microsoft.KeyVault/vaults", MODEL}
# What the app tells; a query that names anything else would never find a row.
METRICS = {metric.name: set(metric.by) for metric in names.METRICS}
ASKED = re.compile(r"\bsignpost\.[a-z_]+(?:\.[a-z_]+)*")
TOLD = METRICS.keys() | {span.name for span in names.SPANS}
TOLD |= {attribute for span in names.SPANS for attribute in span.told}
TABLES = {
    *("AppMetrics", "AppTraces", "AppExceptions", "AppRequests", "AppDependencies"),
    "AzureMetrics",
}
CATEGORIES = {"AllMetrics", "Transaction", "StorageWrite", "StorageDelete"}
RULE: dict[str, Value] = {
    "properties.autoMitigate": True,
    "properties.skipQueryValidation": True,  # tables and columns come with the first data
}
SEVERITIES = {1, 2, 3}
SIGN_IN = {
    "properties.globalValidation.requireAuthentication": False,
    "properties.globalValidation.unauthenticatedClientAction": "AllowAnonymous",
    "properties.httpSettings.requireHttps": True,
    "properties.login.preserveUrlFragmentsForLogins": False,
    "properties.login.tokenStore.enabled": False,
}
REGISTRATION = "properties.identityProviders.azureActiveDirectory"


def logs_reach_the_workspace(project: Project) -> Iterator[Finding]:
    """Demand that what Azure's resources log goes to the workspace, audits with it."""
    for mode in MODES:
        deployment = project.deployed(mode)
        workspaces = [held.id for held in deployment.of_type("OperationalInsights/workspaces")]
        settings = deployment.of_type("Insights/diagnosticSettings")
        wanted = LOGS | ({MODEL} if deployment.of_type("CognitiveServices/accounts") else set())
        found = {_type_of(held.scope): held for held in settings}
        for kind in sorted(wanted - found.keys()):
            yield Finding(_file(settings, project), 1, f"{mode}: nothing keeps the logs of {kind}")
        for kind, held in found.items():
            if [held.get("properties.workspaceId")] != workspaces:
                yield held.wrong(f"{mode}: does not lead to the workspace")
            yield from _kept(kind, held)


def _kept(kind: str, held: Deployed) -> Iterator[Finding]:
    """Demand that something is switched on, and audits where there are any."""
    logs, metrics = (held.get(f"properties.{name}") or [] for name in ("logs", "metrics"))
    unknown = {entry.get("category", "AllMetrics") for entry in [*logs, *metrics]} - CATEGORIES
    if unknown:
        yield held.wrong(f"{kind} has no category {', '.join(sorted(unknown))}")
    if not all(entry.get("enabled") for entry in [*logs, *metrics]) or not metrics:
        yield held.wrong(f"metrics or logs of {kind} are off")
    if kind in AUDITED and "audit" not in {entry.get("categoryGroup") for entry in logs}:
        yield held.wrong(f"{kind} keeps no audit")


def _type_of(path: str) -> str:
    """Return the type in a resource id."""
    provider, *steps = path.rpartition("/providers/")[2].split("/")
    return "/".join([provider, *steps[::2]])


def _file(held: list[Deployed], project: Project) -> str:
    return held[0].path if held else project.main.path


def alerts_ask_what_the_app_tells(project: Project) -> Iterator[Finding]:
    """Demand that alerts ask for metrics that exist, without gaps, and tell people."""
    for mode, given in MODES.items():
        deployment = project.deployed(mode)
        groups = [held.id for held in deployment.of_type("Insights/actionGroups")]
        if bool(groups) != bool(given.get("alertEmail")):
            yield Finding(project.main.path, 1, f"{mode}: there are {len(groups)} action groups")
        alerts = deployment.of_type("Insights/scheduledQueryRules")
        if not _has_alerts(alerts, given):
            yield Finding(_file(alerts, project), 1, f"{mode}: an alert is missing")
        workspaces = [held.id for held in deployment.of_type("OperationalInsights/workspaces")]
        for alert in alerts:
            if (alert.get("properties.actions.actionGroups") or []) != groups:
                yield alert.wrong(f"{mode}: {alert.name} tells nobody")
            if alert.get("properties.scopes") != workspaces or not alert.get("properties.enabled"):
                yield alert.wrong(f"{mode}: {alert.name} does not ask the workspace")
            yield from _asks(alert)


# Words in the queries of alerts: of each there must be one.
WATCHED = (
    *("signpost.runs.closed", "signpost.deliveries", "signpost.runs.overdue"),
    "signpost.model.refusals",
)


def _has_alerts(alerts: list[Deployed], given: dict[str, Value]) -> bool:
    """Say whether failures, deliveries, stuck approvals, throttling and poison are told."""
    queries = " ".join(str(alert.get("properties.criteria")) for alert in alerts)
    poison = "poison" in queries
    return all(word in queries for word in WATCHED) and (
        poison == (given.get("durableBackend") == "AzureStorage")
    )


def _asks(alert: Deployed) -> Iterator[Finding]:
    """Demand tables and metrics that there are, over windows without gaps."""
    for path, value in RULE.items():
        if alert.get(path) is not value:
            yield alert.wrong(f"{alert.name}: {path} is {alert.get(path)}")
    described = alert.get("properties.description") and alert.get("properties.severity")
    if described not in SEVERITIES:
        yield alert.wrong(f"{alert.name} does not say how grave it is, and what it is")
    for criterion in alert.get("properties.criteria.allOf") or [{}]:
        yield from _counts(alert, criterion)
    frequency, window = (
        _minutes(str(alert.get(f"properties.{name}")))
        for name in ("evaluationFrequency", "windowSize")
    )
    if not 0 < frequency <= window:
        yield alert.wrong(f"{alert.name} looks every {frequency} minutes at {window}")


def the_workbook_asks_what_the_app_tells(project: Project) -> Iterator[Finding]:
    """Demand that the workbook shows metrics that exist, in the workspace that is deployed."""
    for path, text in project.texts.items():
        if path.endswith("workbook.json"):
            for name in sorted(set(ASKED.findall(text)) - TOLD):
                yield Finding(path, 1, f"nothing tells {name}")
    for mode in MODES:
        deployment = project.deployed(mode)
        workspaces = [held.id for held in deployment.of_type("OperationalInsights/workspaces")]
        for held in deployment.of_type("Insights/workbooks"):
            data = str(held.get("properties.serializedData"))
            if [held.get("properties.sourceId")] != workspaces or "<workspaceId>" in data:
                yield held.wrong("does not ask the workspace")
        if not deployment.of_type("Insights/workbooks"):
            yield Finding(project.main.path, 1, f"{mode}: there is no workbook")


def _minutes(span: str) -> int:
    """Read a span of time as PT15M, PT1H or P1D."""
    match = re.fullmatch(r"P(?:T?(\d+)([MHD]))", span)
    return int(match.group(1)) * {"M": 1, "H": 60, "D": 1440}[match.group(2)] if match else 0


def signing_in_is_as_asked(project: Project) -> Iterator[Finding]:
    """Demand that sign-in is on when asked for, secretless, and for the given client."""
    for mode, given in MODES.items():
        is_on = given.get("signInMode", "off") != "off"
        held = [s for s in _configs(project.deployed(mode)) if s.name == "authsettingsV2"]
        if is_on and not held:
            yield Finding(project.main.path, 1, f"{mode}: nobody can sign in")
        for one in held:
            wanted: dict[str, Value] = {**SIGN_IN, "properties.platform.enabled": is_on}
            client = given.get("signInClientId", "")
            if is_on:
                wanted[f"{REGISTRATION}.enabled"] = True
                wanted[f"{REGISTRATION}.registration.clientId"] = client
                wanted[f"{REGISTRATION}.registration.clientSecretSettingName"] = FEDERATED
                issuer = f"https://login.microsoftonline.com/{TENANT}/v2.0"
                wanted[f"{REGISTRATION}.registration.openIdIssuer"] = issuer
                audiences = [client, f"api://{client}"]
                wanted[f"{REGISTRATION}.validation.allowedAudiences"] = audiences
            for path, value in wanted.items():
                if one.get(path) != value:
                    yield one.wrong(f"{mode}: {path} is {one.get(path)!r}, not {value!r}")


def _counts(alert: Deployed, criterion: dict[str, Value]) -> Iterator[Finding]:
    """Demand a query for what is told, whose rows are counted against a threshold."""
    counted = criterion.get("timeAggregation"), criterion.get("operator")
    if counted != ("Count", "GreaterThan") or not isinstance(criterion.get("threshold"), int):
        yield alert.wrong(f"{alert.name} does not count rows against a threshold")
    beside, _, query = str(criterion.get("query")).partition(" []), ")
    if not beside.startswith("union isfuzzy=true (datatable("):
        yield alert.wrong(f"{alert.name} asks a table that Azure may not know yet")
    asked = set(ASKED.findall(query))
    for name in sorted(asked - TOLD):
        yield alert.wrong(f"{alert.name} asks for {name}, which nothing tells")
    if (table := query.partition("\n")[0]) not in TABLES:
        yield alert.wrong(f"{alert.name} asks the table {table}")
    if query.startswith("AppMetrics"):
        split = {by for name in METRICS.keys() & asked for by in METRICS[name]}
        for name in sorted(set(re.findall(r"Properties\.(\w+)", query)) - split):
            yield alert.wrong(f"{alert.name} asks for {name}, by which nothing is split")


# Where parameters of the fullest mode must arrive.
REACHED: dict[str, dict[str, Value]] = {
    "Consumption/budgets": {
        "properties.amount": FULL["budgetAmount"],
        "properties.timePeriod.startDate": FULL["budgetStartDate"],
    },
    "OperationalInsights/workspaces": {
        "properties.retentionInDays": FULL["logRetentionDays"],
        "properties.workspaceCapping.dailyQuotaGb": FULL["logDailyCapGb"],
    },
    "Storage/storageAccounts": {"sku.name": FULL["storageSku"]},
    "Web/sites": {
        "properties.functionAppConfig.scaleAndConcurrency.instanceMemoryMB": 4096,
        "properties.functionAppConfig.scaleAndConcurrency.maximumInstanceCount": 90,
    },
    "DurableTask/schedulers": {"properties.sku.name": "Consumption"},
    "CognitiveServices/accounts/deployments": {
        "name": FULL["deploymentName"],
        "sku.name": FULL["modelSku"],
        "sku.capacity": FULL["modelCapacity"],
        "properties.model.name": FULL["modelName"],
        "properties.model.version": FULL["modelVersion"],
    },
}
THRESHOLDS = {("Actual", 80), ("Forecasted", 100), ("Actual", 100)}
FEDERATED = "OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID"


# What the separate template for sign-in registers: one tenant's application, without a secret.
REGISTERED: dict[str, dict[str, Value]] = {
    "Microsoft.Graph/applications": {
        "signInAudience": "AzureADMyOrg",
        "api.requestedAccessTokenVersion": 2,
        "web.implicitGrantSettings.enableIdTokenIssuance": True,
        "uniqueName": "{appName}",
        "identifierUris": [f"api://{TENANT}/{{appName}}"],
        "passwordCredentials": None,
        "keyCredentials": None,
    },
    "Microsoft.Graph/applications/federatedIdentityCredentials": {
        "audiences": ["api://AzureADTokenExchange"],
        "issuer": f"https://login.microsoftonline.com/{TENANT}/v2.0",
    },
}


def the_registration_is_of_one_tenant(project: Project) -> Iterator[Finding]:
    """Demand that only people of the tenant sign in, and that the app's identity vouches."""
    for path in project.roots:
        for held in project.alone(path).resources if path.startswith("infra/access/") else ():
            for member, value in REGISTERED.get(held.type, {}).items():
                if held.get(member) != value:
                    yield held.wrong(f"{member} is {held.get(member)!r}, not {value!r}")
            subject = str(held.get("subject"))
            if held.type.endswith("federatedIdentityCredentials") and not re.search(
                r"/userAssignedIdentities/.*\.properties\.principalId\}$", subject
            ):
                yield held.wrong("subject is not the app's identity")


def _configs(deployment: Deployment) -> list[Deployed]:
    return deployment.of_type("Web/sites/config")


def everything_is_tagged(project: Project) -> Iterator[Finding]:
    """Demand that what takes tags has the environment's and those that were asked for."""
    for mode, given in MODES.items():
        wanted = {**given.get("tags", {}), "azd-env-name": NEEDED["environmentName"]}
        for held in project.deployed(mode).resources:
            place = shapes.place_of(held.reference.pair)
            if place is None or "tags" not in shapes.members(shapes.shape(place)):
                continue
            tags = held.body.get("tags") or {}
            tags = tags if isinstance(tags, dict) else {"unknown": tags}
            if not wanted.items() <= tags.items() and not _without(held):
                yield held.wrong(f"{mode}: its tags are {tags}")
            service = {"app"} if held.type == "Microsoft.Web/sites" else set()
            if set(tags.values()) - set(wanted.values()) != service:
                yield held.wrong(f"{mode}: its tags are {tags}, not {wanted}")


def _without(held: Deployed) -> bool:
    """Leave out secrets, whose tags serve nobody, and models."""
    return held.type in (
        "Microsoft.KeyVault/vaults/secrets",
        "Microsoft.CognitiveServices/accounts/deployments",
    )


def parameters_reach_what_they_are_for(project: Project) -> Iterator[Finding]:
    """Demand that budget, mails and logs are as their parameters ask."""
    deployment = project.deployed("full")
    for kind, wanted in REACHED.items():
        for held in deployment.of_type(kind):
            for path, value in wanted.items():
                if held.get(path) != value:
                    yield held.wrong(f"{path} is {held.get(path)!r}, not {value!r}")


def people_are_told(project: Project) -> Iterator[Finding]:
    """Demand that alerts and the budget are told to the address that was given."""
    address = FULL["alertEmail"]
    deployment = project.deployed("full")
    for budget in deployment.of_type("Consumption/budgets"):
        for name, told in (budget.get("properties.notifications") or {}).items():
            if told.get("contactEmails") != [address] or not told.get("enabled"):
                yield budget.wrong(f"{name} is not told to {address}")
            kind = told.get("thresholdType"), told.get("threshold")
            if kind not in THRESHOLDS:
                yield budget.wrong(f"{name} is told at {kind}")
    for group in deployment.of_type("Insights/actionGroups"):
        mails = [one.get("emailAddress") for one in group.get("properties.emailReceivers") or []]
        if mails != [address] or not group.get("properties.enabled"):
            yield group.wrong(f"tells {mails}")


CHECKS = (
    logs_reach_the_workspace,
    alerts_ask_what_the_app_tells,
    the_workbook_asks_what_the_app_tells,
    signing_in_is_as_asked,
    the_registration_is_of_one_tenant,
    everything_is_tagged,
    parameters_reach_what_they_are_for,
    people_are_told,
)
