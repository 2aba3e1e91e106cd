"""Owns what the answers of a storage account mean, for its blobs, queues and tables alike.

The codes are those of https://learn.microsoft.com/rest/api/storageservices/common-rest-api-error-codes.
"""

import shlex
from collections.abc import Mapping
from email.utils import formatdate
from http import HTTPStatus
from typing import NamedTuple
from urllib.parse import urlsplit

from signpost.doctor import fixes
from signpost.doctor.finding import Finding
from signpost.doctor.outside import Reply, Unreached, send
from signpost.doctor.tokens import STORAGE, NoToken, token_for

VERSION = "2020-12-06"  # the first in which tables take tokens
BY_ROLE = ("AuthorizationPermissionMismatch", "InsufficientAccountPermissions")
FIRST_FAILURE = 500


class Service(NamedTuple):
    """One service of an account, the setting that names it, and the role that opens it."""

    check: str
    url: str
    setting: str
    role: str

    @property
    def account(self) -> str:
        """The account's name; at an emulator's address whatever stands there."""
        return (urlsplit(self.url).hostname or "").partition(".")[0]


async def ask(
    service: Service,
    env: Mapping[str, str],
    method: str,
    path: str,
    body: Mapping[str, str] | None = None,
    *,
    headers: Mapping[str, str] | None = None,
) -> Reply:
    """Send a request as the app's identity. Raises NoToken and Unreached."""
    token = await token_for(STORAGE, env)
    told = {"x-ms-version": VERSION, "x-ms-date": formatdate(usegmt=True), **(headers or {})}
    return await send(method, service.url.rstrip("/") + path, token, told, body)


def refusal(service: Service, answer: Reply, env: Mapping[str, str]) -> Finding:
    """Say what an answer means that is no success."""
    where = f"The storage account {service.account}"
    if answer.status == HTTPStatus.UNAUTHORIZED:
        what = f"{where} does not know the app's identity (401): both must be of one tenant."
        return Finding(service.check, "problem", what, f"Mend the account in {service.setting}.")
    if answer.status == HTTPStatus.FORBIDDEN and "AuthorizationFailure" in answer.codes:
        what = f"The network rules of the storage account {service.account} keep the app out (403)."
        return Finding(service.check, "problem", what, _open(service))
    if answer.status == HTTPStatus.FORBIDDEN:
        what = f"{where} is closed to the app's identity (403), which lacks the role {service.role}"
        sure = not answer.codes.isdisjoint(BY_ROLE)
        what += "." if sure else ", or is kept out by network rules."
        fix = fixes.assign(service.role, fixes.storage_scope(service.account), env)
        return Finding(service.check, "problem", what, fix)
    if answer.status >= FIRST_FAILURE or answer.status == HTTPStatus.TOO_MANY_REQUESTS:
        what = f"{where} fails ({answer.status})."
        return Finding(service.check, "problem", what, "Ask again in a minute.")
    what = f"{where} refuses what it is asked ({answer.status}): is it one?"
    return Finding(service.check, "problem", what, f"Mend {service.setting}.")


def no_answer(service: Service, error: NoToken | Unreached, env: Mapping[str, str]) -> Finding:
    """Say what it means that none came."""
    if isinstance(error, NoToken):
        return Finding(service.check, "unknown", f"{str(error).capitalize()}.")
    if error.why == "name":
        what = f"{service.setting} names an account that there is not: {error}."
        fix = fixes.set_up(service.setting, env, set_by_deployment=True)
        return Finding(service.check, "problem", what, fix)
    return Finding(service.check, "problem", f"The storage account: {error}.", _open(service))


def _open(service: Service) -> str:
    name = shlex.quote(service.account)
    command = f"az storage account update --name {name} --default-action Allow"
    return fixes.open_network(f"{command} --public-network-access Enabled")
