// The key vault, which holds nothing but the app's secrets.

@description('Required. Name of the vault.')
param name string
@description('Required. Region of the vault.')
param location string
@description('Required. Tags of the vault.')
param tags object
@description('Required. Whether only its private endpoint reaches the vault.')
param isPrivate bool
@description('Required. Whether nobody can purge the vault before its time, which cannot be undone.')
param purgeProtection bool
@description('Required. Whether a deleted vault of the same name is to be recovered.')
param recover bool

resource vault 'Microsoft.KeyVault/vaults@2024-11-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    tenantId: tenant().tenantId
    sku: { family: 'A', name: 'standard' }
    createMode: recover ? 'recover' : 'default'
    enableRbacAuthorization: true
    enableSoftDelete: true
    softDeleteRetentionInDays: 90
    enablePurgeProtection: purgeProtection ? true : null // Azure refuses false
    publicNetworkAccess: isPrivate ? 'Disabled' : 'Enabled'
    networkAcls: {
      bypass: 'AzureServices' // so that deployments write secrets to a private vault, too
      defaultAction: isPrivate ? 'Deny' : 'Allow'
    }
  }
}

@description('Resource id of the vault.')
output id string = vault.id
@description('Name of the vault.')
output name string = vault.name
@description('Address of the vault, with a slash at its end.')
output uri string = vault.properties.vaultUri
