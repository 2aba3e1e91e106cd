"""Owns what `environment()` gives in two of Azure's clouds, as far as templates ask for it."""

from __future__ import annotations

PUBLIC = "AzureCloud"
GOVERNMENT = "AzureUSGovernment"
CLOUDS = {
    PUBLIC: {
        "name": PUBLIC,
        "resourceManager": "https://management.azure.com/",
        "portal": "https://portal.azure.com",
        "authentication": {"loginEndpoint": "https://login.microsoftonline.com/"},
        "suffixes": {"storage": "core.windows.net", "keyvaultDns": ".vault.azure.net"},
    },
    GOVERNMENT: {
        "name": GOVERNMENT,
        "resourceManager": "https://management.usgovcloudapi.net/",
        "portal": "https://portal.azure.us",
        "authentication": {"loginEndpoint": "https://login.microsoftonline.us/"},
        "suffixes": {
            "storage": "core.usgovcloudapi.net",
            "keyvaultDns": ".vault.usgovcloudapi.net",
        },
    },
}
