"""The run page: goes along with a run, tells its end honestly, and can cancel it."""

import pytest
from playwright.async_api import Page, expect

from tests.doubles import signpost_api as api
from tests.doubles.signpost_api import (
    ADELE,
    ALEX,
    CANCEL,
    DRAFT,
    FOLLOW,
    LOST,
    RUN,
    Answer,
    SignpostApi,
    problem,
)

pytestmark = pytest.mark.asyncio(loop_scope="session")

EDITED = DRAFT.replace("Monday", "Tuesday")


async def test_run_is_followed_until_it_is_closed(page: Page, signpost: SignpostApi) -> None:
    """The page goes along with the run and stops asking at its end."""
    drafting = api.run(state="drafting", detail="The draft is being written.", round=None)
    states = [drafting, api.run(), api.closed()]
    signpost.on(FOLLOW, *(Answer(body=state) for state in states))
    await page.clock.install()
    await page.goto(f"{signpost.url}/runs/{RUN}")
    for step in ("Writing the draft", "Waiting for signature", "Handed over to Teams"):
        await expect(page.get_by_role("listitem").filter(has_text=step)).to_be_visible()
        await page.clock.run_for(1100)
    await page.clock.run_for(60_000)
    assert len(signpost.asked[FOLLOW]) == 3


async def test_waiting_run_shows_who_and_until_when(page: Page, signpost: SignpostApi) -> None:
    """Who is awaited, the next reminder and the deadline are there, in local time."""
    await page.goto(f"{signpost.url}/runs/{RUN}")
    awaited = page.locator("#awaited li")
    await expect(awaited.nth(0)).to_contain_text(f"{ADELE}, since Sun, 22 Nov 2026, 11:00")
    await expect(awaited.nth(1)).to_contain_text(ALEX)
    await expect(page.locator("#times")).to_contain_text("23 Nov 2099, 11:00")
    await expect(page.locator("#times")).to_contain_text("22 Dec 2099, 11:00")


@pytest.mark.parametrize("needed,word", [(1, "or"), (2, "and")])
async def test_the_step_says_whether_one_is_enough(
    page: Page, signpost: SignpostApi, needed: int, word: str
) -> None:
    """Below the step, people are joined as the sentence above it joins them."""
    waiting = api.review(stillNeeded=needed)
    signpost.on(FOLLOW, Answer(body=api.run(round=waiting)))
    await page.goto(f"{signpost.url}/runs/{RUN}")
    step = page.get_by_role("listitem").filter(has_text="Waiting for signature")
    await expect(step).to_contain_text(f"{ADELE} {word} {ALEX}")


@pytest.mark.parametrize(
    "state,words",
    [
        ("posted", "The post is in Teams."),
        ("handed over", "It does not say when, or whether, it shows it."),
        ("unknown", "It is not known whether the post reached Teams."),
        ("failed", "The post did not reach Teams."),
    ],
)
async def test_delivery_is_told_honestly(
    page: Page, signpost: SignpostApi, state: str, words: str
) -> None:
    """Each state of the delivery has its own words, and shows those alone."""
    signpost.on(FOLLOW, Answer(body=api.closed(delivery=api.delivery(state))))
    await page.goto(f"{signpost.url}/runs/{RUN}")
    await expect(page.locator("#delivery [data-for]:visible")).to_contain_text(words)


async def test_edit_is_shown_as_a_difference(page: Page, signpost: SignpostApi) -> None:
    """What the approver took out and put in can be told apart."""
    edit = api.response(acceptedText=EDITED, comments="Monday is a holiday.")
    signpost.on(FOLLOW, Answer(body=api.closed(responses=[edit], acceptedText=EDITED)))
    await page.goto(f"{signpost.url}/runs/{RUN}")
    await expect(page.locator("#text")).to_have_text(EDITED)
    await expect(page.locator("del")).to_have_text("Monday. ")
    await expect(page.locator("ins")).to_have_text("Tuesday. ")
    await expect(page.get_by_text("Monday is a holiday.")).to_be_visible()


async def test_cancel_asks_first(page: Page, signpost: SignpostApi) -> None:
    """Nothing is sent before the second press, and the reason goes along."""
    await page.goto(f"{signpost.url}/runs/{RUN}")
    await page.get_by_role("button", name="Cancel this run").click()
    await page.get_by_role("button", name="Keep it").click()
    await expect(page.get_by_role("dialog")).to_be_hidden()
    assert signpost.asked[CANCEL] == []
    await page.get_by_role("button", name="Cancel this run").click()
    await page.get_by_label("Reason").fill("Wrong topic")
    await page.get_by_role("button", name="Cancel the run").click()
    await expect(page.get_by_role("dialog")).to_be_hidden()
    assert [asked.body for asked in signpost.asked[CANCEL]] == [{"reason": "Wrong topic"}]


async def test_late_cancel_says_who_was_first(page: Page, signpost: SignpostApi) -> None:
    """A cancel that comes after a decision says so."""
    signpost.on(CANCEL, problem(409, "adele@contoso.com answered Approve first."))
    await page.goto(f"{signpost.url}/runs/{RUN}")
    await page.get_by_role("button", name="Cancel this run").click()
    await page.get_by_role("button", name="Cancel the run").click()
    await expect(page.get_by_role("dialog")).to_contain_text(
        "adele@contoso.com answered Approve first."
    )


async def test_unknown_run_is_said_once(page: Page, signpost: SignpostApi) -> None:
    """A run that isn't there is not asked for again and again."""
    signpost.on(FOLLOW, problem(404, "There is no such run."))
    await page.clock.install()
    await page.goto(f"{signpost.url}/runs/{RUN}")
    await expect(page.locator("#detail")).to_have_text("There is no such run.")
    await page.clock.run_for(10_000)
    assert len(signpost.asked[FOLLOW]) == 1


async def test_silent_server_is_asked_again(page: Page, signpost: SignpostApi) -> None:
    """What was shown stays while nobody answers, and the page goes on when somebody does."""
    signpost.on(FOLLOW, Answer(body=api.run()), LOST)
    await page.goto(f"{signpost.url}/runs/{RUN}")
    await expect(page.locator("#lost")).to_have_text("No answer came. Trying again.")
    await expect(page.locator("#text")).to_have_text(DRAFT)
    signpost.on(FOLLOW, Answer(body=api.closed()))
    await expect(page.get_by_text("Handed over to Teams").first).to_be_visible()
    await expect(page.locator("#lost")).to_be_empty()
