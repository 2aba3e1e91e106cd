"""The templates that let people sign in agree with the app, its pages and each other."""

from __future__ import annotations

import json
import re
from typing import get_args

from signpost.settings import SignIn
from tests.repo.sources import read

ACCESS = "infra/modules/access.bicep"
REGISTRATION = "infra/access/main.bicep"
ASSERTION = "OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID"


def code(path: str) -> str:
    """Return a template without its comments."""
    return re.sub(r"(?m)(^|\s)//.*$", "", read(path))


def test_modes_are_those_of_the_app() -> None:
    """Azure offers each way to sign in that the app knows, but the one for one machine."""
    [allowed] = re.findall(r"@allowed\(\[(.+?)\]\)", code(ACCESS), re.DOTALL)
    assert re.findall(r"'(\w+)'", allowed) == [mode for mode in get_args(SignIn) if mode != "local"]


def test_no_secret_is_needed_to_sign_in() -> None:
    """The setting that stands in for a client secret is set, to the identity that is trusted."""
    assert f"clientSecretSettingName: '{ASSERTION}'" in code(ACCESS)
    assert f"{ASSERTION}: identityClientId" in code("infra/modules/settings.bicep")
    assert "subject: identity.properties.principalId" in code(REGISTRATION)
    assert "passwordCredentials" not in code(REGISTRATION)


def test_both_ends_expect_one_issuer() -> None:
    """The registration makes tokens of version 2, whose issuer the app is told to believe."""
    assert "requestedAccessTokenVersion: 2" in code(REGISTRATION)
    assert "openIdIssuer: '${environment().authentication.loginEndpoint}${tenantId}/v2.0'" in code(
        ACCESS
    )


def test_pages_sign_in_with_the_provider_that_is_on() -> None:
    """The console's button leads to the one provider, and Entra leads back to it."""
    assert "/.auth/login/aad?" in read("console/who.js")
    assert "/.auth/login/aad/callback" in code(REGISTRATION)
    [providers] = re.findall(r"identityProviders: isOn \? \{ (\w+)", code(ACCESS))
    assert providers == "azureActiveDirectory"


def test_the_platform_refuses_and_redirects_nobody() -> None:
    """Links keep their token, and the app says in words what a request lacks."""
    assert "unauthenticatedClientAction: 'AllowAnonymous'" in code(ACCESS)
    assert "requireAuthentication: false" in code(ACCESS)
    assert "preserveUrlFragmentsForLogins: false" in code(ACCESS)


def test_only_the_registration_needs_the_extension() -> None:
    """Who may not register applications can deploy all the rest."""
    extensions = json.loads(read("infra/access/bicepconfig.json"))["extensions"]
    assert [name for name in extensions if f"extension {name}\n" not in read(REGISTRATION)] == []
    assert "extension" not in read("infra/main.bicep").split()
    assert "access/main.bicep" not in read("infra/main.bicep")
