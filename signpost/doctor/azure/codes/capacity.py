"""Owns remedies for what a region or a subscription does not have: models, sizes, quota."""

from signpost.doctor.azure.codes.remedy import Remedy

MODELS = (
    "az cognitiveservices model list --location {location} "
    "--query \"[?kind=='OpenAI'].[model.name, model.version, model.skus[].name]\" --output json\n"
    "Then set modelName, modelVersion and modelSku in infra/main.parameters.json to what it lists, "
    "or `azd env set AZURE_LOCATION` to a region that has the model, and run: azd provision"
)
ELSEWHERE = "azd env set AZURE_LOCATION ANOTHER-REGION && azd provision"

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
        "Free and sponsored subscriptions are refused; for a model of limited access ask for it "
        "first.",
    ),
    Remedy(
        ("InsufficientQuota",),
        "the subscription has no quota left for this model in {location}",
        "az cognitiveservices usage list --location {location} --output table\n"
        "Then set modelCapacity in infra/main.parameters.json to what is left, or ask for more in "
        "the portal under Quotas, and run: azd provision",
    ),
    Remedy(
        ("LocationNotAvailableForResourceType", "NoRegisteredProviderFound"),
        "the Durable Task Scheduler is not offered in {location}{regions}",
        ELSEWHERE + "\nOr keep runs in storage: set durableBackend to AzureStorage in "
        "infra/main.parameters.json, and run: azd provision",
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
        "the subscription may not have more of this in {location}; Flex Consumption apps share 250 "
        "cores a region",
        ELSEWHERE + "\nOr set maximumInstanceCount in infra/main.parameters.json lower, or ask for "
        "more in the portal under Quotas.",
    ),
    Remedy(
        (),
        "the subscription may not have more of this in {location}; Flex Consumption apps share 250 "
        "cores a region",
        ELSEWHERE + "\nOr ask for more in the portal under Quotas.",
        r"microsoft\.web/\S+ .*quota|region has quota of 0",
    ),
    Remedy(
        (),
        "the start of the budget has to be the first day of a month, not before this one, and can "
        "not be changed later",
        "az consumption budget list --resource-group {group} "
        '--query "[].[name, timePeriod.startDate]" --output table\n'
        "Then set budgetStartDate in infra/main.parameters.json to the date that it shows, or to "
        "the first of this month where it shows none, and run: azd provision",
        r"microsoft\.consumption/budgets.*(?:start ?date|time ?period)",
    ),
)
