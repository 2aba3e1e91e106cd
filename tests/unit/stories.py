"""Builds the stories of runs that views are about, row by row, without a ledger."""

from datetime import timedelta
from typing import Any

import msgspec

from signpost import shapes, views
from signpost.contracts import REQUEST_CHANGES
from signpost.oversight import upkeep
from signpost.oversight.answers import respond
from signpost.records import Post, Round
from signpost.runs import Story
from signpost.text import digest
from tests.builders import ADELE, ALEX, NOW, TEXT, a_case, a_draft, a_flow, a_round, a_run, said

HOUR = timedelta(hours=1)
CHANGES: dict[str, Any] = {"allow_request_changes": True, "max_rounds": 2}


def answered(*answers: tuple[str, str], edit: str | None = None, **approval: Any) -> Round:
    """Build a round with these answers, each a person and what they chose."""
    case, standing = a_case(**approval), a_round(**approval)
    for person, response in answers:
        one = said(person, response, accepted_text=edit)
        standing = respond(case, NOW, one, standing)
    return standing


def a_story(*rounds: Round, post: Any = None, **run: Any) -> Story:
    """Build the story of a run with these rounds, and its post in this state."""
    sent = Post(digest=digest(TEXT), target="Teams", state=post, detail="", at=NOW)
    run.setdefault("flow", a_flow(**run.pop("approval", {})))
    return Story(
        run=a_run(**run),
        drafts={each.number: a_draft() for each in rounds},
        calls={},
        rounds=list(rounds),
        posts={len(rounds): sent} if post else {},
        receipt=None,
    )


def two_rounds() -> Story:
    """Build the story of a run in its second and last round."""
    before = answered((ALEX, REQUEST_CHANGES), **CHANGES)
    draft = a_draft("Shorter.")
    after = upkeep.open_round(a_case(**CHANGES), draft, 2, NOW + HOUR)
    story = a_story(before, after, approval=CHANGES)
    return msgspec.structs.replace(story, drafts={1: a_draft(), 2: draft})


def seen(story: Story, who: str = ADELE, now: Any = NOW, number: int = 1) -> shapes.ApprovalView:
    """Show somebody an approval."""
    return views.approval_view(story, number, who, now)
