"""What is shown of runs and approvals is true at every moment of a run."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from signpost import shapes, views
from signpost.contracts import REQUEST_CHANGES
from signpost.flows import load_all
from signpost.oversight import steering, upkeep
from signpost.oversight.answers import respond
from signpost.policy import ResponseOption, Stage
from signpost.problems import Unknown
from signpost.records import Responder
from signpost.runs import BROKEN, Closed, Story
from signpost.teams.cards import text_of
from signpost.text import digest
from tests.builders import (
    ADELE,
    ALEX,
    MEGAN,
    NOW,
    RUN,
    TEXT,
    a_case,
    a_draft,
    a_flow,
    a_round,
    a_run,
    said,
)
from tests.unit.stories import CHANGES, HOUR, a_story, answered, seen, two_rounds

UNCHECKED = "The content filter did not work: nothing checked the prompt and text."
LATE = NOW + timedelta(days=30)
DIEGO = "diego@contoso.com"
EVERYONE: dict[str, Any] = {
    "type": "Approve/Reject - Everyone must approve",
    "allow_edits": False,
}
IN_TURN: dict[str, Any] = {
    "type": "Sequential approval",
    "assigned_to": None,
    "allow_edits": False,
    "stages": [Stage(assigned_to=[ADELE]), Stage(assigned_to=[ALEX])],
}


CANCELED = steering.cancel(a_case(), NOW, None, a_round())
MOMENTS = [
    (a_story(), "drafting", None),
    (a_story(a_round()), "waiting", None),
    (a_story(answered((ALEX, REQUEST_CHANGES), **CHANGES), approval=CHANGES), "drafting", None),
    (two_rounds(), "waiting", None),
    (a_story(answered((ADELE, "Approve"))), "posting", "Approve"),
    (a_story(answered((ADELE, "Approve")), post="claimed"), "posting", "Approve"),
    (a_story(answered((ADELE, "Reject"))), "waiting", "Reject"),
    (a_story(CANCELED), "waiting", "Canceled"),
    (a_story(upkeep.current(a_case(), LATE, a_round())), "waiting", "Expired"),
]


@pytest.mark.parametrize("story,state,outcome", MOMENTS)
def test_each_moment_is_told(story: Story, state: str, outcome: str | None) -> None:
    """State and outcome fit, also between a decision and the receipt."""
    view = views.run_view(story, NOW)
    assert (view.state, view.outcome) == (state, outcome)


@pytest.mark.parametrize("story", [story for story, *_ in MOMENTS])
def test_every_view_can_be_sent(story: Story) -> None:
    """Whatever the moment, the view is JSON with all its members, also those that are null."""
    view = msgspec.json.decode(msgspec.json.encode(views.run_view(story, NOW)))
    assert view["id"] == RUN
    assert len(view) == len(shapes.RunView.__struct_fields__)


def test_a_run_shows_what_was_signed() -> None:
    """The signed text is the approver's, with its own digest."""
    view = views.run_view(a_story(answered((ADELE, "Approve"), edit="Mine.")), NOW)
    assert (view.accepted_text, view.signed_digest) == ("Mine.", digest("Mine."))
    assert view.responses[0].digest == digest("Mine.")


def test_nothing_is_shown_as_signed_before() -> None:
    """An open, rejected or half approved round has no signed text."""
    half = answered((ADELE, "Approve"), **EVERYONE)
    for rounds in ((), (a_round(),), (answered((ADELE, "Reject")),), (half,)):
        view = views.run_view(a_story(*rounds), NOW)
        assert (view.accepted_text, view.signed_digest, view.delivery) == (None, None, None)


@pytest.mark.parametrize("state", ["claimed", "released"])
def test_a_post_under_way_is_no_delivery(state: str) -> None:
    """Nothing is claimed about a post before it is known."""
    story = a_story(answered((ADELE, "Approve")), post=state)
    assert views.run_view(story, NOW).delivery is None


def test_a_claim_left_alone_is_shown_as_unknown() -> None:
    """Five minutes after its claim a post that nobody noted may be there or not."""
    story = a_story(answered((ADELE, "Approve")), post="claimed")
    delivery = views.run_view(story, NOW + HOUR).delivery
    assert delivery is not None
    assert delivery.state == "unknown"


def test_every_round_is_shown_with_its_answers() -> None:
    """Earlier rounds keep their text and answers; `round` is the newest."""
    view = views.run_view(two_rounds(), NOW)
    assert [each.text for each in view.rounds] == [TEXT, "Shorter."]
    assert [(each.round, each.approver_response) for each in view.responses] == [
        (1, REQUEST_CHANGES)
    ]
    assert view.round == view.rounds[-1]


def test_a_responder_is_shown_as_power_automate_does() -> None:
    """What was proved is told, and what was not is null or the directory's."""
    who = Responder(name=ADELE, proof="sign-in", id="x", tenant_id="t", user_principal_name="a@c")
    proved = said()._replace(responder=who)
    story = a_story(respond(a_case(), NOW, proved, a_round()))
    [response] = views.run_view(story, NOW).responses
    shown = response.responder
    assert (shown.id, shown.tenant_id, shown.email, response.proof) == ("x", "t", ADELE, "sign-in")


def test_who_may_not_steer_is_told() -> None:
    """An approver who looks at a run sees no buttons that would be refused."""
    view = views.run_view(a_story(a_round()), NOW, may_steer=False)
    assert (view.may_steer, view.may_reassign) == (False, False)


def test_the_approval_shows_what_would_be_posted() -> None:
    """The card holds exactly the text under review, and who would have signed it."""
    view = seen(a_story(a_round()))
    assert text_of(view.card) == view.text == TEXT
    assert view.digest == digest(TEXT)
    assert ADELE in str(view.card["body"][-1])


@pytest.mark.parametrize("now,state,outcome", [(NOW, "open", None), (LATE, "over", "Expired")])
def test_an_approval_is_over_at_its_deadline(now: Any, state: str, outcome: str | None) -> None:
    """Also before the expiry is noted down."""
    view = seen(a_story(a_round()), now=now)
    assert (view.state, view.outcome) == (state, outcome)
    assert (view.waiting_for == []) == (state == "over")


def test_who_comes_late_sees_the_decision() -> None:
    """The other approver is shown whose answer counted."""
    view = seen(a_story(answered((ADELE, "Approve"))), ALEX)
    assert view.decision is not None
    assert (view.state, view.decision.responder.email, view.you) == ("over", ADELE, ALEX)


def test_who_answered_sees_the_own_answer() -> None:
    """While others are still asked, an answer can't be given twice."""
    view = seen(a_story(answered((ADELE, "Approve"), **EVERYONE), approval=EVERYONE))
    assert view.decision is not None
    assert (view.state, view.decision.responder.email, view.outcome) == ("answered", ADELE, None)
    assert [each.person for each in view.waiting_for] == [ALEX]


def test_who_is_next_has_to_wait() -> None:
    """In a sequence it is first one's turn, then the other's."""
    first = a_story(a_round(**IN_TURN), approval=IN_TURN)
    assert (seen(first).state, seen(first, ALEX).state) == ("open", "waiting")
    second = a_story(answered((ADELE, "Approve"), **IN_TURN), approval=IN_TURN)
    assert (seen(second).state, seen(second, ALEX).state) == ("answered", "open")
    assert (seen(second).stage, seen(second).stages) == (2, 2)


def test_who_handed_on_has_no_place() -> None:
    """The heir may answer; who handed it on sees the text, and can't."""
    handover = steering.Handover(ADELE, ADELE, DIEGO)
    case = a_case(enable_reassignment=True)
    story = a_story(
        steering.reassign(handover, case, NOW, a_round()), approval={"enable_reassignment": True}
    )
    assert (seen(story).state, seen(story, DIEGO).state) == ("waiting", "open")
    assert (seen(story).allow_reassign, seen(story, DIEGO).allow_reassign) == (False, True)


def test_an_escalated_approver_answers_for_another() -> None:
    """The page says in whose place, and that it can't be handed on."""
    escalation = {"escalate_to": DIEGO, "escalate_after": HOUR, "enable_reassignment": True}
    story = a_story(a_round(**escalation), approval=escalation)
    view = seen(story, DIEGO, NOW + HOUR)
    assert (view.state, view.on_behalf_of, view.allow_reassign) == ("open", ADELE, False)
    assert seen(story, now=NOW + HOUR).on_behalf_of is None


def test_everybody_who_is_asked_is_shown_once() -> None:
    """Also who has a place and is on the list to which it escalated, or a place in two stages."""
    policy: dict[str, Any] = {"escalate_to": [ADELE, DIEGO], "escalate_after": HOUR}
    standing = upkeep.current(a_case(**policy), NOW + HOUR, a_round(**policy))
    view = seen(a_story(standing, approval=policy))
    assert view.assigned_to == [ADELE, ALEX, DIEGO]


def test_the_last_round_takes_no_request_for_changes() -> None:
    """Each round shows its own answers, and which of them need a comment."""
    first = a_story(a_round(**CHANGES), approval=CHANGES)
    assert seen(first).options == ["Approve", "Reject", REQUEST_CHANGES]
    assert seen(first).require_comment == ["Reject", REQUEST_CHANGES]
    assert seen(two_rounds(), number=2).options == ["Approve", "Reject"]


def test_a_second_round_shows_the_first() -> None:
    """Who signs again sees what changed, and what was asked for."""
    view = seen(two_rounds(), number=2)
    assert view.previous is not None
    assert (view.previous.text, view.text) == (TEXT, "Shorter.")
    assert [(each.responder.email, each.comments) for each in view.feedback] == [
        (ALEX, "Too long.")
    ]
    assert (seen(two_rounds()).previous, seen(two_rounds()).feedback) == (None, [])


def test_an_earlier_round_says_how_it_ended() -> None:
    """An old link leads to the round it was made for, which is over."""
    view = seen(two_rounds())
    assert (view.state, view.outcome, view.text) == ("over", REQUEST_CHANGES, TEXT)


def test_custom_options_say_which_of_them_post() -> None:
    """An approver learns which answers sign the text."""
    approval: dict[str, Any] = {
        "type": "Custom Responses - Wait for one response",
        "response_options": [
            ResponseOption(name="Print it", posts=True),
            ResponseOption(name="Bin"),
        ],
        "require_comment": ["Bin"],
    }
    view = seen(a_story(a_round(**approval), approval=approval))
    assert (view.options, view.posts) == (["Print it", "Bin"], ["Print it"])
    assert view.require_comment == ["Bin"]


@pytest.mark.parametrize("number", [0, 2, 99])
def test_there_are_no_other_approvals(number: int) -> None:
    """A round that is not there is not found."""
    with pytest.raises(Unknown, match="no such approval"):
        seen(a_story(a_round()), number=number)


def test_deleted_texts_have_no_approval() -> None:
    """The reason is told, and that nothing is wrong with the link."""
    with pytest.raises(Unknown, match="deleted, as its flow says"):
        seen(a_story(purged_at=NOW))


def test_a_deleted_run_still_says_what_is_known() -> None:
    """Its end, its delivery and when the texts went stay; the texts are gone."""
    story = a_story(post="handed over", purged_at=LATE, inputs={})
    closed = Closed(outcome="Approve", closed_at=NOW)
    view = views.run_view(msgspec.structs.replace(story, receipt=closed), LATE)
    assert (view.outcome, view.purged_at, view.rounds, view.inputs) == ("Approve", LATE, [], {})
    assert view.delivery is not None
    assert view.delivery.state == "handed over"


def test_a_broken_receipt_is_told() -> None:
    """Whoever looks at the run learns that its record was changed."""
    closed = Closed(outcome="Failed", closed_at=None, failure=BROKEN)
    view = views.run_view(msgspec.structs.replace(a_story(), receipt=closed), NOW)
    assert (view.state, view.closed_at) == ("closed", None)
    assert view.detail == f"{BROKEN} Nothing was posted."


def test_an_answer_is_confirmed() -> None:
    """Whoever answers learns that it counted, and what it came to so far."""
    half = answered((ADELE, "Approve"), **EVERYONE)
    view = views.answer_view(a_run(), half, ADELE)
    assert (view.outcome, view.signed_digest, view.decision.responder.email) == (None, None, ADELE)
    both = answered((ADELE, "Approve"), (ALEX, "Approve"), **EVERYONE)
    assert views.answer_view(a_run(), both, ALEX).signed_digest == digest(TEXT)


def test_a_flow_shows_what_it_needs() -> None:
    """A caller learns the inputs with their limits, and who signs."""
    view = views.flow_view(load_all()["topic-post"])
    assert (view.inputs[0].name, view.inputs[0].max_length) == ("Topic", 4000)
    assert MEGAN not in view.assigned_to


def test_a_flow_in_stages_shows_everybody_once() -> None:
    """Whoever stands in several stages is named once."""
    stages = [Stage(assigned_to=[ADELE, ALEX]), Stage(assigned_to=f"{ALEX};{DIEGO}")]
    view = views.flow_view(a_flow(**IN_TURN | {"stages": stages}))
    assert view.assigned_to == [ADELE, ALEX, DIEGO]


@pytest.mark.parametrize(
    "filtered,told", [({"unfiltered": "prompt and text"}, [UNCHECKED]), ({"hate": "safe"}, [])]
)
def test_an_approver_is_told_what_no_filter_checked(
    filtered: dict[str, str], told: list[str]
) -> None:
    """Where such texts are accepted, whoever signs knows that it is one."""
    draft = a_draft(others=["Another."], content_filter=filtered)
    shown = views.variant_views(a_run(), draft, ADELE)
    assert [each.findings for each in shown] == [told, told]


def test_a_run_is_followed_without_the_texts_of_its_files() -> None:
    """Whoever looks every second gets a file's name; who signs reads its text."""
    file = {"name": "notes.txt", "size": 3, "digest": "sha256:0"}
    story = a_story(a_round(), inputs={"Topic": "A", "Notes": file | {"text": "Hi."}})
    assert views.run_view(story, NOW).inputs == {"Topic": "A", "Notes": file}
    assert seen(story).inputs["Notes"]["text"] == "Hi."
