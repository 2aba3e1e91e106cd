"""Who one is here: the switch of one machine, the sign-in, and links that are somebody else's."""

import pytest
from playwright.async_api import Page, expect

from tests.doubles import signpost_api as api
from tests.doubles.signpost_api import (
    ADELE,
    ALEX,
    APPROVAL,
    FLOWS,
    FOLLOW,
    ME,
    RUN,
    SEE,
    START,
    Answer,
    SignpostApi,
    problem,
)

pytestmark = pytest.mark.asyncio(loop_scope="session")

LINK = f"/approvals/{APPROVAL}#a.token"
ADDRESSES = ["/", f"/runs/{RUN}", "/approvals", LINK]


async def switch(page: Page, signpost: SignpostApi, person: str) -> None:
    """Choose a person, and have the API know them from then on."""
    await page.get_by_label("You are").select_option(person)
    signpost.on(ME, Answer(body=api.me(person or None, signIn="local")))
    async with page.expect_navigation():
        await page.get_by_role("button", name="Switch").click()
    await expect(page.get_by_label("You are")).to_have_value(person)


@pytest.mark.parametrize("address", ADDRESSES)
async def test_every_page_offers_the_switch(
    page: Page, signpost: SignpostApi, address: str
) -> None:
    """On one machine whoever sits there chooses who to be, or nobody in particular."""
    signpost.on(ME, Answer(body=api.me(signIn="local")))
    await page.goto(signpost.url + address)
    options = page.get_by_label("You are").locator("option")
    await expect(options).to_have_text(["nobody (operator)", "Adele Vance", "Alex Wilber"])
    await expect(page.get_by_role("button", name="Switch")).to_be_hidden()


async def test_choice_goes_along_with_every_call(page: Page, signpost: SignpostApi) -> None:
    """It is kept over pages and sent in the header, until it is nobody again."""
    signpost.on(ME, Answer(body=api.me(signIn="local")))
    await page.goto(f"{signpost.url}/runs/{RUN}")
    await switch(page, signpost, ALEX)
    await page.goto(signpost.url)
    await expect(page.get_by_label("You are")).to_have_value(ALEX)
    for route in (FOLLOW, FLOWS, ME):
        assert signpost.asked[route][-1].headers["X-Signpost-Me"] == ALEX
    await switch(page, signpost, "")
    assert "X-Signpost-Me" not in signpost.asked[FLOWS][-1].headers


async def test_switch_works_by_keyboard_without_surprises(
    page: Page, signpost: SignpostApi
) -> None:
    """Going through the choices changes nothing before the button is pressed."""
    signpost.on(ME, Answer(body=api.me(signIn="local")))
    await page.goto(signpost.url)
    await page.get_by_label("You are").focus()
    await page.keyboard.press("ArrowDown")
    await expect(page.get_by_role("button", name="Switch")).to_be_visible()
    assert len(signpost.asked[ME]) == 1
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.get_by_label("You are")).to_have_value(ADELE)


async def test_who_is_known_is_not_asked_again(page: Page, signpost: SignpostApi) -> None:
    """The start page leaves out the e-mail of who is switched to or signed in."""
    signpost.on(ME, Answer(body=api.me(ADELE, signIn="on")))
    await page.goto(signpost.url)
    await expect(page.locator(".who")).to_have_text("Signed in as Adele Vance")
    await expect(page.get_by_label("Your e-mail")).to_have_count(0)
    await page.get_by_label("Topic").fill("A new office")
    await page.get_by_role("button", name="Write the draft").click()
    await page.wait_for_url(f"**/runs/{RUN}")
    assert "requestor" not in signpost.asked[START][0].body


async def test_stranger_is_led_to_the_sign_in(page: Page, signpost: SignpostApi) -> None:
    """With sign-in on the header leads there, and back to the page without its token."""
    kind = "urn:signpost:problem:SignInNeeded"
    signpost.on(SEE, problem(401, "This needs a sign-in.", type=kind))
    signpost.on(ME, Answer(body=api.me(signIn="required", isOperator=False)))
    await page.goto(signpost.url + LINK)
    await expect(page.get_by_text("Sign in with your organisation's account")).to_be_visible()
    back = f"/.auth/login/aad?post_login_redirect_uri=%2Fapprovals%2F{APPROVAL}"
    await expect(page.get_by_role("link", name="Sign in")).to_have_attribute("href", back)


async def test_link_of_another_person_offers_to_switch_back(
    page: Page, signpost: SignpostApi
) -> None:
    """Who is somebody else by the switch learns whose link it is not; without it, it opens."""
    signpost.on(ME, Answer(body=api.me(signIn="local")))
    await page.goto(signpost.url)
    await switch(page, signpost, ALEX)
    signpost.on(SEE, problem(403, "This link was made for somebody else."))
    await page.goto(signpost.url + LINK)
    await expect(page.locator("#help")).to_contain_text(f"You chose to be {ALEX} here")
    signpost.on(SEE, Answer(body=api.approval()))
    await page.get_by_role("button", name="Switch back").click()
    await expect(page.locator("#approval")).to_be_visible()
    assert "X-Signpost-Me" not in signpost.asked[SEE][-1].headers
    assert signpost.asked[SEE][-1].headers["X-Approval-Token"] == "a.token"


async def test_run_of_others_says_who_one_is(page: Page, signpost: SignpostApi) -> None:
    """A run that is not there for a person may be there for another: the page says who one is."""
    signpost.on(ME, Answer(body=api.me(signIn="local")))
    await page.goto(signpost.url)
    await switch(page, signpost, ALEX)
    signpost.on(FOLLOW, problem(404, "There is no such run."))
    await page.goto(f"{signpost.url}/runs/{RUN}")
    told = f"There is no such run. You chose to be {ALEX} here."
    await expect(page.locator("#detail")).to_have_text(told)
    await expect(page.get_by_label("You are")).to_be_visible()


async def test_link_of_another_person_says_so_to_who_signed_in(
    page: Page, signpost: SignpostApi
) -> None:
    """A signed-in person has nobody to switch back to."""
    signpost.on(SEE, problem(403, "This link was made for somebody else."))
    await page.goto(signpost.url + LINK)
    await expect(page.get_by_text("Only the person who was asked can answer.")).to_be_visible()
    await expect(page.get_by_role("button", name="Switch back")).to_be_hidden()


async def test_page_works_where_nothing_is_said_of_who_asks(
    page: Page, signpost: SignpostApi
) -> None:
    """An approver without a key still gets the approval by the link, and no dialog."""
    signpost.on(ME, Answer(401))
    await page.goto(signpost.url + LINK)
    await expect(page.locator("#approval")).to_be_visible()
    await expect(page.get_by_role("navigation")).to_have_count(0)
