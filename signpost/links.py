"""Owns the approvers' links: signed tokens, and the pages that they open."""

import hashlib
import hmac
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from signpost.problems import BadLink
from signpost.settings import Settings

if TYPE_CHECKING:
    from itsdangerous import URLSafeSerializer

PURPOSE = "sign"


class Claims(msgspec.Struct, frozen=True, array_like=True):
    """What a token is good for: one person's answer to one round, until it expires."""

    purpose: str
    run: str
    round: int
    approver: str
    expires_at: int


def approval_id(run: str, round_number: int) -> str:
    """Name an approval in URLs."""
    return f"{run}-{round_number}"


def sign_link(config: Settings, run: str, round_number: int, approver: str, until: datetime) -> str:
    """Build the link that one approver gets; the token stands in the fragment.

    Browsers keep fragments to themselves, so it reaches no server log and no referrer.
    """
    claims = Claims(PURPOSE, run, round_number, approver, int(until.timestamp()))
    token = _serializer(config.signing_keys[0]).dumps(msgspec.to_builtins(claims))
    return f"{config.base_url}/approvals/{approval_id(run, round_number)}#{token}"


def approver_of(token: str, approval: str, config: Settings, now: datetime) -> Claims:
    """Say whose token this is. Raises BadLink, the same for every reason.

    Base64 has spare bits at its end, so a token also has to be written the one way that we
    write it.
    """
    from itsdangerous import BadData  # noqa: PLC0415 - only links need it: cold start

    for key in config.signing_keys:
        serializer = _serializer(key)
        try:
            claims = msgspec.convert(serializer.loads(token), Claims)
        except (BadData, msgspec.ValidationError, ValueError):
            continue
        written = serializer.dumps(msgspec.to_builtins(claims))
        same = hmac.compare_digest(str(written).encode(), token.encode())
        meant = claims.purpose == PURPOSE and approval_id(claims.run, claims.round) == approval
        if same and meant and claims.expires_at > now.timestamp():
            return claims
    raise BadLink


def _serializer(key: str) -> "URLSafeSerializer":
    from itsdangerous import URLSafeSerializer  # noqa: PLC0415 - as above

    return URLSafeSerializer(
        key,
        salt="signpost.approval",
        signer_kwargs={"digest_method": hashlib.sha256, "key_derivation": "hmac"},
    )
