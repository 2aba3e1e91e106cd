"""Of several drafts the approver signs one: the one whose digest, or whose very text, was sent."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signpost.contracts import REQUEST_CHANGES
from signpost.policy import CUSTOM_ONE, FIRST
from signpost.problems import Decided, Invalid, Problem
from signpost.records import Round
from signpost.text import digest
from tests.builders import ADELE, ALEX, MEGAN, TEXT, a_draft
from tests.unit.oversight.signing import DEADLINE, Signing

SECOND, THIRD, EDIT = "The terrace is open.", "Coffee outside, from Monday on!", "Mine."
DRAFT = a_draft(others=[SECOND, THIRD])
LISTED = [digest(TEXT), digest(SECOND), digest(THIRD)]


def choosing(**fields: Any) -> Signing:
    """Open a round of three drafts."""
    return Signing(draft=DRAFT, **fields)


@pytest.mark.parametrize("text", [TEXT, SECOND, THIRD])
@pytest.mark.parametrize("kind,response", [(FIRST, "Approve"), (CUSTOM_ONE, "Ship")])
def test_the_chosen_draft_is_signed(kind: str, response: str, text: str) -> None:
    """Its text and its digest, and no other's, whichever of them it is."""
    decided = choosing(type=kind).answer(response=response, digest=digest(text))
    assert decided.signed_text(DRAFT) == text
    assert decided.signed_digest() == digest(text)
    assert decided.responses[0].accepted_text is None


def test_a_round_lists_its_drafts() -> None:
    """The digests are taken when the round opens; equal texts are one draft."""
    standing = choosing().round
    assert [standing.draft_digest, *standing.other_digests] == LISTED
    twins = Signing(draft=a_draft(others=[SECOND, TEXT, SECOND])).round
    assert [twins.draft_digest, *twins.other_digests] == LISTED[:2]


def test_a_text_that_is_no_draft_is_not_chosen() -> None:
    """The digest of anything else is refused, also that of a draft of another round."""
    for unknown in (digest("Another text."), digest(EDIT), "", SECOND):
        problem = choosing().refused(digest=unknown)
        assert isinstance(problem, Invalid)
        assert problem.field == "digest"


def test_an_edit_is_of_the_chosen_draft() -> None:
    """What is signed is the edit; the answer still says on which draft it was made."""
    decided = choosing().answer(digest=digest(SECOND), accepted_text=EDIT)
    assert (decided.signed_text(DRAFT), decided.signed_digest()) == (EDIT, digest(EDIT))
    assert decided.responses[0].draft_digest == digest(SECOND)


@pytest.mark.parametrize("text", [TEXT, SECOND])
def test_the_chosen_draft_sent_back_is_no_edit(text: str) -> None:
    """Who sends the chosen draft to the letter has signed it as the model wrote it."""
    [response] = choosing().answer(digest=digest(text), accepted_text=text).responses
    assert (response.accepted_text, response.accepted_digest) == (None, None)


@pytest.mark.parametrize("about,text", [(TEXT, THIRD), (THIRD, TEXT), (SECOND, THIRD)])
def test_typing_another_draft_is_choosing_it(about: str, text: str) -> None:
    """An edit that ends as another draft is that draft: nobody's post says edited for nothing."""
    decided = choosing().answer(digest=digest(about), accepted_text=text)
    assert decided.responses[0].accepted_text is None
    assert decided.signed_digest() == decided.chosen_digest(decided.responses[0]) == digest(text)
    assert decided.signed_text(DRAFT) == text


def test_changes_are_asked_of_the_chosen_draft() -> None:
    """The answer says which draft is to be changed; nothing is signed."""
    asked = choosing(allow_request_changes=True).answer(
        ADELE, REQUEST_CHANGES, digest=digest(THIRD), comments="Friendlier."
    )
    assert (asked.outcome, asked.signed_text(DRAFT)) == (REQUEST_CHANGES, None)
    assert asked.chosen_digest(asked.responses[0]) == digest(THIRD)


def test_the_first_draft_needs_no_name() -> None:
    """An answer about the first is written as it was when there was just one."""
    assert choosing().answer().responses[0].draft_digest is None


@pytest.mark.parametrize("who,again", [(ADELE, SECOND), (ADELE, THIRD), (ALEX, SECOND)])
def test_the_first_choice_counts(who: str, again: str) -> None:
    """The same choice made twice, or another one after it, hears of the first."""
    signing = choosing()
    signing.answer(ADELE, digest=digest(SECOND))
    assert isinstance(signing.refused(who, digest=digest(again)), Decided)
    assert signing.round.signed_digest() == digest(SECOND)


def test_a_draft_that_changed_in_the_store_is_not_given() -> None:
    """Another text in its place has another digest than the one that was signed."""
    decided = choosing().answer(digest=digest(SECOND))
    forged = a_draft(others=["Pay to this account.", THIRD])
    assert digest(decided.signed_text(forged) or "") != decided.signed_digest()


texts = st.sampled_from([TEXT, SECOND, THIRD, EDIT, "Two\nlines.", "", "pay\u202eroll", "x"])
answers = st.tuples(
    st.sampled_from([ADELE, ALEX, MEGAN, "eve@contoso.com"]),
    st.sampled_from(["Approve", "Reject", REQUEST_CHANGES, "Maybe"]),
    texts.map(digest) | st.just(""),
    st.none() | texts,
    st.sampled_from([0, 1, 29, 40]),
)


def play(signing: Signing, steps: list[tuple[str, str, str, str | None, int]]) -> Round:
    """Give answers in turn, also those that are refused."""
    for who, response, about, edit, days in sorted(steps, key=lambda step: step[4]):
        after = DEADLINE * days / 30
        try:
            signing.answer(who, response, after, digest=about, accepted_text=edit)
        except Problem:
            continue
    return signing.round


@given(steps=st.lists(answers, max_size=12), edits=st.booleans(), changes=st.booleans())
def test_what_is_signed_was_shown_or_sent(
    *, steps: list[tuple[str, str, str, str | None, int]], edits: bool, changes: bool
) -> None:
    """Whatever is answered in whatever order: a draft of the round, or the edit that came."""
    signing = choosing(allow_edits=edits, allow_request_changes=changes)
    standing = play(signing, steps)
    signed = standing.signed_text(DRAFT)
    assert (signed is None) == (standing.outcome != "Approve") == (not standing.signed)
    if signed is None:
        return
    approvals = [(about, edit) for _, said, about, edit, _ in steps if said == "Approve"]
    chosen = {DRAFT.variants.get(about) for about, edit in approvals if edit is None}
    assert signed in chosen | {edit for _, edit in approvals if edits and edit is not None}
    assert digest(signed) == standing.signed_digest()
    assert (standing.responses[-1].accepted_text is None) == (digest(signed) in LISTED)
