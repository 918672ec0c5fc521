// itpm-sync in Azure: one container that runs the daemon, a managed identity, Key Vault for the secrets, PostgreSQL for
// the ledger. Deploy it into a resource group of its own; deploy/README.md says how, step by step.

targetScope = 'resourceGroup'

@description('Region of all resources.')
param location string = resourceGroup().location

@description('Prefix of all names; 3 to 12 lower-case letters and digits.')
@minLength(3)
@maxLength(12)
param prefix string = 'itpmsync'

@description('The image, with its digest or version, in a registry the container app can pull from.')
param image string

@description('The configuration, itpm-sync.yaml, as text. It holds references to secrets (env:NAME), never secrets.')
param configuration string

@description('Names of the Key Vault secrets that the configuration refers to as env:NAME, by environment variable.')
param secrets array = [
  { variable: 'LEDGER_KEY', secret: 'ledger-key' }
  { variable: 'JIRA_TOKEN', secret: 'jira-token' }
  { variable: 'SMARTSHEET_TOKEN', secret: 'smartsheet-token' }
]

@description('Administrator of PostgreSQL, an Entra group or user: object id and name.')
param databaseAdminObjectId string
param databaseAdminName string

@secure()
@minLength(24)
@description('Password of the ledger\'s database user. Generated for this deployment and kept in Key Vault.')
param databasePassword string

var unique = uniqueString(resourceGroup().id, prefix)
var ledgerUser = 'itpmsync'
var keyVaultSecretsUser = '4633458b-17de-408a-b874-0445c86b69e6'

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: '${prefix}-identity'
  location: location
}

resource logs 'Microsoft.OperationalInsights/workspaces@2023-09-01' = {
  name: '${prefix}-logs'
  location: location
  properties: {
    sku: { name: 'PerGB2018' }
    retentionInDays: 90
  }
}

resource network 'Microsoft.Network/virtualNetworks@2024-01-01' = {
  name: '${prefix}-network'
  location: location
  properties: {
    addressSpace: { addressPrefixes: ['10.20.0.0/16'] }
    subnets: [
      {
        name: 'apps'
        properties: {
          addressPrefix: '10.20.0.0/23'
          delegations: [
            { name: 'apps', properties: { serviceName: 'Microsoft.App/environments' } }
          ]
        }
      }
      {
        name: 'database'
        properties: {
          addressPrefix: '10.20.4.0/28'
          delegations: [
            { name: 'database', properties: { serviceName: 'Microsoft.DBforPostgreSQL/flexibleServers' } }
          ]
        }
      }
    ]
  }
}

resource databaseZone 'Microsoft.Network/privateDnsZones@2020-06-01' = {
  name: '${prefix}.private.postgres.database.azure.com'
  location: 'global'
}

resource databaseZoneLink 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2020-06-01' = {
  parent: databaseZone
  name: 'network'
  location: 'global'
  properties: {
    registrationEnabled: false
    virtualNetwork: { id: network.id }
  }
}

resource database 'Microsoft.DBforPostgreSQL/flexibleServers@2024-08-01' = {
  name: '${prefix}-${unique}'
  location: location
  sku: { name: 'Standard_B1ms', tier: 'Burstable' }
  properties: {
    version: '16'
    administratorLogin: ledgerUser
    administratorLoginPassword: databasePassword
    authConfig: {
      activeDirectoryAuth: 'Enabled'
      passwordAuth: 'Enabled'
      tenantId: subscription().tenantId
    }
    storage: { storageSizeGB: 32, autoGrow: 'Enabled' }
    backup: { backupRetentionDays: 35, geoRedundantBackup: 'Disabled' }
    network: {
      delegatedSubnetResourceId: network.properties.subnets[1].id
      privateDnsZoneArmResourceId: databaseZone.id
      publicNetworkAccess: 'Disabled'
    }
    highAvailability: { mode: 'Disabled' }
  }
  dependsOn: [databaseZoneLink]
}

resource databaseAdmin 'Microsoft.DBforPostgreSQL/flexibleServers/administrators@2024-08-01' = {
  parent: database
  name: databaseAdminObjectId
  properties: {
    principalType: 'Group'
    principalName: databaseAdminName
    tenantId: subscription().tenantId
  }
}

resource ledger 'Microsoft.DBforPostgreSQL/flexibleServers/databases@2024-08-01' = {
  parent: database
  name: 'itpm_sync'
  properties: { charset: 'UTF8', collation: 'en_US.utf8' }
}

resource vault 'Microsoft.KeyVault/vaults@2023-07-01' = {
  name: take('${prefix}-${unique}', 24)
  location: location
  properties: {
    tenantId: subscription().tenantId
    sku: { family: 'A', name: 'standard' }
    enableRbacAuthorization: true
    enableSoftDelete: true
    softDeleteRetentionInDays: 90
    enablePurgeProtection: true
    publicNetworkAccess: 'Enabled'
    networkAcls: { defaultAction: 'Allow', bypass: 'AzureServices' }
  }
}

resource vaultRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(vault.id, identity.id, keyVaultSecretsUser)
  scope: vault
  properties: {
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', keyVaultSecretsUser)
  }
}

resource ledgerPassword 'Microsoft.KeyVault/vaults/secrets@2023-07-01' = {
  parent: vault
  name: 'ledger-password'
  properties: { value: databasePassword }
}

resource environment 'Microsoft.App/managedEnvironments@2024-03-01' = {
  name: '${prefix}-environment'
  location: location
  properties: {
    vnetConfiguration: {
      infrastructureSubnetId: network.properties.subnets[0].id
      internal: true
    }
    appLogsConfiguration: {
      destination: 'log-analytics'
      logAnalyticsConfiguration: {
        customerId: logs.properties.customerId
        sharedKey: logs.listKeys().primarySharedKey
      }
    }
  }
}

resource app 'Microsoft.App/containerApps@2024-03-01' = {
  name: '${prefix}-daemon'
  location: location
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identity.id}': {} }
  }
  properties: {
    managedEnvironmentId: environment.id
    configuration: {
      activeRevisionsMode: 'Single'
      secrets: concat(
        [
          { name: 'configuration', value: configuration }
          { name: 'ledger-password', keyVaultUrl: ledgerPassword.properties.secretUri, identity: identity.id }
        ],
        map(secrets, one => {
          name: one.secret
          keyVaultUrl: '${vault.properties.vaultUri}secrets/${one.secret}'
          identity: identity.id
        })
      )
    }
    template: {
      terminationGracePeriodSeconds: 30
      containers: [
        {
          name: 'daemon'
          image: image
          resources: { cpu: json('1.0'), memory: '2Gi' }
          env: concat(
            [
              { name: 'AZURE_CLIENT_ID', value: identity.properties.clientId }
              { name: 'AZURE_TOKEN_CREDENTIALS', value: 'ManagedIdentityCredential' }
              { name: 'LEDGER_PASSWORD', secretRef: 'ledger-password' }
            ],
            map(secrets, one => { name: one.variable, secretRef: one.secret })
          )
          volumeMounts: [
            { volumeName: 'configuration', mountPath: '/etc/itpm-sync' }
          ]
          probes: [
            {
              type: 'Liveness'
              httpGet: { path: '/health', port: 8080 }
              initialDelaySeconds: 30
              periodSeconds: 60
              failureThreshold: 5
            }
          ]
        }
      ]
      // One daemon. A second one would only wait for the project's lease.
      scale: { minReplicas: 1, maxReplicas: 1 }
      volumes: [
        {
          name: 'configuration'
          storageType: 'Secret'
          secrets: [
            { secretRef: 'configuration', path: 'itpm-sync.yaml' }
          ]
        }
      ]
    }
  }
  dependsOn: [vaultRole, ledger]
}

@description('Where the ledger is: the configuration\'s `ledger:`.')
output ledgerAddress string = 'postgresql://${ledgerUser}@${database.properties.fullyQualifiedDomainName}/itpm_sync'

@description('Grant Microsoft Graph roles to this identity (deploy/README.md, step 5).')
output identityPrincipalId string = identity.properties.principalId

output vaultName string = vault.name
