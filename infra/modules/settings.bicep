// The app's settings. They replace the whole set: one that is not told here is taken away.

@description('Required. Name of the app.')
param appName string
@description('Required. Client id of the app\'s identity.')
param identityClientId string
@description('Required. Addresses of the storage account: blob, queue and table.')
param endpoints object
@description('Required. Name of the Application Insights component.')
param componentName string
@description('Required. Name of the task hub.')
param taskHubName string
@description('Required. Address of the scheduler, or nothing where Azure Storage keeps the runs.')
param schedulerEndpoint string
@description('Required. Address of the vault, with a slash at its end.')
param vaultUri string
@description('Required. Which signing key signs.')
param keyGeneration int
@description('Required. Whether a Teams workflow tells approvers.')
param tellsApprovers bool
@description('Required. The model: endpoint, deployment, name and capacity.')
param model object
@description('Required. How people sign in: mode, and operators.')
param signIn object
@description('Required. Settings by name, which win over those that are told here.')
param furtherSettings object

resource app 'Microsoft.Web/sites@2024-11-01' existing = { name: appName }
resource component 'Microsoft.Insights/components@2020-02-02' existing = { name: componentName }

var secret = '@Microsoft.KeyVault(SecretUri=${vaultUri}secrets'
var byScheduler = 'Endpoint=${schedulerEndpoint};Authentication=ManagedIdentity;ClientID=${identityClientId}'
var always = {
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identityClientId};Authorization=AAD'
  APPLICATIONINSIGHTS_CONNECTION_STRING: component.properties.ConnectionString
  AZURE_CLIENT_ID: identityClientId
  AZURE_OPENAI_DEPLOYMENT: model.deployment
  AZURE_OPENAI_ENDPOINT: model.endpoint
  AZURE_OPENAI_MODEL: model.name
  AzureWebJobsDisableHomepage: 'true' // the console's first page stands there
  AzureWebJobsStorage__blobServiceUri: endpoints.blob
  AzureWebJobsStorage__clientId: identityClientId
  AzureWebJobsStorage__credential: 'managedidentity'
  AzureWebJobsStorage__queueServiceUri: endpoints.queue
  AzureWebJobsStorage__tableServiceUri: endpoints.table
  MODEL_REQUESTS_PER_MINUTE: string(model.capacity) // 1 for 1,000 tokens, the fewest of any model
  MODEL_TOKENS_PER_MINUTE: string(model.capacity * 1000)
  SIGNPOST_LEDGER: 'tables:${endpoints.table}'
  SIGNPOST_OPERATORS: signIn.operators
  SIGNPOST_SIGN_IN: signIn.mode
  SIGNPOST_SIGNING_KEYS: '${secret}/signing-key-${keyGeneration})'
  SIGNPOST_TENANT_ID: tenant().tenantId
  TASKHUB_NAME: taskHubName
  TEAMS_CHANNEL_WEBHOOK_URL: '${secret}/teams-channel-webhook-url)'
}

// Where people sign in, the app's identity vouches for it, in place of a client secret.
resource settings 'Microsoft.Web/sites/config@2024-11-01' = {
  parent: app
  name: 'appsettings'
  properties: union(
    always,
    signIn.mode == 'off' ? {} : { OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID: identityClientId },
    signIn.mode == 'off' ? {} : { WEBSITE_AUTH_AAD_ALLOWED_TENANTS: tenant().tenantId },
    keyGeneration > 1 ? { SIGNPOST_FORMER_SIGNING_KEYS: '${secret}/signing-key-${keyGeneration - 1})' } : {},
    tellsApprovers ? { TEAMS_CHAT_WEBHOOK_URL: '${secret}/teams-chat-webhook-url)' } : {},
    empty(schedulerEndpoint) ? {} : { DURABLE_TASK_SCHEDULER_CONNECTION_STRING: byScheduler },
    furtherSettings
  )
}
