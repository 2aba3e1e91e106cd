"""Owns asking a deployed Signpost how it is, over its own HTTP API."""

import re
import shlex
from http import HTTPStatus
from urllib.parse import urlsplit

import msgspec

from signpost.doctor.finding import Finding
from signpost.doctor.outside import Reply, Unreached, send
from signpost.settings import LOOPBACK_HOSTS

EXAMINED_SECONDS = 60.0  # the slowest check, after a cold start
SHALLOW, DEEP = "/api/health", "/api/health/deep"
WITH_KEY = (
    "FUNCTION_KEY=$(az functionapp keys list --resource-group GROUP --name APP"
    " --query functionKeys.default --output tsv)"
    " .venv/bin/python -m signpost.doctor --app URL --key-from-env FUNCTION_KEY"
)


class CannotAsk(Exception):  # noqa: N818 - it says what is the case
    """The app was not asked, or does not let who asks know; the message says what to do."""


class _Health(msgspec.Struct, frozen=True):
    status: str
    findings: list[Finding] = []


async def ask(url: str, key: str | None) -> list[Finding]:
    """Ask the app at an address, in full where there is a function key. Raises CannotAsk."""
    parts = urlsplit(url)
    if parts.scheme != "https" and parts.hostname not in LOOPBACK_HOSTS:
        raise CannotAsk("The app's address has to start with https://, as the key travels to it.")
    headers = {"x-functions-key": key} if key else {}
    address = url.rstrip("/") + (DEEP if key else SHALLOW)
    try:
        got = await send("GET", address, headers=headers, seconds=EXAMINED_SECONDS)
    except Unreached as error:
        fix = "azd env get-value SERVICE_API_URI   # is the address of the app"
        if parts.hostname in LOOPBACK_HOSTS:
            fix = "make run   # prints the address of the app, which it starts"
        return [Finding("app", "problem", f"The app: {error}.", fix)]
    if got.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        raise CannotAsk(_refusal(got, address))
    fix = WITH_KEY
    if parts.hostname in LOOPBACK_HOSTS:
        whole = shlex.quote(url.rstrip("/") + DEEP)
        fix = f"curl {whole}   # `make run` asks for no key; other apps do:\n{WITH_KEY}"
    return _read(got, fix, with_key=key is not None)


def _refusal(got: Reply, address: str) -> str:
    if re.search(rb"urn:signpost:problem:", got.body):
        return f"The app takes sign-ins, and no key: open {address} signed in as an operator."
    return f"The app does not accept the key ({got.status}). Take one of its own:\n{WITH_KEY}"


def _read(got: Reply, ask_for_all: str, *, with_key: bool) -> list[Finding]:
    try:
        health = msgspec.json.decode(got.body, type=_Health)
    except (msgspec.DecodeError, UnicodeDecodeError):
        what = f"The app answers {got.status} where its health should be: it did not start, or"
        fix = "az functionapp log deployment show --name APP --resource-group GROUP"
        return [Finding("app", "problem", f"{what} is no Signpost of this version.", fix)]
    if with_key and health.findings:  # none would tell nothing, which looks like no problem
        return health.findings
    if health.status == "ready":
        what = "The app has all settings and flows that it needs. With a key it looks further."
        return [Finding("app", "ok", what)]
    what = "The app is not set up completely. With a key it says what is missing."
    return [Finding("app", "problem", what, ask_for_all)]
