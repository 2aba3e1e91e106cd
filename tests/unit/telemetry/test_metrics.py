"""Each thing that happens is counted once, where the ledger took it, however often it runs."""

import asyncio
from contextlib import closing
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from signpost import posting, receipts, records, rounds, runs
from signpost.allowances import Allowances
from signpost.contracts import Ending
from signpost.ledger.sqlite import SqliteLedger
from signpost.model.outcomes import Refusal
from signpost.records import Post
from signpost.runs import Start
from signpost.settings import Settings
from signpost.teams.workflows import Workflows
from signpost.telemetry import calls
from tests.builders import ADELE, NOW, RUN, a_config, a_flow, put, work
from tests.doubles.openai_double import Scripted, completion
from tests.unit.desk import Desk
from tests.unit.opened_rounds import answer, opened
from tests.unit.telemetry.conftest import Sent

HOUR = timedelta(hours=1)
UNKNOWN = Post(digest="sha256:0", target="Teams", state="unknown", detail="", at=NOW)


async def signed(ledger: SqliteLedger, config: Settings, response: str = "Approve") -> None:
    """Bring the default run to where its round is decided."""
    await opened(ledger, config)
    await answer(ledger, ADELE, response, comments="Because.")


def ending(outcome: str = "Approve") -> Ending:
    """Close the default run an hour after it was asked for."""
    return Ending(work=work(after=HOUR), outcome=outcome)


async def test_a_start_counts_once_for_its_key(ledger: SqliteLedger, sent: Sent) -> None:
    """A start that is repeated with its key finds the run there, and counts nothing."""
    for _ in range(2):
        await runs.start(ledger, a_flow(), Start(inputs={"Topic": "T"}), "a key", NOW)
    await runs.start(ledger, a_flow(), Start(inputs={"Topic": "T"}), None, NOW)
    assert sent().sums == {("runs.started", "news"): 2}


async def test_a_draft_counts_once_and_each_call_of_the_model(desk: Desk, sent: Sent) -> None:
    """Run twice, the activity calls nothing the second time; a refused call is told by its kind."""
    prices: dict[str, Any] = {"price_input": Decimal(1), "price_output": Decimal(10)}
    await desk.write(Scripted(status=429, body={"error": {}}), **prices)
    for _ in range(2):
        await desk.write(Scripted(body=completion("A text.")), attempt=2, **prices)
    assert sent().sums == {
        ("drafts", "news", "written"): 1,
        ("model.refusals", "throttled"): 1,
        ("tokens", "input"): 7,
        ("tokens", "output"): 2,
        ("cost", "USD"): 0.027,
    }


async def test_of_two_drafts_at_once_the_kept_one_counts(desk: Desk, sent: Sent) -> None:
    """A host may run an activity twice at the same time; both calls cost, and one text stays."""
    desk.model.script += [Scripted(body=completion("One.")), Scripted(body=completion("Two."))]
    await asyncio.gather(desk.write(), desk.write())
    sums = sent().sums
    assert (sums["drafts", "news", "written"], sums["tokens", "input"]) == (1, 14)


class Raced(SqliteLedger):
    """A ledger on which another closer is faster by one write, once."""

    is_raced = False

    async def insert(self, partition: str, row: str, body: bytes) -> bool:
        """Let the other one close first."""
        if row == records.RECEIPT and not self.is_raced:
            self.is_raced = True
            await receipts.write(self, a_config(), ending())
        return await super().insert(partition, row, body)


async def test_of_two_closers_at_once_one_counts(
    tmp_path: Path, config: Settings, sent: Sent
) -> None:
    """Both look for a receipt before either has written one."""
    with closing(Raced(str(tmp_path / "raced.db"))) as ledger:
        await signed(ledger, config)
        await receipts.write(ledger, config, ending())
    sums = sent().sums
    assert ledger.is_raced
    assert sums["runs.closed", "news", "Approve"] == 1
    assert sums["approval.wait", "news", "Approve"] == 1


async def test_a_draft_that_failed_for_good_counts_when_its_run_closes(
    desk: Desk, sent: Sent
) -> None:
    """Once, whoever writes the receipt twice."""
    await desk.write(Scripted(status=404, body={"error": {"code": "DeploymentNotFound"}}))
    for _ in range(2):
        await receipts.write(desk.ledger, a_config(), ending("Failed"))
    sums = sent().sums
    assert sums["drafts", "news", "failed"] == sums["runs.closed", "news", "Failed"] == 1


async def test_an_answer_counts_once(ledger: SqliteLedger, config: Settings, sent: Sent) -> None:
    """The round closes with it, and its wait is told when the run does, by one of two closers."""
    await signed(ledger, config)
    for _ in range(2):
        await rounds.settle(ledger, config, work())
        await receipts.write(ledger, config, ending())
    sums = sent().sums
    assert sums["responses", "news", "Approve"] == 1
    assert sums["approval.wait", "news", "Approve"] == 1
    assert sums["runs.closed", "news", "Approve"] == 1


async def test_a_post_counts_once_with_what_is_known(
    ledger: SqliteLedger, config: Settings, sent: Sent
) -> None:
    """When its run closes: before that a released claim may still become a post."""
    await signed(ledger, config)
    for _ in range(2):
        await posting.post_signed_text(ledger, Workflows(config), work())
        await receipts.write(ledger, config, ending())
    counted = {key: n for key, n in sent().sums.items() if key[0] == "deliveries"}
    assert counted == {("deliveries", "news", "handed over"): 1}


async def test_a_resolved_post_counts_again(
    ledger: SqliteLedger, config: Settings, sent: Sent
) -> None:
    """As what it turned out to be, since it is known later than its run closes."""
    await signed(ledger, config)
    await put(ledger, "post-1", UNKNOWN)
    await receipts.write(ledger, config, ending())
    story = await runs.story(ledger, RUN)
    word = posting.Word("it is there", ADELE)
    await posting.resolve(ledger, Workflows(config), story, word, NOW + HOUR)
    counted = {key: n for key, n in sent().sums.items() if key[0] == "deliveries"}
    assert counted == {("deliveries", "news", "unknown"): 1, ("deliveries", "news", "posted"): 1}


async def test_a_post_that_is_resolved_before_the_end_counts_once(
    ledger: SqliteLedger, config: Settings, sent: Sent
) -> None:
    """The run closes with what a person said of it."""
    await signed(ledger, config)
    await put(ledger, "post-1", UNKNOWN)
    word = posting.Word("it is there", ADELE)
    await posting.resolve(ledger, Workflows(config), await runs.story(ledger, RUN), word, NOW)
    await receipts.write(ledger, config, ending())
    counted = {key: n for key, n in sent().sums.items() if key[0] == "deliveries"}
    assert counted == {("deliveries", "news", "posted"): 1}


async def test_a_trial_s_tokens_count_too(sent: Sent) -> None:
    """Whoever asks the model, it costs; without prices no cost is told."""

    async def asking() -> Refusal:
        return Refusal("empty", "Nothing came.", prompt_tokens=5)

    await calls.told(a_config(allowances=Allowances()), asking())
    sums = sent().sums
    assert (sums["tokens", "input"], sums["model.refusals", "empty"]) == (5, 1)
    assert ("cost", "USD") not in sums
