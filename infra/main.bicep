// Everything that Signpost needs in a subscription: one resource group, no keys.
targetScope = 'subscription'

@description('Required. Name of the environment; the names of all resources come from it.')
@minLength(1)
@maxLength(64)
param environmentName string
@description('Required. Region: those of Azure\'s samples of August 2026 that have both Flex Consumption and the Durable Task Scheduler. `az functionapp list-flexconsumption-locations` and `az provider show --namespace Microsoft.DurableTask` tell today\'s; add yours here.')
@allowed(['australiaeast', 'centralus', 'eastasia', 'eastus', 'eastus2', 'northcentralus', 'northeurope', 'southcentralus', 'southeastasia', 'swedencentral', 'uksouth', 'westus2'])
@metadata({ azd: { type: 'location' } })
param location string
@description('Optional. Object id of who deploys, who may then set secrets and read runs.')
param principalId string = ''
@description('Optional. Kind of who deploys.')
@allowed(['User', 'Group', 'ServicePrincipal'])
param principalType string = 'User'
@description('Optional. Tags of all resources, beside `azd-env-name`.')
param tags object = {}

@description('Optional. Where Durable Functions keeps the runs. A change abandons the runs in flight.')
@allowed(['DurableTaskScheduler', 'AzureStorage'])
param durableBackend string = 'DurableTaskScheduler'
@description('Optional. How the scheduler is paid: by action, or by the hour.')
@allowed(['Consumption', 'Dedicated'])
param schedulerSku string = 'Consumption'
@description('Optional. Addresses that may reach the scheduler, as CIDR; all, unless there are some or a virtual network.')
param schedulerIpAllowlist array = []
@description('Optional. Days that the scheduler keeps runs after their end; Consumption allows 30.')
@minValue(1)
@maxValue(90)
param taskHubRetentionDays int = 30
@description('Optional. Memory of an instance of the app, in MB.')
@allowed([512, 2048, 4096])
param instanceMemoryMB int = 2048
@description('Optional. The most instances of the app at a time.')
@minValue(40)
@maxValue(1000)
param maximumInstanceCount int = 40
@description('Optional. Instances that wait for orchestrations and activities at all times, which costs at all times.')
@minValue(0)
param durableAlwaysReady int = 0

@description('Optional. Resource id of an Azure OpenAI account to use, in place of a new one. It must have the deployment.')
param existingOpenAiResourceId string = ''
@description('Optional. Model that writes the drafts.')
param modelName string = 'gpt-5-mini'
@description('Optional. Version of the model.')
param modelVersion string = '2025-08-07'
@description('Optional. Where the model may run: anywhere, in the data zone, or in the region.')
@allowed(['GlobalStandard', 'DataZoneStandard', 'Standard'])
param modelSku string = 'GlobalStandard'
@description('Optional. Thousands of tokens a minute.')
@minValue(1)
param modelCapacity int = 50
@description('Optional. Name of the deployment; the model\'s name unless told.')
param deploymentName string = ''

@description('Optional. Whether all but the app itself is reached by private endpoints alone.')
param vnetEnabled bool = false
@description('Optional. How people prove who they are: `off` by links of their own, `on` by sign-in too, `required` by sign-in alone.')
@allowed(['off', 'on', 'required'])
param signInMode string = 'off'
@description('Optional. Client id of the app registration for signing in, as `infra/access` makes one; needed with `on` and `required`.')
param signInClientId string = ''
@description('Optional. Who may steer every run: e-mail addresses or Entra object ids, split by semicolons.')
param operators string = ''
@description('Optional. URL of the Teams workflow that posts; without it the vault keeps what it has.')
@secure()
param channelWebhookUrl string = ''
@description('Optional. URL of the Teams workflow that tells approvers; without it the vault keeps what it has. Where everybody signs in, it turns the messages on.')
@secure()
param chatWebhookUrl string = ''
@description('Optional. Which signing key signs. The next number makes a new key, and the one before still verifies.')
@minValue(1)
param signingKeyGeneration int = 1
@description('Optional. Random text for a new signing key; nobody needs to know it.')
@secure()
param newSigningKey string = '${newGuid()}${newGuid()}'
@description('Optional. Further app settings by name, which win over those that the deployment sets. No secrets: refer to the vault.')
param furtherSettings object = {}

@description('Optional. Who is told by mail of alerts and of the budget.')
param alertEmail string = ''
@description('Optional. Days that logs are kept.')
@minValue(30)
@maxValue(730)
param logRetentionDays int = 30
@description('Optional. Gigabytes of logs a day, after which no more are taken in; -1 is no limit.')
@minValue(-1)
param logDailyCapGb int = 1
@description('Optional. How many copies the ledger has, and where.')
@allowed(['Standard_LRS', 'Standard_ZRS', 'Standard_GRS', 'Standard_GZRS'])
param storageSku string = 'Standard_LRS'
@description('Optional. Monthly budget of the resource group, in the currency of the bill; 0 is none.')
@minValue(0)
param budgetAmount int = 0
@description('Optional. Month from which the budget counts.')
param budgetStartDate string = utcNow('yyyy-MM-01')
@description('Optional. Whether storage, vault and scheduler are locked against deletion.')
param lockResources bool = false
@description('Optional. Whether nobody can purge a deleted vault before its time. It cannot be turned off again.')
param purgeProtection bool = true
@description('Optional. Whether a deleted vault and Azure OpenAI account of the same names come back. For one deployment only.')
param restoreSoftDeleted bool = false

var allTags = union(tags, { 'azd-env-name': environmentName })
var token = toLower(uniqueString(subscription().id, environmentName, location))
var appName = 'func-${token}'
var packages = 'app-package-${take(appName, 32)}-${take(toLower(uniqueString(appName, token)), 7)}'
var taskHubName = 'signpost'
var useScheduler = durableBackend == 'DurableTaskScheduler'
var groupName = 'rg-${environmentName}'
var newOpenAiId = '/subscriptions/${subscription().subscriptionId}/resourceGroups/${groupName}/providers/Microsoft.CognitiveServices/accounts/oai-${token}'
var openAiPath = split(empty(existingOpenAiResourceId) ? newOpenAiId : existingOpenAiResourceId, '/')
var deployment = empty(deploymentName) ? modelName : deploymentName

resource group 'Microsoft.Resources/resourceGroups@2024-11-01' = {
  name: groupName
  location: location
  tags: allTags
}

module identity 'modules/identity.bicep' = {
  scope: group
  params: { name: 'id-${token}', location: location, tags: allTags }
}

module monitoring 'modules/monitoring.bicep' = {
  scope: group
  params: {
    workspaceName: 'log-${token}'
    componentName: 'appi-${token}'
    location: location
    tags: allTags
    retentionDays: logRetentionDays
    dailyCapGb: logDailyCapGb
  }
}

module storage 'modules/storage.bicep' = {
  scope: group
  params: {
    name: 'st${token}'
    location: location
    tags: allTags
    sku: storageSku
    packageContainerName: packages
    isPrivate: vnetEnabled
  }
}

module durable 'modules/durable.bicep' = if (useScheduler) {
  scope: group
  params: {
    name: 'dts-${token}'
    taskHubName: taskHubName
    location: location
    tags: allTags
    sku: schedulerSku
    ipAllowlist: schedulerIpAllowlist
    retentionDays: taskHubRetentionDays
    isPrivate: vnetEnabled
  }
}

module openAi 'modules/openai.bicep' = {
  scope: resourceGroup(openAiPath[2], openAiPath[4])
  params: {
    name: openAiPath[8]
    isOurs: empty(existingOpenAiResourceId)
    location: location
    tags: allTags
    deploymentName: deployment
    model: { name: modelName, version: modelVersion, sku: modelSku, capacity: modelCapacity }
    isPrivate: vnetEnabled
    restore: restoreSoftDeleted
  }
  dependsOn: [group] // the scope is told by name, since it may be another group
}

module vault 'modules/vault.bicep' = {
  scope: group
  params: {
    name: 'kv-${token}'
    location: location
    tags: allTags
    isPrivate: vnetEnabled
    purgeProtection: purgeProtection
    recover: restoreSoftDeleted
  }
}

module secrets 'modules/secrets.bicep' = {
  scope: group
  params: {
    vaultName: vault.outputs.name
    keyGeneration: signingKeyGeneration
    newSigningKey: newSigningKey
    channelWebhookUrl: channelWebhookUrl
    chatWebhookUrl: chatWebhookUrl
  }
}

module roles 'modules/roles.bicep' = {
  scope: group
  params: {
    identityPrincipalId: identity.outputs.principalId
    deployerPrincipalId: principalId
    deployerPrincipalType: principalType
    storageName: storage.outputs.name
    vaultName: vault.outputs.name
    componentName: monitoring.outputs.componentName
    openAiId: openAi.outputs.id
    schedulerName: useScheduler ? durable!.outputs.name : ''
    taskHubName: taskHubName
  }
}

module network 'modules/network.bicep' = if (vnetEnabled) {
  scope: group
  params: { name: 'vnet-${token}', location: location, tags: allTags }
}

module endpoints 'modules/endpoints.bicep' = if (vnetEnabled) {
  scope: group
  params: {
    location: location
    tags: allTags
    networkId: network!.outputs.id
    storageId: storage.outputs.id
    vaultId: vault.outputs.id
    openAiId: openAi.outputs.id
    schedulerId: useScheduler ? durable!.outputs.id : ''
  }
}

module app 'modules/app.bicep' = {
  scope: group
  params: {
    name: appName
    planName: 'plan-${token}'
    location: location
    tags: allTags
    identityId: identity.outputs.id
    packagesUrl: storage.outputs.packagesUrl
    instanceMemoryMB: instanceMemoryMB
    maximumInstanceCount: maximumInstanceCount
    durableAlwaysReady: durableAlwaysReady
    subnetId: vnetEnabled ? '${network!.outputs.id}/subnets/app' : ''
  }
  dependsOn: [endpoints, roles, secrets] // which the app needs when it starts
}

module settings 'modules/settings.bicep' = {
  scope: group
  params: {
    appName: app.outputs.name
    identityClientId: identity.outputs.clientId
    storageName: storage.outputs.name
    componentName: monitoring.outputs.componentName
    taskHubName: taskHubName
    schedulerEndpoint: useScheduler ? durable!.outputs.endpoint : ''
    vaultUri: vault.outputs.uri
    keyGeneration: signingKeyGeneration
    // Who does not sign in has only a link, which a Teams workflow brings.
    tellsApprovers: signInMode != 'required' || !empty(chatWebhookUrl)
    model: { endpoint: openAi.outputs.endpoint, deployment: deployment, name: modelName, capacity: modelCapacity }
    signInMode: signInMode
    operators: operators
    furtherSettings: furtherSettings
  }
}

module access 'modules/access.bicep' = {
  scope: group
  params: { appName: app.outputs.name, mode: signInMode, clientId: signInClientId, tenantId: tenant().tenantId }
  dependsOn: [settings] // one change of the app at a time
}

module diagnostics 'modules/diagnostics.bicep' = {
  scope: group
  params: {
    workspaceId: monitoring.outputs.workspaceId
    storageName: storage.outputs.name
    vaultName: vault.outputs.name
    appName: app.outputs.name
    openAiName: empty(existingOpenAiResourceId) ? openAi.outputs.name : ''
  }
}

module alerts 'modules/alerts.bicep' = {
  scope: group
  params: {
    location: location
    tags: allTags
    workspaceId: monitoring.outputs.workspaceId
    alertEmail: alertEmail
    durableBackend: durableBackend
  }
}

module workbook 'modules/workbook.bicep' = {
  scope: group
  params: { location: location, tags: allTags, workspaceId: monitoring.outputs.workspaceId }
}

module budget 'modules/budget.bicep' = if (budgetAmount > 0) {
  scope: group
  params: { amount: budgetAmount, startDate: budgetStartDate, email: alertEmail }
}

module locks 'modules/locks.bicep' = if (lockResources) {
  scope: group
  params: {
    storageName: storage.outputs.name
    vaultName: vault.outputs.name
    schedulerName: useScheduler ? durable!.outputs.name : ''
  }
  dependsOn: [settings] // nothing is left to change
}

output AZURE_LOCATION string = location
output AZURE_TENANT_ID string = tenant().tenantId
output AZURE_RESOURCE_GROUP string = group.name
output AZURE_CLIENT_ID string = identity.outputs.clientId
output AZURE_IDENTITY_NAME string = identity.outputs.name
output AZURE_KEY_VAULT_NAME string = vault.outputs.name
output AZURE_OPENAI_ENDPOINT string = openAi.outputs.endpoint
output AZURE_OPENAI_DEPLOYMENT string = deployment
output SERVICE_APP_NAME string = app.outputs.name
output SERVICE_API_URI string = app.outputs.uri
output DURABLE_BACKEND string = durableBackend
output TASKHUB_NAME string = taskHubName
output DTS_DASHBOARD_URL string = useScheduler ? durable!.outputs.dashboardUrl : ''
