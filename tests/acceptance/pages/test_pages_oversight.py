"""The sign page in approvals of several people, stages and rounds, and for who is not asked."""

import pytest
from playwright.async_api import Page, expect

from tests.doubles import signpost_api as api
from tests.doubles.signpost_api import (
    ADELE,
    ALEX,
    APPROVAL,
    DRAFT,
    HAND_ON,
    MEGAN,
    SEE,
    SIGN,
    Answer,
    Json,
    SignpostApi,
    problem,
)

pytestmark = pytest.mark.asyncio(loop_scope="session")

EVERYONE = "Approve/Reject - Everyone must approve"
CUSTOM_ALL = "Custom Responses - Wait for all responses"
BEFORE = DRAFT.replace("in May", "in June")
PUBLISH: Json = {"options": ["Publish", "Later"], "posts": ["Publish"]}


async def show(page: Page, signpost: SignpostApi, approval: Json) -> None:
    """Open an approver's link to an approval that stands like this."""
    signpost.on(SEE, Answer(body=approval))
    await page.goto(f"{signpost.url}/approvals/{APPROVAL}#a.token")
    await expect(page.locator("#approval")).to_be_visible()


async def test_every_option_has_its_button(page: Page, signpost: SignpostApi) -> None:
    """The buttons are the flow's own options; what posts is the prominent one, and is named."""
    await show(page, signpost, api.approval(**PUBLISH, type=CUSTOM_ALL))
    buttons = page.locator("#options button")
    await expect(buttons).to_have_text(["Publish", "Later"])
    await expect(page.locator("#options .primary")).to_have_text("Publish")
    meaning = "The text is posted only if all answer Publish."
    await expect(page.locator("#meaning")).to_have_text(meaning)
    await page.get_by_role("button", name="Later").click()
    await expect(page.locator("#form[aria-busy=false]")).to_be_visible()
    assert signpost.asked[SIGN][0].body["response"] == "Later"


async def test_markup_in_an_option_is_text(page: Page, signpost: SignpostApi) -> None:
    """A flow's option is a button's text, whatever it holds."""
    option = "<img src=x onerror=hit()>"
    await show(page, signpost, api.approval(options=[option], posts=[option], type=CUSTOM_ALL))
    await expect(page.locator("#options button")).to_have_text([option])


async def test_one_approval_of_several_does_not_claim_to_post(
    page: Page, signpost: SignpostApi
) -> None:
    """Where others must approve too, the button says no more than it does."""
    await show(page, signpost, api.approval(type=EVERYONE))
    await expect(page.locator("#options .primary")).to_have_text("Approve")


async def test_changes_are_asked_for_with_a_comment(page: Page, signpost: SignpostApi) -> None:
    """The page says that it takes a comment, and the field says so when there is none."""
    options = ["Approve", "Reject", "Request changes"]
    signpost.on(SIGN, problem(422, "Request changes needs a comment.", field="comments"))
    needed = ["Request changes"]
    await show(page, signpost, api.approval(options=options, requireComment=needed))
    await expect(page.locator("#optional")).to_have_text("needed for Request changes")
    await page.get_by_role("button", name="Request changes").click()
    await expect(page.get_by_label("Comment")).to_be_focused()
    await expect(page.locator("[data-field=comments] .error")).to_contain_text("needs a comment")


async def test_stage_and_answers_so_far_are_shown(page: Page, signpost: SignpostApi) -> None:
    """Who answered before, in which stage it is, and for whom one answers."""
    waiting = api.awaited(ALEX, ADELE)
    said = [api.response(MEGAN, comments="Fine by me.", onBehalfOf="diego@contoso.com")]
    more: Json = {
        "stage": 2,
        "stages": 3,
        "waitingFor": waiting,
        "responses": said,
        "onBehalfOf": ALEX,
    }
    await show(page, signpost, api.approval(type="Sequential approval", **more))
    await expect(page.locator("#request")).to_contain_text("2 of 3")
    await expect(page.locator("#answers")).to_contain_text("megan@contoso.com signed for diego")
    await expect(page.locator("#answers blockquote")).to_have_text("Fine by me.")
    await expect(page.get_by_text(f"You answer in the place of {ALEX}.")).to_be_visible()


async def test_item_link_names_its_host(page: Page, signpost: SignpostApi) -> None:
    """The flow's link opens apart from the page, gets no referrer, and shows where it leads."""
    item = {"itemLink": "https://wiki.contoso.com/move", "itemLinkDescription": "The plan"}
    await show(page, signpost, api.approval(**item))
    link = page.get_by_role("link", name="The plan")
    await expect(link).to_have_attribute("href", "https://wiki.contoso.com/move")
    await expect(link).to_have_attribute("rel", "noopener noreferrer")
    await expect(page.locator("#item")).to_contain_text("wiki.contoso.com")


@pytest.mark.parametrize("link", ["javascript:hit()", "http://contoso.com", "https://", "x"])
async def test_other_links_are_not_offered(page: Page, signpost: SignpostApi, link: str) -> None:
    """What is no https address is no link here."""
    await show(page, signpost, api.approval(itemLink=link, itemLinkDescription="The plan"))
    await expect(page.get_by_text("The plan")).to_be_hidden()


async def test_second_round_shows_what_changed(page: Page, signpost: SignpostApi) -> None:
    """What was said of the draft before stands above what the model made of it."""
    wish = api.response(ALEX, approverResponse="Request changes", comments="It is in May.")
    before = api.review(text=BEFORE, outcome="Request changes")
    await show(page, signpost, api.approval(round=2, previous=before, feedback=[wish]))
    await expect(page.locator("#feedback")).to_contain_text(f"{ALEX} asked for changes")
    await expect(page.locator("#feedback blockquote")).to_have_text("It is in May.")
    await expect(page.locator("#change del")).to_have_text("June.")
    await expect(page.locator("#change ins")).to_have_text("May.")


async def test_a_draft_that_did_not_change_says_so(page: Page, signpost: SignpostApi) -> None:
    """A model may write the same again: nobody has to search for what is different."""
    before = api.review(text=api.DRAFT, outcome="Request changes")
    await show(page, signpost, api.approval(round=2, previous=before, text=api.DRAFT))
    await expect(page.locator("#change")).to_have_text("Nothing: the text is the same.")


MINE, OTHERS = api.response(), api.response(ALEX, approverResponse="Reject")
WISH = api.response(approverResponse="Request changes", comments="Shorter.")
WAITING: Json = {"waitingFor": api.awaited(ALEX), "decision": None}
YES, NO = (
    api.response(who, approverResponse=said) for who, said in ((ADELE, "Publish"), (ALEX, "Later"))
)


@pytest.mark.parametrize(
    "approval,heading,words",
    [
        (api.approval(**{**WAITING, "state": "answered", "responses": [MINE], "decision": MINE}),
         "Your answer counts", f"It is not decided yet. Waiting for {ALEX}."),
        (api.approval(**WAITING, state="waiting"), "It is not your turn", f"for {ALEX} now"),
        (api.approval(**WAITING, state="waiting", assignedTo=[ALEX]),
         "Nothing is asked of you now", "It was handed on, or somebody answered in this place."),
        (api.over("Approve", OTHERS, MINE), "You signed this post", "goes to Teams"),
        (api.over("Approve", api.response(ALEX)), "Others signed this post", "goes to Teams"),
        (api.over("Reject", MINE, OTHERS), "Others turned this post down", "Nothing is posted."),
        (api.over("Later", api.response(approverResponse="Later"), **PUBLISH),
         "You turned this post down", "Nothing is posted."),
        (api.over("Publish", YES, **PUBLISH), "You signed this post", "goes to Teams"),
        (api.over("Publish, Later", YES, NO, **PUBLISH), "Others turned this post down", "Nothing"),
        (api.over("Request changes", WISH), "You asked for changes", "can't be signed any more"),
        (api.over("Failed"), "The run failed", "Nothing is posted."),
    ],
)  # fmt: skip
async def test_what_became_of_it_is_told_truthfully(
    page: Page, signpost: SignpostApi, approval: Json, heading: str, words: str
) -> None:
    """Each state has its own heading and words, shows those alone, and takes no answer."""
    await show(page, signpost, approval)
    await expect(page.locator("#result h2 [data-for]:visible")).to_have_text(heading)
    await expect(page.locator("#result")).to_contain_text(words)
    await expect(page.locator("form:visible")).to_have_count(0)


async def test_approval_is_handed_on(page: Page, signpost: SignpostApi) -> None:
    """Where the flow allows it, an approver names somebody else, and is told that it counts."""
    await show(page, signpost, api.approval(allowReassign=True))
    await page.get_by_text("Hand it on to somebody else").click()
    await page.get_by_label("Their e-mail").fill(MEGAN)
    handed = api.approval(**WAITING, state="waiting", assignedTo=[MEGAN])
    signpost.on(HAND_ON, Answer(body={}))
    signpost.on(SEE, Answer(body=handed))
    await page.get_by_role("button", name="Hand it on").click()
    await expect(page.locator("#result")).to_contain_text(f"You handed it on to {MEGAN}.")
    assert signpost.asked[HAND_ON][0].body == {"to": MEGAN}


async def test_who_can_not_take_it_is_told_at_the_field(page: Page, signpost: SignpostApi) -> None:
    """A name that can't be handed to is explained beside it."""
    signpost.on(HAND_ON, problem(422, "Name one person by e-mail address.", field="to"))
    await show(page, signpost, api.approval(allowReassign=True))
    await page.get_by_text("Hand it on to somebody else").click()
    await page.get_by_role("button", name="Hand it on").click()
    await expect(page.get_by_label("Their e-mail")).to_be_focused()
    await expect(page.locator("[data-field=to] .error")).to_contain_text("Name one person")


async def test_nothing_is_handed_on_where_the_flow_forbids_it(
    page: Page, signpost: SignpostApi
) -> None:
    """Without the flow's leave there is no form for it."""
    await show(page, signpost, api.approval())
    await expect(page.get_by_text("Hand it on to somebody else")).to_be_hidden()
