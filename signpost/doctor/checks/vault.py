"""Owns looking at references to Key Vault that the platform left as they are, and why it did.

The codes are those of https://learn.microsoft.com/azure/key-vault/general/rest-error-codes.
"""

import re
from http import HTTPStatus
from typing import NamedTuple
from urllib.parse import urlsplit

from signpost.doctor import fixes
from signpost.doctor.finding import Finding
from signpost.doctor.outside import Reply, Unreached, send
from signpost.doctor.roles import SECRETS
from signpost.doctor.surroundings import Surroundings
from signpost.doctor.tokens import NoToken, token_for
from signpost.settings import LOOPBACK_HOSTS, VAULT_REFERENCE

CHECK = "vault"
VERSION = "7.4"
CLOUDS = r"\.vault\.(azure\.net|azure\.cn|usgovcloudapi\.net)"
REFERENCE = (
    r"@Microsoft\.KeyVault\((SecretUri=(?P<url>https?://(?P<vault>[\w.-]+)(:\d+)?"
    r"/secrets/(?P<secret>[\w-]+)(/\w*)?)"
    r"|VaultName=(?P<name>[\w-]+);SecretName=(?P<its>[\w-]+)(;SecretVersion=\w*)?)\)"
)


class _Reference(NamedTuple):
    setting: str
    host: str
    secret: str
    url: str

    @property
    def vault(self) -> str:
        return self.host.partition(".")[0]

    @property
    def named(self) -> str:
        return f"{self.setting} is a reference to the secret {self.secret} of vault {self.vault}"


async def check(around: Surroundings) -> list[Finding]:
    """Say of each reference that did not resolve what is missing."""
    found = []
    for setting, value in around.env.items():
        if not value.strip().startswith(VAULT_REFERENCE):
            continue
        reference = _read(setting, value.strip())
        if reference is None:
            what = f"{setting} is a reference to Key Vault that can't be read."
            fix = f"Write {setting} as @Microsoft.KeyVault(SecretUri=URL_OF_THE_SECRET)."
            found.append(Finding(CHECK, "problem", what, fix))
        else:
            found.append(await _why(reference, around))
    return found or [Finding(CHECK, "ok", "No setting holds a reference that did not resolve.")]


def _read(setting: str, value: str) -> _Reference | None:
    parts = re.fullmatch(REFERENCE, value)
    if parts is None:
        return None
    if parts["name"]:
        host = f"{parts['name']}.vault.azure.net"
        return _Reference(setting, host, parts["its"], f"https://{host}/secrets/{parts['its']}")
    return _Reference(setting, parts["vault"], parts["secret"], parts["url"])


async def _why(to: _Reference, around: Surroundings) -> Finding:
    """Ask the vault as the platform does, but pass no secret on: its answer's body is dropped."""
    cloud = re.search(CLOUDS + r"\Z", to.host)
    is_vault = cloud is not None and to.url.startswith("https://")  # or all would read the token
    if not is_vault and not (around.config.local and to.host in LOOPBACK_HOSTS):
        what = f"{to.named}, and {urlsplit(to.url).scheme}://{to.host} is no vault of Azure."
        return Finding(CHECK, "problem", what, f"Mend the URL in {to.setting}.")
    audience = f"https://vault.{cloud[1]}" if cloud else "https://vault.azure.net"
    try:
        token = await token_for(audience, around.env)
        answer = await send("GET", f"{to.url}?api-version={VERSION}", token)
    except NoToken:
        what = f"{to.named}, which did not resolve; without a token nobody can tell why."
        return Finding(CHECK, "problem", what, fixes.set_secret(to.secret, around.env, to.vault))
    except Unreached as error:
        what = f"{to.named}, but {error}."
        fix = fixes.PROVISION if error.why == "name" else _open(to)
        return Finding(CHECK, "problem", what, fix)
    return _told(to, answer, around)


def _told(to: _Reference, answer: Reply, around: Surroundings) -> Finding:
    if answer.status == HTTPStatus.OK:
        what = f"{to.named}, which is there now: the app has not read it yet."
        return Finding(CHECK, "problem", what, fixes.read_again(around.env))
    if answer.status == HTTPStatus.NOT_FOUND:
        return Finding(
            CHECK,
            "problem",
            f"{to.named}, which has no such secret.",
            fixes.set_secret(to.secret, around.env, to.vault),
        )
    if "ForbiddenByFirewall" in answer.codes:
        what = f"{to.named}, whose network rules keep the app out."
        return Finding(CHECK, "problem", what, _open(to))
    if answer.status == HTTPStatus.FORBIDDEN and "SecretDisabled" not in answer.codes:
        what = f"{to.named}, and the app's identity lacks the role {SECRETS.name} there."
        scope = fixes.secret_scope(to.vault, to.secret)
        return Finding(CHECK, "problem", what, fixes.assign(SECRETS.name, scope, around.env))
    what = f"{to.named}, which did not resolve: the vault answers {answer.status}."
    return Finding(CHECK, "problem", what, fixes.set_secret(to.secret, around.env, to.vault))


def _open(to: _Reference) -> str:
    return fixes.open_network(f"az keyvault update --name {to.vault} --default-action Allow")
