"""Each error that a deployment of Signpost may meet becomes a sentence and a step."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from signpost.doctor.azure.codes import REMEDIES, explain
from signpost.doctor.azure.deployed import Deployed
from signpost.doctor.azure.errors import DEEPEST, LONGEST, Leaf, leaves, shown
from tests.unit.doctor_azure.installed import GROUP, SUBSCRIPTION, fail

ROOT = Path(__file__).resolve().parents[3]
ACCOUNT = "Microsoft.CognitiveServices/accounts"
DRAFTS = "Microsoft.CognitiveServices/accounts/deployments"
VAULT = "Microsoft.KeyVault/vaults"
NAME = "a-resource"
DELETED = (
    "A vault with the same name already exists in deleted state. You need to either recover or "
    "purge existing key vault."
)
CASES = [
    ("DeploymentModelNotSupported", "The model is not supported.", DRAFTS, "model list"),
    ("InvalidResourceProperties", "The SKU 'Standard' is not.", DRAFTS, "OPENAI_MODEL_SKU"),
    ("SpecialFeatureOrQuotaIdRequired", "QuotaId/Feature required.", ACCOUNT, "SUBSCRIPTION_ID"),
    ("InsufficientQuota", "This operation require 30 new capacity.", DRAFTS, "usage list"),
    ("FlagMustBeSetForRestore", "An existing resource ... deleted.", ACCOUNT, "account purge"),
    ("CustomDomainInUse", "Please pick a different name.", ACCOUNT, "account purge"),
    ("VaultAlreadyExists", "The vault name is already in use.", VAULT, "keyvault recover"),
    ("ConflictError", DELETED, VAULT, "az keyvault recover --name a-resource"),
    ("Conflict", DELETED, VAULT, "az keyvault purge --name a-resource --location swedencentral"),
    ("RoleAssignmentExists", "It already exists.", "", "az role assignment list --all"),
    (
        "AuthorizationFailed",
        "No authorization to perform action 'Microsoft.Authorization/roleAssignments/write'.",
        "",
        '--role "Role Based Access Control Administrator"',
    ),
    ("AuthorizationFailed", "No 'Microsoft.Web/sites/write'.", "", "--role Contributor"),
    (
        "MissingSubscriptionRegistration",
        "The subscription is not registered to use namespace 'Microsoft.DurableTask'.",
        "",
        "az provider register -n Microsoft.DurableTask",
    ),
    ("RequestDisallowedByPolicy", "Resource was disallowed by policy.", "", "policy assignment"),
    ("SkuNotAvailable", "The requested size is not available.", "", "--location"),
    ("SubscriptionIsOverQuotaForSku", "This region has quota of 0 instances.", "", "Quotas"),
    (
        "Unauthorized",
        "This region has quota of 0 instances.",
        "Microsoft.Web/serverfarms",
        "Quotas",
    ),
    ("StorageAccountAlreadyTaken", "The name is already taken.", "", "azd env new"),
    (
        "Conflict",
        "Website with given name a-resource already exists.",
        "Microsoft.Web/sites",
        "new",
    ),
    (
        "400",
        "The budget start date is invalid.",
        "Microsoft.Consumption/budgets",
        "az consumption budget delete",
    ),
    ("InvalidResourceGroupLocation", "Invalid location.", "", "AZURE_LOCATION swedencentral"),
    ("DeploymentActive", "It is active.", "", "# Once it is over:"),
    ("PrincipalNotFound", "Principal does not exist in the directory.", "", "azd provision"),
    ("ScopeLocked", "The scope cannot be changed.", "", "az lock list"),
]
REGIONS = (
    "The provided location 'italynorth' is not available for resource type '{}'. List of available "
    "regions for the resource type is 'eastus,swedencentral'."
)


def a_stand() -> Deployed:
    """Give a stand of which only the names matter."""
    return Deployed(None, SUBSCRIPTION, GROUP, "swedencentral", "news")  # type: ignore[arg-type] # nothing is asked


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0]} {case[3]}")
async def test_known_code_has_a_step(arm, problems, case) -> None:
    """The code is told in a sentence, and the fix can be pasted, without a gap in it."""
    code, message, kind, step = case
    fail(arm, kind or "Microsoft.Some/thing", NAME, {"error": {"code": code, "message": message}})
    [found] = await problems()
    assert step in found.fix
    assert code in found.detail
    assert f"{NAME} failed: " in found.detail
    assert "{" not in found.fix + found.detail


@pytest.mark.parametrize(
    "kind, step",
    [
        ("Microsoft.DurableTask/schedulers", "DURABLE_BACKEND AzureStorage"),
        ("Microsoft.Web/sites", "azd env new"),
    ],
)
async def test_regions_that_would_do_are_told(arm, problems, kind, step) -> None:
    """A type that the region lacks is told with the regions that have it."""
    said = {"code": "LocationNotAvailableForResourceType", "message": REGIONS.format(kind)}
    fail(arm, kind, NAME, {"error": said})
    [found] = await problems()
    assert "(but in eastus,swedencentral)" in found.detail
    assert step in found.fix


async def test_unknown_code_is_shown_as_it_is(arm, problems) -> None:
    """What is not known is told in Azure's own words."""
    fail(arm, "Microsoft.Some/thing", NAME, {"error": {"code": "Odd", "message": "So it is."}})
    [found] = await problems()
    assert "Odd: So it is." in found.detail


def test_every_remedy_can_be_told() -> None:
    """No remedy names a word that is not given."""
    for remedy in REMEDIES:
        code = remedy.codes[0] if remedy.codes else "400"
        told, fix = explain(Leaf(code, "message", NAME, "type"), a_stand())
        assert told
        assert fix


def test_fixes_are_for_a_shell() -> None:
    """A shell takes every fix as it stands, whatever a resource is called."""
    leaves_ = [Leaf((r.codes or ("400",))[0], "m", "a'; rm -rf $HOME", "type") for r in REMEDIES]
    fixes = "\n".join(explain(leaf, a_stand())[1] for leaf in leaves_)
    checked = subprocess.run(["sh", "-n"], input=fixes, capture_output=True, text=True, check=False)
    assert checked.stderr == ""
    assert "rm" not in {
        word for line in fixes.splitlines() for word in shlex.split(line, comments=True)
    }


def test_fixes_set_what_a_deployment_reads() -> None:
    """Each value that a fix sets by azd is one of infra/main.parameters.json."""
    sources = (ROOT / "signpost/doctor/azure").rglob("*.py")
    told = {v for f in sources for v in re.findall(r"azd env set ([A-Z_]+)", f.read_text("utf-8"))}
    read = re.findall(r"\$\{(\w+)", (ROOT / "infra/main.parameters.json").read_text("utf-8"))
    assert told - {"AZURE_SUBSCRIPTION_ID"} <= set(read)
    assert told


@pytest.mark.parametrize(
    "secret",
    [
        "https://prod-1.westeurope.logic.azure.com/workflows/1?sig=canary&sv=1.0",
        "AccountKey=canary==;EndpointSuffix=core.windows.net",
        '"password": "canary"',
        "SharedAccessSignature=canary",
        "token=canary",
    ],
)
def test_secret_in_a_message_is_left_out(secret) -> None:
    """Azure may repeat a value that it refuses; what could be a secret in it is not shown."""
    assert "canary" not in shown(f"The value {secret} is refused.")


def test_long_message_is_cut() -> None:
    """A policy's essay becomes a line."""
    assert len(shown("word\n" * 1000)) == LONGEST


def test_endless_nesting_ends() -> None:
    """An error that is nested without end is given up, not followed."""
    error: dict[str, object] = {"code": "Leaf", "message": "m"}
    for _ in range(DEEPEST + 5):
        error = {"code": "Wrapper", "details": [error]}
    assert {leaf.code for leaf in leaves(error)} == {"Wrapper"}
