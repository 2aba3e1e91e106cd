// A monthly budget of the resource group, with mails before and after it is spent. It stops nothing.

@description('Required. Amount a month, in the currency of the subscription\'s bill.')
param amount int

@description('Required. First day of the month from which it counts, as 2026-11-01.')
param startDate string

@description('Optional. Who is told; without it the owners of the resource group are.')
param email string = ''

// Azure refuses another start date for a budget that is there, and each later deployment would
// bring one. To change the amount, delete the budget and provision again.
@onlyIfNotExists()
resource budget 'Microsoft.Consumption/budgets@2024-08-01' = {
  name: 'signpost-monthly'
  properties: {
    category: 'Cost'
    amount: amount
    timeGrain: 'Monthly'
    timePeriod: {
      startDate: startDate
    }
    notifications: {
      nearlySpent: {
        enabled: true
        operator: 'GreaterThanOrEqualTo'
        threshold: 80
        thresholdType: 'Actual'
        contactEmails: empty(email) ? [] : [email]
        contactRoles: ['Owner']
      }
      willBeSpent: {
        enabled: true
        operator: 'GreaterThanOrEqualTo'
        threshold: 100
        thresholdType: 'Forecasted'
        contactEmails: empty(email) ? [] : [email]
        contactRoles: ['Owner']
      }
      spent: {
        enabled: true
        operator: 'GreaterThanOrEqualTo'
        threshold: 100
        thresholdType: 'Actual'
        contactEmails: empty(email) ? [] : [email]
        contactRoles: ['Owner']
      }
    }
  }
}
