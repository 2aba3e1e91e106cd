"""An inbox's answer means one of ours, about the text that its approval shows."""

from typing import Any

import pytest

from signpost import inbox
from signpost.contracts import REQUEST_CHANGES
from signpost.oversight.answers import Answer, Said, respond
from signpost.problems import Invalid
from signpost.records import Responder
from signpost.text import digest
from tests.builders import ADELE, NOW, TEXT, a_case, a_round

EDIT = {"action": "post", "args": {"text": "Mine."}}
LONGEST = "x" * 4000


def read(body: Any) -> Answer:
    """Read an inbox's body as an answer about the default draft."""
    return inbox.translate(body, digest(TEXT))


TRANSLATED: list[tuple[Any, tuple[str, str, str | None]]] = [
    ({"type": "accept"}, ("Approve", "", None)),
    ({"type": "accept", "args": None}, ("Approve", "", None)),
    ({"type": "accept", "args": EDIT}, ("Approve", "", None)),
    ([{"type": "accept", "args": None}], ("Approve", "", None)),
    ({"type": "edit", "args": EDIT}, ("Approve", "", "Mine.")),
    ({"type": "edit", "args": {"args": {"text": ""}}}, ("Approve", "", "")),
    ({"type": "response", "args": "Shorter."}, (REQUEST_CHANGES, "Shorter.", None)),
    ({"type": "response", "args": None}, (REQUEST_CHANGES, "", None)),
    ({"type": "response", "args": LONGEST}, (REQUEST_CHANGES, LONGEST, None)),
    ({"type": "ignore"}, ("Reject", "", None)),
    ({"type": "ignore", "args": "Not ours."}, ("Reject", "Not ours.", None)),
    ({"type": "accept", "more": 1}, ("Approve", "", None)),
]


@pytest.mark.parametrize("body,meant", TRANSLATED)
def test_each_word_means_one_answer(body: Any, meant: tuple[str, str, str | None]) -> None:
    """Answer, comment and edit, about the text that the approval shows."""
    answer = read(body)
    assert (answer.response, answer.comments, answer.accepted_text) == meant
    assert answer.digest == digest(TEXT)


REFUSED: list[tuple[Any, str, str]] = [
    ({"type": "accepted"}, "type", "Invalid enum value"),
    ({"type": ""}, "type", "Invalid enum value"),
    ({"type": None}, "type", "Expected `str`"),
    ({"type": ["accept"]}, "type", "Expected `str`"),
    ({"type": {}}, "type", "Expected `str`"),
    (["accept"], "type", "Expected `object`"),
    ([{"args": "x"}], "type", "missing"),
    ({"type": "response", "args": {"text": "x"}}, "args", "as a text"),
    ({"type": "response", "args": ["x"]}, "args", "as a text"),
    ({"type": "ignore", "args": 7}, "args", "as a text"),
    ({"type": "response", "args": LONGEST + "x"}, "args", "length <= 4000"),
    ({"type": "ignore", "args": LONGEST + "x"}, "args", "length <= 4000"),
    ({"type": "edit"}, "args", "args.args.text"),
    ({"type": "edit", "args": "Mine."}, "args", "args.args.text"),
    ({"type": "edit", "args": {"text": "Mine."}}, "args", "args.args.text"),
    ({"type": "edit", "args": {"args": {"text": 7}}}, "args", "args.args.text"),
    ({"type": "edit", "args": {"args": ["Mine."]}}, "args", "args.args.text"),
]


@pytest.mark.parametrize("body,field,said", REFUSED)
def test_what_means_nothing_is_refused(body: Any, field: str, said: str) -> None:
    """The field at fault is named, and no answer is guessed."""
    with pytest.raises(Invalid, match=said) as error:
        read(body)
    assert error.value.field == field


@pytest.mark.parametrize("body", [[], [{"type": "accept"}, {"type": "ignore"}], [[]]])
def test_an_approval_takes_one_answer(body: Any) -> None:
    """None or two in a list are no answer."""
    with pytest.raises(Invalid, match=r"one answer|Expected `object`"):
        read(body)


@pytest.mark.parametrize(
    "body,is_inbox",
    [
        ({"type": "accept"}, True),
        ([{"type": "accept"}], True),
        ([], True),
        ({"response": "Approve", "digest": "x"}, False),
        ({}, False),
        ("accept", False),
        (None, False),
        (7, False),
    ],
)
def test_an_inbox_is_told_from_our_page(body: Any, *, is_inbox: bool) -> None:
    """Lists and `type` are an inbox's; our own answers say `response`."""
    assert inbox.is_inbox(body) == is_inbox


def judged(body: Any, **approval: Any) -> str | None:
    """Let an inbox's answer to the default round count, and give the outcome."""
    said = Said(Responder(name=ADELE), "inbox", read(body))
    return respond(a_case(**approval), NOW, said, a_round(**approval)).outcome


def test_an_inbox_keeps_to_the_flows_rules() -> None:
    """What the flow does not offer, or wants a comment for, is refused here as on the page."""
    assert judged({"type": "accept"}) == "Approve"
    with pytest.raises(Invalid, match="Answer one of"):
        judged({"type": "response", "args": "Shorter."})
    with pytest.raises(Invalid, match="needs a comment"):
        judged({"type": "ignore"})
    with pytest.raises(Invalid, match="does not allow edits"):
        judged({"type": "edit", "args": EDIT}, allow_edits=False)
    with pytest.raises(Invalid, match="is empty"):
        judged({"type": "edit", "args": {"args": {"text": " "}}})


def test_feedback_of_an_inbox_ends_the_round() -> None:
    """`response` asks for a new draft, where the flow allows that."""
    asked = judged({"type": "response", "args": "Shorter."}, allow_request_changes=True)
    assert asked == REQUEST_CHANGES
