"""Owns how a run's state is told in a sentence."""

from datetime import datetime

from signpost.contracts import REQUEST_CHANGES
from signpost.oversight import OVER, Case, seats, upkeep
from signpost.oversight.verdicts import still_needed
from signpost.people import people
from signpost.policy import REJECT
from signpost.posting import as_known
from signpost.records import Round
from signpost.runs import Story

_DELIVERED = {
    "posted": "Posted to Teams",
    "handed over": "Handed over to Teams",
    "unknown": "It is not known whether the post reached Teams",
    "failed": "The post did not reach Teams",
}


def story_in_a_sentence(story: Story, now: datetime, word: str | None) -> str:
    """Say where a run stands; `word` is the orchestration's own on a step that takes long."""
    if story.receipt:
        return _ending(story, now)
    if story.run.canceled_at and story.state == "drafting":
        return "The run was canceled; its end is being noted."
    return word or _moment(story, now)


def _moment(story: Story, now: datetime) -> str:
    standing = story.round
    if standing is None:
        return "The draft is being written."
    if standing.outcome == REQUEST_CHANGES and standing.decision:
        asked = standing.decision.responder.name
        return f"Draft {standing.number + 1} is being written, since {asked} asked for changes."
    if standing.outcome is None:
        return _waiting(story, standing, now)
    if standing.signed:
        return "The signed text is being posted."
    return _unposted(story, standing.failure)


def _waiting(story: Story, standing: Round, now: datetime) -> str:
    case = Case(story.run, people())
    at_hand = upkeep.current(case, now, standing)
    waiting = [each.person for each in seats.awaited(case, at_hand, now)]
    if not waiting:
        return "Waiting for a signature, but nobody is left to give it."
    needed = still_needed(case.policy, at_hand)
    stages = len(case.policy.all_stages)
    stage = f" (stage {at_hand.stage} of {stages})" if stages > 1 else ""
    return f"Waiting for {_some(needed, waiting)}{stage}." + _untold(at_hand, waiting)


def _some(needed: int, people: list[str]) -> str:
    """Name people of whom so many are needed."""
    if needed == 1:
        return " or ".join(people)
    if needed >= len(people):
        return " and ".join(people)
    return f"{needed} of {', '.join(people)}"


def _untold(standing: Round, waiting: list[str]) -> str:
    missing = [person for person in waiting if person not in standing.notified]
    if not missing or not standing.notice_attempts:
        return ""
    return f" {' and '.join(missing)} could not be told yet; it is tried again."


def _ending(story: Story, now: datetime) -> str:
    receipt, standing = story.receipt, story.round
    if receipt is None:
        raise LookupError("only a closed run has an ending")
    if story.run.purged_at:
        return f"{receipt.outcome}. The texts were deleted on {story.run.purged_at:%d %b %Y}."
    if standing and standing.signed and story.post:
        delivered = _DELIVERED.get(as_known(story.post, now).state, "Being posted again")
        return f"{delivered}; signed by {' and '.join(standing.signers)}."
    return _unposted(story, receipt.failure)


def _unposted(story: Story, failure: str | None) -> str:
    ending, standing = story.receipt or story.round, story.round
    outcome = ending.outcome if ending else None
    if standing and standing.decision and outcome not in ("Canceled", "Failed"):
        return f"{_turned_down(standing, outcome)}; nothing was posted."
    if outcome == "Canceled" and story.run.cancel_reason:
        return f"The run was canceled ({story.run.cancel_reason}); nothing was posted."
    return f"{failure or OVER.get(outcome or '', '')} Nothing was posted."


def _turned_down(standing: Round, outcome: str | None) -> str:
    """Name all whose answers made the outcome."""
    answers = [each for each in standing.responses if each.stage == standing.stage]
    if outcome != REJECT:
        return f"{outcome}, answered by {' and '.join(each.responder.name for each in answers)}"
    against = [each.responder.name for each in answers if each.approver_response == REJECT]
    return f"Rejected by {' and '.join(against)}"
