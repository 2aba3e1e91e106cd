// The function app on its Flex Consumption plan.

@description('Required. Name of the app, and of its address.')
param name string
@description('Required. Region of both.')
param location string
@description('Required. Tags of both.')
param tags object
@description('Required. Resource id of the app\'s identity.')
param identityId string
@description('Required. Address of the container of the deployed package.')
param packagesUrl string
@description('Required. Its scale: memory of an instance in MB, the most instances, and those always ready.')
param scale object
@description('Optional. Resource id of the subnet in which the app runs.')
param subnetId string = ''

resource plan 'Microsoft.Web/serverfarms@2024-11-01' = {
  name: 'plan-${name}'
  location: location
  tags: tags
  kind: 'functionapp'
  sku: { name: 'FC1', tier: 'FlexConsumption' }
  properties: { reserved: true }
}

resource site 'Microsoft.Web/sites@2024-11-01' = {
  name: name
  location: location
  tags: union(tags, { 'azd-service-name': 'app' })
  kind: 'functionapp,linux'
  identity: { type: 'UserAssigned', userAssignedIdentities: { '${identityId}': {} } }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    keyVaultReferenceIdentity: identityId
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    // No ftpsState: Flex Consumption has no FTP, and refuses to hear of it.
    siteConfig: { minTlsVersion: '1.2', scmMinTlsVersion: '1.2', http20Enabled: true }
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: packagesUrl
          authentication: { type: 'UserAssignedIdentity', userAssignedIdentityResourceId: identityId }
        }
      }
      runtime: { name: 'python', version: '3.12' }
      scaleAndConcurrency: {
        instanceMemoryMB: scale.instanceMemoryMB
        maximumInstanceCount: scale.maximumInstanceCount
        alwaysReady: scale.alwaysReady > 0 ? [{ name: 'durable', instanceCount: scale.alwaysReady }] : []
      }
    }
  }
}

// Packages are sent with Entra tokens: user names and passwords for it are off.
resource passwords 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-11-01' = [
  for way in ['ftp', 'scm']: {
    parent: site
    name: way
    properties: { allow: false }
  }
]

@description('Name of the app.')
output name string = site.name
@description('Address of the app.')
output uri string = 'https://${site.properties.defaultHostName}'
