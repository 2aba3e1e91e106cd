"""Owns the catalogue of settings: each with its meaning, its default and who sets it in Azure.

`python -m signpost.variables` writes docs/settings.md.
"""

import sys
from collections.abc import Iterable
from typing import NamedTuple

BICEP = "main.bicep"
VAULT = "Key Vault, by main.bicep"
PLATFORM = "Azure"
YOU = "you"  # by the parameter `furtherSettings`, which a deployment keeps
REQUIRED = "required"
UNSET = "not set"


class Variable(NamedTuple):
    """One app setting; `set_by` says who sets it in Azure (`make run` sets what it needs)."""

    name: str
    meaning: str
    default: str = UNSET
    set_by: str = YOU


VARIABLES = (
    Variable(
        "SIGNPOST_ENVIRONMENT",
        "`local` allows loopback addresses and account keys, for one machine",
        set_by="nobody in Azure",
    ),
    Variable(
        "SIGNPOST_BASE_URL",
        "the address under which people open Signpost; links are built from it",
        "`https://` and `WEBSITE_HOSTNAME`",
    ),
    Variable(
        "SIGNPOST_SIGNING_KEYS",
        "keys that sign approvers' links and receipts, newest first, split by commas, 32 "
        "characters or more each",
        REQUIRED,
        VAULT,
    ),
    Variable(
        "SIGNPOST_FORMER_SIGNING_KEYS",
        "keys that sign nothing new, whose links still open",
        set_by=VAULT,
    ),
    Variable(
        "SIGNPOST_LEDGER",
        "`tables:https://ACCOUNT.table.core.windows.net`: the table `signpost` there, opened by "
        "managed identity with the role Storage Table Data Contributor; or `sqlite:` and a file "
        "in a folder that exists; locally also `tables:` and a connection string, such as "
        "`tables:UseDevelopmentStorage=true` for Azurite "
        "([0007](decisions/0007-ledger-in-two-stores.md))",
        REQUIRED,
        BICEP,
    ),
    Variable(
        "SIGNPOST_SIGN_IN",
        "`off` (callers have a function key, approvers their links), `on` (App Service "
        "authentication says who calls; links work too), `required` (every decision needs a "
        "sign-in), `local` (one machine only: callers say who they are)",
        "`off`",
        BICEP,
    ),
    Variable(
        "SIGNPOST_TENANT_ID",
        "the Entra tenant whose sign-ins are believed",
        "required with `on` and `required`",
        BICEP,
    ),
    Variable(
        "SIGNPOST_OPERATORS",
        "who may steer every run: e-mail addresses or Entra object ids, split by semicolons",
        "nobody",
        BICEP,
    ),
    Variable(
        "AZURE_OPENAI_ENDPOINT",
        "Azure OpenAI, called by managed identity, without a key",
        "required, or `MODEL_BASE_URL`",
        BICEP,
    ),
    Variable(
        "AZURE_OPENAI_DEPLOYMENT",
        "the deployment that writes the drafts",
        "required with `AZURE_OPENAI_ENDPOINT`",
        BICEP,
    ),
    Variable(
        "AZURE_OPENAI_API_VERSION",
        "an API version as `2024-10-21`, which is called under `/openai/deployments/...`",
        "the v1 API",
    ),
    Variable(
        "AZURE_OPENAI_MODEL",
        "the model behind the deployment, as `gpt-5-mini`, where the deployment's name does not "
        "say it: reasoning models take other parameters",
        "the deployment's name",
        BICEP,
    ),
    Variable(
        "MODEL_BASE_URL",
        "any OpenAI-compatible server, in place of Azure OpenAI",
        "required, or `AZURE_OPENAI_ENDPOINT`",
    ),
    Variable("MODEL_NAME", "the model there", "required with `MODEL_BASE_URL`"),
    Variable("MODEL_API_KEY", "the key there, as a reference to Key Vault", "no key"),
    Variable(
        "MODEL_REQUESTS_PER_MINUTE",
        "the rate of the deployment, as its page shows it: drafts stand in line for it, those of "
        "all instances in one",
        "no line",
        BICEP,
    ),
    Variable("MODEL_TOKENS_PER_MINUTE", "the same, in tokens; each alone counts", "no line", BICEP),
    Variable("MODEL_PRICE_INPUT", "what 1,000 tokens to the model cost, as `0.0025`", "no costs"),
    Variable(
        "MODEL_PRICE_OUTPUT", "what 1,000 tokens of the model cost; both prices or none", "no costs"
    ),
    Variable("MODEL_PRICE_CURRENCY", "the currency of both prices", "`USD`"),
    Variable(
        "SIGNPOST_UNFILTERED",
        "what happens to a text that the service's content filter did not look at: `refuse`, or "
        "`flag` (the receipt says so)",
        "`refuse`",
    ),
    Variable(
        "SIGNPOST_RUN_INPUT_TOKENS", "the most tokens that a run may send to the model", "no limit"
    ),
    Variable("SIGNPOST_RUN_OUTPUT_TOKENS", "the most tokens that it may have written", "no limit"),
    Variable(
        "SIGNPOST_DAILY_RUNS",
        "the most runs that one requestor may start on a day of UTC; callers without a name "
        "share one allowance",
        "no limit",
    ),
    Variable("SIGNPOST_DAILY_TOKENS", "the most tokens that their drafts may take", "no limit"),
    Variable(
        "TEAMS_CHANNEL_WEBHOOK_URL",
        "the Workflows webhook that posts to the channel",
        REQUIRED,
        VAULT,
    ),
    Variable(
        "TEAMS_CHAT_WEBHOOK_URL",
        "the Workflows webhook that tells an approver in a chat",
        "approvers are told nothing; signed in, they find what waits under Approvals",
        VAULT,
    ),
    Variable(
        "AZURE_CLIENT_ID",
        "which user-assigned identity to use",
        "the system-assigned one",
        BICEP,
    ),
    Variable(
        "WEBSITE_HOSTNAME",
        "the app's own host name",
        set_by=PLATFORM,
    ),
    Variable(
        "WEBSITE_AUTH_ENABLED",
        "whether App Service authentication is on, which signing in needs",
        set_by=PLATFORM,
    ),
)

# Read by the Functions host, its extensions, the platform and OpenTelemetry's exporters.
OF_HOST = (
    Variable("AzureWebJobsStorage__credential", "`managedidentity`: no key", REQUIRED, BICEP),
    Variable("AzureWebJobsStorage__clientId", "the identity that is used", REQUIRED, BICEP),
    Variable(
        "AzureWebJobsStorage__blobServiceUri", "where keys and leases are kept", REQUIRED, BICEP
    ),
    Variable(
        "AzureWebJobsStorage__queueServiceUri", "queues of the backend Azure Storage", UNSET, BICEP
    ),
    Variable(
        "AzureWebJobsStorage__tableServiceUri", "tables of the backend Azure Storage", UNSET, BICEP
    ),
    Variable(
        "AzureWebJobsDisableHomepage",
        "`true`: the console's first page stands where the host's would",
        "the host's page",
        BICEP,
    ),
    Variable("TASKHUB_NAME", "the task hub, which `host.json` names by it", REQUIRED, BICEP),
    Variable(
        "DURABLE_TASK_SCHEDULER_CONNECTION_STRING",
        "the scheduler's endpoint and the identity that opens it; no key",
        "required with the Durable Task Scheduler",
        BICEP,
    ),
    Variable(
        "OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID",
        "the identity that stands in for a client secret",
        "required with a sign-in",
        BICEP,
    ),
    Variable(
        "WEBSITE_AUTH_AAD_ALLOWED_TENANTS",
        "the tenant whose people may sign in",
        "required with a sign-in",
        BICEP,
    ),
    Variable("WEBSITE_SITE_NAME", "the app's name, as telemetry tells it", set_by=PLATFORM),
    Variable(
        "APPLICATIONINSIGHTS_CONNECTION_STRING",
        "where telemetry goes ([telemetry.md](telemetry.md))",
        "nowhere",
        BICEP,
    ),
    Variable(
        "APPLICATIONINSIGHTS_AUTHENTICATION_STRING",
        "the identity that sends it",
        "required where the component takes no keys",
        BICEP,
    ),
    Variable(
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "another place for it, by OTLP over HTTP; the SDK's other variables count, too",
        "nowhere",
    ),
    Variable("OTEL_TRACES_EXPORTER", "`console` shows spans in the terminal"),
    Variable("OTEL_METRICS_EXPORTER", "`console` shows metrics there"),
)

ABOUT = """# Settings

Every app setting that Signpost reads. `signpost/settings.py` reads them once, with the first
request, and names what is missing or unsafe. On one machine `make run` sets them all; under Core
Tools `local.settings.json` does, a copy of `local/local.settings.example.json`, for which the
doctor (`--settings local.settings.json`) names what else has to run; in Azure the last column says
who. What *you* set goes into the parameter `furtherSettings` of
`infra/main.parameters.json`, since a deployment replaces all settings.

This page is what `.venv/bin/python -m signpost.variables` prints.

"""
HOST = """
## What the host reads

Signpost reads none of these itself, but it does not run in Azure without those that are required.

"""
HEAD = """| setting | meaning | default | set in Azure by |
|---|---|---|---|
"""


def page() -> str:
    """Give the page that lists every setting, in Markdown."""
    return ABOUT + HEAD + _rows(VARIABLES) + HOST + HEAD + _rows(OF_HOST)


def _rows(listed: Iterable[Variable]) -> str:
    return "".join(f"| `{v.name}` | {v.meaning} | {v.default} | {v.set_by} |\n" for v in listed)


if __name__ == "__main__":
    sys.stdout.write(page())
