// The app's identity. It is made before the app, so that roles are there when the app starts.

@description('Required. Name of the identity.')
param name string
@description('Required. Region of the identity.')
param location string
@description('Required. Tags of the identity.')
param tags object

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: name
  location: location
  tags: tags
}

@description('Resource id, by which other resources name the identity.')
output id string = identity.id
@description('Client id, by which code asks for its tokens.')
output clientId string = identity.properties.clientId
@description('Object id, to which roles are given.')
output principalId string = identity.properties.principalId
@description('Name of the identity.')
output name string = identity.name
