"""Owns how each golden history comes about: one scenario for each way that a run can go."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from local.teams import Fault
from signpost.flows import Flow
from signpost.oversight import steering
from signpost.policy import ResponseOption, Stage
from tests.builders import ADELE, ALEX, MEGAN, a_flow
from tests.doubles.quick_model import completion
from tests.doubles.timed_app import TimedApp

DIEGO = "diego@contoso.com"
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
EDIT = "An edited text about the terrace."
OPTIONS = [ResponseOption("Ship it", posts=True), ResponseOption("Hold it")]
BUSY = (429, {"error": {"message": "busy"}})
BLOCKED = (400, {"error": {"message": "no", "code": "content_filter"}})
CUT = (200, completion("The terrace ope", finish_reason="length"))

Scenario = Callable[[TimedApp], Awaitable[str]]


async def approved(app: TimedApp) -> str:
    """Sign the draft as it is."""
    run = await app.begin(a_flow())
    await app.answer(run, ADELE)
    return run


async def approved_with_an_edit(app: TimedApp) -> str:
    """Sign another text."""
    run = await app.begin(a_flow())
    await app.answer(run, ADELE, accepted_text=EDIT)
    return run


async def rejected(app: TimedApp) -> str:
    """Turn the draft down."""
    run = await app.begin(a_flow())
    await app.answer(run, ALEX, "Reject", comments="No.")
    return run


async def option_that_posts(app: TimedApp) -> str:
    """Sign by an option of the flow's own."""
    run = await app.begin(_custom())
    await app.answer(run, ADELE, "Ship it")
    return run


async def option_that_does_not_post(app: TimedApp) -> str:
    """Choose another option of the same flow, which does not post."""
    run = await app.begin(_custom())
    await app.answer(run, ADELE, "Hold it")
    return run


async def expired(app: TimedApp) -> str:
    """Let the deadline pass."""
    run = await app.begin(a_flow(expires_after=7 * DAY))
    await app.advance(8 * DAY)
    return run


async def rejected_by_the_deadline(app: TimedApp) -> str:
    """Let the deadline pass where it counts as Reject."""
    run = await app.begin(a_flow(expires_after=DAY, on_expiry="Reject"))
    await app.advance(2 * DAY)
    return run


async def reminded(app: TimedApp) -> str:
    """Tell the approvers again twice, once out of turn, before one signs."""
    run = await app.begin(a_flow(reminders=DAY))
    await app.advance(DAY + 20 * MINUTE)
    await app.steer(run, steering.remind)
    await app.answer(run, ADELE)
    return run


async def escalated(app: TimedApp) -> str:
    """Ask somebody else too at the deadline, who signs."""
    run = await app.begin(a_flow(expires_after=DAY, on_expiry="escalate", escalate_to=[DIEGO]))
    await app.advance(DAY + MINUTE)
    await app.answer(run, DIEGO)
    return run


async def canceled_while_drafting(app: TimedApp) -> str:
    """Cancel the run while it waits for the model."""
    app.model.script = [BUSY]
    run = await app.begin(a_flow())
    await app.cancel(run)
    return run


async def canceled_while_waiting(app: TimedApp) -> str:
    """Cancel the run while it waits for a signature."""
    run = await app.begin(a_flow())
    await app.cancel(run)
    return run


async def not_drafted(app: TimedApp) -> str:
    """Let the model refuse for good."""
    app.model.script = [BLOCKED]
    return await app.begin(a_flow())


async def drafted_late(app: TimedApp) -> str:
    """Let the model be busy twice before it writes the draft."""
    app.model.script = [BUSY, BUSY]
    run = await app.begin(a_flow())
    await app.advance(30 * MINUTE)
    await app.answer(run, ADELE)
    return run


async def drafted_in_turn(app: TimedApp) -> str:
    """Let two drafts be ahead at a model that takes one a minute."""
    for _ in range(2):
        await app.begin(a_flow())
    run = await app.begin(a_flow())
    await app.advance(5 * MINUTE)
    await app.answer(run, ADELE)
    return run


async def canceled_in_line(app: TimedApp) -> str:
    """Cancel the run while others are ahead of its draft."""
    await app.begin(a_flow())
    run = await app.begin(a_flow())
    await app.cancel(run)
    return run


async def drafted_again_with_more_room(app: TimedApp) -> str:
    """Let the model have no room to finish its first draft."""
    app.model.script = [CUT]
    run = await app.begin(a_flow())
    await app.advance(MINUTE)
    await app.answer(run, ADELE)
    return run


async def approved_by_choice(app: TimedApp) -> str:
    """Sign the second of three drafts."""
    run = await app.begin(_three())
    await app.answer(run, ADELE, digest=await second_draft(app, run))
    return run


async def changed_by_choice(app: TimedApp) -> str:
    """Ask for changes of the second of three drafts, and sign the second of the next three."""
    run = await app.begin(_three(allow_request_changes=True))
    chosen = await second_draft(app, run)
    await app.answer(run, ADELE, "Request changes", comments="Shorter.", digest=chosen)
    await app.answer(run, ALEX, digest=await second_draft(app, run))
    return run


async def changed_on_request(app: TimedApp) -> str:
    """Ask for changes, and sign the second draft."""
    run = await app.begin(a_flow(allow_request_changes=True))
    await app.answer(run, ADELE, "Request changes", comments="Shorter.")
    await app.answer(run, ALEX)
    return run


async def signed_one_after_another(app: TimedApp) -> str:
    """Let two people sign in their order."""
    stages = [Stage(assigned_to=[ADELE]), Stage(assigned_to=[ALEX])]
    run = await app.begin(
        a_flow(type="Sequential approval", stages=stages, assigned_to=None, allow_edits=False)
    )
    await app.answer(run, ADELE)
    await app.answer(run, ALEX)
    return run


async def signed_by_two_of_three(app: TimedApp) -> str:
    """Reach a quorum although one is against it."""
    everybody = [ADELE, ALEX, MEGAN]
    quorum = {"type": "Approve/Reject - Quorum", "approvals": 2, "assigned_to": everybody}
    run = await app.begin(a_flow(**quorum, allow_edits=False))
    await app.answer(run, ADELE)
    await app.answer(run, ALEX, "Reject", comments="No.")
    await app.answer(run, MEGAN)
    return run


async def ledger_away(app: TimedApp) -> str:
    """Take the ledger away when the round is to be looked at, and bring it back."""
    run = await app.begin(a_flow(reminders=DAY))
    app.lose_ledger()
    await app.advance(DAY + MINUTE)
    app.find_ledger()
    await app.advance(5 * MINUTE)
    await app.answer(run, ADELE)
    return run


async def posted_late(app: TimedApp) -> str:
    """Let Teams take nothing at first."""
    app.teams._faults["channel"].append(Fault(status=429))
    run = await app.begin(a_flow())
    await app.answer(run, ADELE)
    await app.advance(30 * MINUTE)
    return run


async def posted_perhaps(app: TimedApp) -> str:
    """Break the connection while the text is posted, so that nobody knows."""
    app.teams._faults["channel"].append(Fault(close=True))
    run = await app.begin(a_flow())
    await app.answer(run, ADELE)
    return run


async def second_draft(app: TimedApp, run: str) -> str:
    """Give the digest of the second draft under review."""
    standing = (await app.story(run)).round
    assert standing is not None
    return standing.other_digests[0]


def _three(**approval: Any) -> Flow:
    flow = a_flow(**approval)
    return replace(flow, draft=replace(flow.draft, variants=3))


def _custom():
    return a_flow(
        type="Custom Responses - Wait for one response",
        response_options=OPTIONS,
        require_comment=[],
    )


ONE_A_MINUTE = {"MODEL_REQUESTS_PER_MINUTE": "1"}
# What the app is told besides, by the scenario that needs it.
SETTINGS = {"drafted-in-turn": ONE_A_MINUTE, "canceled-in-line": ONE_A_MINUTE}
SCENARIOS: dict[str, tuple[Scenario, str]] = {
    "approved": (approved, "Approve"),
    "approved-with-an-edit": (approved_with_an_edit, "Approve"),
    "rejected": (rejected, "Reject"),
    "option-that-posts": (option_that_posts, "Ship it"),
    "option-that-does-not-post": (option_that_does_not_post, "Hold it"),
    "expired": (expired, "Expired"),
    "rejected-by-the-deadline": (rejected_by_the_deadline, "Reject"),
    "reminded": (reminded, "Approve"),
    "escalated": (escalated, "Approve"),
    "canceled-while-drafting": (canceled_while_drafting, "Canceled"),
    "canceled-while-waiting": (canceled_while_waiting, "Canceled"),
    "not-drafted": (not_drafted, "Failed"),
    "drafted-late": (drafted_late, "Approve"),
    "drafted-in-turn": (drafted_in_turn, "Approve"),
    "canceled-in-line": (canceled_in_line, "Canceled"),
    "drafted-again-with-more-room": (drafted_again_with_more_room, "Approve"),
    "approved-by-choice": (approved_by_choice, "Approve"),
    "changed-by-choice": (changed_by_choice, "Approve"),
    "changed-on-request": (changed_on_request, "Approve"),
    "signed-one-after-another": (signed_one_after_another, "Approve"),
    "signed-by-two-of-three": (signed_by_two_of_three, "Approve"),
    "ledger-away": (ledger_away, "Approve"),
    "posted-late": (posted_late, "Approve"),
    "posted-perhaps": (posted_perhaps, "Approve"),
}
