"""Owns the tokens of the app's own identity, asked for as App Service documents it.

The library that the app uses hides which of the reasons there is when it gets none. Its source:
https://learn.microsoft.com/azure/app-service/overview-managed-identity (REST endpoint reference,
api-version 2019-08-01).
"""

from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import urlencode

import msgspec

from signpost.doctor.outside import Unreached, send

STORAGE = "https://storage.azure.com/"
VERSION = "2019-08-01"
NO_TOKEN = "this can't be looked at without a token of the app's identity (see identity)"  # noqa: S105 - a sentence


class NoToken(Exception):  # noqa: N818 - it says what is the case
    """The identity gives none; `status` is what its endpoint answered, 0 for nothing at all."""

    def __init__(self, status: int) -> None:
        self.status = status
        super().__init__(NO_TOKEN)


class _Given(msgspec.Struct, frozen=True):
    access_token: str


def has_identity(env: Mapping[str, str]) -> bool:
    """Say whether this process runs where an identity can be asked for tokens."""
    return bool(env.get("IDENTITY_ENDPOINT") and env.get("IDENTITY_HEADER"))


async def token_for(resource: str, env: Mapping[str, str]) -> str:
    """Give a token for a service. Raises NoToken."""
    if not has_identity(env):
        raise NoToken(0)
    asked = {"api-version": VERSION, "resource": resource}
    if env.get("AZURE_CLIENT_ID"):
        asked["client_id"] = env["AZURE_CLIENT_ID"]
    header = {"X-IDENTITY-HEADER": env["IDENTITY_HEADER"]}
    try:
        got = await send("GET", f"{env['IDENTITY_ENDPOINT']}?{urlencode(asked)}", headers=header)
    except Unreached:
        raise NoToken(0) from None
    if got.status != HTTPStatus.OK:
        raise NoToken(got.status)
    try:
        return msgspec.json.decode(got.body, type=_Given).access_token
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise NoToken(0) from None
