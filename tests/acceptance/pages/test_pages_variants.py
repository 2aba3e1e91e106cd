"""Several drafts to choose from, what to look at in them, and what they took."""

import pytest
from playwright.async_api import Page, expect

from tests.doubles import signpost_api as api
from tests.doubles.signpost_api import (
    ALEX,
    APPROVAL,
    DRAFT,
    FOLLOW,
    RUN,
    SEE,
    SIGN,
    Answer,
    Json,
    SignpostApi,
    variant,
)

pytestmark = pytest.mark.asyncio(loop_scope="session")

SHORT = "The move is in May."
OTHER = "sha256:" + "2b" * 32
FINDING = "A link leads to <b>example.net</b>."
TWO: Json = {"variants": [variant(), variant(SHORT, OTHER, FINDING)]}


async def show(page: Page, signpost: SignpostApi, approval: Json) -> None:
    """Open an approver's link to an approval that stands like this."""
    signpost.on(SEE, Answer(body=approval))
    await page.goto(f"{signpost.url}/approvals/{APPROVAL}#a.token")
    await expect(page.locator("#approval")).to_be_visible()


async def press(page: Page, signpost: SignpostApi, button: str) -> Json:
    """Press a button of the open approval, and give what is sent."""
    signpost.on(SEE, Answer(body=api.over("Approve", api.response(digest=OTHER), **TWO)))
    await page.get_by_role("button", name=button).click()
    await expect(page.locator("#result")).to_be_visible()
    return signpost.asked[SIGN][0].body


async def test_single_draft_is_no_choice(page: Page, signpost: SignpostApi) -> None:
    """Where there is one draft, nothing is to be chosen."""
    await show(page, signpost, api.approval())
    await expect(page.get_by_role("radio")).to_have_count(0)
    await expect(page.get_by_role("heading", name="The exact text")).to_be_visible()


async def test_page_follows_the_choice(page: Page, signpost: SignpostApi) -> None:
    """The card, the fingerprint and what is signed are those of the chosen draft."""
    await show(page, signpost, api.approval(**TWO))
    await expect(page.get_by_role("radio", name="Draft A")).to_be_checked()
    await expect(page.locator("#card")).to_contain_text("We are moving")
    await page.get_by_label("Draft B").check()
    await expect(page.locator("#card")).to_contain_text(SHORT)
    await expect(page.locator("#digest")).to_have_text(OTHER)
    await expect(page.get_by_text("About Draft B.")).to_be_visible()
    body = await press(page, signpost, "Approve Draft B and post")
    assert (body["digest"], body["acceptedText"]) == (OTHER, None)


async def test_draft_is_chosen_by_keyboard(page: Page, signpost: SignpostApi) -> None:
    """One group, gone through by arrows, in which each draft's text describes its name."""
    await show(page, signpost, api.approval(**TWO))
    await page.get_by_role("radio", name="Draft A").focus()
    await page.keyboard.press("ArrowDown")
    other = page.get_by_role("radiogroup", name="Choose a draft").get_by_role("radio").nth(1)
    await expect(other).to_be_focused()
    await expect(other).to_have_accessible_description(SHORT)
    assert (await press(page, signpost, "Reject"))["digest"] == OTHER


async def test_choice_is_edited(page: Page, signpost: SignpostApi) -> None:
    """The editor begins with the chosen draft, and the difference is to that one."""
    await show(page, signpost, api.approval(**TWO))
    await page.get_by_label("Draft B").check()
    await page.get_by_role("button", name="Change the text first").click()
    await page.get_by_label("Your version").fill(SHORT.replace("May", "June"))
    await expect(page.locator("#difference ins")).to_have_text("June.")
    body = await press(page, signpost, "Approve with my changes")
    assert (body["digest"], body["acceptedText"]) == (OTHER, "The move is in June.")


async def test_look_at_another_draft_keeps_the_changes(page: Page, signpost: SignpostApi) -> None:
    """Each draft has its own changes, until they are dropped."""
    await show(page, signpost, api.approval(**TWO))
    await page.get_by_role("button", name="Change the text first").click()
    editor = page.get_by_label("Your version")
    await editor.fill("Mine.")
    await page.get_by_label("Draft B").check()
    await expect(editor).to_have_value(SHORT)
    await page.get_by_label("Draft A").check()
    await expect(editor).to_have_value("Mine.")
    await page.get_by_role("button", name="Drop my changes").click()
    assert (await press(page, signpost, "Approve Draft A and post"))["acceptedText"] is None


async def test_change_since_the_draft_before_follows_the_choice(
    page: Page, signpost: SignpostApi
) -> None:
    """What a new draft changed is said of the one that is chosen."""
    before = api.review(text="The move is in June.", outcome="Request changes")
    await show(page, signpost, api.approval(**TWO, round=2, previous=before))
    await page.get_by_label("Draft B").check()
    await expect(page.locator("#change ins")).to_have_text("May.")


async def test_findings_stand_beside_their_draft(page: Page, signpost: SignpostApi) -> None:
    """What to look at is said as letters, and where there is nothing, nothing is said."""
    await show(page, signpost, api.approval(**TWO))
    first, second = (page.locator("#choices .draft").nth(number) for number in (0, 1))
    await expect(second.get_by_role("heading", name="What to look at")).to_be_visible()
    await expect(second.get_by_role("listitem")).to_have_text(FINDING)
    await expect(first.get_by_role("heading", name="What to look at")).to_have_count(0)


async def test_single_draft_has_its_findings(page: Page, signpost: SignpostApi) -> None:
    """They and the characters that were taken out are said below the exact text."""
    removed = "U+202E RIGHT-TO-LEFT OVERRIDE"
    alone = api.approval(variants=[variant(DRAFT, OTHER, FINDING)], removed=[removed])
    await show(page, signpost, alone)
    await expect(page.locator("#findings li")).to_have_text(FINDING)
    await expect(page.locator("#taken-out")).to_contain_text(removed)


async def test_signed_draft_alone_is_left(page: Page, signpost: SignpostApi) -> None:
    """After the decision the page shows the text that was chosen, and whose choice it was."""
    await show(page, signpost, api.over("Approve", api.response(digest=OTHER), **TWO))
    await expect(page.locator("#text")).to_have_text(SHORT)
    await expect(page.locator("#digest")).to_have_text(OTHER)
    await expect(page.locator("#choices")).to_be_hidden()
    await expect(page.locator("#answers")).to_contain_text("signed (Draft B)")


async def test_who_waits_sees_all_drafts(page: Page, signpost: SignpostApi) -> None:
    """Before one's turn there is nothing to choose, but everything to read."""
    waiting: Json = {"state": "waiting", "waitingFor": api.awaited(ALEX)}
    await show(page, signpost, api.approval(**TWO, **waiting))
    drafts = page.get_by_role("group", name="The drafts").locator(".text")
    await expect(drafts).to_have_text([DRAFT, SHORT])
    await expect(page.get_by_role("radio")).to_have_count(0)


@pytest.mark.parametrize("width,beside", [(1200, True), (390, False)])
async def test_drafts_stand_side_by_side_where_there_is_room(
    page: Page, signpost: SignpostApi, width: int, *, beside: bool
) -> None:
    """On a small screen one stands above the other."""
    await page.set_viewport_size({"width": width, "height": 800})
    await show(page, signpost, api.approval(**TWO))
    tops = "[...document.querySelectorAll('#choices .draft')].map((e) => e.offsetTop)"
    first, second = await page.evaluate(tops)
    assert (first == second) is beside


async def test_run_page_shows_what_is_to_choose_from(page: Page, signpost: SignpostApi) -> None:
    """While it waits all drafts are there; once it is signed, the signed one alone."""
    both = api.review(variants=[DRAFT, SHORT])
    signed = api.closed(round=both, acceptedText=SHORT)
    signpost.on(FOLLOW, Answer(body=api.run(round=both)), Answer(body=signed))
    await page.clock.install()
    await page.goto(f"{signpost.url}/runs/{RUN}")
    await expect(page.locator("#variants .text")).to_have_text([DRAFT, SHORT])
    await expect(page.get_by_role("heading", name="Drafts to choose from")).to_be_visible()
    await page.clock.run_for(1100)
    await expect(page.locator("#text")).to_have_text(SHORT)
    await expect(page.locator("#variants .text")).to_have_count(0)


async def test_earlier_round_keeps_its_drafts(page: Page, signpost: SignpostApi) -> None:
    """A round that was sent back still shows all of its drafts."""
    first = api.review(variants=[DRAFT, SHORT], outcome="Request changes", state="decided")
    rounds = [first, api.review(number=2)]
    signpost.on(FOLLOW, Answer(body=api.run(round=rounds[1], rounds=rounds)))
    await page.goto(f"{signpost.url}/runs/{RUN}")
    await page.get_by_text("Draft 1: Request changes").click()
    await expect(page.locator("#rounds .drafts .text")).to_have_text([DRAFT, SHORT])


@pytest.mark.parametrize("cost,shown", [({"amount": "0.0004", "currency": "USD"}, 1), (None, 0)])
async def test_run_page_says_what_it_took(
    page: Page, signpost: SignpostApi, cost: Json | None, shown: int
) -> None:
    """Tokens stand in the record, and the cost where prices are set."""
    signpost.on(FOLLOW, Answer(body=api.run(cost=cost)))
    await page.goto(f"{signpost.url}/runs/{RUN}")
    await page.get_by_text("Record", exact=True).click()
    await expect(page.locator("#record")).to_contain_text("812 read, 143 written")
    await expect(page.get_by_text("0.0004 USD, estimated")).to_have_count(shown)


async def test_run_page_says_when_the_next_try_is(page: Page, signpost: SignpostApi) -> None:
    """While the model has no room, the page says until when, and goes on by itself."""
    told = "The model is at its capacity. Next try at 14:05 UTC."
    held = api.run(state="drafting", round=None, detail=told, promptTokens=0, completionTokens=0)
    signpost.on(FOLLOW, Answer(body=held), Answer(body=api.run()))
    await page.clock.install()
    await page.goto(f"{signpost.url}/runs/{RUN}")
    await expect(page.get_by_role("status").first).to_have_text(told)
    await page.clock.run_for(1100)
    await expect(page.get_by_text("Waiting for signature")).to_be_visible()
