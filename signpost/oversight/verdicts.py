"""Owns when answers are enough: what each type of approval makes of them."""

from typing import NamedTuple

from signpost.contracts import REQUEST_CHANGES, Outcome
from signpost.oversight import seats
from signpost.policy import APPROVE, CUSTOM_ONE, FIRST, REJECT, Approval
from signpost.records import Round


class Verdict(NamedTuple):
    """How a round ends, and whether that is in favour of posting."""

    outcome: Outcome
    signed: bool


NEXT_STAGE = Verdict("", signed=False)


def verdict(policy: Approval, standing: Round) -> Verdict | None:
    """Say what the answers so far come to; None while more are needed."""
    latest = standing.responses[-1].approver_response
    if latest == REQUEST_CHANGES:
        return Verdict(REQUEST_CHANGES, signed=False)
    if policy.is_custom:
        return _custom(policy, standing, _answers(standing))
    return _passed(policy, standing, _answers(standing))


def still_needed(policy: Approval, standing: Round) -> int:
    """Count the answers that this stage lacks, if all that come are in favour."""
    if policy.is_custom:
        return 1 if policy.type == CUSTOM_ONE else len(seats.free(standing))
    return max(0, _needed(policy, standing) - _answers(standing).count(APPROVE))


def _custom(policy: Approval, standing: Round, answers: list[str]) -> Verdict | None:
    """One answer is enough, or all are: then each must be one that posts."""
    if policy.type != CUSTOM_ONE and seats.free(standing):
        return None
    outcome = answers[0] if len(set(answers)) == 1 else ", ".join(answers)
    return Verdict(outcome, signed=all(policy.signs(each) for each in answers))


def _passed(policy: Approval, standing: Round, answers: list[str]) -> Verdict | None:
    """Count approvals; it ends as soon as rejections leave too few who could still approve."""
    needed = _needed(policy, standing)
    is_first = policy.all_stages[standing.stage - 1].type == FIRST
    most_rejections = 0 if is_first else len(seats.places(standing)) - needed
    if answers.count(REJECT) > most_rejections:
        return Verdict(REJECT, signed=False)
    if answers.count(APPROVE) < needed:
        return None
    is_last = standing.stage == len(policy.all_stages)
    return Verdict(APPROVE, signed=True) if is_last else NEXT_STAGE


def _needed(policy: Approval, standing: Round) -> int:
    stage = policy.all_stages[standing.stage - 1]
    return 1 if stage.type == FIRST else stage.approvals or len(seats.places(standing))


def _answers(standing: Round) -> list[str]:
    return [r.approver_response for r in standing.responses if r.stage == standing.stage]
