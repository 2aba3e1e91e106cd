"""A receipt tells who asked, wrote, signed and posted, and holds no text that anybody wrote."""

from datetime import timedelta
from functools import partial
from typing import Any

import msgspec
import pytest

from signpost import posting, records, runs
from signpost.contracts import REQUEST_CHANGES, Ending
from signpost.flows import Parameters
from signpost.ledger import Ledger, change
from signpost.oversight import steering, upkeep
from signpost.oversight.answers import Said, respond
from signpost.receipts import document, read, write
from signpost.records import Calls, DraftText, Post, Responder, Round
from signpost.runs import Story
from signpost.settings import Settings
from signpost.teams.workflows import Workflows
from signpost.text import digest
from signpost.usage import Cost
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
    a_run,
    an_answer,
    put,
    work,
)

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
DIEGO = "diego@contoso.com"
SIGNER = Responder(name=ADELE, proof="sign-in", id="oid", tenant_id="tid", display_name="Adele V")
POLICY: dict[str, Any] = {
    "allow_request_changes": True,
    "enable_reassignment": True,
    "escalate_to": DIEGO,
    "escalate_after": timedelta(days=2),
    "reminders": timedelta(days=1),
}
SHORTER = "The terrace opens."
Json = dict[str, Any]


def a_full_draft(text: str, at: Any) -> DraftText:
    """Build a draft with all that a model tells."""
    return a_draft(
        text,
        parameters=Parameters(temperature=0.5, max_tokens=300),
        content_filter={"hate": "safe", "violence": "low"},
        instructions_digest="sha256:abc",
        system_fingerprint="fp_1",
        calls=2,
        cost=Cost("0.0004", "USD"),
        created_at=at,
    )


def two_rounds(comments: str = "Too long.", edit: str | None = None) -> Story:
    """Tell a run whose first draft was sent back, and whose second was signed and posted."""
    case, second = a_case(**POLICY), NOW + HOUR
    first = upkeep.open_round(case, a_full_draft(TEXT, NOW), 1, NOW)
    back = Said(Responder(name=ALEX), "inbox", an_answer(REQUEST_CHANGES, comments=comments))
    first = respond(case, NOW + MINUTE, back, first)
    last = upkeep.open_round(case, a_full_draft(SHORTER, second), 2, second)
    yes = an_answer(digest=digest(SHORTER), comments=comments, accepted_text=edit)
    last = respond(case, second + MINUTE, Said(SIGNER, "page", yes), last)
    at = second + 2 * MINUTE
    post = Post(digest=digest(SHORTER), target="Teams", state="handed over", detail="Ok.", at=at)
    return Story(
        run=a_run(flow=a_flow(**POLICY)),
        drafts={1: a_full_draft(TEXT, NOW), 2: a_full_draft(SHORTER, second)},
        calls={},
        rounds=[first, last],
        posts={2: post},
        receipt=None,
    )


def ending(outcome: str = "Approve", failure: str | None = None) -> Ending:
    """Build the end, three minutes after the second round began."""
    return Ending(work=work(after=HOUR + 3 * MINUTE), outcome=outcome, failure=failure)


def test_a_receipt_says_who_asked_for_what() -> None:
    """The run, its flow, who asked, when, and its inputs by digest."""
    told = document.facts(two_rounds(), ending())
    assert (told["run"], told["flow"], told["requestor"]) == (RUN, "news", MEGAN)
    assert told["approvalType"] == "Approve/Reject - First to respond"
    assert told["inputsDigest"] == digest('{"Topic":"The terrace"}')
    assert (told["createdAt"], told["closedAt"]) == ("2026-11-22T10:00:00Z", "2026-11-22T11:03:00Z")


def test_a_receipt_says_how_it_was_written() -> None:
    """Instructions, model, parameters, what it took, why it stopped, what the filter said."""
    assert document.facts(two_rounds(), ending())["rounds"][1]["draft"] == {
        "instructions": "topic-post",
        "instructionsDigest": "sha256:abc",
        "model": "gpt",
        "parameters": msgspec.to_builtins(Parameters(temperature=0.5, max_tokens=300)),
        "promptTokens": 10,
        "completionTokens": 20,
        "calls": 2,
        "cost": {"amount": "0.0004", "currency": "USD"},
        "systemFingerprint": "fp_1",
        "finishReason": "stop",
        "contentFilter": {"hate": "safe", "violence": "low"},
    }


def test_a_receipt_says_what_it_cost() -> None:
    """All drafts together, and what was spent on one that was never there."""
    story = two_rounds()
    assert document.facts(story, ending())["cost"] == {"amount": "0.0008", "currency": "USD"}
    unwritten = {3: Calls(made=5, cost=Cost("0.001", "USD"))}
    spent = msgspec.structs.replace(story, calls=unwritten)
    assert document.facts(spent, ending())["cost"] == {"amount": "0.0018", "currency": "USD"}


def test_without_prices_a_receipt_tells_no_cost() -> None:
    """Nor where prices changed their currency in the middle of a run."""
    story = two_rounds()
    free = msgspec.structs.replace(story, drafts={1: a_draft()})
    assert document.facts(free, ending())["cost"] is None
    euro = {3: Calls(made=1, cost=Cost("1", "EUR"))}
    mixed = msgspec.structs.replace(story, calls=euro)
    assert document.facts(mixed, ending())["cost"] is None


def test_what_a_cut_draft_took_counts_once() -> None:
    """The calls row stays beside the draft, which holds all that it took."""
    kept = {1: Calls(made=1, cost=Cost("0.0002", "USD"), cut=a_draft("The ter"))}
    told = document.facts(msgspec.structs.replace(two_rounds(), calls=kept), ending())
    assert told["cost"] == {"amount": "0.0008", "currency": "USD"}


def a_choice(*, edit: str | None = None) -> Json:
    """Give what a receipt says of a round of two drafts, of which the second was signed."""
    draft = a_draft(others=[SHORTER])
    yes = an_answer(digest=digest(SHORTER), accepted_text=edit)
    opened = upkeep.open_round(a_case(), draft, 1, NOW)
    standing = respond(a_case(), NOW, Said(SIGNER, "page", yes), opened)
    return document.facts(
        Story(run=a_run(), drafts={1: draft}, calls={}, rounds=[standing], posts={}, receipt=None),
        ending(),
    )


@pytest.mark.parametrize("edit", [None, "Mine."])
def test_a_receipt_says_which_draft_was_chosen(edit: str | None) -> None:
    """All drafts of the round, the chosen one, and what was signed if it was edited."""
    told = a_choice(edit=edit)
    [standing] = told["rounds"]
    assert (standing["draftDigest"], standing["otherDigests"]) == (digest(TEXT), [digest(SHORTER)])
    [response] = standing["responses"]
    assert response["draftDigest"] == digest(SHORTER)
    assert response["acceptedTextDigest"] == (edit and digest(edit))
    assert told["signedDigest"] == digest(edit or SHORTER)


def test_a_receipt_names_every_rounds_draft() -> None:
    """Each text that was under review, by its digest, and how its round ended."""
    rounds = document.facts(two_rounds(), ending())["rounds"]
    assert [(each["number"], each["draftDigest"], each["outcome"]) for each in rounds] == [
        (1, digest(TEXT), REQUEST_CHANGES),
        (2, digest(SHORTER), "Approve"),
    ]


def test_a_receipt_says_who_answered() -> None:
    """Identity as far as proved, channel, time, and the comment by its digest."""
    [first], [last] = (
        each["responses"] for each in document.facts(two_rounds(), ending())["rounds"]
    )
    assert (first["responder"], first["proof"], first["id"]) == (ALEX, "link", None)
    assert (first["channel"], first["commentsDigest"]) == ("inbox", digest("Too long."))
    assert (last["proof"], last["id"], last["tenantId"]) == ("sign-in", "oid", "tid")
    assert (last["approverResponse"], last["channel"]) == ("Approve", "page")
    assert last["requestDate"] == "2026-11-22T11:00:00Z"
    assert last["responseDate"] == "2026-11-22T11:01:00Z"


@pytest.mark.parametrize("edit,named", [(None, SHORTER), ("Mine.", "Mine.")])
def test_a_receipt_names_what_was_signed(edit: str | None, named: str) -> None:
    """The draft, or the approver's edit of it, and who signed."""
    told = document.facts(two_rounds(edit=edit), ending())
    assert (told["signedDigest"], told["signedBy"]) == (digest(named), [ADELE])
    assert told["rounds"][1]["responses"][0]["acceptedTextDigest"] == (edit and digest(edit))


def test_a_receipt_says_where_it_went() -> None:
    """The target, what is known of the delivery, and of which text."""
    assert document.facts(two_rounds(), ending())["delivery"] == {
        "state": "handed over",
        "target": "Teams",
        "digest": digest(SHORTER),
        "at": "2026-11-22T11:02:00Z",
        "detail": "Ok.",
        "resolvedBy": None,
    }


def test_a_receipt_without_a_round_says_so() -> None:
    """Nothing is claimed of a run that had no draft."""
    story = Story(run=a_run(), drafts={}, calls={}, rounds=[], posts={}, receipt=None)
    told = document.facts(story, ending("Failed", "The model refused."))
    assert (told["outcome"], told["failure"]) == ("Failed", "The model refused.")
    assert (told["rounds"], told["signedDigest"], told["signedBy"]) == ([], None, [])
    assert told["delivery"] is None


def told_by(story: Story, outcome: str = "Approve") -> list[tuple[str, Any, int, str]]:
    """Give a receipt's entries without their times."""
    entries = document.entries(story, ending(outcome))
    return [(each["what"], each["who"], each["round"], each["detail"]) for each in entries]


def test_entries_tell_the_run_in_order() -> None:
    """From the start to the end, each with its round and by whom."""
    assert told_by(two_rounds()) == [
        ("started", MEGAN, 0, ""),
        ("drafted", None, 1, digest(TEXT)),
        ("opened", None, 1, ""),
        ("answered", ALEX, 1, REQUEST_CHANGES),
        ("decided", None, 1, REQUEST_CHANGES),
        ("drafted", None, 2, digest(SHORTER)),
        ("opened", None, 2, ""),
        ("answered", ADELE, 2, "Approve"),
        ("decided", None, 2, "Approve"),
        ("posted", None, 2, "handed over"),
        ("closed", None, 2, "Approve"),
    ]


def test_an_entry_names_all_drafts() -> None:
    """What a draft came to is on record as it was written, also what nobody chose."""
    story = msgspec.structs.replace(
        two_rounds(), drafts={1: a_draft(others=[SHORTER], created_at=NOW)}, rounds=[]
    )
    [drafted] = [each for each in document.entries(story, ending()) if each["what"] == "drafted"]
    assert drafted["detail"] == f"{digest(TEXT)}, {digest(SHORTER)}"


def steered() -> Story:
    """Tell a run that was handed on, extended, reminded, escalated, and canceled."""
    case = a_case(**POLICY)
    standing = upkeep.open_round(case, a_draft(), 1, NOW)
    handover = steering.Handover(ALEX, ALEX, "lee@contoso.com")
    standing = steering.reassign(handover, case, NOW + MINUTE, standing)
    extension = steering.Extension(MEGAN, NOW + timedelta(days=40))
    standing = steering.extend(extension, case, NOW + 2 * MINUTE, standing)
    standing = upkeep.notified(case, NOW + timedelta(days=1), [ADELE], standing)
    standing = upkeep.current(case, NOW + timedelta(days=3), standing)
    standing = steering.cancel(case, NOW + timedelta(days=4), MEGAN, standing)
    canceled = {"canceled_at": NOW + timedelta(days=4), "canceled_by": MEGAN}
    run = a_run(flow=a_flow(**POLICY), **canceled)
    return Story(
        run=run, drafts={1: a_draft()}, calls={}, rounds=[standing], posts={}, receipt=None
    )


def test_entries_tell_what_was_done_besides_answers() -> None:
    """Who handed on to whom, who moved the deadline, who was told, and who ended it."""
    told = [each for each in told_by(steered(), "Canceled") if each[0] not in ("drafted", "closed")]
    assert told == [
        ("started", MEGAN, 0, ""),
        ("opened", None, 1, ""),
        ("reassigned", ALEX, 1, f"{ALEX} to lee@contoso.com"),
        ("extended", MEGAN, 1, "2027-01-01T10:00:00+00:00"),
        ("reminded", None, 1, ADELE),
        ("escalated", None, 1, DIEGO),
        ("decided", MEGAN, 1, "Canceled"),
        ("canceled", MEGAN, 1, ""),
    ]


def test_a_cancel_that_came_too_late_is_no_entry() -> None:
    """Who lost against an answer did not cancel the run."""
    story = two_rounds()
    noted = msgspec.structs.replace(story.run, canceled_at=NOW + HOUR, canceled_by=MEGAN)
    late = msgspec.structs.replace(story, run=noted)
    assert told_by(late) == told_by(story)


def test_fractions_of_a_second_keep_their_order() -> None:
    """What comes half a second after a full one stands after it, though `.` sorts before `Z`."""
    half = a_full_draft(TEXT, NOW + timedelta(seconds=0.5))
    story = msgspec.structs.replace(two_rounds(), drafts={1: half}, rounds=[])
    entries = document.entries(story, ending())[:2]
    assert [(each["what"], each["at"]) for each in entries] == [
        ("started", "2026-11-22T10:00:00Z"),
        ("drafted", "2026-11-22T10:00:00.500000Z"),
    ]


def words(prefix: str) -> str:
    """Build a text that is found wherever it ends up."""
    return f"CANARY {prefix}"


@pytest.fixture
async def sung(ledger: Ledger, config: Settings) -> bytes:
    """Close a run in which every free text is a canary, and give its receipt."""
    policy = POLICY | {"title": words("title"), "details": words("details")}
    flow, case = a_flow(**policy), a_case(**policy)
    run = a_run(
        flow=flow,
        inputs={"Topic": words("topic"), "Tone": words("tone")},
        canceled_at=NOW + HOUR,
        cancel_reason=words("reason"),
    )
    await put(ledger, records.RUN, run)
    for number, response in ((1, REQUEST_CHANGES), (2, "Approve")):
        draft = a_draft(words(f"draft {number}"), others=[words(f"variant {number}")])
        await put(ledger, records.draft_row(number), draft)
        cut = Calls(made=1, cut=a_draft(words("cut")))
        await put(ledger, records.calls_row(number), cut)
        opened = upkeep.open_round(case, draft, number, NOW)
        await put(ledger, records.round_row(number), opened)
        edit = words("edit") if number > 1 else None
        said = an_answer(
            response, digest=digest(draft.text), comments=words("feedback"), accepted_text=edit
        )
        decide = partial(respond, case, NOW, Said(SIGNER, "page", said))
        await change(ledger, RUN, records.round_row(number), Round, decide)
    await posting.post_signed_text(
        ledger, Workflows(config), msgspec.structs.replace(work(), round=2)
    )
    await write(ledger, config, ending())
    sealed = await read(ledger, config, await runs.story(ledger, RUN))
    assert sealed is not None
    return sealed


async def test_a_receipt_holds_no_text_of_anybody(sung: bytes) -> None:
    """Topic, drafts, feedback, edit, comments and reason are named by digest, or not at all."""
    told = msgspec.json.decode(sung)
    assert b"CANARY" not in sung
    assert told["signedDigest"] == digest(words("edit"))
    assert told["delivery"]["state"] == "handed over"


def test_what_was_before_is_told() -> None:
    """What is added later says from which state to which, by whom, and nothing else."""
    sealed = msgspec.json.encode({"delivery": {"state": "unknown"}})
    added = document.later(sealed, two_rounds())
    assert added is not None
    [entry], changed = added
    assert (entry["what"], entry["round"]) == ("resolved", 2)
    assert entry["detail"] == "unknown -> handed over"
    assert changed.keys() == {"delivery"}


def test_what_is_known_already_is_not_added() -> None:
    """A receipt that says the same of the delivery stays as it is."""
    story = two_rounds()
    sealed = msgspec.json.encode({"delivery": document.facts(story, ending())["delivery"]})
    assert document.later(sealed, story) is None
