"""Owns the names of app settings: those that Azure needs, and those that it may not see."""

from collections.abc import Mapping
from types import MappingProxyType

from signpost.doctor.surroundings import HOST_STORAGE
from signpost.variables import VARIABLES, VAULT

NEEDED = (
    f"{HOST_STORAGE}__credential",
    f"{HOST_STORAGE}__clientId",
    f"{HOST_STORAGE}__blobServiceUri",
    f"{HOST_STORAGE}__queueServiceUri",
    f"{HOST_STORAGE}__tableServiceUri",
    "APPLICATIONINSIGHTS_CONNECTION_STRING",
    "APPLICATIONINSIGHTS_AUTHENTICATION_STRING",
    "TASKHUB_NAME",
    "AZURE_CLIENT_ID",
    "SIGNPOST_LEDGER",
    "SIGNPOST_SIGNING_KEYS",
    "TEAMS_CHANNEL_WEBHOOK_URL",
)
ADDRESSES = (
    *(f"{HOST_STORAGE}__{kind}ServiceUri" for kind in ("blob", "queue", "table")),
    "SIGNPOST_LEDGER",
)
AZURE_OPENAI = ("AZURE_OPENAI_ENDPOINT", "AZURE_OPENAI_DEPLOYMENT")
ANY_MODEL = "MODEL_BASE_URL"
MODEL_KEY = "MODEL_API_KEY"
SECRETS = (*(each.name for each in VARIABLES if each.set_by == VAULT), MODEL_KEY)
# Flex Consumption deprecates them, or keeps what they say in functionAppConfig.
REFUSED_BY_FLEX = frozenset(
    {
        "ENABLE_ORYX_BUILD",
        "FUNCTIONS_EXTENSION_VERSION",
        "FUNCTIONS_MAX_HTTP_CONCURRENCY",
        "FUNCTIONS_WORKER_DYNAMIC_CONCURRENCY_ENABLED",
        "FUNCTIONS_WORKER_PROCESS_COUNT",
        "FUNCTIONS_WORKER_RUNTIME",
        "FUNCTIONS_WORKER_RUNTIME_VERSION",
        "SCM_DO_BUILD_DURING_DEPLOYMENT",
        "TZ",
        "WEBSITE_CONTENTAZUREFILECONNECTIONSTRING",
        "WEBSITE_CONTENTOVERVNET",
        "WEBSITE_CONTENTSHARE",
        "WEBSITE_DNS_SERVER",
        "WEBSITE_LOAD_CERTIFICATES",
        "WEBSITE_MAX_DYNAMIC_APPLICATION_SCALE_OUT",
        "WEBSITE_MOUNT_ENABLED",
        "WEBSITE_NODE_DEFAULT_VERSION",
        "WEBSITE_RUN_FROM_PACKAGE",
        "WEBSITE_SKIP_CONTENTSHARE_VALIDATION",
        "WEBSITE_TIME_ZONE",
        "WEBSITE_USE_PLACEHOLDER_DOTNETISOLATED",
        "WEBSITE_VNET_ROUTE_ALL",
    }
)
UNSAFE: Mapping[str, str] = MappingProxyType(
    {
        HOST_STORAGE: "holds an account key, or nothing; the app signs in by its identity",
        f"{HOST_STORAGE}__accountName": "goes against the addresses of the storage account",
        "AzureWebJobsDashboard": "holds an account key, and nothing reads it any more",
        "APPINSIGHTS_INSTRUMENTATIONKEY": "is a key, in place of the identity",
        # The platform's word for the app, which an app setting of that name would drown.
        "WEBSITE_AUTH_ENABLED": "lets anybody forge a sign-in where the platform checks none",
        "WEBSITE_HOSTNAME": "sends approvers' links to a host that is not the app's",
        "SIGNPOST_ENVIRONMENT": "allows loopback addresses and account keys, for one machine",
    }
)
