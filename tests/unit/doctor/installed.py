"""Builds what the doctor looks at: an installation that is sound but for what a test changes."""

from signpost.doctor.finding import Finding
from signpost.doctor.surroundings import Surroundings, look_around
from tests.builders import KEY
from tests.doubles.identity_double import IdentityDouble

CLIENT = "11111111-2222-3333-4444-555555555555"
IN_AZURE = {"WEBSITE_SITE_NAME": "app-signpost", "AZURE_CLIENT_ID": CLIENT}
WEBHOOK = "https://prod-12.westeurope.logic.azure.com/workflows/1?sig=canary-of-the-webhook"
SOUND = {
    "SIGNPOST_ENVIRONMENT": "local",
    "SIGNPOST_BASE_URL": "http://localhost:7071",
    "SIGNPOST_SIGNING_KEYS": KEY,
    "SIGNPOST_LEDGER": "tables:https://stsignpost.table.core.windows.net",
    "AZURE_OPENAI_ENDPOINT": "https://oai-signpost.openai.azure.com",
    "AZURE_OPENAI_DEPLOYMENT": "news-drafts",
    "TEAMS_CHANNEL_WEBHOOK_URL": WEBHOOK,
}


def an_environment(identity: IdentityDouble | None = None, /, **env: str) -> dict[str, str]:
    """Give a sound environment; with an identity also where App Service says that it listens."""
    asked = {"IDENTITY_ENDPOINT": identity.url, "IDENTITY_HEADER": "made-up"} if identity else {}
    return SOUND | asked | env


def an_installation(identity: IdentityDouble | None = None, /, **env: str) -> Surroundings:
    """Give what a sound environment tells, or one that a test changes."""
    return look_around(an_environment(identity, **env))


def problem(findings: list[Finding]) -> Finding:
    """Give the only problem among findings, which has a fix."""
    [found] = [each for each in findings if each.state == "problem"]
    assert found.fix
    return found


def states(findings: list[Finding]) -> list[str]:
    """Give the states of findings, in their order."""
    return [each.state for each in findings]
