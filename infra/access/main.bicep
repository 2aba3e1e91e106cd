// Optional: the app registration that people sign in with. It needs the right to register
// applications in Entra, and so is deployed by itself, after the app:
//   az deployment group create --resource-group RESOURCE_GROUP \
//     --template-file infra/access/main.bicep --parameters appName=APP identityName=IDENTITY \
//     --query properties.outputs.clientId.value --output tsv
// Give main.bicep what that prints as signInClientId. `azd env get-values` says the names. Only the
// public cloud has this extension; elsewhere, register the application by hand, with these values.
extension microsoftGraphV1

@description('Required. Name of the function app.')
param appName string

@description('Required. Name of the app\'s user-assigned identity.')
param identityName string

@description('Optional. What people read when they sign in.')
param displayName string = 'Signpost'

resource app 'Microsoft.Web/sites@2024-11-01' existing = {
  name: appName
}

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  name: identityName
}

resource registration 'Microsoft.Graph/applications@v1.0' = {
  uniqueName: appName
  displayName: displayName
  signInAudience: 'AzureADMyOrg'
  identifierUris: ['api://${tenant().tenantId}/${appName}']
  api: {
    requestedAccessTokenVersion: 2 // the issuer that the app expects
  }
  web: {
    redirectUris: ['https://${app.properties.defaultHostName}/.auth/login/aad/callback']
    implicitGrantSettings: {
      enableIdTokenIssuance: true
    }
  }
}

resource trust 'Microsoft.Graph/applications/federatedIdentityCredentials@v1.0' = {
  name: '${registration.uniqueName}/app-identity'
  description: 'The identity of the function app stands in for a client secret.'
  audiences: ['api://AzureADTokenExchange']
  issuer: '${environment().authentication.loginEndpoint}${tenant().tenantId}/v2.0'
  subject: identity.properties.principalId
}

resource principal 'Microsoft.Graph/servicePrincipals@v1.0' = {
  appId: registration.appId
}

@description('Client id of the registration, for the parameter signInClientId.')
output clientId string = registration.appId
