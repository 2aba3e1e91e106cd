"""Owns remedies for what a region or a subscription does not have: models, sizes, quota."""

from signpost.doctor.azure.codes.remedy import Remedy

MODELS = (
    "az cognitiveservices model list --location {location} "
    "--query \"[?kind=='OpenAI'].[model.name, model.version, model.skus[].name]\" --output json\n"
    "# Then take one of them:\nazd env set OPENAI_MODEL_NAME NAME && "
    "azd env set OPENAI_MODEL_VERSION VERSION && azd env set OPENAI_MODEL_SKU SKU && azd provision"
)
ELSEWHERE = (
    "azd env new ANOTHER-NAME --location ANOTHER-REGION && azd up\n"
    "# This group stays in its region, so another region takes another environment."
)
NO_QUOTA = (
    "the subscription may not have more of this in {location}; Flex Consumption apps share 250 "
    "cores a region"
)
MORE = f"{ELSEWHERE}\n# Or ask for more in the portal under Quotas, and then:\nazd provision"

REMEDIES = (
    Remedy(
        ("DeploymentModelNotSupported", "ModelNotSupported", "InvalidModel"),
        "the region {location} does not offer this model in this version",
        MODELS,
    ),
    Remedy(
        ("InvalidResourceProperties",),
        "the region {location} does not offer the model with this SKU",
        MODELS,
        r"cognitiveservices|sku|model",
    ),
    Remedy(
        ("SpecialFeatureOrQuotaIdRequired",),
        "the subscription may not use Azure OpenAI, or this model of it",
        "azd env set AZURE_SUBSCRIPTION_ID ANOTHER-SUBSCRIPTION && azd provision\n"
        "# Free and sponsored subscriptions are refused; ask first for a model of limited access.",
    ),
    Remedy(
        ("InsufficientQuota",),
        "the subscription has no quota left for this model in {location}",
        "az cognitiveservices usage list --location {location} --output table\n"
        "# Then take what is left:\nazd env set OPENAI_MODEL_CAPACITY THOUSANDS && azd provision\n"
        "# Or ask for more in the portal under Quotas.",
    ),
    Remedy(
        ("LocationNotAvailableForResourceType", "NoRegisteredProviderFound"),
        "the Durable Task Scheduler is not offered in {location}{regions}",
        "azd env set DURABLE_BACKEND AzureStorage && azd provision\n"
        f"# That keeps runs in storage. Or elsewhere:\n{ELSEWHERE}",
        r"Microsoft\.DurableTask.*(?:location|region)|(?:location|region).*Microsoft\.DurableTask",
    ),
    Remedy(
        ("LocationNotAvailableForResourceType", "LocationNotAvailableForResourceGroup"),
        "{location} does not offer what {name} is{regions}",
        ELSEWHERE,
    ),
    Remedy(
        ("SkuNotAvailable", "SkuNotAvailableInRegion", "InvalidSku"),
        "{location} does not offer this size of {name} to the subscription",
        ELSEWHERE,
    ),
    Remedy(
        ("SubscriptionIsOverQuotaForSku", "QuotaExceeded", "RegionClosedForSubscription"),
        NO_QUOTA,
        MORE,
    ),
    Remedy((), NO_QUOTA, MORE, r"microsoft\.web/\S+ .*quota|region has quota of 0"),
    Remedy(
        (),
        "a budget starts on the first day of a month, and its start can't be moved",
        "az consumption budget delete --budget-name {name} --resource-group {group} && "
        "azd provision",
        r"microsoft\.consumption/budgets.*(?:start ?date|time ?period)",
    ),
)
