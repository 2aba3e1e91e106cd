// Everything that Signpost needs in a subscription: one resource group, no keys.
targetScope = 'subscription'

@description('Required. Name of the environment, from which all names are made.')
@minLength(1)
@maxLength(64)
param environmentName string
// Both Flex Consumption and the Durable Task Scheduler were there in August 2026, by Azure's samples.
// Today's: az functionapp list-flexconsumption-locations, and az provider show -n Microsoft.DurableTask
@description('Required. Region of all resources; add yours to the list, if it has both services.')
@allowed([
  'australiaeast'
  'centralus'
  'eastasia'
  'eastus'
  'eastus2'
  'northcentralus'
  'northeurope'
  'southcentralus'
  'southeastasia'
  'swedencentral'
  'uksouth'
  'westus2'
])
// Of these, azd offers those with quota for the model below, which not all have.
@metadata({ azd: { type: 'location', usageName: ['OpenAI.GlobalStandard.gpt-5-mini, 50'] } })
param location string
@description('Optional. Object id of who deploys, who may then set secrets and look at runs.')
param principalId string = ''
@description('Optional. Kind of who deploys.')
@allowed(['User', 'Group', 'ServicePrincipal'])
param principalType string = 'User'
@description('Optional. Tags of all resources, beside azd-env-name.')
param tags object = {}

@description('Optional. Where Durable Functions keeps the runs; a change abandons those in flight.')
@allowed(['DurableTaskScheduler', 'AzureStorage'])
param durableBackend string = 'DurableTaskScheduler'
@description('Optional. Consumption is paid by action, Dedicated by the hour.')
@allowed(['Consumption', 'Dedicated'])
param schedulerSku string = 'Consumption'
@description('Optional. Addresses that reach the scheduler, as CIDR; none are all. Not with a virtual network.')
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
@description('Optional. Instances that are always ready for orchestrations, and always paid.')
@minValue(0)
param durableAlwaysReady int = 0

@description('Optional. Resource id of an Azure OpenAI account that has the deployment, in place of a new one.')
param existingOpenAiResourceId string = ''
@description('Optional. Model that writes the drafts.')
param modelName string = 'gpt-5-mini'
@description('Optional. Version of the model.')
param modelVersion string = '2025-08-07'
@description('Optional. Where the model may run: anywhere, in its data zone, in the region.')
@allowed(['GlobalStandard', 'DataZoneStandard', 'Standard'])
param modelSku string = 'GlobalStandard'
@description('Optional. Thousands of tokens a minute that the deployment allows.')
@minValue(1)
param modelCapacity int = 50
@description('Optional. Name of the deployment; the name of the model unless told.')
param deploymentName string = ''

@description('Optional. Whether all but the app itself is reached by private endpoints alone.')
param vnetEnabled bool = false
@description('Optional. Who approves: off, who has a link; on, who has one or signs in; required, who signs in.')
@allowed(['off', 'on', 'required'])
param signInMode string = 'off'
@description('Optional. Client id of the app registration, as infra/access makes one; needed to sign in.')
param signInClientId string = ''
@description('Optional. Who may steer every run: e-mail addresses or object ids, split by semicolons.')
param operators string = ''
@description('Optional. URL of the Teams workflow that posts; without it the vault keeps what it has.')
@secure()
param channelWebhookUrl string = ''
@description('Optional. The same for messages to approvers.')
@secure()
param chatWebhookUrl string = ''
@description('Optional. Whether that workflow tells approvers. Without it they find what waits by themselves, signed in.')
param tellApprovers bool = true
@description('Optional. Which signing key signs; the next number makes a new one, and the last still verifies.')
@minValue(1)
param signingKeyGeneration int = 1
@description('Optional. Random text for a new signing key, which nobody needs to know.')
@secure()
param newSigningKey string = '${newGuid()}${newGuid()}'
@description('Optional. App settings by name, which win over those of the deployment; no secrets.')
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
@description('Optional. How many copies there are of what is stored, and where.')
@allowed(['Standard_LRS', 'Standard_ZRS', 'Standard_GRS', 'Standard_GZRS'])
param storageSku string = 'Standard_LRS'
@description('Optional. Monthly budget of the group, in the currency of the bill; 0 is none.')
@minValue(0)
param budgetAmount int = 0
@description('Optional. First day of the month from which the budget counts.')
param budgetStartDate string = utcNow('yyyy-MM-01')
@description('Optional. Whether storage, vault and scheduler are locked against deletion.')
param lockResources bool = false
@description('Optional. Whether nobody can purge a deleted vault before its time; stays once on.')
param purgeProtection bool = true
@description('Optional. Whether a deleted vault and model account of these names come back; for one deployment.')
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
var modelDeployment = empty(deploymentName) ? modelName : deploymentName

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
    deploymentName: modelDeployment
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

// Before the scheduler, which takes longest: roles then had time to count when the app starts.
module roles 'modules/roles.bicep' = {
  scope: group
  params: {
    principals: { app: identity.outputs.principalId, deployer: principalId, deployerType: principalType }
    names: { storage: storage.outputs.name, vault: vault.outputs.name, component: monitoring.outputs.componentName }
    openAiId: openAi.outputs.id
    scheduled: useScheduler
    taskHubName: taskHubName
  }
}

module taskHubRoles 'modules/roles.bicep' = if (useScheduler) {
  scope: group
  params: {
    principals: { app: identity.outputs.principalId, deployer: principalId, deployerType: principalType }
    names: { storage: storage.outputs.name, vault: vault.outputs.name, component: monitoring.outputs.componentName }
    openAiId: openAi.outputs.id
    scheduled: useScheduler
    schedulerName: durable!.outputs.name
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
    location: location
    tags: allTags
    identityId: identity.outputs.id
    packagesUrl: storage.outputs.packagesUrl
    scale: {
      instanceMemoryMB: instanceMemoryMB
      maximumInstanceCount: maximumInstanceCount
      alwaysReady: durableAlwaysReady
    }
    subnetId: vnetEnabled ? '${network!.outputs.id}/subnets/app' : ''
  }
  dependsOn: [endpoints, roles, secrets, taskHubRoles] // which the app needs when it starts
}

module settings 'modules/settings.bicep' = {
  scope: group
  params: {
    appName: app.outputs.name
    identityClientId: identity.outputs.clientId
    endpoints: storage.outputs.endpoints
    componentName: monitoring.outputs.componentName
    taskHubName: taskHubName
    schedulerEndpoint: useScheduler ? durable!.outputs.endpoint : ''
    vaultUri: vault.outputs.uri
    keyGeneration: signingKeyGeneration
    tellsApprovers: tellApprovers
    model: { endpoint: openAi.outputs.endpoint, deployment: modelDeployment, name: modelName, capacity: modelCapacity }
    signIn: { mode: signInMode, operators: operators }
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

@description('Region of all resources.')
output AZURE_LOCATION string = location
@description('Entra tenant of the app.')
output AZURE_TENANT_ID string = tenant().tenantId
@description('Name of the resource group.')
output AZURE_RESOURCE_GROUP string = group.name
@description('Client id of the app\'s identity.')
output AZURE_CLIENT_ID string = identity.outputs.clientId
@description('Name of the app\'s identity.')
output AZURE_IDENTITY_NAME string = identity.outputs.name
@description('Name of the vault.')
output AZURE_KEY_VAULT_NAME string = vault.outputs.name
@description('Address of the model.')
output AZURE_OPENAI_ENDPOINT string = openAi.outputs.endpoint
@description('Name of the model\'s deployment.')
output AZURE_OPENAI_DEPLOYMENT string = modelDeployment
@description('Name of the app.')
output SERVICE_APP_NAME string = app.outputs.name
@description('Address of the app.')
output SERVICE_API_URI string = app.outputs.uri
@description('Where runs are kept, for scripts/package.')
output DURABLE_BACKEND string = durableBackend
@description('Name of the task hub.')
output TASKHUB_NAME string = taskHubName
@description('Address of the page that shows runs.')
output DTS_DASHBOARD_URL string = useScheduler ? durable!.outputs.dashboardUrl : ''
