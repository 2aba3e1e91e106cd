"""Owns the mistakes by hand: what people get wrong in templates, as edits of ours."""

from __future__ import annotations

from typing import NamedTuple


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
    Edit("modules/app.bicep", "http20Enabled: true", "ftpsState: 'Disabled'"),
    Edit("modules/app.bicep", "allow: false", "allow: true"),
    Edit("modules/app.bicep", "['ftp', 'scm']", "['ftp']"),
    Edit("main.bicep", "param modelCapacity int = 50", "param modelCapacity int = 60"),
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
    Edit("modules/alerts.bicep", "union isfuzzy=true ", "union "),
    Edit("modules/alerts.yaml", "signpost.runs.closed", "signpost.run.closed"),
    Edit("modules/access.bicep", "requireHttps: true", "requireHttps: false"),
    Edit("modules/access.bicep", "OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID", "CLIENT_SECRET"),
    Edit("modules/locks.bicep", "'CanNotDelete'", "'ReadOnly'"),
    Edit("modules/budget.bicep", "'Monthly'", "'Mounthly'"),
    Edit("modules/openai.bicep", "'Microsoft.DefaultV2'", "'None'"),
    Edit("modules/identity.bicep", "Required. Name", "Name"),
    Edit("modules/workbook.bicep", "sourceId: workspaceId", "sourceId: tags.id"),
    Edit(
        "modules/role.bicep",
        "guid(storage.id, principalId, roleId)",
        "guid(storage.id, principalId, principalType)",
    ),
    Edit("main.bicep", "var allTags", "output X string = location\n\nvar allTags"),
    Edit("main.bicep", "output AZURE_LOCATION", "output location"),
    Edit("main.bicep", "storageName: storage.outputs.name", "storageName: 'st${token}'"),
    Edit("modules/alerts.bicep", "scopes: [workspaceId]", "scopes: [workspace]"),
    Edit(
        "modules/identity.bicep",
        "output id string = identity.id\n",
        "output id string = identity.id\noutput id string = identity.id\n",
    ),
    Edit(
        "modules/app.bicep",
        "siteConfig: { ",
        "siteConfig: { appSettings: [{ name: 'AZURE_CLIENT_ID', value: 'x' }], ",
    ),
    Edit("modules/settings.bicep", "signIn.mode == 'off'", "signIn.mode == 'on'"),
    Edit("modules/monitoring.bicep", "    WorkspaceResourceId: workspace.id\n", ""),
    Edit("modules/storage.bicep", "name: 'signpost'", "name: 'ledger'"),
    Edit(
        "bicepconfig.json",
        '"no-unused-params": { "level": "error" }',
        '"no-unused-params": { "level": "warning" }',
    ),
    Edit(
        "main.bicep",
        "dependsOn: [endpoints, roles, secrets, taskHubRoles]",
        "dependsOn: [settings]",
    ),
    Edit("access/main.bicep", "'AzureADMyOrg'", "'AzureADMultipleOrgs'"),
)
