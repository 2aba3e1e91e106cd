"""Log lines are one JSON object each, whatever stands in their values."""

import json
import logging

import pytest

from signpost.telemetry import logs, spans
from tests.repo.sources import modules
from tests.unit.telemetry.conftest import Sent

NASTY = 'a\r\nERROR forged\x1b[31m red \x9b \u2028 \u0085 {"b": 1}'
LOG = logs.logger("signpost.tested")


def raise_from(text: str, cause: str) -> None:
    """Raise an error that has come from another."""
    raise ValueError(text) from KeyError(cause)


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """Listen to all lines."""
    caplog.set_level(logging.DEBUG)
    return caplog


def test_a_line_holds_its_sentence_and_its_fields(lines: pytest.LogCaptureFixture) -> None:
    """In the text of the record, which is all that the Functions worker sends on."""
    LOG.info("Run %s is due.", "7", extra={"action": "purge", "run": "7"})
    [line] = map(json.loads, lines.messages)
    assert line == {"message": "Run 7 is due.", "action": "purge", "run": "7"}


def test_no_value_begins_a_line(lines: pytest.LogCaptureFixture) -> None:
    """Line ends, colours and separators are escaped, in sentence and fields, and read back."""
    LOG.warning("It said %s", NASTY, extra={"action": NASTY})
    [line] = lines.messages
    assert all(" " <= letter <= "~" for letter in line)
    assert json.loads(line) == {"message": f"It said {NASTY}", "action": NASTY}


def test_an_exception_is_one_line_without_its_text(lines: pytest.LogCaptureFixture) -> None:
    """What was raised, from what, and where."""
    try:
        raise_from("a draft", "a comment")
    except ValueError:
        LOG.exception("It failed")
    [record] = lines.records
    told = json.loads(record.getMessage())
    assert (told["error"], record.exc_info) == ("ValueError from KeyError", None)
    assert "test_logs.py" in told["at"][0]
    assert "a draft" not in lines.text
    assert "a comment" not in lines.text


def test_a_line_names_the_trace_that_it_belongs_to(
    sent: Sent, lines: pytest.LogCaptureFixture
) -> None:
    """So that who sees one finds the other."""
    with spans.span("signpost.draft"):
        LOG.info("Inside.")
    [span] = sent().spans
    assert json.loads(lines.messages[0])["trace"] == span.trace


def test_a_line_is_told_to_come_from_its_caller(lines: pytest.LogCaptureFixture) -> None:
    """The record names this file, and not the one that makes lines."""
    LOG.info("From here.")
    assert lines.records[0].filename == "test_logs.py"


def test_what_is_not_wanted_is_not_made(lines: pytest.LogCaptureFixture) -> None:
    """A level that is off costs no line."""
    lines.set_level(logging.ERROR, "signpost.tested")
    LOG.info("Not wanted: %s", "x")
    assert lines.messages == []


@pytest.mark.parametrize("owner", ["triggers", "activities", "signpost"])
def test_all_of_the_app_logs_in_lines(owner: str) -> None:
    """No module takes a logger that would write a bare sentence."""
    own = "signpost/telemetry/logs.py"
    bare = [m.path for m in modules(owner) if "log = logging." in m.text and str(m.path) != own]
    assert bare == []


def test_orchestrators_log_nothing() -> None:
    """They are replayed, so each line would come again: they have no logger at all."""
    found = modules("orchestrators")
    assert found
    assert [m.path for m in found if any(w in m.text for w in ("logging", "telemetry"))] == []
