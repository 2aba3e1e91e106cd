"""The timer deletes what is due, on time and once, and a ledger that is away stops nothing."""

import json
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from signpost import receipts, records, runs
from signpost.contracts import Ending
from signpost.ledger import Ledger, open_ledger
from signpost.settings import settings
from tests.builders import RUN, TEXT, a_config, a_draft, a_flow, a_run, put, work
from tests.doubles.durable_double import DurableDouble
from triggers import sweep as trigger

SWEEP: Any = trigger.sweep._function.get_user_function()
TIMER: Any = None  # the handler reads nothing of it
DAY = timedelta(days=1)

Swept = Callable[[], Awaitable[None]]


@pytest.fixture
def swept(durable_double: DurableDouble) -> Swept:
    """Let the timer fire."""
    return partial(SWEEP, TIMER, client=durable_double.client())


async def closed(ledger: Ledger, purge_after: timedelta) -> None:
    """Bring the default run to its end, ten days before this moment."""
    flow = a_flow()
    fields = {name: getattr(flow, name) for name in flow.__struct_fields__}
    kept = type(flow)(**fields | {"purge_after": purge_after})
    ended = datetime.now(UTC) - 10 * DAY
    await put(ledger, records.RUN, a_run(flow=kept, created_at=ended))
    await put(ledger, records.draft_row(1), a_draft())
    what = Ending(work=work(after=ended - work().now), outcome="Failed", failure="Too large.")
    await receipts.write(ledger, a_config(), what)


def test_it_comes_every_quarter_of_an_hour() -> None:
    """The host is told so, and to make up for a time that it missed."""
    bindings = [each.get_dict_repr() for each in trigger.sweep._function.get_bindings()]
    [said] = [each for each in bindings if each["type"] == "timerTrigger"]
    assert said["schedule"] == "0 */15 * * * *"
    assert said.get("useMonitor") is not False


async def test_what_is_due_is_deleted(
    app_ledger: Ledger, swept: Swept, caplog: pytest.LogCaptureFixture
) -> None:
    """The draft goes, and the log says how many runs it were, and nothing of them."""
    caplog.set_level(logging.INFO)
    await closed(app_ledger, 5 * DAY)
    await swept()
    assert (await runs.story(app_ledger, RUN)).drafts == {}
    told = "The texts of 1 runs were deleted, as their flows say."
    [line] = map(json.loads, caplog.messages)
    assert line == {"message": told, "action": "sweep", "purged": 1}


async def test_twice_is_once(
    app_ledger: Ledger, swept: Swept, caplog: pytest.LogCaptureFixture
) -> None:
    """A second time finds nothing left, and says nothing."""
    await closed(app_ledger, 5 * DAY)
    await swept()
    caplog.clear()
    caplog.set_level(logging.INFO)
    await swept()
    assert caplog.messages == []


async def test_what_is_not_due_stays(app_ledger: Ledger, swept: Swept) -> None:
    """A flow that keeps its texts longer keeps them."""
    await closed(app_ledger, 20 * DAY)
    await swept()
    assert (await runs.story(app_ledger, RUN)).drafts[1].text == TEXT


async def test_a_ledger_that_is_away_is_a_warning(
    app_ledger: Ledger,
    swept: Swept,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """One line without a stack: the next time will do."""
    monkeypatch.setenv("SIGNPOST_LEDGER", f"sqlite:{tmp_path}/nowhere/app.db")
    settings.cache_clear()
    open_ledger.cache_clear()
    await swept()
    [record] = caplog.records
    assert (record.levelname, record.exc_info) == ("WARNING", None)


async def test_a_missing_setting_is_named(
    app_ledger: Ledger,
    swept: Swept,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """An app that is not set up says what it lacks, without a stack."""
    monkeypatch.delenv("SIGNPOST_LEDGER")
    settings.cache_clear()
    await swept()
    assert "SIGNPOST_LEDGER" in caplog.text
    assert caplog.records[0].exc_info is None
