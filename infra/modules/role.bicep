// One role for one principal on one resource. Bicep wants the resource itself as the scope of an
// assignment, so each kind has its own; exactly one of them is deployed.

@description('Required. Kind of the resource.')
@allowed(['storage', 'vault', 'component', 'model', 'taskHub'])
param kind string
@description('Required. Name of the resource; for a task hub, of its scheduler.')
param resourceName string
@description('Optional. Name of the task hub.')
param taskHubName string = 'none'
@description('Required. Id of the role\'s definition.')
param roleId string
@description('Required. Object id of the principal.')
param principalId string
@description('Required. Told, since a new identity cannot be looked up everywhere at once.')
param principalType string

resource storage 'Microsoft.Storage/storageAccounts@2025-01-01' existing = if (kind == 'storage') { name: resourceName }
resource vault 'Microsoft.KeyVault/vaults@2024-11-01' existing = if (kind == 'vault') { name: resourceName }
resource component 'Microsoft.Insights/components@2020-02-02' existing = if (kind == 'component') { name: resourceName }
resource model 'Microsoft.CognitiveServices/accounts@2025-06-01' existing = if (kind == 'model') { name: resourceName }
resource taskHub 'Microsoft.DurableTask/schedulers/taskHubs@2026-02-01' existing = if (kind == 'taskHub') {
  name: '${resourceName}/${taskHubName}'
}

resource onStorage 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (kind == 'storage') {
  name: guid(storage.id, principalId, roleId)
  scope: storage
  properties: {
    principalId: principalId
    principalType: principalType
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleId)
  }
}
resource onVault 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (kind == 'vault') {
  name: guid(vault.id, principalId, roleId)
  scope: vault
  properties: {
    principalId: principalId
    principalType: principalType
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleId)
  }
}
resource onComponent 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (kind == 'component') {
  name: guid(component.id, principalId, roleId)
  scope: component
  properties: {
    principalId: principalId
    principalType: principalType
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleId)
  }
}
resource onModel 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (kind == 'model') {
  name: guid(model.id, principalId, roleId)
  scope: model
  properties: {
    principalId: principalId
    principalType: principalType
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleId)
  }
}
resource onTaskHub 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (kind == 'taskHub') {
  name: guid(taskHub.id, principalId, roleId)
  scope: taskHub
  properties: {
    principalId: principalId
    principalType: principalType
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleId)
  }
}
