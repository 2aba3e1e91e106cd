"""Receipts over HTTP: anybody can check them, they are complete, and every change is found."""

import json
import random
import subprocess
import sys

import pytest

from local.stack import ROOT
from signpost.receipts.sealing import Tampered, verify
from signpost.text import digest
from tests.acceptance.client import Json, Signpost, crowd
from tests.acceptance.sizes import TAMPERED_RECEIPTS
from tests.acceptance.test_types import TOLD, Told
from tests.doubles.quick_model import say

OF_A_DRAFT = {"instructions", "instructionsDigest", "model", "parameters", "promptTokens",
              "completionTokens", "finishReason", "contentFilter"}  # fmt: skip
OF_A_RESPONSE = {"responder", "proof", "approverResponse", "requestDate", "responseDate", "channel"}


def closed_run(signpost: Signpost, told: Told) -> tuple[Json, bytes]:
    """Bring a run to its end; give its story and its receipt."""
    run = signpost.start(say(f"Kept: {told.outcome}."), told.flow, requestor="diego@contoso.com")
    for person, response in told.said.items():
        name = person.replace("diego", "adele")  # who asks does not sign
        signpost.sign(signpost.link(run, name), response=response, comments="Kept.")
    return signpost.wait(run, "closed"), signpost.receipt(run)


def command(signpost: Signpost, receipt: bytes) -> subprocess.CompletedProcess[bytes]:
    """Check a receipt as anybody can, trusting the key that the app publishes."""
    [key] = signpost.http.get("/api/receipts/keys").json()["keys"]
    arguments = ["-m", "signpost.receipts", "verify", "-", "--key", key["publicKey"]]
    return subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, input=receipt, check=False, capture_output=True
    )


@pytest.mark.parametrize("told", TOLD, ids=lambda told: f"{told.flow} {told.outcome}")
def test_a_receipt_is_complete_and_verifies(signpost: Signpost, told: Told) -> None:
    """Of each type and outcome: who, what, when and by which model; no text."""
    story, sealed = closed_run(signpost, told)
    receipt = json.loads(sealed)
    [only] = receipt["rounds"]
    assert only["draft"].keys() >= OF_A_DRAFT
    assert all(each.keys() >= OF_A_RESPONSE for each in only["responses"])
    assert len(only["responses"]) == len(told.said)
    assert receipt["outcome"] == story["outcome"] == told.outcome
    assert receipt["signedDigest"] == story["signedDigest"]
    assert (receipt["delivery"] or {}).get("digest") == story["signedDigest"]
    assert receipt["inputsDigest"] == digest(json.dumps(story["inputs"], separators=(",", ":")))
    assert receipt["requestor"] == "diego@contoso.com"
    assert b"Kept" not in sealed
    assert verify(sealed).outcome == told.outcome


def test_the_command_verifies_what_the_api_gave(signpost: Signpost) -> None:
    """`python -m signpost.receipts verify` says yes to it, and no to a changed byte."""
    _, sealed = closed_run(signpost, TOLD[0])
    good, bad = command(signpost, sealed), command(signpost, sealed.replace(b"Approve", b"Reject"))
    assert (good.returncode, bad.returncode) == (0, 1)
    assert b"one that you trust" in good.stdout


def test_runs_that_ended_otherwise_have_receipts_too(signpost: Signpost) -> None:
    """Canceled, expired and sent back: each verifies and says so."""
    canceled, _ = signpost.drafted(flow="first")
    signpost.http.post(f"/api/runs/{canceled}/cancel", json={})
    back = signpost.start(flow="changes")
    signpost.sign(signpost.link(back), response="Request changes", comments="Again.")
    signpost.sign(signpost.link(back, number=2))
    runs = [signpost.start(flow="short"), canceled, back]
    crowd(lambda run: signpost.wait(run, "closed"), runs)
    outcomes = [verify(signpost.receipt(run)).outcome for run in runs]
    assert outcomes == ["Expired", "Canceled", "Approve"]
    assert len(json.loads(signpost.receipt(back))["rounds"]) == 2


def test_every_tampering_is_found(signpost: Signpost) -> None:
    """1,000 flipped bytes, deletions and reorderings: 1,000 found."""
    _, sealed = closed_run(signpost, TOLD[2])
    chance = random.Random(29)
    changed = [tampered(sealed, chance) for _ in range(TAMPERED_RECEIPTS)]
    assert sealed not in changed
    assert not any(passes(each) for each in changed)
    assert passes(sealed)


def passes(receipt: bytes) -> bool:
    """Say whether the check finds nothing."""
    try:
        verify(receipt)
    except Tampered:
        return False
    return True


def tampered(sealed: bytes, chance: random.Random) -> bytes:
    """Flip a bit, cut bytes out, or drop, swap or repeat entries of the chain."""
    place, kind = chance.randrange(len(sealed)), chance.choice(["flip", "cut", "drop", "swap"])
    if kind == "flip":
        flipped = sealed[place] ^ 1 << chance.randrange(8)
        return sealed[:place] + bytes([flipped]) + sealed[place + 1 :]
    if kind == "cut":
        return sealed[:place] + sealed[place + chance.randint(1, 99) :]
    document = json.loads(sealed)
    entries, first = document["entries"], chance.randrange(len(document["entries"]) - 1)
    if kind == "drop":
        del entries[first]
    else:
        entries[first], entries[first + 1] = entries[first + 1], entries[first]
    return json.dumps(document, separators=(",", ":"), sort_keys=True).encode()
