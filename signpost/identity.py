"""Owns who sends a request: nothing of it is believed that could have been made up."""

from base64 import b64decode
from collections.abc import Mapping
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from signpost.people import Directory, is_address, is_object_id
from signpost.settings import Settings
from signpost.text import clean

PRINCIPAL = "X-MS-CLIENT-PRINCIPAL"
SWITCH = "X-Signpost-Me"
LONGEST_PRINCIPAL = 65_536  # characters; the 200 groups that a token holds at most take a third
LONGEST_SHOWN = 256
DEFAULT_PORTS = {"http": 80, "https": 443}

# The platform maps some claims of a token to long names, and passes others on as they are.
_SCHEMAS = "http://schemas.microsoft.com/identity/claims/"
_OBJECT_ID = frozenset({"oid", _SCHEMAS + "objectidentifier"})
_TENANT_ID = frozenset({"tid", _SCHEMAS + "tenantid"})
_UPN = frozenset(
    {"upn", "preferred_username", "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn"}
)


class Caller(msgspec.Struct, frozen=True):
    """Who sends a request, as far as it is proved.

    `name` is the canonical name; None where a key was shown, which is nobody's own. `id` and
    `tenant_id` are Entra's, in lower case. What comes after them is for showing, never for
    comparing.
    """

    name: str | None
    proof: Literal["key", "sign-in", "switch"]
    id: str | None = None
    tenant_id: str | None = None
    display_name: str | None = None
    user_principal_name: str | None = None
    is_operator: bool = False


class _Claim(msgspec.Struct, frozen=True):
    typ: str
    val: str


class _Principal(msgspec.Struct, frozen=True):
    """The header's JSON, as App Service authentication documents it."""

    auth_typ: str
    claims: list[_Claim]


def caller_of(headers: Mapping[str, str], config: Settings, directory: Directory) -> Caller | None:
    """Say who sends a request; None where somebody has to sign in first.

    The header names are looked up as they are written here, so `headers` has to compare names
    without regard to case, as the host's do. A header counts only in its own mode.
    """
    if config.sign_in in ("on", "required"):
        return _signed_in(headers.get(PRINCIPAL, ""), config, directory)
    if config.sign_in == "local" and SWITCH in headers:
        return _switched(headers[SWITCH].strip(), config, directory)
    return Caller(None, "key", is_operator=True)  # the host has checked the function key


def is_same_origin(headers: Mapping[str, str], config: Settings) -> bool:
    """Say whether a request can come from our own pages, or from no page at all.

    Browsers tell where a request was made in `Origin` and `Sec-Fetch-Site`, which pages can't
    change; programs send neither (OWASP ASVS 5.0, 3.5.1).
    """
    origin = headers.get("Origin")
    site = headers.get("Sec-Fetch-Site", "none")
    return origin in (None, _origin(config.base_url)) and site in ("same-origin", "none")


def _signed_in(header: str, config: Settings, directory: Directory) -> Caller | None:
    """Believe a principal of our tenant that has one object id, and nothing else about it."""
    principal = _principal(header)
    if principal is None or principal.auth_typ != "aad":
        return None
    object_id, tenant_id = _only(principal, _OBJECT_ID), _only(principal, _TENANT_ID)
    if object_id is None or tenant_id is None or tenant_id != config.tenant_id:
        return None
    name = directory.person_of(object_id)
    return Caller(
        name,
        "sign-in",
        id=object_id,
        tenant_id=tenant_id,
        display_name=directory.display_name(name) or _shown(principal, frozenset({"name"})),
        user_principal_name=_shown(principal, _UPN),
        is_operator=object_id in map(directory.object_id, config.operators),
    )


def _switched(person: str, config: Settings, directory: Directory) -> Caller | None:
    """Take the word of whoever sits at the machine."""
    if not (is_address(person) or is_object_id(person)):
        return None
    name = directory.canonical(person)
    return Caller(
        name,
        "switch",
        display_name=directory.display_name(name),
        is_operator=any(directory.same(name, operator) for operator in config.operators),
    )


def _principal(header: str) -> _Principal | None:
    """Read the header; None for one that the platform would not write."""
    if not header or len(header) > LONGEST_PRINCIPAL:
        return None
    try:
        return msgspec.json.decode(b64decode(header, validate=True), type=_Principal)
    except (ValueError, RecursionError):
        return None


def _only(principal: _Principal, kinds: frozenset[str]) -> str | None:
    """Give the one id among claims of these kinds; None for several, alike or not."""
    found = [claim.val for claim in principal.claims if claim.typ in kinds]
    return found[0].lower() if len(found) == 1 and is_object_id(found[0]) else None


def _shown(principal: _Principal, kinds: frozenset[str]) -> str | None:
    """Give the first of these claims on one line, without characters that a reader won't see."""
    found = (claim.val[:LONGEST_SHOWN] for claim in principal.claims if claim.typ in kinds)
    return " ".join(clean(next(found, "")).split()) or None


def _origin(url: str) -> str:
    """Write a URL's origin as browsers do: without the scheme's own port (RFC 6454, 6.2)."""
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    port = "" if parts.port in (None, DEFAULT_PORTS.get(parts.scheme)) else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}"
