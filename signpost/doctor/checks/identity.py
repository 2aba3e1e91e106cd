"""Owns looking at the app's managed identity: whether it gives tokens."""

from http import HTTPStatus

from signpost.doctor import fixes
from signpost.doctor.finding import Finding
from signpost.doctor.surroundings import HOST_STORAGE, Surroundings
from signpost.doctor.tokens import STORAGE, NoToken, has_identity, token_for

CHECK = "identity"


async def check(around: Surroundings) -> list[Finding]:
    """Ask for a token of storage, which every installation in Azure uses."""
    env = around.env
    if not has_identity(env):
        return _without(around)
    try:
        await token_for(STORAGE, env)
    except NoToken as error:
        return [_refused(error.status, around)]
    return [Finding(CHECK, "ok", "The app's managed identity gives tokens.")]


def _without(around: Surroundings) -> list[Finding]:
    if not _is_needed(around):
        return [Finding(CHECK, "ok", "Nothing here is opened by a managed identity.")]
    if "WEBSITE_SITE_NAME" not in around.env:
        what = "The app's identity is only in Azure: ask the deployed app, with --app."
        return [Finding(CHECK, "unknown", what)]
    what = "The app has no managed identity, and its settings need one."
    return [Finding(CHECK, "problem", what, fixes.PROVISION)]


def _is_needed(around: Surroundings) -> bool:
    keyless_model = not around.lacks("MODEL_NAME") and around.config.model_api_key is None
    keyless_storage = any(name.startswith(f"{HOST_STORAGE}__") for name in around.env)
    return keyless_model or keyless_storage or around.config.ledger.startswith("tables:https://")


def _refused(status: int, around: Surroundings) -> Finding:
    client = around.env.get("AZURE_CLIENT_ID")
    if status != HTTPStatus.BAD_REQUEST:
        what = f"The endpoint of the app's identity gives no token ({status or 'no answer'})."
        return Finding(CHECK, "problem", what, fixes.restart(around.env))
    if client:
        what = f"AZURE_CLIENT_ID is {client}, and the app has no identity of that client id."
    else:
        what = "AZURE_CLIENT_ID is not set, and the app has no identity of its own."
    name = "set AZURE_CLIENT_ID to a client id of this list"
    return Finding(CHECK, "problem", what, f"{fixes.show_identities(around.env)}   # {name}")
