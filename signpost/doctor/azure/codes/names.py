"""Owns remedies for names that are taken: by others, by what was deleted, by an earlier half."""

from signpost.doctor.azure.codes.remedy import Remedy
from signpost.doctor.fixes import PROVISION

ANOTHER_NAME = (
    "azd env new ANOTHER-NAME && azd up\n# Names come from that of the environment: another one "
    "gives others."
)
ACCOUNT = (
    "az cognitiveservices account recover --name {name} --resource-group {group} "
    "--location {location} && azd provision\n# Or give it up:\naz cognitiveservices account purge "
    "--name {name} --resource-group {group} --location {location} && azd provision"
)
VAULT = (
    "az keyvault recover --name {name} && azd provision\n# Or give it up, where it has no purge "
    "protection:\naz keyvault purge --name {name} --location {location} && azd provision"
)
DELETED_VAULT = "a deleted Key Vault keeps the name {name} until it is recovered or purged"

REMEDIES = (
    Remedy(
        ("FlagMustBeSetForRestore",),
        "a deleted Azure OpenAI account keeps the name {name} until it is restored or purged",
        ACCOUNT,
        r"cognitive|openai|^(?!.*vault)",
    ),
    Remedy(
        ("CustomDomainInUse",),
        "the address of {name} is taken: by a deleted Azure OpenAI account, or by somebody else's",
        ACCOUNT,
    ),
    Remedy(("VaultAlreadyExists", "FlagMustBeSetForRestore"), DELETED_VAULT, VAULT),
    Remedy(
        ("ConflictError", "Conflict", "RequestConflict"),
        DELETED_VAULT,
        VAULT,
        r"vault.*(?:deleted state|soft.?delete|recover or purge)",
    ),
    Remedy(
        ("StorageAccountAlreadyTaken", "StorageAccountAlreadyExists", "AccountNameTaken"),
        "the name {name} is somebody else's storage account",
        ANOTHER_NAME,
    ),
    Remedy(
        (),
        "the name {name} is somebody else's web app",
        ANOTHER_NAME,
        r"microsoft\.web/sites .*(?:already (?:exists|in use|taken)|not available)",
    ),
    Remedy(
        ("RoleAssignmentExists",),
        "somebody gave this role by hand, under another name than the deployment gives it",
        'az role assignment list --all --query "[].[id, roleDefinitionName, principalId]" '
        "--output tsv\n# Remove the one made by hand:\n"
        "az role assignment delete --ids ID && azd provision",
    ),
    Remedy(
        ("InvalidResourceGroupLocation", "InvalidDeploymentLocation"),
        "the group, or a deployment of this name, is in another region than asked for",
        "azd env set AZURE_LOCATION {location} && azd provision",
    ),
    Remedy(
        ("DeploymentActive",),
        "another deployment of this name is still running",
        f"# Once it is over:\n{PROVISION}",
    ),
    Remedy(
        ("ResourceGroupBeingDeleted", "ResourceGroupDeletionBlocked"),
        "the group is being deleted",
        f"# Once it is gone:\n{PROVISION}",
    ),
    Remedy(
        (
            "AnotherOperationInProgress",
            "RequestConflict",
            "IfMatchPreconditionFailed",
            "PrincipalNotFound",
            "RetryableError",
            "InternalServerError",
            "ServiceUnavailable",
            "GatewayTimeout",
        ),
        "Azure was not ready for this step; deploying again takes up where it stopped",
        PROVISION,
    ),
)
