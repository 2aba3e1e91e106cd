// Alerts on what the app and its host write to the workspace, told by mail where there is one.

@description('Required. Region of the rules, the workspace\'s own.')
param location string

@description('Required. Tags of the rules.')
param tags object

@description('Required. Resource id of the workspace that is asked.')
param workspaceId string

@description('Optional. Who is told; without it the alerts are only shown in the portal.')
param alertEmail string = ''

@allowed(['DurableTaskScheduler', 'AzureStorage'])
@description('Required. Where Durable Functions keeps its state.')
param durableBackend string

var watched = loadYamlContent('alerts.yaml')
// A workspace knows a table when its first row comes, and Azure refuses a rule that names an unknown
// one. Each query therefore asks for the table, if there is one, beside an empty one with its columns.
var columns = {
  AppMetrics: 'TimeGenerated:datetime, Name:string, Sum:real, Properties:dynamic'
  AppRequests: 'TimeGenerated:datetime, OperationName:string, OperationId:string, ResultCode:string, Success:bool'
  AppTraces: 'TimeGenerated:datetime, Message:string, Properties:dynamic'
}
var rules = concat(watched.everywhere, durableBackend == 'AzureStorage' ? watched.azureStorage : [])

resource mail 'Microsoft.Insights/actionGroups@2023-01-01' = if (!empty(alertEmail)) {
  name: 'signpost-mail'
  location: 'global'
  tags: tags
  properties: {
    enabled: true
    groupShortName: 'Signpost'
    emailReceivers: [{ name: 'mail', emailAddress: alertEmail, useCommonAlertSchema: true }]
  }
}

resource alerts 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [
  for rule in rules: {
    name: 'signpost-${rule.name}'
    location: location
    tags: tags
    properties: {
      displayName: 'Signpost: ${replace(rule.name, '-', ' ')}'
      description: rule.description
      severity: rule.severity
      enabled: true
      scopes: [workspaceId]
      evaluationFrequency: rule.frequency
      windowSize: rule.window
      criteria: {
        allOf: [
          {
            query: 'union isfuzzy=true (datatable(${columns[split(rule.query, '\n')[0]]}) []), ${rule.query}'
            timeAggregation: 'Count'
            operator: 'GreaterThan'
            threshold: rule.threshold
          }
        ]
      }
      autoMitigate: true
      skipQueryValidation: true
      actions: { actionGroups: empty(alertEmail) ? [] : [mail.id] }
    }
  }
]
