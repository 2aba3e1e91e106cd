// What the resources themselves log, sent to the workspace. The scheduler is not among them: nothing
// says that its type has such settings.

@description('Required. Resource id of the workspace.')
param workspaceId string
@description('Required. Name of the storage account.')
param storageName string
@description('Required. Name of the vault.')
param vaultName string
@description('Required. Name of the app.')
param appName string
@description('Optional. Name of the Azure OpenAI account, where it is ours.')
param openAiName string = ''

var metrics = [{ category: 'AllMetrics', enabled: true }]
var audit = [{ categoryGroup: 'audit', enabled: true }]
var transactions = [{ category: 'Transaction', enabled: true }]
// Reads are left out, of which the host makes many; so are queues, whose every message is a delete.
var changes = [
  { category: 'StorageWrite', enabled: true }
  { category: 'StorageDelete', enabled: true }
]

resource storage 'Microsoft.Storage/storageAccounts@2025-01-01' existing = {
  name: storageName
  resource blobs 'blobServices' existing = { name: 'default' }
  resource queues 'queueServices' existing = { name: 'default' }
  resource tables 'tableServices' existing = { name: 'default' }
}
resource vault 'Microsoft.KeyVault/vaults@2024-11-01' existing = { name: vaultName }
resource app 'Microsoft.Web/sites@2024-11-01' existing = { name: appName }
resource openAi 'Microsoft.CognitiveServices/accounts@2025-06-01' existing = if (!empty(openAiName)) {
  name: empty(openAiName) ? 'none' : openAiName
}

resource ofBlobs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'signpost'
  scope: storage::blobs
  properties: { workspaceId: workspaceId, logs: changes, metrics: transactions }
}
resource ofQueues 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'signpost'
  scope: storage::queues
  properties: { workspaceId: workspaceId, metrics: transactions }
}
resource ofTables 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'signpost'
  scope: storage::tables
  properties: { workspaceId: workspaceId, logs: changes, metrics: transactions }
}
resource ofVault 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'signpost'
  scope: vault
  properties: { workspaceId: workspaceId, logs: audit, metrics: metrics }
}
resource ofOpenAi 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = if (!empty(openAiName)) {
  name: 'signpost'
  scope: openAi
  properties: { workspaceId: workspaceId, logs: audit, metrics: metrics }
}
// Metrics alone: the host sends its logs to Application Insights, and here no level would bound them.
resource ofApp 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'signpost'
  scope: app
  properties: { workspaceId: workspaceId, metrics: metrics }
}
