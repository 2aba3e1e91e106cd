// The workbook that shows how runs, approvals, the model and Teams do.

@description('Required. Region of the workbook.')
param location string

@description('Required. Tags of the workbook.')
param tags object

@description('Required. Resource id of the workspace that it asks, and under which it is found.')
param workspaceId string

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(resourceGroup().id, 'signpost-workbook')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: 'Signpost'
    category: 'workbook'
    version: 'Notebook/1.0'
    sourceId: workspaceId
    serializedData: replace(loadTextContent('workbook.json'), '<workspaceId>', workspaceId)
  }
}
