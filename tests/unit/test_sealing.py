"""A sealed receipt proves offline that not one byte of it was changed."""

from __future__ import annotations

import hmac
import json
import random
from collections import Counter
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import pytest
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from signpost.receipts import canonical, keys
from signpost.receipts.sealing import Finding, Tampered, append, public_keys, seal, verify
from signpost.text import digest

OLD, NEW = "an old secret of thirty-two letters", "a new secret of thirty-two letters!"
RUN = "6f1c0e9ab1d24e0f"
FACTS = {
    "run": RUN,
    "flow": "announce",
    "outcome": "Approve",
    "requestor": "diego@contoso.com",
    "model": "gpt-4.1",
    "parameters": {"temperature": 0.7, "topP": 1.0, "maxTokens": 750},
    "draftDigest": digest("The terrace opens on Monday."),
    "signedDigest": digest("The terrace opens on Monday, 9:00."),
    "delivery": {"state": "posted", "target": "Teams", "messageId": "1732269600000"},
    "createdAt": "2026-11-20T09:00:00Z",
    "closedAt": "2026-11-23T09:00:00Z",
}
WHO = ("adele@contoso.com", "alex@contoso.com", "megan@contoso.com")
ENTRIES: list[dict[str, Any]] = [
    {
        "at": f"2026-11-2{n // 6}T09:{n:02}:00Z",
        "what": "answered" if n % 2 else "asked",
        "who": WHO[n % 3],
        "round": 1 + n // 6,
        "comments": "Schöner, bitte: „kürzer“." if n == 5 else None,
    }
    for n in range(12)
]
SEALED = seal(FACTS, ENTRIES, NEW)
PLACES = st.integers(0, len(SEALED) - 1)


def key_of(secret: str) -> str:
    """Give the public key that belongs to a secret."""
    return public_keys([secret])[0]["publicKey"]


def fault(raw: bytes, trusted: list[str] | None = None) -> str:
    """Give the sentence with which a receipt is refused."""
    with pytest.raises(Tampered) as refused:
        verify(raw, trusted)
    return str(refused.value)


def changed(**fields: Any) -> bytes:
    """Write the sealed receipt with other fields, under its old signature."""
    return rfc8785.dumps(json.loads(SEALED) | fields)


def rearranged(order: list[int]) -> bytes:
    """Write the sealed receipt with only these entries, in this order."""
    entries = json.loads(SEALED)["entries"]
    return changed(entries=[entries[n] for n in order])


def tampered(chance: random.Random) -> tuple[str, bytes]:
    """Change the sealed receipt in one way, which is named."""
    place, size = chance.randrange(len(SEALED)), chance.randint(1, 200)
    by, letter = chance.randint(1, 255), chance.randint(32, 126)
    order = chance.sample(range(12), chance.randint(1, 12))
    ways = {
        "flip": SEALED[:place] + bytes([SEALED[place] ^ by]) + SEALED[place + 1 :],
        "letter": SEALED[:place] + bytes([letter]) + SEALED[place + 1 :],
        "cut": SEALED[:place] + SEALED[place + size :],
        "insert": SEALED[:place] + chance.randbytes(1) + SEALED[place:],
        "repeat": SEALED[:place] + SEALED[place : place + size] + SEALED[place:],
        "reorder": rearranged(order),
        "truncate": SEALED[:place],
    }
    way = chance.choice(list(ways))
    return way, ways[way]


def test_a_receipt_tells_what_it_holds() -> None:
    """Whoever knows the key reads run, outcome and end, and that the key is the known one."""
    key = key_of(NEW)
    assert verify(SEALED, [key]) == Finding(
        run=RUN,
        key_id=keys.key_id(key),
        entries=12,
        outcome="Approve",
        closed_at="2026-11-23T09:00:00Z",
        trusted=True,
    )


def test_without_a_known_key_nobody_is_trusted() -> None:
    """The key that a receipt brings along says nothing about who holds it."""
    assert not verify(SEALED).trusted


def test_a_receipt_holds_the_facts_as_given() -> None:
    """Sealing adds to facts and entries, and changes none of them."""
    document = json.loads(SEALED)
    bare = [
        {k: v for k, v in e.items() if k not in ("previous", "hash")} for e in document["entries"]
    ]
    assert bare == ENTRIES
    assert {name: document[name] for name in FACTS} == FACTS
    assert document.keys() - FACTS.keys() == {"entries", "signature"}


def test_each_entry_names_the_one_before() -> None:
    """The chain can be followed with SHA-256 and canonical JSON alone."""
    last = digest(f"signpost run 1\n{RUN}")
    for entry in json.loads(SEALED)["entries"]:
        assert entry["previous"] == last
        last = entry.pop("hash")
        assert last == digest(rfc8785.dumps(entry).decode())


def test_the_signature_follows_the_written_rule() -> None:
    """Ed25519 over a fixed line and the document without its signature, in canonical form."""
    document = json.loads(SEALED)
    signature = document.pop("signature")
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(signature["publicKey"]))
    signed = b"signpost receipt 1\n" + rfc8785.dumps(document)
    key.verify(bytes.fromhex(signature["value"]), signed)
    assert signature["keyId"] == sha256(key.public_bytes_raw()).hexdigest()[:16]


def test_a_receipt_without_entries_holds() -> None:
    """A run that ended before anything happened has a receipt too."""
    bare = seal({"run": RUN}, [], NEW)
    assert verify(bare).entries == 0
    assert verify(append(bare, ENTRIES[:1], {}, NEW)).entries == 1


def test_sealing_twice_gives_the_same_bytes() -> None:
    """An activity that runs again writes the same receipt."""
    assert seal(FACTS, ENTRIES, NEW) == SEALED


def test_a_thousand_tamperings_are_found() -> None:
    """Every flip, cut, insertion, repetition, new order and truncation is refused."""
    chance, ways = random.Random(8785), Counter[str]()
    while ways.total() < 1000:
        way, raw = tampered(chance)
        if raw == SEALED:
            continue
        with pytest.raises(Tampered):
            verify(raw, None if ways.total() % 2 else [key_of(NEW)])
        ways[way] += 1
    assert len(ways) == 7
    assert min(ways.values()) >= 100


@given(PLACES, st.integers(1, 255))
def test_no_byte_can_be_changed(place: int, by: int) -> None:
    """A single byte that is not as it was is enough."""
    fault(SEALED[:place] + bytes([SEALED[place] ^ by]) + SEALED[place + 1 :])


@given(PLACES, st.integers(1, 3000))
def test_nothing_can_be_cut(place: int, size: int) -> None:
    """A piece is missed wherever it stood, at the end too."""
    fault(SEALED[:place] + SEALED[place + size :])


@given(st.integers(0, len(SEALED)), st.binary(min_size=1, max_size=40))
def test_nothing_can_be_inserted(place: int, added: bytes) -> None:
    """Not even white space fits anywhere."""
    fault(SEALED[:place] + added + SEALED[place:])


@given(st.lists(st.integers(0, 11), max_size=14))
def test_entries_stay_in_order(order: list[int]) -> None:
    """Entries can't be left out, repeated or moved."""
    assume(order != list(range(12)))
    assert "follow" in (said := fault(rearranged(order))) or "last entries are missing" in said


@given(st.one_of(st.binary(), st.text().map(str.encode)))
def test_any_bytes_get_a_sentence(raw: bytes) -> None:
    """A file that is no receipt at all is refused in words."""
    assert fault(raw).endswith(".")


JSON = st.recursive(
    st.none() | st.booleans() | st.floats(-1e9, 1e9) | st.integers(-9, 9) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(st.sampled_from(["run", "outcome", "closedAt", "entries", "signature"]), JSON)
def test_any_field_gets_a_sentence(field: str, value: Any) -> None:
    """A receipt with anything else in a field that is read is refused in words."""
    assume(value != json.loads(SEALED)[field])
    assert fault(changed(**{field: value})).endswith(".")


@pytest.mark.parametrize("name", ["algorithm", "keyId", "publicKey", "value"])
@pytest.mark.parametrize("value", [None, 1, [], "", "ed25519", "é" * 64, "0" * 64, "0" * 128])
def test_the_signature_takes_nothing_else(name: str, value: Any) -> None:
    """Each part of the signature has one form."""
    signature = json.loads(SEALED)["signature"] | {name: value}
    assert "signature" in fault(changed(signature=signature))


@pytest.mark.parametrize(
    "old,new,said",
    [
        (b'{"closedAt"', b'{ "closedAt"', "canonical form from byte 2 on"),
        (b'"run"', b'"\\u0072un"', "canonical form from byte"),
        (b'"topP":1', b'"topP":1.0', "canonical form from byte"),
        (b"750", b"7.5e2", "canonical form from byte"),
        (b"750", b"NaN", "a number or a character"),
        (b"750", b"1e999", "a number or a character"),
        (b"750", b"9" * 5000, "a number or a character"),
        (b"posted", b"\\ud800", "a number or a character"),
        (b'"flow":', b'"run":"","flow":', "The name 'run' stands twice"),
        (b"{", b"\xff{", "Byte 1 is no UTF-8."),
        (b"750", b"[" * 100_000, "nested deeper"),
        (b'{"closedAt"', b'\xef\xbb\xbf{"closedAt"', "no JSON from character 1 on"),
    ],
)
def test_there_is_one_way_to_write_it(old: bytes, new: bytes, said: str) -> None:
    """What another program could read differently is refused before it is read at all."""
    assert old in SEALED
    assert said in fault(SEALED.replace(old, new, 1))


def test_upper_case_digits_are_refused() -> None:
    """A hash, a key or a signature in capitals names the same number in other bytes."""
    signature = json.loads(SEALED)["signature"]
    for name in ("keyId", "publicKey", "value"):
        raw = changed(signature=signature | {name: signature[name].upper()})
        assert f"signature.{name}" in fault(raw)


@pytest.mark.parametrize("name", ["outcome", "closedAt"])
def test_what_the_command_tells_is_text(name: str) -> None:
    """Also a signed receipt has texts, or nothing, where a person is told them."""
    assert fault(seal(FACTS | {name: 5}, [], NEW)) == f"The field {name} is no text."


def test_a_huge_file_is_refused_unread() -> None:
    """Nobody's memory is filled by a file that claims to be a receipt."""
    assert "larger" in fault(b"[" * (canonical.LARGEST + 1))


@pytest.mark.parametrize(
    "order,said",
    [
        ([0, 1, 3], "Entry 3 does not follow entry 2."),
        ([1, 2], "Entry 1 does not follow the start of this run."),
        ([0, 1, 1], "Entry 3 does not follow entry 2."),
        (list(range(11)), "The signature does not match"),
    ],
)
def test_a_broken_chain_is_told_by_its_place(order: list[int], said: str) -> None:
    """The sentence leads to the entry that is missing, repeated or moved."""
    assert said in fault(rearranged(order))


def test_a_changed_entry_is_told_by_its_number() -> None:
    """Whoever edits what a person answered leaves a hash that does not fit."""
    entries = json.loads(SEALED)["entries"]
    entries[3]["who"] = "diego@contoso.com"
    assert fault(changed(entries=entries)) == "Entry 4 was changed: its hash does not match."


def test_a_recomputed_chain_needs_the_key() -> None:
    """Hashes can be made by anybody, the signature can't."""
    forged = json.loads(seal(FACTS, [*ENTRIES[:3], *ENTRIES[4:]], OLD))
    assert "signature does not match" in fault(changed(entries=forged["entries"]))


def test_a_chain_of_another_run_is_refused() -> None:
    """Entries can't be lent to another run, even by who holds the key."""
    assert fault(changed(run="another")) == "Entry 1 does not follow the start of this run."


def test_another_key_is_found_out() -> None:
    """A forger's receipt is whole in itself, and refused by who knows the right key."""
    forged = seal(FACTS | {"outcome": "Reject"}, ENTRIES, "a forger's secret of 32 letters!!")
    assert verify(forged).outcome == "Reject"
    assert "none of the keys given" in fault(forged, [key_of(NEW), key_of(OLD)])
    assert "none of the keys given" in fault(forged, [])


def test_an_old_key_stays_good() -> None:
    """After a rotation both keys are published, the newest first."""
    published = public_keys([NEW, OLD])
    trusted = [key["publicKey"] for key in published]
    assert [verify(raw, trusted).key_id for raw in (SEALED, seal(FACTS, [], OLD))] == [
        key["keyId"] for key in published
    ]
    assert {key["algorithm"] for key in published} == {"Ed25519"}


def test_the_key_follows_from_the_secret_by_the_written_rule() -> None:
    """HKDF-SHA256 (RFC 5869) without salt, under a label of its own: no other use shares it."""
    extracted = hmac.digest(bytes(32), OLD.encode(), "sha256")
    expanded = hmac.digest(extracted, b"signpost receipt key 1\x01", "sha256")
    assert keys.private_key(OLD).private_bytes_raw() == expanded


def test_a_correction_keeps_what_was_there() -> None:
    """A delivery resolved later adds an entry and changes the fact; the old hashes stay."""
    entry = {"at": "2026-11-24T08:00:00Z", "what": "resolved", "who": WHO[0]}
    later = append(SEALED, [entry], {"delivery": {"state": "posted"}}, OLD, trusted=[key_of(NEW)])
    before, after = json.loads(SEALED), json.loads(later)
    assert after["entries"][:12] == before["entries"]
    assert after["entries"][12].items() > entry.items()
    assert after["delivery"] == {"state": "posted"}
    assert verify(later, [key_of(OLD)]).entries == 13


def test_a_tampered_receipt_is_not_signed_again() -> None:
    """A correction never makes a changed receipt good, nor one that somebody replaced."""
    with pytest.raises(Tampered, match="signature does not match"):
        append(changed(outcome="Reject"), ENTRIES[:1], {}, NEW)
    with pytest.raises(Tampered, match="none of the keys given"):
        append(seal(FACTS, [], OLD), ENTRIES[:1], {}, NEW, trusted=[key_of(NEW)])


def test_a_fact_changes_only_with_an_entry() -> None:
    """A receipt says of each change why it was made."""
    with pytest.raises(ValueError, match="only with an entry"):
        append(SEALED, [], {"outcome": "Reject"}, NEW)


@pytest.mark.parametrize("name", ["run", "entries", "signature"])
def test_a_correction_can_not_touch_the_seal(name: str) -> None:
    """The run, the chain and the signature are no facts to be corrected."""
    with pytest.raises(ValueError, match=name):
        append(SEALED, ENTRIES[:1], {name: "x"}, NEW)


@pytest.mark.parametrize(
    "facts,entry,said",
    [
        ({"entries": []}, {}, "entries"),
        ({"signature": {}}, {}, "signature"),
        ({}, {"hash": "x"}, "hash"),
        ({}, {"previous": "x"}, "previous"),
        ({"tokens": 2**53}, {}, "safe integer"),
        ({}, {"at": datetime(2026, 11, 23, tzinfo=UTC)}, "unsupported"),
        ({"score": float("nan")}, {}, "nan"),
    ],
)
def test_what_can_not_be_sealed_is_refused(facts: Any, entry: Any, said: str) -> None:
    """A fault shows when the receipt is written, not when somebody checks it."""
    with pytest.raises(ValueError, match=said):
        seal(FACTS | facts, [entry], NEW)


@given(JSON, st.lists(JSON, max_size=4))
@settings(max_examples=50)
def test_what_is_sealed_can_be_verified(fact: Any, entries: list[Any]) -> None:
    """Whatever the facts and entries hold, the receipt stands its own check."""
    raw = seal({"run": RUN, "extra": fact}, [{"extra": entry} for entry in entries], NEW)
    assert verify(raw).entries == len(entries)


def test_any_depth_gets_a_sentence() -> None:
    """Wherever in the check the interpreter's limit is met, deep nesting is refused in words."""
    said = set()
    for depth in range(600, 1100):
        nested = b"[" * depth + b"]" * depth
        said.add(fault(SEALED.replace(b'"announce"', nested))[:20])
    assert said == {"The signature does n", "It is nested deeper "}


@pytest.mark.parametrize("number", [1e16, 1e20, 1e21, 1e22, 5e-324, -0.0, 2.0**53, 1e-7])
def test_every_number_is_read_as_it_was_written(number: float) -> None:
    """Numbers are doubles, so the long ones don't come back as something else."""
    assert verify(seal(FACTS | {"number": number}, [], NEW)).run == RUN
