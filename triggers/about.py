"""Owns the routes that tell of Signpost itself: who asks, its public keys, its own description."""

from functools import cache

import azure.durable_functions as df
import azure.functions as func
import msgspec

from signpost.people import people
from signpost.receipts import sealing
from signpost.settings import settings
from signpost.shapes import View
from triggers import access
from triggers.answers import answer, answer_raw, guarded

bp = df.Blueprint()


class PersonView(View, frozen=True):
    """Somebody whom the who-am-I switch offers."""

    email: str
    display_name: str | None


class Me(View, frozen=True):
    """Who asks, and what they may do; `people` is empty unless one machine serves them all."""

    you: str | None
    display_name: str | None
    sign_in: str
    is_operator: bool
    people: list[PersonView]


class PublicKey(View, frozen=True):
    """A key that receipts are checked with, in hex digits."""

    key_id: str
    algorithm: str
    public_key: str


class PublicKeys(View, frozen=True):
    """The public halves of the signing keys, newest first."""

    keys: list[PublicKey]


@bp.route(route="api/me", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@guarded
async def me(req: func.HttpRequest) -> func.HttpResponse:
    """Say who asks."""
    config, who = settings(), access.known(req)
    told = Me(
        you=who.name if who else None,
        display_name=who.display_name if who else None,
        sign_in=config.sign_in,
        is_operator=who is not None and who.is_operator,
        people=_everybody() if config.sign_in == "local" else [],
    )
    return answer(told)


@bp.route(route="api/receipts/keys", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@guarded
async def receipt_keys(req: func.HttpRequest) -> func.HttpResponse:
    """Show the keys that receipts are checked with."""
    listed = sealing.public_keys(settings().signing_keys)
    return answer(PublicKeys(msgspec.convert(listed, list[PublicKey])))


@bp.route(route="api/openapi.json", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@guarded
async def description(req: func.HttpRequest) -> func.HttpResponse:
    """Show this API as OpenAPI 3.1."""
    return answer_raw(_description(settings().base_url))


@cache
def _description(base_url: str) -> bytes:
    from signpost import openapi  # noqa: PLC0415 - few ask for it, and every cold start would pay
    from triggers.operations import OPERATIONS  # noqa: PLC0415 - as above

    return msgspec.json.encode(openapi.document(OPERATIONS, base_url))


def _everybody() -> list[PersonView]:
    return [PersonView(email=each.email, display_name=each.name) for each in people().everybody()]
