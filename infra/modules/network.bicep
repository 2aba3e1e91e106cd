// The virtual network: one subnet in which the app runs, one in which the private endpoints lie.

@description('Required. Name of the network.')
param name string
@description('Required. Region of the network.')
param location string
@description('Required. Tags of the network.')
param tags object

var appRange = '10.0.0.0/24'
var https = {
  access: 'Allow'
  direction: 'Inbound'
  priority: 100
  protocol: 'Tcp'
  sourceAddressPrefix: appRange
  sourcePortRange: '*'
  destinationAddressPrefix: '*'
  destinationPortRange: '443'
}
var rest = { access: 'Deny', priority: 200, protocol: '*', sourceAddressPrefix: '*', destinationPortRange: '*' }

// Without rules of its own: people reach the app by its public address, and Azure runs the subnet.
resource appGuard 'Microsoft.Network/networkSecurityGroups@2024-07-01' = {
  name: 'nsg-${name}-app'
  location: location
  tags: tags
}

resource endpointGuard 'Microsoft.Network/networkSecurityGroups@2024-07-01' = {
  name: 'nsg-${name}-endpoints'
  location: location
  tags: tags
  properties: {
    securityRules: [{ name: 'app-by-https', properties: https }, { name: 'rest', properties: union(https, rest) }]
  }
}

// The subnets are told here: as resources of their own, a second deployment would take them off.
resource network 'Microsoft.Network/virtualNetworks@2024-07-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    addressSpace: { addressPrefixes: ['10.0.0.0/23'] }
    subnets: [
      {
        name: 'app'
        properties: {
          addressPrefix: appRange
          delegations: [{ name: 'functions', properties: { serviceName: 'Microsoft.App/environments' } }]
          networkSecurityGroup: { id: appGuard.id }
        }
      }
      {
        name: 'endpoints'
        properties: {
          addressPrefix: '10.0.1.0/26'
          networkSecurityGroup: { id: endpointGuard.id }
          privateEndpointNetworkPolicies: 'NetworkSecurityGroupEnabled'
        }
      }
    ]
  }
}

@description('Resource id of the network, whose subnets are `app` and `endpoints`.')
output id string = network.id
