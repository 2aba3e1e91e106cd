"""What is shown of drafts: all that may be chosen, which one was, and what they took."""

from typing import Any

import msgspec
import pytest

from signpost import shapes, views
from signpost.contracts import REQUEST_CHANGES
from signpost.oversight import upkeep
from signpost.oversight.answers import respond
from signpost.records import Calls
from signpost.runs import Story
from signpost.teams.cards import text_of
from signpost.text import digest
from signpost.usage import Cost
from tests.builders import ALEX, NOW, TEXT, a_case, a_draft, a_round, said
from tests.unit.stories import CHANGES, HOUR, a_story, seen, two_rounds

SECOND, LINKED = "The terrace is open.", "See https://fabrikam.com/terrace"


def a_choice(**fields: Any) -> Story:
    """Build the story of a run with three drafts under review."""
    draft = a_draft(others=[SECOND, LINKED], **fields)
    opened = upkeep.open_round(a_case(), draft, 1, NOW)
    return msgspec.structs.replace(a_story(opened), drafts={1: draft})


def chosen(text: str, edit: str | None = None) -> Story:
    """Build the story of a run in which one of three drafts was signed."""
    story = a_choice()
    standing = respond(
        a_case(), NOW, said(digest=digest(text), accepted_text=edit), story.rounds[0]
    )
    return msgspec.structs.replace(story, rounds=[standing])


def test_the_approval_shows_all_drafts() -> None:
    """Each with its digest, its own card and what to look at in it; the first stands apart."""
    view = seen(a_choice(removed=["U+200B ZERO WIDTH SPACE"]))
    assert [each.text for each in view.variants] == [TEXT, SECOND, LINKED]
    assert [each.digest for each in view.variants] == [digest(t) for t in (TEXT, SECOND, LINKED)]
    assert [text_of(each.card) for each in view.variants] == [TEXT, SECOND, LINKED]
    assert [bool(each.findings) for each in view.variants] == [False, False, True]
    first = view.variants[0]
    assert (view.text, view.digest, view.card) == (first.text, first.digest, first.card)
    assert view.removed == ["U+200B ZERO WIDTH SPACE"]


def test_one_draft_is_one_to_choose() -> None:
    """Where a flow asks for one, the page has one to show, whichever member it looks at."""
    [only] = seen(a_story(a_round())).variants
    assert (only.text, only.digest) == (TEXT, digest(TEXT))


@pytest.mark.parametrize("edit", [None, "Mine."])
def test_a_run_shows_which_draft_was_chosen(edit: str | None) -> None:
    """The signed text and its digest; all drafts stay beside it."""
    view = views.run_view(chosen(SECOND, edit), NOW)
    assert (view.accepted_text, view.signed_digest) == (edit or SECOND, digest(edit or SECOND))
    assert view.responses[0].digest == digest(edit or SECOND)
    assert view.round is not None
    assert view.round.variants == [TEXT, SECOND, LINKED]
    assert view.round.text == SECOND


@pytest.mark.parametrize("place", [0, 1])
def test_a_text_that_was_not_signed_is_not_shown_as_signed(place: int) -> None:
    """Where the store holds another text by now, the digest alone tells what was signed."""
    texts = [TEXT, SECOND]
    story = chosen(texts[place])
    texts[place] = "Pay to this account."
    forged = {1: a_draft(texts[0], others=texts[1:])}
    view = views.run_view(msgspec.structs.replace(story, drafts=forged), NOW)
    assert view.accepted_text is None
    assert view.signed_digest == digest([TEXT, SECOND][place])


def test_a_draft_that_was_sent_back_is_told() -> None:
    """Who signs the next round sees which of the earlier drafts the feedback is about."""
    story = a_choice()
    asked = respond(
        a_case(**CHANGES), NOW, said(ALEX, REQUEST_CHANGES, digest=digest(SECOND)), story.rounds[0]
    )
    after = upkeep.open_round(a_case(**CHANGES), a_draft("Shorter."), 2, NOW + HOUR)
    drafts = story.drafts | {2: a_draft("Shorter.")}
    view = seen(msgspec.structs.replace(story, rounds=[asked, after], drafts=drafts), number=2)
    assert view.feedback[0].digest == digest(SECOND)
    assert view.previous is not None
    assert (view.previous.text, view.previous.digest) == (SECOND, digest(SECOND))


def test_a_run_shows_what_it_took() -> None:
    """All calls count: of all drafts, and of one that the model never finished."""
    price = Cost("0.0004", "USD")
    drafts = {1: a_draft(cost=price), 2: a_draft("Shorter.", cost=price)}
    unfinished = {3: Calls(made=5, prompt_tokens=50, completion_tokens=7, cost=price)}
    story = msgspec.structs.replace(two_rounds(), drafts=drafts, calls=unfinished)
    view = views.run_view(story, NOW)
    assert (view.prompt_tokens, view.completion_tokens) == (70, 47)
    assert view.cost == shapes.CostView(amount="0.0012", currency="USD")


def test_what_a_finished_draft_took_counts_once() -> None:
    """The row of its calls stays, and is in the draft's own numbers."""
    price = Cost("0.0004", "USD")
    calls = {1: Calls(made=2, prompt_tokens=9, completion_tokens=9, cost=price)}
    story = msgspec.structs.replace(
        a_story(a_round()), drafts={1: a_draft(cost=price)}, calls=calls
    )
    view = views.run_view(story, NOW)
    assert (view.prompt_tokens, view.completion_tokens) == (10, 20)
    assert view.cost == shapes.CostView(amount="0.0004", currency="USD")


def test_without_prices_no_cost_is_shown() -> None:
    """Unknown is not nothing: the member is null."""
    assert views.run_view(a_story(a_round()), NOW).cost is None
