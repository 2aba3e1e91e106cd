"""Owns the rules of signing: pure decisions about a round, which the ledger then makes count.

`seats` says who is asked, `answers` what an answer does, `verdicts` when it is enough, `upkeep`
what time does, and `steering` what whoever asked or operates may do.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

from signpost import inputs
from signpost.flows import INPUT_IN_TEXT
from signpost.people import Directory, is_object_id
from signpost.policy import Approval
from signpost.problems import Decided, Over
from signpost.records import Round, Run

LONGEST_TITLE = 120  # characters, so that it stays a heading
OVER = {
    "Expired": "The time to answer is over: nobody signed by the deadline.",
    "Canceled": "The run was canceled.",
    "Failed": "The run failed before anybody could answer.",
    "Reject": "The time to answer is over, which counts as Reject.",
}

Decision = Callable[[Round], Round]


class Case(NamedTuple):
    """What a round is judged by: the run with its policy, and who is who today."""

    run: Run
    people: Directory

    @property
    def policy(self) -> Approval:
        """The rules of signing, as they stood when the run began."""
        return self.run.flow.approval

    @property
    def title(self) -> str:
        """The heading of the request on one line, with the run's inputs in their places."""
        filled = re.sub(INPUT_IN_TEXT, self._input, self.policy.title)
        short = filled[:LONGEST_TITLE].rstrip()
        return filled if len(filled) <= LONGEST_TITLE else f"{short} \u2026"

    def _input(self, found: re.Match[str]) -> str:
        return inputs.shown(self.run.inputs.get(found["input"])) or "\u2026"

    def is_barred(self, person: str) -> bool:
        """Say whether this person asks for the text, and so may not sign it.

        An object id that people.yaml does not have could be anybody's who has no `id` there.
        """
        asking = None if self.policy.allow_self_approval else self.run.requestor
        if asking is None:
            return False
        asked_by = self.people.canonical(asking)
        if is_object_id(asked_by) and self.people.object_id(person) is None:
            return True
        return self.people.same(person, asked_by)


def refuse_when_over(standing: Round) -> None:
    """Raise Decided or Over unless the round can still be decided."""
    decision = standing.decision
    if decision is not None:
        raise Decided(
            f"{decision.responder.name} answered {decision.approver_response} first.",
            outcome=standing.outcome,
            decision=decision,
        )
    if standing.outcome:
        raise Over(OVER[standing.outcome], outcome=standing.outcome)
