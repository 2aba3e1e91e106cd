"""Checks the function app: its plan, its site, and each app setting with its value."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from signpost.doctor.azure.setting_names import REFUSED_BY_FLEX, UNSAFE
from tests.repo.infra.project import MODES, Project
from tests.repo.infra.values import Deployed, Finding, Value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.repo.infra.deployment import Deployment

FORBIDDEN = REFUSED_BY_FLEX | UNSAFE.keys()
# The only members of siteConfig that Flex Consumption takes.
SITE_CONFIG = {
    "minTlsVersion",
    "scmMinTlsVersion",
    "http20Enabled",
    "cors",
    "ipSecurityRestrictions",
    "appSettings",
}
IDENTITY = r"\{[^{}]*/userAssignedIdentities/[^{}/]+\.properties\.clientId\}"
STORAGE = r"\{[^{}]*/storageAccounts/[^{}/]+\.properties\.primaryEndpoints\.%s\}"
COMPONENT = r"\{[^{}]*/components/[^{}/]+\.properties\.ConnectionString\}"
SCHEDULER = r"\{[^{}]*/schedulers/[^{}/]+\.properties\.endpoint\}"
OPENAI = r"\{[^{}]*/accounts/[^{}/]+\.properties\.endpoint\}"
SECRET_OF = r"@Microsoft\.KeyVault\(SecretUri=\{[^{}]*\.properties\.vaultUri\}secrets/%s/?\)"
# The value of each setting, as a pattern; the names are agreed with the code elsewhere.
VALUES = {
    "AzureWebJobsDisableHomepage": "true",  # the console's first page stands there
    "AzureWebJobsStorage__credential": "managedidentity",
    "AzureWebJobsStorage__clientId": IDENTITY,
    "AzureWebJobsStorage__blobServiceUri": STORAGE % "blob",
    "AzureWebJobsStorage__queueServiceUri": STORAGE % "queue",
    "AzureWebJobsStorage__tableServiceUri": STORAGE % "table",
    "APPLICATIONINSIGHTS_CONNECTION_STRING": COMPONENT,
    "APPLICATIONINSIGHTS_AUTHENTICATION_STRING": f"ClientId={IDENTITY};Authorization=AAD",
    "AZURE_CLIENT_ID": IDENTITY,
    "AZURE_OPENAI_ENDPOINT": OPENAI,
    "AZURE_OPENAI_DEPLOYMENT": r"[\w.-]+",
    "AZURE_OPENAI_MODEL": r"[\w.-]+",
    "MODEL_TOKENS_PER_MINUTE": r"\d+000",
    "MODEL_REQUESTS_PER_MINUTE": r"\d+",
    "SIGNPOST_LEDGER": "tables:" + STORAGE % "table",
    "SIGNPOST_SIGN_IN": "off|on|required",
    "SIGNPOST_TENANT_ID": r"[0-9a-f-]{36}",
    "SIGNPOST_OPERATORS": ".*",
    "SIGNPOST_SIGNING_KEYS": SECRET_OF % r"signing-key-\d+",
    "SIGNPOST_FORMER_SIGNING_KEYS": SECRET_OF % r"signing-key-\d+",
    "TEAMS_CHANNEL_WEBHOOK_URL": SECRET_OF % "teams-channel-webhook-url",
    "TEAMS_CHAT_WEBHOOK_URL": SECRET_OF % "teams-chat-webhook-url",
    "TASKHUB_NAME": r"[A-Za-z][A-Za-z0-9]{2,44}",
    "DURABLE_TASK_SCHEDULER_CONNECTION_STRING": (
        f"Endpoint={SCHEDULER};Authentication=ManagedIdentity;ClientID={IDENTITY}"
    ),
}
SCHEDULER_ALONE = {"DURABLE_TASK_SCHEDULER_CONNECTION_STRING"}
# Set only by some parameters: a second signing key, a URL that came with the deployment.
SOMETIMES = {
    "SIGNPOST_FORMER_SIGNING_KEYS",
    "SIGNPOST_TENANT_ID",
    "SIGNPOST_OPERATORS",
    "TEAMS_CHAT_WEBHOOK_URL",
}


def settings_of(deployment: Deployment) -> dict[str, Value]:
    """Return the app settings that a deployment sets, wherever they are written."""
    found: dict[str, Value] = {}
    for held in deployment.of_type("Web/sites/config"):
        if held.name == "appsettings":
            found |= held.get("properties") or {}
    for site in deployment.of_type("Web/sites"):
        listed = site.get("properties.siteConfig.appSettings") or []
        found |= {entry.get("name"): entry.get("value") for entry in listed}
    return found


def _app(deployment: Deployment) -> Deployed:
    """Return what the settings are a part of, for findings about them."""
    held = [r for r in deployment.of_type("Web/sites/config") if r.name == "appsettings"]
    return [*held, *deployment.of_type("Web/sites")][0]


def no_forbidden_setting_is_set(project: Project) -> Iterator[Finding]:
    """Demand that no setting is set that Flex Consumption refuses or ignores."""
    for mode in MODES:
        deployment = project.deployed(mode)
        for name in sorted(FORBIDDEN & settings_of(deployment).keys()):
            yield _app(deployment).wrong(f"{name} must not be set")
    for file in project.bicep.values():
        for part in file.parts:
            if part.kind == "constant" and part.value in FORBIDDEN:
                yield Finding(file.path, part.line, f"{part.value} must not be set")


def settings_have_the_right_values(project: Project) -> Iterator[Finding]:
    """Demand that each setting comes from the resource that it is about, and holds no key."""
    for mode in MODES:
        deployment = project.deployed(mode)
        for name, value in settings_of(deployment).items():
            pattern = VALUES.get(name)
            if pattern and not re.fullmatch(pattern, str(value)):
                yield _app(deployment).wrong(f"{name} is {_short(str(value))!r}")
            if not isinstance(value, str):
                yield _app(deployment).wrong(f"{name} is no string")


def _short(value: str) -> str:
    """Cut the ids in a value down to their ends."""
    return re.sub(r"\{[^{}]*/", "{../", value)


def settings_are_set_in_every_mode(project: Project) -> Iterator[Finding]:
    """Demand that no mode leaves a setting out that it needs, or sets one of the other backend."""
    for mode, given in MODES.items():
        deployment = project.deployed(mode)
        found = settings_of(deployment).keys()
        needed = VALUES.keys() - SOMETIMES
        if given.get("durableBackend") == "AzureStorage":
            needed = needed - SCHEDULER_ALONE
            for name in sorted(SCHEDULER_ALONE & found):
                yield _app(deployment).wrong(f"{mode}: {name} is of the other backend")
        for name in sorted(needed - found):
            yield _app(deployment).wrong(f"{mode}: {name} is not set")
        former = "SIGNPOST_FORMER_SIGNING_KEYS" in found
        if former != (given.get("signingKeyGeneration", 1) > 1):
            yield _app(deployment).wrong(f"{mode}: SIGNPOST_FORMER_SIGNING_KEYS set is {former}")


def settings_say_what_is_deployed(project: Project) -> Iterator[Finding]:
    """Demand that settings name the hub, model, rates and secrets that are deployed."""
    for mode in MODES:
        deployment = project.deployed(mode)
        settings = settings_of(deployment)
        for name, values in _deployed_values(deployment, MODES[mode]).items():
            if values and settings.get(name) not in values:
                wrong = f"{mode}: {name} is {settings.get(name)!r}, not {' or '.join(values)}"
                yield _app(deployment).wrong(wrong)
        kept = {held.name for held in deployment.of_type("KeyVault/vaults/secrets")}
        for name, value in settings.items():
            found = re.search(r"secrets/(signing-key-\d+)", str(value))
            if found and found.group(1) not in kept:
                yield _app(deployment).wrong(f"{mode}: {name} names a secret that is not made")


def _deployed_values(deployment: Deployment, given: dict[str, Value]) -> dict[str, list[str]]:
    """Return the values that settings must have by what else is deployed."""
    hubs = deployment.of_type("DurableTask/schedulers/taskHubs")
    models = deployment.of_type("CognitiveServices/accounts/deployments")
    capacity = [held.get("sku.capacity") for held in models]
    generation = given.get("signingKeyGeneration", 1)
    secret = f"secrets/signing-key-{generation}"
    key = str(settings_of(deployment).get("SIGNPOST_SIGNING_KEYS"))
    return {
        "TASKHUB_NAME": [hub.name for hub in hubs],
        "AZURE_OPENAI_DEPLOYMENT": [held.name for held in models],
        "AZURE_OPENAI_MODEL": [str(held.get("properties.model.name")) for held in models],
        "MODEL_TOKENS_PER_MINUTE": [f"{count}000" for count in capacity],
        "MODEL_REQUESTS_PER_MINUTE": [f"{count}" for count in capacity],
        "SIGNPOST_SIGN_IN": [given.get("signInMode", "off")],
        "SIGNPOST_SIGNING_KEYS": [key] if secret in key else [secret],
    }


def the_site_is_a_flex_app(project: Project) -> Iterator[Finding]:
    """Demand the members that Flex Consumption asks for, and none that it refuses."""
    for mode in MODES:
        deployment = project.deployed(mode)
        for plan in deployment.of_type("Web/serverfarms"):
            yield from _expected(plan, PLAN)
        sites = deployment.of_type("Web/sites")
        if len(sites) != 1:
            yield Finding(project.main.path, 1, f"{mode}: {len(sites)} sites are deployed")
        for site in sites:
            yield from _expected(site, SITE)
            for name in sorted((site.get("properties.siteConfig") or {}).keys() - SITE_CONFIG):
                yield site.wrong(f"siteConfig.{name} must not be set on Flex Consumption")
            yield from _one_identity(site)


PLAN = {
    "sku.name": "FC1",
    "sku.tier": "FlexConsumption",
    "properties.reserved": "True",
}
CONFIG = "properties.functionAppConfig"
SITE = {
    "kind": "functionapp,linux",
    "identity.type": "UserAssigned",
    "properties.serverFarmId": ".*/serverfarms/[^/]+",
    "properties.keyVaultReferenceIdentity": ".*/userAssignedIdentities/[^/]+",
    f"{CONFIG}.deployment.storage.type": "blobContainer",
    f"{CONFIG}.deployment.storage.value": STORAGE % "blob" + "app-package-[a-z0-9-]+",
    f"{CONFIG}.deployment.storage.authentication.type": "UserAssignedIdentity",
    f"{CONFIG}.deployment.storage.authentication.userAssignedIdentityResourceId": (
        ".*/userAssignedIdentities/[^/]+"
    ),
    f"{CONFIG}.runtime.name": "python",
    f"{CONFIG}.runtime.version": r"3\.12",
    f"{CONFIG}.scaleAndConcurrency.instanceMemoryMB": "512|2048|4096",
    f"{CONFIG}.scaleAndConcurrency.maximumInstanceCount": r"[4-9]\d|[1-9]\d\d|1000",
}


def _expected(held: Deployed, wanted: dict[str, str]) -> Iterator[Finding]:
    """Compare members with the patterns that they must fit."""
    for path, pattern in wanted.items():
        if not re.fullmatch(pattern, str(held.get(path))):
            yield held.wrong(f"{path} is {_short(str(held.get(path)))!r}")


def _one_identity(site: Deployed) -> Iterator[Finding]:
    """Demand that the site's only identity is the one that its members name."""
    own = list(site.get("identity.userAssignedIdentities") or {})
    storage = f"{CONFIG}.deployment.storage.authentication.userAssignedIdentityResourceId"
    for path in ("properties.keyVaultReferenceIdentity", storage):
        if own != [site.get(path)]:
            yield site.wrong(f"{path} is not its identity")


def settings_are_written_in_one_place(project: Project) -> Iterator[Finding]:
    """Demand that app settings stand in one resource: a second one would replace the first."""
    for mode in MODES:
        deployment = project.deployed(mode)
        held = [r for r in deployment.of_type("Web/sites/config") if r.name == "appsettings"]
        inside = [
            s for s in deployment.of_type("Web/sites") if s.get("properties.siteConfig.appSettings")
        ]
        if len(held) + len(inside) != 1:
            yield Finding(project.main.path, 1, f"{mode}: settings stand in several places")


def always_ready_instances_are_asked_for(project: Project) -> Iterator[Finding]:
    """Demand that only instances of `durable` are always ready, and when asked for."""
    for mode, given in MODES.items():
        count = given.get("durableAlwaysReady", 0)
        expected = [{"name": "durable", "instanceCount": count}] if count else []
        for site in project.deployed(mode).of_type("Web/sites"):
            ready = site.get(f"{CONFIG}.scaleAndConcurrency.alwaysReady") or []
            if ready != expected:
                yield site.wrong(f"{mode}: alwaysReady is {ready}")


CHECKS = (
    no_forbidden_setting_is_set,
    settings_have_the_right_values,
    settings_are_set_in_every_mode,
    settings_say_what_is_deployed,
    the_site_is_a_flex_app,
    settings_are_written_in_one_place,
    always_ready_instances_are_asked_for,
)
