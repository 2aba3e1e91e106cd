"""Owns seeded mistakes: what people get wrong in templates, planted in ours one at a time."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.repo.infra.project import Project
    from tests.repo.infra.reader import File

EACH = 7  # of typos, versions and dropped params every seventh is planted, to stay quick


class Mistake(NamedTuple):
    """One seeded mistake: where, in words, and the file's text with it."""

    path: str
    about: str
    text: str


def typos(project: Project) -> Iterator[Mistake]:
    """Swap two letters in the name of a property that Azure defines."""
    for file in _modules(project):
        for resource in file.resources.values():
            for part in [] if resource.existing else resource.body.walk():
                for key, _ in part.entries:
                    if re.fullmatch(r"[A-Za-z]{4,}", key.text):
                        yield _typo(file, key.line, key.text)


def _typo(file: File, number: int, name: str) -> Mistake:
    swapped = name[:-2] + name[-1] + name[-2] if name[-1] != name[-2] else name + "x"
    old = re.compile(rf"(?<![\w.]){name}(?=: )")
    return _on_line(file, number, lambda line: old.sub(swapped, line, count=1), f"typo {swapped}")


def newer_versions(project: Project) -> Iterator[Mistake]:
    """Use a type in another version."""
    for file in _modules(project):
        for resource in file.resources.values():
            if not resource.existing:
                newer = re.compile(r"@20\d\d")
                about = f"version of {resource.name}"
                yield _on_line(file, resource.line, lambda line: newer.sub("@2031", line), about)  # noqa: B023 - used at once


def dropped_lines(project: Project) -> Iterator[Mistake]:
    """Leave out a grant, or a setting."""
    for path, start in (
        ("infra/modules/roles.bicep", r" +\{ to: "),
        ("infra/modules/settings.bicep", r"  [A-Z]\w+: "),
    ):
        file = project.bicep[path]
        for number, line in enumerate(file.text.splitlines(), 1):
            if re.match(start, line):
                yield _on_line(file, number, lambda _: None, f"dropped {line.strip()[:60]}")


def dropped_params(project: Project) -> Iterator[Mistake]:
    """Leave out what a module is given."""
    lines = project.main.text.splitlines()
    for module in project.main.modules.values():
        for name, value in module.params.items():
            if re.fullmatch(rf" +{name}: [^\[{{(]+", lines[value.line - 1]):
                about = f"{module.name} is not given {name}"
                yield _on_line(project.main, value.line, lambda _: None, about)


def secrets_in_clear(project: Project) -> Iterator[Mistake]:
    """Forget @secure()."""
    for file in project.bicep.values():
        for number, line in enumerate(file.text.splitlines(), 1):
            if line == "@secure()":
                yield _on_line(file, number, lambda _: None, f"no @secure() at {number}")


def turned_conditions(project: Project) -> Iterator[Mistake]:
    """Deploy a thing exactly where it should not be."""
    for file in [project.main, *_modules(project)]:
        for block in [*file.resources.values(), *file.modules.values()]:
            if block.condition and not block.loop:
                about = f"condition of {block.name} turned round"
                yield _on_line(
                    file, block.line, lambda line: line.replace(" if (", " if (!", 1), about
                )


def swapped_choices(project: Project) -> Iterator[Mistake]:
    """Take the other one of two values."""
    choice = re.compile(r"\? ('\w*'|\[\]) : ('\w*'|\[\])")
    for file in _modules(project):
        for number, line in enumerate(file.text.splitlines(), 1):
            if choice.search(line):
                yield _on_line(file, number, lambda text: choice.sub(r"? \2 : \1", text), line)


def _modules(project: Project) -> list[File]:
    return [file for path, file in project.bicep.items() if path.startswith("infra/modules/")]


def _on_line(file: File, number: int, change: Callable[[str], str | None], about: str) -> Mistake:
    """Change one line, or leave it out where the change gives None."""
    lines: list[str | None] = list(file.text.splitlines())
    lines[number - 1] = change(str(lines[number - 1]))
    text = "\n".join(line for line in lines if line is not None) + "\n"
    assert text != file.text, f"{file.path}:{number}: {about} changes nothing"
    return Mistake(file.path, f"{number}: {about}", text)


class Edit(NamedTuple):
    """A mistake by hand: in which file, what stands there, and what takes its place."""

    file: str
    old: str
    new: str


EDITS = (
    # keys and secrets
    Edit("modules/storage.bicep", "allowSharedKeyAccess: false", "allowSharedKeyAccess: true"),
    Edit("modules/storage.bicep", "    allowSharedKeyAccess: false\n", ""),
    Edit("modules/storage.bicep", "= account.id", "= account.listKeys().keys[0].value"),
    Edit("modules/monitoring.bicep", "= component.name", "= component.properties.ConnectionString"),
    Edit("modules/monitoring.bicep", "DisableLocalAuth: true", "DisableLocalAuth: false"),
    Edit("modules/openai.bicep", "disableLocalAuth: true", "disableLocalAuth: false"),
    Edit("modules/openai.bicep", "    customSubDomainName: name\n", ""),
    Edit("modules/secrets.bicep", "@onlyIfNotExists()\n", ""),
    Edit("modules/secrets.bicep", "value: channelWebhookUrl", "value: chatWebhookUrl"),
    Edit(
        "main.bicep",
        "output AZURE_LOCATION string = location",
        "output AZURE_LOCATION string = channelWebhookUrl",
    ),
    Edit(
        "main.bicep",
        "output AZURE_CLIENT_ID string = identity",
        "output KEY string = newSigningKey\noutput AZURE_CLIENT_ID string = identity",
    ),
    Edit(
        "main.bicep",
        "param chatWebhookUrl string = ''",
        "param chatWebhookUrl string = 'https://contoso.com/?sig=abc'",
    ),
    Edit(
        "main.parameters.json",
        "${TEAMS_CHANNEL_WEBHOOK_URL=}",
        "${TEAMS_CHANNEL_WEBHOOK_URL=https://contoso.com}",
    ),
    Edit(
        "modules/settings.bicep",
        "TASKHUB_NAME: taskHubName",
        "TASKHUB_NAME: taskHubName\n  X: 'AccountKey=abc'",
    ),
    # access from outside
    Edit("modules/storage.bicep", "allowBlobPublicAccess: false", "allowBlobPublicAccess: true"),
    Edit("modules/storage.bicep", "publicAccess: 'None'", "publicAccess: 'Blob'"),
    Edit("modules/storage.bicep", "'TLS1_2'", "'TLS1_0'"),
    Edit(
        "modules/storage.bicep", "supportsHttpsTrafficOnly: true", "supportsHttpsTrafficOnly: false"
    ),
    Edit(
        "modules/storage.bicep",
        "publicNetworkAccess: isPrivate ? 'Disabled' : 'Enabled'",
        "publicNetworkAccess: 'Enabled'",
    ),
    Edit(
        "modules/vault.bicep",
        "defaultAction: isPrivate ? 'Deny' : 'Allow'",
        "defaultAction: 'Allow'",
    ),
    Edit(
        "modules/openai.bicep",
        "publicNetworkAccess: isPrivate ? 'Disabled' : 'Enabled'",
        "publicNetworkAccess: 'Enabled'",
    ),
    Edit(
        "modules/durable.bicep",
        "ipAllowlist: isPrivate ? [] : openAllowlist",
        "ipAllowlist: openAllowlist",
    ),
    Edit("modules/durable.bicep", "? ['0.0.0.0/0'] : ipAllowlist", "? [] : ipAllowlist"),
    Edit("modules/vault.bicep", "enableRbacAuthorization: true", "enableRbacAuthorization: false"),
    Edit("modules/vault.bicep", "purgeProtection ? true : null", "purgeProtection"),
    Edit("modules/vault.bicep", "    enableSoftDelete: true\n", ""),
    Edit("modules/app.bicep", "httpsOnly: true", "httpsOnly: false"),
    Edit("modules/app.bicep", "scmMinTlsVersion: '1.2'", "scmMinTlsVersion: '1.0'"),
    Edit("modules/app.bicep", "ftpsState: 'Disabled'", "ftpsState: 'AllAllowed'"),
    Edit("modules/app.bicep", "allow: false", "allow: true"),
    Edit("modules/app.bicep", "['ftp', 'scm']", "['ftp']"),
    # roles
    Edit(
        "modules/roles.bicep",
        "0ad04412-c4d5-4796-b79c-f76d14c8d402",
        "5f6a3c3e-0da3-4079-b4f3-4db62a1d3c09",
    ),
    Edit(
        "modules/roles.bicep", "role: 'Key Vault Secrets User'", "role: 'Key Vault Secrets Officer'"
    ),
    Edit(
        "modules/roles.bicep",
        "'Durable Task Data Contributor', kind: 'taskHub'",
        "'Durable Task Data Contributor', kind: 'storage'",
    ),
    Edit("modules/roles.bicep", "when: !scheduled", "when: true"),
    Edit("modules/roles.bicep", "to: app, role: 'Storage Blob", "to: us, role: 'Storage Blob"),
    Edit("modules/roles.bicep", "type: 'ServicePrincipal'", "type: 'User'"),
    Edit("modules/role.bicep", "subscriptionResourceId(", "resourceId("),
    Edit("modules/role.bicep", "guid(vault.id, principalId, roleId)", "guid(vault.id, roleId)"),
    Edit("modules/role.bicep", "  scope: storage\n", ""),
    # the app
    Edit("modules/app.bicep", "'FlexConsumption'", "'ElasticPremium'"),
    Edit("modules/app.bicep", "version: '3.12'", "version: '3.9'"),
    Edit("modules/app.bicep", "siteConfig: { ", "siteConfig: { linuxFxVersion: 'Python|3.12', "),
    Edit("modules/app.bicep", "'azd-service-name': 'app'", "'azd-service-name': 'api'"),
    Edit("modules/app.bicep", "    keyVaultReferenceIdentity: identityId\n", ""),
    Edit("modules/app.bicep", "name: 'durable', instanceCount", "name: 'http', instanceCount"),
    Edit(
        "modules/app.bicep",
        "type: 'UserAssignedIdentity', ",
        "type: 'StorageAccountConnectionString', ",
    ),
    Edit("modules/settings.bicep", "TASKHUB_NAME: taskHubName", "TASKHUB_NAME: 'my-hub'"),
    Edit("modules/settings.bicep", "TASKHUB_NAME: taskHubName", "TASK_HUB: taskHubName"),
    Edit("modules/settings.bicep", "AZURE_OPENAI_ENDPOINT:", "OPENAI_ENDPOINT:"),
    Edit(
        "modules/settings.bicep",
        "AZURE_CLIENT_ID: identityClientId",
        "AZURE_CLIENT_ID: identityClientId\n  FUNCTIONS_WORKER_RUNTIME: 'python'",
    ),
    Edit(
        "modules/settings.bicep",
        "AZURE_CLIENT_ID: identityClientId",
        "AZURE_CLIENT_ID: identityClientId\n  WEBSITE_RUN_FROM_PACKAGE: '1'",
    ),
    Edit(
        "modules/settings.bicep",
        "AzureWebJobsStorage__credential: 'managedidentity'",
        "AzureWebJobsStorage__credential: 'managedIdentity'",
    ),
    Edit("modules/settings.bicep", "Authentication=ManagedIdentity", "Authentication=DefaultAzure"),
    Edit(
        "modules/settings.bicep",
        "queueServiceUri: endpoints.queue",
        "queueServiceUri: endpoints.table",
    ),
    Edit(
        "modules/settings.bicep",
        "signing-key-${keyGeneration - 1}",
        "signing-key-${keyGeneration + 1}",
    ),
    Edit("modules/settings.bicep", "model.capacity * 1000", "model.capacity * 100"),
    Edit(
        "modules/settings.bicep", "${secret}/teams-chat-webhook-url", "${secret}/chat-webhook-url"
    ),
    Edit(
        "modules/settings.bicep",
        "'tables:${endpoints.table}'",
        "'tables:https://st.table.core.windows.net/'",
    ),
    # names, networks and the rest
    Edit("main.bicep", "var taskHubName = 'signpost'", "var taskHubName = 'signpost-hub'"),
    Edit("main.bicep", "subscription().id, environmentName, location", "environmentName"),
    Edit("main.bicep", "'st${token}'", "'storage-${token}'"),
    Edit("main.bicep", "'rg-${environmentName}'", "'rg ${environmentName}'"),
    Edit("main.bicep", "vault.outputs.name", "vault.outputs.nam"),
    Edit("main.bicep", "modules/workbook.bicep", "modules/workbooks.bicep"),
    Edit("main.bicep", "storageId: storage.outputs.id", "storageId: vault.outputs.id"),
    Edit("main.bicep", "tags: allTags", "tags: {}"),
    Edit("main.bicep", "'swedencentral'", "'Sweden Central'"),
    Edit(
        "main.parameters.json",
        "DURABLE_BACKEND=DurableTaskScheduler",
        "DURABLE_BACKEND=AzureStorage",
    ),
    Edit("main.parameters.json", '"operators"', '"operator"'),
    Edit(
        "modules/endpoints.bicep",
        "part: 'table', zone: 'privatelink.table.",
        "part: 'table', zone: 'privatelink.blob.",
    ),
    Edit("modules/endpoints.bicep", "part: 'vault'", "part: 'vaults'"),
    Edit(
        "modules/endpoints.bicep", "privatelink.durabletask.io", "privatelink.durabletask.azure.com"
    ),
    Edit("modules/endpoints.bicep", "registrationEnabled: false", "registrationEnabled: true"),
    Edit("modules/network.bicep", "Microsoft.App/environments", "Microsoft.Web/serverFarms"),
    Edit("modules/network.bicep", "access: 'Deny'", "access: 'Allow'"),
    Edit("modules/diagnostics.bicep", "categoryGroup: 'audit'", "categoryGroup: 'allLogs'"),
    Edit("modules/diagnostics.bicep", "  scope: vault\n", "  scope: app\n"),
    Edit("modules/alerts.bicep", "scopes: [workspaceId]", "scopes: []"),
    Edit("modules/alerts.yaml", "signpost.runs.closed", "signpost.run.closed"),
    Edit("modules/access.bicep", "requireHttps: true", "requireHttps: false"),
    Edit("modules/access.bicep", "OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID", "CLIENT_SECRET"),
    Edit("modules/locks.bicep", "'CanNotDelete'", "'ReadOnly'"),
    Edit("modules/budget.bicep", "'Monthly'", "'Mounthly'"),
    Edit("modules/openai.bicep", "'Microsoft.DefaultV2'", "'None'"),
    Edit("modules/identity.bicep", "Required. Name", "Name"),
    Edit("modules/workbook.bicep", "sourceId: workspaceId", "sourceId: tags.id"),
)


def by_hand(project: Project) -> Iterator[Mistake]:
    """Plant each of the mistakes above."""
    for file, old, new in EDITS:
        path = f"infra/{file}"
        text = project.texts[path]
        assert old in text, f"{path} holds no {old!r} any more: change this mistake with it"
        yield Mistake(
            path, f"{old.strip()} -> {new.strip() or 'nothing'}", text.replace(old, new, 1)
        )


def beside(project: Project) -> Iterator[Mistake]:
    """Plant mistakes in what lies beside infra/."""
    for path, old, new in (
        ("host.json", "%TASKHUB_NAME%", "TASKHUB_NAME"),
        ("host.json", "DURABLE_TASK_SCHEDULER_CONNECTION_STRING", "DTS_CONNECTION_STRING"),
        ("azure.yaml", "  app:", "  api:"),
        ("azure.yaml", "scripts/package", "scripts/pack"),
        ("docs/deploy.md", "azd env set VNET_ENABLED", "azd env set USE_VNET"),
    ):
        yield Mistake(path, f"{old} -> {new}", project.texts[path].replace(old, new))


def mistakes(project: Project) -> list[Mistake]:
    """Return all seeded mistakes."""
    return [
        *list(typos(project))[::EACH],
        *list(newer_versions(project))[::EACH],
        *list(dropped_params(project))[::EACH],
        *dropped_lines(project),
        *secrets_in_clear(project),
        *turned_conditions(project),
        *swapped_choices(project),
        *by_hand(project),
        *beside(project),
    ]
