// The storage account: what the Functions host keeps, the deployed package, and the ledger's table.

@description('Required. Name of the account.')
param name string
@description('Required. Region of the account.')
param location string
@description('Required. Tags of the account.')
param tags object
@description('Required. How many copies are kept, and where.')
param sku string
@description('Required. Name of the container of the deployed package.')
param packageContainerName string
@description('Required. Whether only private endpoints reach the account.')
param isPrivate bool

resource account 'Microsoft.Storage/storageAccounts@2025-01-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: sku }
  properties: {
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: isPrivate ? 'Disabled' : 'Enabled'
    networkAcls: {
      bypass: 'None'
      defaultAction: isPrivate ? 'Deny' : 'Allow'
    }
  }
}

// Without versions: the host rewrites its leases all day, and each write would be kept as one.
resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2025-01-01' = {
  parent: account
  name: 'default'
  properties: {
    deleteRetentionPolicy: { enabled: true, days: 7 }
    containerDeleteRetentionPolicy: { enabled: true, days: 7 }
  }
}

resource packages 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-01-01' = {
  parent: blobs
  name: packageContainerName
  properties: { publicAccess: 'None' }
}

resource tables 'Microsoft.Storage/storageAccounts/tableServices@2025-01-01' = {
  parent: account
  name: 'default'
}

resource ledger 'Microsoft.Storage/storageAccounts/tableServices/tables@2025-01-01' = {
  parent: tables
  name: 'signpost'
}

@description('Resource id of the account.')
output id string = account.id
@description('Addresses of the account, by service.')
output endpoints object = account.properties.primaryEndpoints
@description('Name of the account.')
output name string = account.name
@description('Address of the container of the deployed package.')
output packagesUrl string = '${account.properties.primaryEndpoints.blob}${packages.name}'
