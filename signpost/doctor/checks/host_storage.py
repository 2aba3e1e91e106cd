"""Owns looking at the storage of the Functions host: its blobs, and what Durable keeps there."""

import re
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from urllib.parse import urlsplit

from signpost.doctor import roles
from signpost.doctor.finding import Finding
from signpost.doctor.fixes import PROVISION
from signpost.doctor.outside import Unreached
from signpost.doctor.storage import Service, ask, no_answer, refusal
from signpost.doctor.surroundings import HOST_STORAGE, SCHEDULER_SETTING, Surroundings
from signpost.doctor.tokens import NoToken
from signpost.settings import LOOPBACK_HOSTS

BLOB = "/azure-webjobs-hosts/signpost-doctor"  # in the container that the host makes for itself
OPENED_BY = {"blob": roles.BLOBS, "queue": roles.QUEUES, "table": roles.TABLES}
CHECK = "host storage"
BLOCK = {"x-ms-blob-type": "BlockBlob"}
JSON = {"Accept": "application/json"}
# Of all clouds, and of accounts in zones of DNS: nobody else is shown a token of the identity.
ADDRESS = (
    r"https://[a-z0-9-]+(\.z\d+)?\.(blob|queue|table)\."
    r"(core\.windows\.net|core\.chinacloudapi\.cn|core\.usgovcloudapi\.net|storage\.azure\.net)/?"
)


async def check(around: Surroundings) -> list[Finding]:
    """Write and erase a blob; read what there is of queues and tables, if Durable uses them."""
    env = around.env
    services = list(_services(env))
    if services:
        return [
            await probe(service, kind, env) if _is_azure(service, around) else _stranger(service)
            for kind, service in services
        ]
    if env.get(HOST_STORAGE):
        what = f"{HOST_STORAGE} is a connection string, which the host alone uses."
        return [Finding(CHECK, "unknown", what)]
    if "WEBSITE_SITE_NAME" not in env:
        return [Finding(CHECK, "unknown", "No storage is set here for the Functions host.")]
    what = f"{HOST_STORAGE}__blobServiceUri is missing: the host has no storage."
    return [Finding(CHECK, "problem", what, PROVISION)]


def _services(env: Mapping[str, str]) -> Iterator[tuple[str, Service]]:
    """Give what the host opens by its identity; without a scheduler Durable keeps runs there."""
    account = env.get(f"{HOST_STORAGE}__accountName")
    for kind in ("blob",) if env.get(SCHEDULER_SETTING) else ("blob", "queue", "table"):
        setting = f"{HOST_STORAGE}__{kind}ServiceUri"
        url = env.get(setting)
        if url is None and account:
            setting = f"{HOST_STORAGE}__accountName"
            url = f"https://{account}.{kind}.core.windows.net"
        if url:
            yield kind, Service(CHECK, url, setting, OPENED_BY[kind].name)


def _is_azure(service: Service, around: Surroundings) -> bool:
    loopback = around.config.local and urlsplit(service.url).hostname in LOOPBACK_HOSTS
    return loopback or re.fullmatch(ADDRESS, service.url) is not None


def _stranger(service: Service) -> Finding:
    what = f"{service.setting} is no address of a storage account of Azure, as https://"
    return Finding(CHECK, "problem", f"{what}NAME.blob.core.windows.net.", "azd provision")


async def probe(service: Service, kind: str, env: Mapping[str, str]) -> Finding:
    """Ask one service for what the host needs of it."""
    try:
        if kind == "blob":
            answer = await ask(service, env, "PUT", BLOB, headers=BLOCK)
            if answer.status < HTTPStatus.BAD_REQUEST:
                answer = await ask(service, env, "DELETE", BLOB)
        elif kind == "queue":
            answer = await ask(service, env, "GET", "/?comp=list&maxresults=1")
        else:
            answer = await ask(service, env, "GET", "/Tables?$top=1", headers=JSON)
    except (NoToken, Unreached) as error:
        return no_answer(service, error, env)
    if answer.status < HTTPStatus.BAD_REQUEST or "ContainerNotFound" in answer.codes:
        return Finding(CHECK, "ok", f"The {kind} service of {service.account} opens to the app.")
    return refusal(service, answer, env)
