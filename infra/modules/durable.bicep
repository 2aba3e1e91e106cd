// The Durable Task Scheduler, which keeps the runs; only where it is the backend.

@description('Required. Name of the scheduler.')
param name string
@description('Required. Name of the task hub: letters and digits.')
param taskHubName string
@description('Required. Region of the scheduler.')
param location string
@description('Required. Tags of the scheduler.')
param tags object
@description('Required. Consumption is paid by action, Dedicated by the hour.')
@allowed(['Consumption', 'Dedicated'])
param sku string
@description('Required. Addresses from which it can be reached, as CIDR; none are all, or none where it is private.')
param ipAllowlist array
@description('Required. Days that runs are kept after their end.')
param retentionDays int
@description('Required. Whether only its private endpoint reaches the scheduler.')
param isPrivate bool

// An empty list denies everybody. A Flex Consumption app without a virtual network has no addresses
// that are known beforehand, so there the sign-in with Entra, without keys, is what guards.
var openAllowlist = empty(ipAllowlist) ? ['0.0.0.0/0'] : ipAllowlist

resource scheduler 'Microsoft.DurableTask/schedulers@2026-02-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    ipAllowlist: isPrivate ? [] : openAllowlist
    publicNetworkAccess: isPrivate ? 'Disabled' : 'Enabled'
    sku: sku == 'Dedicated' ? { name: sku, capacity: 1 } : { name: sku }
  }
}

resource taskHub 'Microsoft.DurableTask/schedulers/taskHubs@2026-02-01' = {
  parent: scheduler
  name: taskHubName
}

// Only runs that have ended are purged; the sealed receipts lie in the ledger.
resource retention 'Microsoft.DurableTask/schedulers/retentionPolicies@2026-02-01' = {
  parent: scheduler
  name: 'default'
  properties: {
    retentionPolicies: [
      {
        retentionPeriodInDays: retentionDays
      }
    ]
  }
  dependsOn: [taskHub] // one change of the scheduler at a time
}

@description('Resource id of the scheduler.')
output id string = scheduler.id
@description('Name of the scheduler.')
output name string = scheduler.name
@description('Address that the app connects to.')
output endpoint string = scheduler.properties.endpoint
@description('Address of the page that shows the runs of the task hub.')
output dashboardUrl string = taskHub.properties.dashboardUrl
