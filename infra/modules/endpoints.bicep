// Private endpoints, and the zones by which public names lead to them inside the network.

@description('Required. Region of the endpoints, the network\'s own.')
param location string
@description('Required. Tags of endpoints and zones.')
param tags object
@description('Required. Resource id of the network; the endpoints lie in its subnet `endpoints`.')
param networkId string
@description('Required. Resource id of the storage account.')
param storageId string
@description('Required. Resource id of the vault.')
param vaultId string
@description('Required. Resource id of the Azure OpenAI account.')
param openAiId string
@description('Optional. Resource id of the scheduler, where there is one.')
param schedulerId string = ''

var vaultZone = replace('privatelink${environment().suffixes.keyvaultDns}', '.vault.', '.vaultcore.')
// No suffix is told of AI services; in each cloud they share the portal's domain.
var openAiZone = replace(split(environment().portal, '/')[2], 'portal.', 'privatelink.openai.')
var scheduler = { id: schedulerId, part: 'scheduler', zone: 'privatelink.durabletask.io' }
var others = [
  { id: storageId, part: 'blob', zone: 'privatelink.blob.${environment().suffixes.storage}' }
  { id: storageId, part: 'queue', zone: 'privatelink.queue.${environment().suffixes.storage}' }
  { id: storageId, part: 'table', zone: 'privatelink.table.${environment().suffixes.storage}' }
  { id: vaultId, part: 'vault', zone: vaultZone }
  { id: openAiId, part: 'account', zone: openAiZone }
]
var targets = concat(others, empty(schedulerId) ? [] : [scheduler])

resource zones 'Microsoft.Network/privateDnsZones@2024-06-01' = [
  for target in targets: {
    name: target.zone
    location: 'global'
    tags: tags
  }
]

resource links 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = [
  for (target, i) in targets: {
    parent: zones[i]
    name: 'signpost-${target.part}'
    location: 'global'
    tags: tags
    properties: { registrationEnabled: false, virtualNetwork: { id: networkId } }
  }
]

resource endpoints 'Microsoft.Network/privateEndpoints@2024-07-01' = [
  for target in targets: {
    name: 'pe-signpost-${target.part}'
    location: location
    tags: tags
    properties: {
      subnet: { id: '${networkId}/subnets/endpoints' }
      privateLinkServiceConnections: [
        { name: target.part, properties: { privateLinkServiceId: target.id, groupIds: [target.part] } }
      ]
    }
  }
]

resource records 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2024-07-01' = [
  for (target, i) in targets: {
    parent: endpoints[i]
    name: 'default'
    properties: { privateDnsZoneConfigs: [{ name: target.part, properties: { privateDnsZoneId: zones[i].id } }] }
  }
]
