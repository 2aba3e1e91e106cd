"""Owns the commands that mend an installation, written so that they can be pasted into a shell.

They find by name what only Azure knows, as the resource id of an account.
"""

import re
import shlex
from collections.abc import Mapping
from typing import Literal
from urllib.parse import urlsplit

PROVISION = "azd provision"


def set_up(name: str, env: Mapping[str, str], *, set_by_deployment: bool) -> str:
    """Give the step that sets a setting, here or in Azure."""
    site = env.get("WEBSITE_SITE_NAME")
    if site is None:
        return f"Set {name} as docs/settings.md says, in local.settings.json or the environment."
    if set_by_deployment:
        return f"{PROVISION}   # it sets {name}: docs/deploy.md says from which value"
    return (
        f"az functionapp config appsettings set {_of_app(site)} --settings {name}=VALUE\n"
        f"# keep it in the parameter furtherSettings, too, or the next {PROVISION} takes it away"
    )


def start_here(what: Literal["model", "teams"], url: str) -> str:
    """Give the command that starts a local stand-in where a loopback URL expects one."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return f".venv/bin/python -m local.{what} --port {port}   # or start there what you use instead"


def restart(env: Mapping[str, str]) -> str:
    """Give the command that starts the app anew."""
    return f"az functionapp restart {_of_app(env.get('WEBSITE_SITE_NAME', 'APP'))}"


def read_again(env: Mapping[str, str]) -> str:
    """Give the commands that let the app read its secrets now, which it keeps for a day."""
    wanted = _query(f"[?name=='{env.get('WEBSITE_SITE_NAME', 'APP')}'].id")
    return refresh(_found(f"az functionapp list --query {wanted}"))


def refresh(site: str) -> str:
    """Give the same for an app that is known by its resource id, as a word for the shell."""
    path = "/config/configreferences/appsettings/refresh?api-version=2022-03-01"
    return (
        f"az rest --method post --url {site}{shlex.quote(path)}\n"
        f"az functionapp restart --ids {site}"
    )


def show_identities(env: Mapping[str, str]) -> str:
    """Give the command that lists the identities of the app, with their client ids."""
    site = env.get("WEBSITE_SITE_NAME", "APP")
    return f"az functionapp identity show {_of_app(site)} --query userAssignedIdentities"


def assign(role: str, scope: str, env: Mapping[str, str]) -> str:
    """Give what gives the app's identity a role; `scope` is a word for the shell."""
    who = shlex.quote(env.get("AZURE_CLIENT_ID") or "OBJECT_ID_OF_THE_APPS_IDENTITY")
    return _granted(f"--assignee {who}", role, scope)


def assign_to_object(principal_id: str, role: str, scope: str) -> str:
    """Give what gives an identity a role on a resource, both known by their ids."""
    who = f"--assignee-object-id {shlex.quote(principal_id)} --assignee-principal-type"
    return _granted(f"{who} ServicePrincipal", role, shlex.quote(scope))


def _granted(who: str, role: str, scope: str) -> str:
    """Deploy again, first of all: Azure refuses a deployment's role that was given by hand."""
    return (
        f"{PROVISION}   # gives every role\n"
        "# Or by hand, to be taken away before the next deployment:\n"
        f'az role assignment create {who} --role "{role}" --scope {scope}'
    )


def storage_scope(account: str) -> str:
    """Stand for a storage account."""
    return _found(f"az storage account show --name {shlex.quote(account)} --query id")


def model_scope(subdomain: str) -> str:
    """Stand for an account of Azure OpenAI, known by the first label of its endpoint."""
    wanted = f"[?properties.customSubDomainName=='{subdomain}'].id"
    return _found(f"az cognitiveservices account list --query {_query(wanted)}")


def hub_scope(host: str, hub: str) -> str:
    """Stand for a task hub of the scheduler behind an endpoint, which begins with its name."""
    wanted = f"[?starts_with('{host}', name)].id"
    kind = "--resource-type Microsoft.DurableTask/schedulers"
    found = _found(f"az resource list {kind} --query {_query(wanted)}")
    return found + shlex.quote(f"/taskHubs/{hub}")


def secret_scope(vault: str, secret: str) -> str:
    """Stand for one secret of a vault."""
    found = _found(f"az keyvault show --name {shlex.quote(vault)} --query id")
    return found + shlex.quote(f"/secrets/{secret}")


def open_network(command: str) -> str:
    """Give the two ways to let the app in where network rules keep it out."""
    return (
        f"azd env set VNET_ENABLED true && {PROVISION}   # the app joins the private network\n"
        f"# or open the service:\n{command}"
    )


def set_secret(secret: str, env: Mapping[str, str], vault: str | None = None) -> str:
    """Give the commands that set a secret, in the vault of the deployment unless one is named."""
    where = shlex.quote(vault) if vault else _found("azd env get-value AZURE_KEY_VAULT_NAME", "")
    return f"{secret_from_file(secret, where)}\n# Then let the app read it:\n{read_again(env)}"


def secret_from_file(secret: str, vault: str) -> str:
    """Give the command that sets a secret without a trace; `vault` is a word for the shell."""
    return (
        "# FILE holds the secret and nothing else; delete it then.\n"
        f"az keyvault secret set --vault-name {vault} --name {shlex.quote(secret)} --file FILE"
    )


def _of_app(site: str) -> str:
    query = _query(f"[?name=='{site}'].resourceGroup")
    group = _found(f"az functionapp list --query {query}")
    return f"--name {shlex.quote(site)} --resource-group {group}"


def _found(command: str, form: str = " --output tsv") -> str:
    """Give what a command finds, as one word for the shell."""
    return f'"$({command}{form})"'


def _query(text: str) -> str:
    """Quote a JMESPath, whose own quotes are single ones, as legibly as what it names allows."""
    return f'"{text}"' if re.fullmatch(r"[\w\[\]?=.,'() -]*", text) else shlex.quote(text)
