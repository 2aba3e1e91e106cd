"""Owns the seal of a receipt: the chain of its entries, its signature, and the check of both."""

import re
from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from signpost.receipts import canonical, keys
from signpost.text import digest

START = "signpost run 1\n"
SIGNED = b"signpost receipt 1\n"
LINKS = {"previous", "hash"}  # what sealing adds to an entry
SEAL = {"entries", "signature"}  # what sealing adds to the facts
SIGNATURE = {"algorithm", "keyId", "publicKey", "value"}


class Tampered(Exception):  # noqa: N818 - says what became of the receipt, as problems do
    """The bytes are no receipt as it was signed; the message is a sentence that says where."""


class Finding(NamedTuple):
    """What a receipt that nobody changed says of itself.

    `entries` is their number, `closed_at` an ISO 8601 time; `trusted` says whether the signing
    key is one that the caller named, not merely one that the receipt brought along.
    """

    run: str
    key_id: str
    entries: int
    outcome: str | None
    closed_at: str | None
    trusted: bool


def seal(facts: dict[str, Any], entries: Sequence[dict[str, Any]], signing_key: str) -> bytes:
    """Write the receipt of the run `facts["run"]` and sign it with a signing secret.

    Times have to be texts already, and so do `outcome` and `closedAt` where they are not None.
    Raises ValueError for what canonical JSON can't hold, and for names that the seal itself uses.
    """
    _refuse(SEAL & facts.keys(), "The facts of a receipt")
    return _signed({**facts, "entries": _chained(_start(facts["run"]), entries)}, signing_key)


def append(
    raw: bytes,
    entries: Sequence[dict[str, Any]],
    facts_changed: dict[str, Any],
    signing_key: str,
    *,
    trusted: Collection[str] | None = None,
) -> bytes:
    """Add what became known later, change the facts that follow from it, and sign again.

    The entries that were there stay as they are. `trusted` are the public keys that may have
    signed before; without them a receipt that somebody replaced as a whole would be signed.
    Raises Tampered, and ValueError as seal does or when nothing is added.
    """
    _refuse((SEAL | {"run"}) & facts_changed.keys(), "The changed facts of a receipt")
    if not entries:
        raise ValueError("Facts of a receipt change only with an entry that says why.")
    document = _opened(raw, trusted)
    before = document["entries"]
    last = before[-1]["hash"] if before else _start(document["run"])
    added = [*before, *_chained(last, entries)]
    return _signed({**document, **facts_changed, "entries": added}, signing_key)


def public_keys(signing_keys: Sequence[str]) -> list[dict[str, str]]:
    """List what a reader checks receipts with, in the order of the secrets: newest first."""
    return [_named(keys.public_key(secret)) for secret in signing_keys]


def verify(raw: bytes, trusted: Collection[str] | None = None) -> Finding:
    """Check that a receipt is, byte for byte, what the holder of a key signed.

    `trusted` are public keys of 64 hex digits in lower case; without them the key in the
    receipt is used, which says nothing on who holds it. Raises Tampered.
    """
    document = _opened(raw, trusted)
    return Finding(
        run=document["run"],
        key_id=document["signature"]["keyId"],
        entries=len(document["entries"]),
        outcome=document.get("outcome"),
        closed_at=document.get("closedAt"),
        trusted=trusted is not None,
    )


def _refuse(taken: set[str], where: str) -> None:
    if taken:
        raise ValueError(f"{where} can't hold {', '.join(sorted(taken))}: the seal owns it.")


def _start(run: str) -> str:
    """Give what the first entry follows, so that no chain fits another run."""
    return digest(START + run)


def _chained(last: str, entries: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    chain = []
    for entry in entries:
        _refuse(LINKS & entry.keys(), "An entry of a receipt")
        linked = {**entry, "previous": last}
        last = _hash(linked)
        chain.append({**linked, "hash": last})
    return chain


def _hash(entry: dict[str, Any]) -> str:
    hashed = {name: value for name, value in entry.items() if name != "hash"}
    return digest(canonical.written(hashed).decode())


def _signed(document: dict[str, Any], signing_key: str) -> bytes:
    private = keys.private_key(signing_key)
    value = private.sign(_message(document)).hex()
    signature = {**_named(keys.public_key(signing_key)), "value": value}
    return canonical.written({**document, "signature": signature})


def _message(document: dict[str, Any]) -> bytes:
    unsigned = {name: value for name, value in document.items() if name != "signature"}
    return SIGNED + canonical.written(unsigned)


def _named(public: str) -> dict[str, str]:
    return {"keyId": keys.key_id(public), "algorithm": keys.ALGORITHM, "publicKey": public}


def _opened(raw: bytes, trusted: Collection[str] | None) -> dict[str, Any]:
    """Read and check a receipt; its own faults come first, then the question of the key."""
    try:
        document = canonical.read(raw)
        _check_fields(document)
        _check_chain(document)
        _check_signature(document)
    except canonical.NotCanonical as fault:
        raise Tampered(str(fault)) from None
    except RecursionError:
        raise Tampered("It is nested deeper than any receipt.") from None
    signature = document["signature"]
    if trusted is not None and signature["publicKey"] not in trusted:
        raise Tampered(
            f"It was signed by key {signature['keyId']}, which is none of the keys given."
        )
    return document


def _check_fields(document: dict[str, Any]) -> None:
    if not isinstance(document.get("run"), str):
        raise Tampered("The field run is missing or no text.")
    for name in ("outcome", "closedAt"):
        if not isinstance(document.get(name), str | None):
            raise Tampered(f"The field {name} is no text.")
    entries = document.get("entries")
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise Tampered("The field entries is missing or no list of objects.")


def _check_chain(document: dict[str, Any]) -> None:
    last = _start(document["run"])
    for number, entry in enumerate(document["entries"], 1):
        if entry.get("previous") != last:
            before = f"entry {number - 1}" if number > 1 else "the start of this run"
            raise Tampered(f"Entry {number} does not follow {before}.")
        last = _hash(entry)
        if entry.get("hash") != last:
            raise Tampered(f"Entry {number} was changed: its hash does not match.")


def _check_signature(document: dict[str, Any]) -> None:
    signature = document.get("signature")
    if not isinstance(signature, dict) or signature.keys() != SIGNATURE:
        raise Tampered(f"The field signature must hold {', '.join(sorted(SIGNATURE))}.")
    public, value = signature["publicKey"], signature["value"]
    if not isinstance(public, str) or not re.fullmatch(keys.KEY, public):
        raise Tampered("The field signature.publicKey is no key: it takes 64 hex digits.")
    for name, expected in _named(public).items():
        if signature[name] != expected:
            raise Tampered(f"The field signature.{name} does not fit: it should be {expected}.")
    if not isinstance(value, str) or not re.fullmatch(keys.SIGNATURE, value):
        raise Tampered("The field signature.value is no signature: it takes 128 hex digits.")
    if not keys.is_signed(public, value, _message(document)):
        raise Tampered(
            "The signature does not match: a field was changed, or the last entries are missing."
        )
