// The app's secrets: keys that sign links and receipts, and the URLs that post to Teams.

@description('Required. Name of the vault.')
param vaultName string
@description('Required. Which signing key signs; the one before it still verifies.')
param keyGeneration int
@description('Required. Random text, which becomes a signing key where there is none.')
@secure()
param newSigningKey string
@description('Optional. URL of the workflow that posts; without it the vault keeps what it has.')
@secure()
param channelWebhookUrl string = ''
@description('Optional. URL of the workflow that tells approvers; without it the vault keeps what it has.')
@secure()
param chatWebhookUrl string = ''

resource vault 'Microsoft.KeyVault/vaults@2024-11-01' existing = { name: vaultName }

// Only where there is none: a second deployment must not change keys that links were signed with.
@onlyIfNotExists()
resource signingKey 'Microsoft.KeyVault/vaults/secrets@2024-11-01' = {
  parent: vault
  name: 'signing-key-${keyGeneration}'
  properties: { value: newSigningKey }
}

// Made, too, where an installation starts anew at a later generation: the app refers to it.
@onlyIfNotExists()
resource formerSigningKey 'Microsoft.KeyVault/vaults/secrets@2024-11-01' = if (keyGeneration > 1) {
  parent: vault
  name: 'signing-key-${keyGeneration - 1}'
  properties: { value: newSigningKey }
}

resource channelWebhook 'Microsoft.KeyVault/vaults/secrets@2024-11-01' = if (!empty(channelWebhookUrl)) {
  parent: vault
  name: 'teams-channel-webhook-url'
  properties: { value: channelWebhookUrl }
}

resource chatWebhook 'Microsoft.KeyVault/vaults/secrets@2024-11-01' = if (!empty(chatWebhookUrl)) {
  parent: vault
  name: 'teams-chat-webhook-url'
  properties: { value: chatWebhookUrl }
}
