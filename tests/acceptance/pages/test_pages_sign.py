"""The sign page: shows what would be posted, and decides only when a button is pressed."""

import pytest
from playwright.async_api import Page, expect

from tests.doubles import signpost_api as api
from tests.doubles.signpost_api import (
    ALEX,
    APPROVAL,
    DRAFT,
    LOST,
    RUN,
    SEE,
    SIGN,
    Answer,
    Json,
    SignpostApi,
    problem,
)

pytestmark = pytest.mark.asyncio(loop_scope="session")

EDITED = DRAFT.replace("Monday", "Tuesday")


async def open_approval(page: Page, signpost: SignpostApi) -> None:
    """Open an approver's link and wait until it is shown."""
    await page.goto(f"{signpost.url}/approvals/{APPROVAL}#a.token")
    await expect(page.locator("#approval")).to_be_visible()


async def press(page: Page, signpost: SignpostApi, button: str, ending: Json) -> None:
    """Press a button of the open approval, which from then on is shown as this ending."""
    signpost.on(SEE, Answer(body=ending))
    await page.get_by_role("button", name=button).click()
    await expect(page.locator("#result")).to_be_visible()


async def test_loading_decides_nothing(page: Page, signpost: SignpostApi) -> None:
    """However often and however long the page is looked at, it only reads."""
    await page.clock.install()
    await open_approval(page, signpost)
    await page.reload()
    await expect(page.locator("#approval")).to_be_visible()
    await page.clock.run_for(60_000)
    assert signpost.asked[SIGN] == []
    assert len(signpost.asked[SEE]) == 2


async def test_token_travels_in_its_header_alone(page: Page, signpost: SignpostApi) -> None:
    """The token reaches the API and stays in the address, so that a reload works."""
    await open_approval(page, signpost)
    [asked] = signpost.asked[SEE]
    assert asked.headers["X-Approval-Token"] == "a.token"
    assert "Referer" not in asked.headers
    assert page.url.endswith("#a.token")


async def test_shows_the_card_and_the_exact_text(page: Page, signpost: SignpostApi) -> None:
    """The card is rendered, and the text stands beneath it to the letter."""
    await open_approval(page, signpost)
    await expect(page.locator("#card .ac-richTextBlock").first).to_have_text("News")
    assert await page.locator("#text").text_content() == DRAFT
    await expect(page.locator("#request")).to_contain_text("megan@contoso.com")
    await expect(page.locator("#request")).to_contain_text("22 Dec 2099, 11:00")


async def test_text_that_may_end_early_is_marked(page: Page, signpost: SignpostApi) -> None:
    """Only a draft that hit the model's length limit carries the warning."""
    await open_approval(page, signpost)
    await expect(page.get_by_text("may end early")).to_be_hidden()
    signpost.on(SEE, Answer(body=api.approval(finishReason="length")))
    await page.reload()
    await expect(page.get_by_text("may end early")).to_be_visible()


async def test_approval_names_the_text_that_was_shown(page: Page, signpost: SignpostApi) -> None:
    """Approve sends the digest and no text of its own, and the result gets the focus."""
    await open_approval(page, signpost)
    await press(page, signpost, "Approve and post", api.over("Approve", api.response()))
    await expect(page.get_by_role("heading", name="You signed this post")).to_be_visible()
    await expect(page.locator("#result")).to_be_focused()
    await expect(page.locator("form")).to_have_count(2)
    await expect(page.locator("form:visible")).to_have_count(0)
    [asked] = signpost.asked[SIGN]
    expected = {"response": "Approve", "comments": "", "acceptedText": None}
    assert asked.body == {**expected, "digest": api.approval()["digest"]}


async def test_edit_is_compared_and_sent(page: Page, signpost: SignpostApi) -> None:
    """The approver's version is counted, compared with the draft, and sent to the letter."""
    await open_approval(page, signpost)
    await page.get_by_role("button", name="Change the text first").click()
    await page.get_by_label("Your version").fill(EDITED)
    await expect(page.locator("ins")).to_have_text("Tuesday. ")
    await expect(page.locator("#bytes")).to_contain_text("of 28,000 bytes")
    ending = api.over("Approve", api.response(acceptedText=EDITED))
    await press(page, signpost, "Approve with my changes", ending)
    await expect(page.locator("#text")).to_have_text(EDITED)
    assert signpost.asked[SIGN][0].body["acceptedText"] == EDITED


async def test_dropped_edit_is_not_sent(page: Page, signpost: SignpostApi) -> None:
    """Who drops the changes signs the draft."""
    await open_approval(page, signpost)
    await page.get_by_role("button", name="Change the text first").click()
    await page.get_by_label("Your version").fill(EDITED)
    await page.get_by_role("button", name="Drop my changes").click()
    await press(page, signpost, "Approve and post", api.over("Approve", api.response()))
    assert signpost.asked[SIGN][0].body["acceptedText"] is None


async def test_edit_goes_with_no_rejection(page: Page, signpost: SignpostApi) -> None:
    """An edited text can only be signed: who rejects after all sends none."""
    await open_approval(page, signpost)
    await page.get_by_role("button", name="Change the text first").click()
    await page.get_by_label("Your version").fill(EDITED)
    rejection = api.response(approverResponse="Reject")
    await press(page, signpost, "Reject", api.over("Reject", rejection))
    assert signpost.asked[SIGN][0].body["acceptedText"] is None


async def test_text_that_may_not_be_edited_offers_no_edit(
    page: Page, signpost: SignpostApi
) -> None:
    """Where the flow forbids edits, there is no button for them."""
    signpost.on(SEE, Answer(body=api.approval(allowEdits=False)))
    await open_approval(page, signpost)
    await expect(page.get_by_role("button", name="Change the text first")).to_be_hidden()


@pytest.mark.parametrize("field,label", [("comments", "Comment"), ("acceptedText", "Your version")])
async def test_refused_answer_is_explained_at_its_field(
    page: Page, signpost: SignpostApi, field: str, label: str
) -> None:
    """A comment that is needed, a text that is too large: the field says so."""
    signpost.on(SIGN, problem(422, "Mend this.", field=field))
    await open_approval(page, signpost)
    await page.get_by_role("button", name="Change the text first").click()
    await page.get_by_role("button", name="Reject").click()
    await expect(page.get_by_label(label)).to_be_focused()
    await expect(page.locator(f"[data-field={field}] .error")).to_have_text("Mend this.")


async def test_rejection_posts_nothing(page: Page, signpost: SignpostApi) -> None:
    """Reject sends the comment and says that nothing is posted."""
    rejection = api.response(approverResponse="Reject", comments="Not yet.")
    await open_approval(page, signpost)
    await page.get_by_label("Comment").fill("Not yet.")
    await press(page, signpost, "Reject", api.over("Reject", rejection))
    await expect(page.locator("#result")).to_contain_text("You rejected this post")
    await expect(page.locator("#result")).to_contain_text("Nothing is posted.")
    assert signpost.asked[SIGN][0].body["comments"] == "Not yet."


REJECTION = api.response(ALEX, approverResponse="Reject", comments="No.")


@pytest.mark.parametrize(
    "status,ending,words",
    [
        (409, api.over("Reject", REJECTION), ["Too late.", "Others turned this post down"]),
        (409, api.over("Approve", api.response()), ["Too late.", "You signed this post"]),
        (410, api.over("Expired"), ["The time to answer is over", "Nothing is posted."]),
        (410, api.over("Reject"), ["The time to answer is over", "counts as Reject"]),
        (410, api.over("Canceled"), ["The run was canceled"]),
    ],
)
async def test_late_answer_is_told_how_it_ended(
    page: Page, signpost: SignpostApi, status: int, ending: Json, words: list[str]
) -> None:
    """An answer that can't count any more learns why, and can't be sent again."""
    signpost.on(SIGN, problem(status, "Too late."))
    await open_approval(page, signpost)
    await press(page, signpost, "Approve and post", ending)
    for word in words:
        await expect(page.locator("#result")).to_contain_text(word)
    await expect(page.locator("form:visible")).to_have_count(0)


async def test_finished_approval_says_so_at_once(page: Page, signpost: SignpostApi) -> None:
    """Who opens the link later sees who answered what, and no buttons."""
    signpost.on(SEE, Answer(body=api.over("Reject", REJECTION)))
    await open_approval(page, signpost)
    await expect(page.locator("#answers")).to_contain_text(f"{ALEX} rejected")
    await expect(page.locator("#answers")).to_contain_text("No.")
    await expect(page.get_by_role("button")).to_have_count(0)


async def test_link_that_opens_nothing_says_what_to_do(page: Page, signpost: SignpostApi) -> None:
    """A bad token gets advice and no key dialog."""
    signpost.on(SEE, problem(401, "This link does not open this approval."))
    await page.goto(f"{signpost.url}/approvals/{APPROVAL}#cut-off")
    await expect(page.locator("#details")).to_have_text("This link does not open this approval.")
    await expect(page.get_by_text("Your newest message about it has the right one")).to_be_visible()


async def test_lost_answer_may_be_sent_again(page: Page, signpost: SignpostApi) -> None:
    """After a network failure the same answer goes out again, and the page says that it may."""
    signpost.on(SIGN, LOST)
    await open_approval(page, signpost)
    await page.get_by_role("button", name="Approve and post").click()
    await expect(page.get_by_role("alert").first).to_contain_text("it counts only once")
    first = signpost.asked[SIGN][0].body
    signpost.on(SIGN, problem(409, "Your answer Approve was recorded already."))
    await press(page, signpost, "Approve and post", api.over("Approve", api.response()))
    await expect(page.locator("#result")).to_contain_text("was recorded already")
    assert signpost.asked[SIGN][0].body == first


async def test_result_leads_to_the_run(page: Page, signpost: SignpostApi) -> None:
    """From the result one can follow the run, without the token."""
    await open_approval(page, signpost)
    await press(page, signpost, "Approve and post", api.over("Approve", api.response()))
    await page.get_by_role("link", name="Follow the run").click()
    await expect(page).to_have_url(f"{signpost.url}/runs/{RUN}")
