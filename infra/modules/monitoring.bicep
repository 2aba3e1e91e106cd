// Where the app's telemetry and the other resources' logs go.

@description('Required. Name of the Log Analytics workspace.')
param workspaceName string
@description('Required. Name of the Application Insights component.')
param componentName string
@description('Required. Region of both.')
param location string
@description('Required. Tags of both.')
param tags object
@description('Required. Days that logs are kept.')
param retentionDays int
@description('Required. Gigabytes a day after which no more is taken in until the next day; -1 is no limit.')
param dailyCapGb int

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-02-01' = {
  name: workspaceName
  location: location
  tags: tags
  properties: {
    sku: {
      name: 'PerGB2018'
    }
    retentionInDays: retentionDays
    workspaceCapping: {
      dailyQuotaGb: dailyCapGb
    }
    features: {
      disableLocalAuth: true
      enableLogAccessUsingOnlyResourcePermissions: true
    }
  }
}

resource component 'Microsoft.Insights/components@2020-02-02' = {
  name: componentName
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: workspace.id
    IngestionMode: 'LogAnalytics'
    DisableLocalAuth: true
  }
}

@description('Resource id of the workspace.')
output workspaceId string = workspace.id
@description('Name of the component.')
output componentName string = component.name
