// Sign-in by App Service authentication, without a secret: the app's identity vouches for it.

@description('Required. Name of the function app.')
param appName string

@allowed([
  'off'
  'on'
  'required'
])
@description('Required. How people prove who they are; the app setting SIGNPOST_SIGN_IN says the same.')
param mode string

@description('Optional. Client id of the app registration (infra/access makes one); needed unless mode is off.')
param clientId string = ''

@description('Required. Entra tenant whose people sign in.')
param tenantId string

var isOn = mode != 'off'
var missing = 'signInClientId is missing: deploy infra/access, which gives one.'
var registered = isOn && empty(clientId) ? fail(missing) : clientId
var entra = {
  enabled: true
  registration: {
    clientId: registered
    clientSecretSettingName: 'OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID' // the identity's client id
    openIdIssuer: '${environment().authentication.loginEndpoint}${tenantId}/v2.0'
  }
  validation: {
    allowedAudiences: [registered, 'api://${registered}']
  }
}

resource app 'Microsoft.Web/sites@2024-11-01' existing = {
  name: appName
}

// Nothing is refused or redirected here, in no mode: the app asks each request for what it needs.
// A redirect would carry the token in a link's fragment along to the sign-in page, and a bare 401
// would keep pages, health and receipt keys from those who have no account.
resource signIn 'Microsoft.Web/sites/config@2024-11-01' = {
  parent: app
  name: 'authsettingsV2'
  properties: {
    platform: {
      enabled: isOn
    }
    globalValidation: {
      requireAuthentication: false
      unauthenticatedClientAction: 'AllowAnonymous'
    }
    httpSettings: {
      requireHttps: true
    }
    login: {
      preserveUrlFragmentsForLogins: false // links hold their token there
      tokenStore: {
        enabled: false // the app calls nothing in the name of people
      }
    }
    identityProviders: isOn ? { azureActiveDirectory: entra } : {}
  }
}
