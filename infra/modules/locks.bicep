// Locks on what cannot be made again: the ledger, the signing keys, and the runs. Not on the whole
// group, which would keep Azure from tidying away old deployments.

@description('Required. Name of the storage account.')
param storageName string
@description('Required. Name of the vault.')
param vaultName string
@description('Required. Name of the scheduler, or nothing.')
param schedulerName string

var lock = { level: 'CanNotDelete', notes: 'Holds records of Signpost that cannot be made again.' }

resource storage 'Microsoft.Storage/storageAccounts@2025-01-01' existing = { name: storageName }
resource vault 'Microsoft.KeyVault/vaults@2024-11-01' existing = { name: vaultName }
resource scheduler 'Microsoft.DurableTask/schedulers@2026-02-01' existing = if (!empty(schedulerName)) {
  name: empty(schedulerName) ? 'none' : schedulerName
}

resource ofStorage 'Microsoft.Authorization/locks@2020-05-01' = {
  name: 'signpost'
  scope: storage
  properties: lock
}
resource ofVault 'Microsoft.Authorization/locks@2020-05-01' = {
  name: 'signpost'
  scope: vault
  properties: lock
}
resource ofScheduler 'Microsoft.Authorization/locks@2020-05-01' = if (!empty(schedulerName)) {
  name: 'signpost'
  scope: scheduler
  properties: lock
}
