"""Findings are told in calm lines, with what to do below, and a status for scripts."""

import pytest

from signpost.doctor.finding import Finding, render, status

OK = Finding("ledger", "ok", "It can be written.")
UNKNOWN = Finding("scheduler", "unknown", "Only the app can ask it.")
PROBLEM = Finding("model", "problem", "There is no deployment.", "azd provision\nand wait")


def test_a_finding_is_one_line_with_its_fix_below() -> None:
    """The state comes first, and every line of a fix is set in."""
    assert render([OK, PROBLEM]).splitlines() == [
        "ok       ledger: It can be written.",
        "problem  model: There is no deployment.",
        "         fix: azd provision",
        "         and wait",
    ]


@pytest.mark.parametrize(
    "findings,expected",
    [([], 2), ([UNKNOWN], 2), ([OK], 0), ([OK, UNKNOWN], 0), ([OK, PROBLEM, UNKNOWN], 1)],
)
def test_a_script_learns_what_was_seen(findings: list[Finding], expected: int) -> None:
    """What could not be looked at is no fault; where that is everything, nothing is well either."""
    assert status(findings) == expected


def test_what_another_machine_sent_steers_no_terminal() -> None:
    """Escape sequences in a finding of a deployed app are shown, not obeyed."""
    assert "\x1b" not in render([Finding("app", "problem", "\x1b[2J", "\x1b]0;x\x07")])
