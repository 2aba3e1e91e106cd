"""Rows that the version before drafts could be chosen wrote down are read, and go on.

`earlier/*.json` hold all rows of two runs, to the byte: one in its second round, and one that was
signed, whose post is in doubt. They stay as they are.
"""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from local.teams import LocalTeams
from signpost import posting, receipts, rounds, runs, views
from signpost.contracts import Ending, Standing
from signpost.ledger import Ledger
from signpost.posting import Word
from signpost.receipts.sealing import verify
from signpost.settings import Settings
from signpost.teams.workflows import Workflows
from signpost.text import digest
from tests.builders import ADELE, ALEX, NOW, RUN, TEXT, a_config, said, work

EARLIER = Path(__file__).parent / "earlier"
SECOND = "The terrace opens."


async def restored(ledger: Ledger, name: str) -> None:
    """Write the rows of an earlier run."""
    for row, body in json.loads((EARLIER / f"{name}.json").read_text("utf-8")).items():
        assert await ledger.insert(RUN, row, body.encode())


@pytest.mark.parametrize("name,state", [("waiting", "waiting"), ("closed", "closed")])
async def test_an_earlier_run_is_shown(ledger: Ledger, name: str, state: str) -> None:
    """Its rounds have one draft each, and of its costs nothing is known."""
    await restored(ledger, name)
    view = views.run_view(await runs.story(ledger, RUN), NOW)
    assert (view.state, view.cost) == (state, None)
    assert (view.prompt_tokens, view.completion_tokens) == (20, 40)
    assert [each.variants for each in view.rounds] == [[TEXT], [SECOND]]


async def test_an_earlier_approval_is_shown(ledger: Ledger) -> None:
    """There is one draft to choose, which is the text under review."""
    await restored(ledger, "waiting")
    view = views.approval_view(await runs.story(ledger, RUN), 2, ALEX, NOW)
    assert [(each.text, each.digest) for each in view.variants] == [(SECOND, digest(SECOND))]
    assert (view.text, view.digest, view.removed) == (SECOND, digest(SECOND), [])
    assert view.feedback[0].digest == digest(TEXT)


async def test_an_earlier_round_is_signed_and_posted(
    ledger: Ledger, config: Settings, teams: LocalTeams
) -> None:
    """An approver who was asked before an update answers after it."""
    await restored(ledger, "waiting")
    story, yes = await runs.story(ledger, RUN), said(digest=digest(SECOND))
    signed = await rounds.respond(ledger, story, 2, yes, NOW)
    assert (signed.outcome, signed.signed_digest()) == ("Approve", digest(SECOND))
    second = msgspec.structs.replace(work(), round=2)
    assert await rounds.settle(ledger, config, second) == Standing(outcome="Approve", signed=True)
    await posting.post_signed_text(ledger, Workflows(config), second)
    await receipts.write(ledger, config, Ending(work=second, outcome="Approve"))
    assert (len(teams.channel), (await told(ledger))["signedDigest"]) == (1, digest(SECOND))


async def test_an_earlier_receipt_holds(ledger: Ledger) -> None:
    """It is the same to the byte, and its seal verifies, though later ones say more."""
    await restored(ledger, "closed")
    raw = await sealed(ledger)
    assert raw.decode() == json.loads((EARLIER / "closed.json").read_text("utf-8"))["receipt"]
    assert (verify(raw).run, verify(raw).outcome) == (RUN, "Approve")
    assert "cost" not in await told(ledger)


async def test_an_earlier_receipt_is_continued(ledger: Ledger, config: Settings) -> None:
    """What becomes known of the post later is sealed behind what was sealed then."""
    await restored(ledger, "closed")
    word = Word("it is there", ADELE)
    await posting.resolve(ledger, Workflows(config), await runs.story(ledger, RUN), word, NOW)
    before = json.loads((EARLIER / "closed.json").read_text("utf-8"))["receipt"]
    raw = await sealed(ledger)
    assert verify(raw).entries == verify(before.encode()).entries + 1
    assert (await told(ledger))["delivery"]["state"] == "posted"


async def sealed(ledger: Ledger) -> bytes:
    """Give the receipt of the run, as it is sealed now."""
    raw = await receipts.read(ledger, a_config(), await runs.story(ledger, RUN))
    assert raw is not None
    return raw


async def told(ledger: Ledger) -> Any:
    """Read the receipt of the run."""
    return msgspec.json.decode(await sealed(ledger))
