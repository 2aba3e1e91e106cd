"""Owns the keys of receipts: Ed25519 pairs (RFC 8032) that follow from the signing secrets."""

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

ALGORITHM = "Ed25519"
PURPOSE = b"signpost receipt key 1"
KEY = "[0-9a-f]{64}"
SIGNATURE = "[0-9a-f]{128}"


def private_key(secret: str) -> "Ed25519PrivateKey":
    """Derive the key that signs receipts from a signing secret, by HKDF-SHA256 (RFC 5869)."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415 - slow to load, and only closing a run signs
        Ed25519PrivateKey,
    )
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415 - as above
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF  # noqa: PLC0415 - as above

    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=PURPOSE).derive(secret.encode())
    return Ed25519PrivateKey.from_private_bytes(derived)


def public_key(secret: str) -> str:
    """Give the public key of a signing secret: 64 hex digits."""
    return private_key(secret).public_key().public_bytes_raw().hex()


def key_id(public: str) -> str:
    """Name a public key for people: the first 16 hex digits of its SHA-256."""
    return hashlib.sha256(bytes.fromhex(public)).hexdigest()[:16]


def is_signed(public: str, signature: str, message: bytes) -> bool:
    """Say whether the holder of this key signed the message; key and signature are in hex."""
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - as above
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415 - as above
        Ed25519PublicKey,
    )

    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public))
        key.verify(bytes.fromhex(signature), message)
    except (InvalidSignature, ValueError):
        return False
    return True
