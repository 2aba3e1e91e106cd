// Who may do what: all roles that the deployment gives, each the least that works.

@description('Required. Object ids: of the app\'s identity, and of who deploys with its kind, or nothing.')
param principals object
@description('Required. Names of storage account, vault and Application Insights component.')
param names object
@description('Required. Resource id of the Azure OpenAI account, which may lie in another group.')
param openAiId string
@description('Required. Whether the scheduler keeps the runs, in place of Azure Storage.')
param scheduled bool
@description('Optional. Name of the scheduler, for the roles on its task hub alone; nothing for all others.')
param schedulerName string = ''
@description('Required. Name of the task hub.')
param taskHubName string

var ids = {
  'Storage Blob Data Owner': 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'
  'Storage Queue Data Contributor': '974c5e8b-45b9-4653-ba55-5f855dd0fb88'
  'Storage Table Data Contributor': '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3'
  'Monitoring Metrics Publisher': '3913510d-42f4-4e42-8a64-420c390055eb'
  'Cognitive Services OpenAI User': '5e0bd9bd-7b93-4f28-af87-19fc36ad61bd'
  'Key Vault Secrets User': '4633458b-17de-408a-b874-0445c86b69e6'
  'Key Vault Secrets Officer': 'b86a8fe4-44ce-4948-aee5-eccb2c155cd7'
  'Durable Task Data Contributor': '0ad04412-c4d5-4796-b79c-f76d14c8d402'
  'Durable Task Data Reader': 'd6a5505f-6ebb-45a4-896e-ac8274cfc0ac'
}
var openAi = split(openAiId, '/') // its subscription stands at 2, its group at 4, its name at 8
var app = { id: principals.app, type: 'ServicePrincipal' }
var us = { id: principals.deployer, type: principals.deployerType }
var known = !empty(principals.deployer)

var grants = [
  { to: app, role: 'Storage Blob Data Owner', kind: 'storage', on: names.storage, when: true }
  { to: app, role: 'Storage Table Data Contributor', kind: 'storage', on: names.storage, when: true }
  { to: app, role: 'Storage Queue Data Contributor', kind: 'storage', on: names.storage, when: !scheduled }
  { to: app, role: 'Durable Task Data Contributor', kind: 'taskHub', on: schedulerName, when: scheduled }
  { to: app, role: 'Key Vault Secrets User', kind: 'vault', on: names.vault, when: true }
  { to: app, role: 'Monitoring Metrics Publisher', kind: 'component', on: names.component, when: true }
  { to: app, role: 'Cognitive Services OpenAI User', kind: 'model', on: openAi[8], when: true }
  { to: us, role: 'Key Vault Secrets Officer', kind: 'vault', on: names.vault, when: known }
  { to: us, role: 'Durable Task Data Reader', kind: 'taskHub', on: schedulerName, when: known && scheduled }
]

module assignments 'role.bicep' = [
  for grant in grants: if (grant.when && (grant.kind == 'taskHub') == !empty(schedulerName)) {
    scope: resourceGroup(
      grant.kind == 'model' ? openAi[2] : subscription().subscriptionId,
      grant.kind == 'model' ? openAi[4] : resourceGroup().name
    )
    params: {
      kind: grant.kind
      resourceName: grant.on
      taskHubName: taskHubName
      roleId: ids[grant.role]
      principalId: grant.to.id
      principalType: grant.to.type
    }
  }
]
