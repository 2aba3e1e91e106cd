"""Owns the app's settings: read once from the environment, checked, and then fixed."""

import os
import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any, Literal, get_args
from urllib.parse import SplitResult, quote, urlsplit

import msgspec

from signpost import allowances
from signpost.allowances import Allowances
from signpost.people import is_address, is_object_id, split_people
from signpost.problems import Misconfigured

WORKFLOWS_HOSTS = (".logic.azure.com", ".environment.api.powerplatform.com")
HOSTS_OF_AZURE = tuple(
    f".{service}.azure.{cloud}"
    for service in ("openai", "cognitiveservices", "services.ai")
    for cloud in ("com", "us", "cn")
)
LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "::1")
SHORTEST_KEY = 32
VAULT_REFERENCE = "@Microsoft.KeyVault("  # what the platform leaves of one that it can't resolve
HTTPS = 443
URL_LETTERS = r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+"  # RFC 3986
HOST_NAME = r"[a-z0-9-]+(\.[a-z0-9-]+)+"
API_VERSION = r"\d{4}-\d{2}-\d{2}(-preview)?"
TABLES_URL = (
    r"https://[a-z0-9]{3,24}\.table\.core\.(windows\.net|chinacloudapi\.cn|usgovcloudapi\.net)/?"
)
CONNECTION_STRING = r"(?i)(^|;)(AccountKey|SharedAccessSignature|UseDevelopmentStorage)="

SignIn = Literal["off", "on", "required", "local"]
Unfiltered = Literal["refuse", "flag"]


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What one installation of Signpost is told; never printed, since some of it is secret.

    `signing_keys` are newest first; `ledger` is `sqlite:` and a path, or `tables:` and a URL;
    `model_api_key` is None where the managed identity is used, `model_api_version` where the path
    needs none, and `model_behind` where the model's name says what it is; `unfiltered` is what
    happens to a text that the content filter did not look at; `tenant_id` is in lower case, and
    set where `sign_in` is `on` or `required`; `operators` are e-mail addresses and object ids.
    """

    local: bool
    base_url: str
    signing_keys: tuple[str, ...]
    ledger: str
    model_base_url: str
    model_name: str
    model_api_key: str | None
    model_api_version: str | None
    model_behind: str | None
    unfiltered: Unfiltered
    identity_client_id: str | None
    channel_webhook_url: str
    chat_webhook_url: str | None
    sign_in: SignIn
    tenant_id: str | None
    operators: tuple[str, ...]
    allowances: Allowances

    def __repr__(self) -> str:
        return "Settings(...)"


def asks_for_keys() -> bool:
    """Say whether the host is to check function keys: where nobody signs in."""
    return (os.environ.get("SIGNPOST_SIGN_IN", "").strip() or "off") == "off"


def variables(names: Iterable[str]) -> dict[str, str]:
    """Give those of these variables that are set, for a process of our own; no setting is one."""
    return {name: os.environ[name] for name in names if name in os.environ}


@cache
def settings() -> Settings:
    """Give the settings of this process. Raises Misconfigured, which names the setting."""
    return read(os.environ)


def read(env: Mapping[str, str]) -> Settings:
    """Check an environment. Raises Misconfigured for what is missing, unsafe or contradictory."""
    values, wrong = _gather(env)
    if wrong:
        raise wrong[0]
    return Settings(**values)


def problems(env: Mapping[str, str]) -> list[Misconfigured]:
    """Name everything that is wrong with an environment, where `read` stops at the first."""
    return _gather(env)[1]


def _gather(env: Mapping[str, str]) -> tuple[dict[str, Any], list[Misconfigured]]:
    local = bool(env.get("SIGNPOST_ENVIRONMENT"))  # so that a misspelt `local` is one mistake alone
    parts: tuple[Callable[[], dict[str, Any]], ...] = (
        lambda: {"local": _is_local(env)},
        lambda: _model(env, local=local),
        lambda: _sign_in(env, local=local),
        lambda: {"base_url": _base_url(env, local=local)},
        lambda: {"signing_keys": _signing_keys(env)},
        lambda: {"ledger": _ledger(env, local=local)},
        lambda: {"unfiltered": _unfiltered(env)},
        lambda: {"channel_webhook_url": _webhook(env, "TEAMS_CHANNEL_WEBHOOK_URL", local=local)},
        lambda: {"chat_webhook_url": _chat_webhook(env, local=local)},
        lambda: {"operators": _operators(env)},
        lambda: {"allowances": allowances.read(env)},
    )
    values: dict[str, Any] = {"identity_client_id": env.get("AZURE_CLIENT_ID") or None}
    wrong: list[Misconfigured] = []
    for part in parts:
        try:
            values |= part()
        except Misconfigured as error:
            wrong.append(error)
    return values, wrong


def _is_local(env: Mapping[str, str]) -> bool:
    """Read whether this is one machine; anything that only looks like it is refused."""
    given = env.get("SIGNPOST_ENVIRONMENT", "")
    if given in ("", "local"):
        return given == "local"
    raise Misconfigured(
        "SIGNPOST_ENVIRONMENT is either local, for one machine, or not set at all.",
        field="SIGNPOST_ENVIRONMENT",
    )


def _need(env: Mapping[str, str], name: str, what: str) -> str:
    value = _given(env, name)
    if not value:
        raise Misconfigured(f"The setting {name} is missing: {what}.", field=name)
    return value


def _given(env: Mapping[str, str], name: str) -> str:
    """Read what may be a secret. Raises Misconfigured where the vault did not give it."""
    value = env.get(name, "").strip()
    if value.startswith(VAULT_REFERENCE):
        raise Misconfigured(
            f"{name} is a reference to Key Vault that did not resolve. Set the secret that it "
            "names, and give the app's identity the role Key Vault Secrets User on the vault; the "
            "app sees a new secret after a restart, or within a day.",
            field=name,
        )
    return value


def _address(env: Mapping[str, str], name: str, what: str, *, local: bool) -> str:
    """Read a web address; only on one machine may it be one that travels in the clear."""
    url = _need(env, name, what)
    parts = _split(url)
    if parts and parts.hostname and parts.scheme in ("https", "http" if local else "https"):
        return url.rstrip("/")
    raise Misconfigured(f"{name} must be a URL that starts with https://.", field=name)


def _base_url(env: Mapping[str, str], *, local: bool) -> str:
    """Links are built from a setting, never from a request's Host header."""
    if env.get("WEBSITE_HOSTNAME") and not env.get("SIGNPOST_BASE_URL"):
        return f"https://{env['WEBSITE_HOSTNAME']}"
    what = "the address under which people open Signpost"
    return _address(env, "SIGNPOST_BASE_URL", what, local=local)


def _signing_keys(env: Mapping[str, str]) -> tuple[str, ...]:
    listed = _need(env, "SIGNPOST_SIGNING_KEYS", "random keys, newest first, split by commas")
    former = _given(env, "SIGNPOST_FORMER_SIGNING_KEYS")
    return _keys("SIGNPOST_SIGNING_KEYS", listed) + (
        _keys("SIGNPOST_FORMER_SIGNING_KEYS", former) if former else ()
    )


def _keys(name: str, listed: str) -> tuple[str, ...]:
    keys = tuple(key.strip() for key in listed.split(","))
    if all(len(key) >= SHORTEST_KEY for key in keys):
        return keys
    raise Misconfigured(f"Each key in {name} needs at least {SHORTEST_KEY} characters.", field=name)


def _ledger(env: Mapping[str, str], *, local: bool) -> str:
    """Keys of an account are for one machine: on Azure the app's identity opens the table."""
    name = "SIGNPOST_LEDGER"
    where = _need(env, name, "where decisions are kept, as sqlite:/path/ledger.db")
    kind, _, place = where.partition(":")
    if (kind == "sqlite" and place) or (kind == "tables" and re.fullmatch(TABLES_URL, place)):
        return where
    if kind == "tables" and re.search(CONNECTION_STRING, place):
        if local:
            return where
        raise Misconfigured(
            f"{name} holds a key of the account: write "
            "tables:https://ACCOUNT.table.core.windows.net instead, and give the app's identity "
            "the role Storage Table Data Contributor there.",
            field=name,
        )
    raise Misconfigured(
        f"{name} must be sqlite: and a file, or tables:https://ACCOUNT.table.core.windows.net.",
        field=name,
    )


def _sign_in(env: Mapping[str, str], *, local: bool) -> dict[str, Any]:
    """Say how callers prove who they are, and the tenant whose sign-ins are believed."""
    asked = env.get("SIGNPOST_SIGN_IN", "").strip() or "off"
    modes: dict[str, SignIn] = {mode: mode for mode in get_args(SignIn)}
    if asked not in modes:
        names = ", ".join(modes)
        raise Misconfigured(f"SIGNPOST_SIGN_IN must be one of {names}.", field="SIGNPOST_SIGN_IN")
    mode = modes[asked]
    if mode == "local":
        _require_one_machine(env, local=local)
    if mode in ("off", "local"):
        return {"sign_in": mode, "tenant_id": None}
    if env.get("WEBSITE_AUTH_ENABLED", "").lower() != "true":
        raise Misconfigured(
            f"SIGNPOST_SIGN_IN={mode} needs App Service authentication, which is off here: without "
            "it anybody could forge the header that says who signed in. Turn it on, with Microsoft "
            "as the identity provider, or set SIGNPOST_SIGN_IN=off.",
            field="SIGNPOST_SIGN_IN",
        )
    return {"sign_in": mode, "tenant_id": _tenant(env)}


def _require_one_machine(env: Mapping[str, str], *, local: bool) -> None:
    """Refuse the who-am-I switch where anybody but the developer could reach it.

    The platform sets WEBSITE_HOSTNAME to a public name, and Core Tools to one of loopback; so
    settings that were published by mistake with an app don't open it.
    """
    host = _split(f"https://{env.get('WEBSITE_HOSTNAME') or 'localhost'}")
    if not local or host is None or host.hostname not in LOOPBACK_HOSTS:
        raise Misconfigured(
            "SIGNPOST_SIGN_IN=local lets everybody say who they are: it needs "
            "SIGNPOST_ENVIRONMENT=local, on one machine. Elsewhere set it to on or required.",
            field="SIGNPOST_SIGN_IN",
        )


def _tenant(env: Mapping[str, str]) -> str:
    what = "the id of the Entra tenant whose people sign in"
    tenant = _need(env, "SIGNPOST_TENANT_ID", what).lower()
    if is_object_id(tenant):
        return tenant
    raise Misconfigured(
        "SIGNPOST_TENANT_ID must be a tenant's id, as 00000000-0000-0000-0000-000000000000.",
        field="SIGNPOST_TENANT_ID",
    )


def _operators(env: Mapping[str, str]) -> tuple[str, ...]:
    """Read who may steer every run."""
    named = split_people(env.get("SIGNPOST_OPERATORS", ""))
    for place, name in enumerate(named, 1):
        if not (is_address(name) or is_object_id(name)):
            raise Misconfigured(  # which goes to the log, where no person is named
                f"Entry {place} of SIGNPOST_OPERATORS is neither an e-mail address nor an Entra "
                "object id; split them by semicolons.",
                field="SIGNPOST_OPERATORS",
            )
    return tuple(named)


def _model(env: Mapping[str, str], *, local: bool) -> dict[str, Any]:
    """Azure OpenAI is called keyless, under the path of its API; any other URL as it stands."""
    if env.get("AZURE_OPENAI_ENDPOINT"):
        for other in ("MODEL_BASE_URL", "MODEL_API_KEY"):
            if env.get(other):
                raise Misconfigured(
                    f"AZURE_OPENAI_ENDPOINT and {other} are both set: remove one of them. Azure "
                    "OpenAI is called without a key, as the app's managed identity.",
                    field=other,
                )
        return _azure_openai(env, local=local)
    what = "an OpenAI-compatible URL, unless AZURE_OPENAI_ENDPOINT is"
    url = _address(env, "MODEL_BASE_URL", what, local=local)
    if (urlsplit(url).hostname or "").endswith(HOSTS_OF_AZURE):
        raise Misconfigured(
            "MODEL_BASE_URL is an address of Azure: set AZURE_OPENAI_ENDPOINT instead, so that the "
            "model is called as the app's managed identity, without a key.",
            field="MODEL_BASE_URL",
        )
    name = _need(env, "MODEL_NAME", "the model that writes the drafts")
    return {
        "model_base_url": url,
        "model_name": name,
        "model_api_key": _api_key(env) or "none",
        "model_api_version": None,
        "model_behind": None,
    }


def _api_key(env: Mapping[str, str]) -> str:
    """Read a key that goes into a header, where a line end would begin another one."""
    key = _given(env, "MODEL_API_KEY")
    if not all(" " <= letter <= "~" for letter in key):
        raise Misconfigured(
            "MODEL_API_KEY holds a line end, or a letter that no key has.", field="MODEL_API_KEY"
        )
    return key


def _azure_openai(env: Mapping[str, str], *, local: bool) -> dict[str, Any]:
    """Give the path of the v1 API, or of the deployment where an API version is asked for."""
    endpoint = _address(env, "AZURE_OPENAI_ENDPOINT", "the URL of Azure OpenAI", local=local)
    host = urlsplit(endpoint).hostname or ""
    if not local and not (re.fullmatch(HOST_NAME, host) and host.endswith(HOSTS_OF_AZURE)):
        raise Misconfigured(
            "AZURE_OPENAI_ENDPOINT must be an address of Azure, as https://NAME.openai.azure.com: "
            "a token of the app's managed identity is sent there.",
            field="AZURE_OPENAI_ENDPOINT",
        )
    name = _need(env, "AZURE_OPENAI_DEPLOYMENT", "the deployment that writes the drafts")
    version = env.get("AZURE_OPENAI_API_VERSION", "").strip()
    if version and not re.fullmatch(API_VERSION, version):
        raise _bad_version()
    path = f"/openai/deployments/{quote(name, safe='')}" if version else "/openai/v1"
    return {
        "model_base_url": endpoint + path,
        "model_name": name,
        "model_api_key": None,
        "model_api_version": version or None,
        "model_behind": env.get("AZURE_OPENAI_MODEL", "").strip() or None,
    }


def _bad_version() -> Misconfigured:
    return Misconfigured(
        "AZURE_OPENAI_API_VERSION must be a version as 2024-10-21 or 2025-04-01-preview; without "
        "it the v1 API is called.",
        field="AZURE_OPENAI_API_VERSION",
    )


def _unfiltered(env: Mapping[str, str]) -> Unfiltered:
    """Read what to do with a text that the model's content filter did not look at."""
    asked = env.get("SIGNPOST_UNFILTERED", "").strip() or "refuse"
    ways: dict[str, Unfiltered] = {way: way for way in get_args(Unfiltered)}
    if asked in ways:
        return ways[asked]
    raise Misconfigured(
        f"SIGNPOST_UNFILTERED must be one of {', '.join(ways)}.", field="SIGNPOST_UNFILTERED"
    )


def _webhook(env: Mapping[str, str], name: str, *, local: bool) -> str:
    """Only Workflows' own hosts are sent to, so that a setting can't point the app inwards."""
    url = _need(env, name, "the URL that the Teams workflow shows")
    if (local and _is_loopback(url)) or _is_workflow(url):
        return url
    raise Misconfigured(
        f"{name} must be an https URL of a Teams workflow (its host ends with "
        f"{' or '.join(WORKFLOWS_HOSTS)}).",
        field=name,
    )


def _chat_webhook(env: Mapping[str, str], *, local: bool) -> str | None:
    name = "TEAMS_CHAT_WEBHOOK_URL"
    return _webhook(env, name, local=local) if env.get(name) else None


def _is_loopback(url: str) -> bool:
    parts = _split(url)
    if parts is None or parts.scheme not in ("http", "https"):
        return False
    return parts.hostname in LOOPBACK_HOSTS


def _is_workflow(url: str) -> bool:
    """Judge the letters of the host too, since URL parsers disagree about odd ones."""
    parts = _split(url)
    return (
        parts is not None
        and parts.scheme == "https"
        and parts.port in (None, HTTPS)
        and "#" not in url  # what follows it has been read as the host by some
        and re.fullmatch(HOST_NAME, parts.hostname or "") is not None
        and (parts.hostname or "").endswith(WORKFLOWS_HOSTS)
    )


def _split(url: str) -> SplitResult | None:
    """Take a URL apart; None when parsers may disagree about it, or it carries a user."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # is parsed when asked for
    except ValueError:
        return None
    return parts if re.fullmatch(URL_LETTERS, url) and "@" not in parts.netloc else None
