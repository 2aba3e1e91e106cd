"""Retention: after its time a text is nowhere any more, and its receipt still verifies."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx2 as httpx
import pytest

from signpost import retention
from signpost.receipts.sealing import verify
from tests.acceptance.client import Signpost, once
from tests.acceptance.conftest import serving
from tests.acceptance.sizes import LEDGERS
from tests.doubles.quick_model import QuickModel, completion, say

CANARY = "canary-7d1f"


@pytest.fixture(scope="module", params=LEDGERS)
def own(request, model: QuickModel, all_types: Path, tmp_path_factory) -> Iterator[Signpost]:
    """Start a Signpost that no other test uses, since its files are searched."""
    state = tmp_path_factory.mktemp("purged")
    with serving(state, model.url, all_types, request.param) as signpost:
        yield signpost


def sweep(signpost: Signpost) -> list[str]:
    """Do what the timer does every 15 minutes."""
    return signpost.in_ledger(lambda ledger: retention.purge_due(ledger, datetime.now(UTC)))


def purged(signpost: Signpost, run: str) -> None:
    """Sweep until a run is purged: the note of when it is due comes a moment after its receipt."""
    assert once(lambda: sweep(signpost), lambda: "nothing was due") == [run]


def places(signpost: Signpost, run: str) -> list[str]:
    """Name the files and rows that hold the canary; Teams, where texts went to, is another's."""
    files = [file for file in signpost.plan.state.rglob("*") if file.is_file()]
    found = [file.name for file in files if CANARY.encode() in file.read_bytes()]
    rows = signpost.bytes_in_ledger(run)
    found += [row for row, body in rows.items() if CANARY.encode() in body]
    return sorted(set(found) - {"teams.jsonl"})


def full_of_canaries(signpost: Signpost, model: QuickModel) -> str:
    """Start a run and have it cut, sent back, edited and signed, with the canary in every text."""
    model.script.append((200, completion(f"A cut draft, {CANARY}", finish_reason="length")))
    run = signpost.start(say(f"A draft, {CANARY}."), "purged")
    again = {"response": "Request changes", "comments": f"Feedback, {CANARY}."}
    signpost.sign(signpost.link(run), **again)
    last = signpost.link(run, number=2)
    written = {"calls-1", "draft-1", "draft-2", "round-1", "run"}
    assert written <= set(places(signpost, run))
    assert sweep(signpost) == []  # due is only what has a receipt
    signpost.sign(last, comments=f"Fine, {CANARY}.", acceptedText=f"Edited, {CANARY}.")
    return run


def test_a_purged_text_is_nowhere(own: Signpost, model: QuickModel) -> None:
    """After the sweep: 0 bytes in the ledger, its log, the histories and the app's log."""
    run = full_of_canaries(own, model)
    assert own.wait(run, "closed")["outcome"] == "Approve"
    sealed = own.receipt(run)
    purged(own, run)
    assert places(own, run) == []
    assert own.receipt(run) == sealed
    assert (verify(sealed).run, verify(sealed).outcome) == (run, "Approve")
    story = own.run(run)
    assert story["purgedAt"]
    assert CANARY not in str(story)


def test_links_to_a_purged_text_say_that_it_is_gone(own: Signpost) -> None:
    """Who opens the link later is told, and can't answer."""
    run, link = own.drafted(flow="purged")
    own.sign(link)
    own.wait(run, "closed")
    purged(own, run)
    assert own.see(link).status_code == httpx.codes.NOT_FOUND
    assert own.sign(link, digest="").status_code == httpx.codes.NOT_FOUND


def test_other_flows_keep_their_texts(own: Signpost) -> None:
    """Without `purgeAfter` nothing is deleted."""
    run, link = own.drafted(flow="first")
    own.sign(link)
    own.wait(run, "closed")
    assert sweep(own) == []
    assert own.run(run)["acceptedText"]
