// The Azure OpenAI account and the deployment that writes the drafts; or an account that is there.

@description('Required. Name of the account, and of its subdomain, without which Entra is refused.')
param name string
@description('Required. Whether the account is made here; an existing one stays as it is.')
param isOurs bool
@description('Required. Region of the account.')
param location string
@description('Required. Tags of the account.')
param tags object
@description('Required. Name of the deployment.')
param deploymentName string
@description('Required. Its model: name, version, sku, and capacity in thousands of tokens a minute.')
param model object
@description('Required. Whether only its private endpoint reaches the account.')
param isPrivate bool
@description('Required. Whether a deleted account of the same name is to be restored.')
param restore bool

resource account 'Microsoft.CognitiveServices/accounts@2025-06-01' = if (isOurs) {
  name: name
  location: location
  tags: tags
  kind: 'OpenAI'
  sku: {
    name: 'S0'
  }
  properties: {
    customSubDomainName: name
    disableLocalAuth: true
    publicNetworkAccess: isPrivate ? 'Disabled' : 'Enabled'
    networkAcls: {
      defaultAction: isPrivate ? 'Deny' : 'Allow'
    }
    restore: restore
  }
}

resource deployment 'Microsoft.CognitiveServices/accounts/deployments@2025-06-01' = if (isOurs) {
  parent: account
  name: deploymentName
  sku: {
    name: model.sku
    capacity: model.capacity
  }
  properties: {
    model: {
      format: 'OpenAI'
      name: model.name
      version: model.version
    }
    raiPolicyName: 'Microsoft.DefaultV2'
    // The model changes only when the old version would stop.
    versionUpgradeOption: 'OnceCurrentVersionExpired'
  }
}

resource theirs 'Microsoft.CognitiveServices/accounts@2025-06-01' existing = if (!isOurs) { name: name }

@description('Resource id of the account.')
output id string = account.id
@description('Name of the account.')
output name string = account.name
@description('Address of the account.')
output endpoint string = isOurs ? account!.properties.endpoint : theirs!.properties.endpoint
