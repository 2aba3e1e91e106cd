"""The lists of what waits for a person, what they asked for, and what is over."""

import pytest
from playwright.async_api import Page, expect

from tests.doubles import signpost_api as api
from tests.doubles.signpost_api import (
    ADELE,
    ALEX,
    APPROVAL,
    FLOWS,
    ME,
    MEGAN,
    RECEIVED,
    RUN,
    SENT,
    Answer,
    Json,
    SignpostApi,
    problem,
)

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def show(
    page: Page, signpost: SignpostApi, query: str = "", *, you: str | None = ADELE
) -> None:
    """Open a list as a person who signed in, or as an operator with a key."""
    signpost.on(ME, Answer(body=api.me(you, signIn="on" if you else "off")))
    await page.goto(f"{signpost.url}/approvals{query}")
    await expect(page.locator("#filter")).to_be_visible()


def queries(signpost: SignpostApi, route: str) -> list[Json]:
    """Give what was asked for on a route, page by page."""
    return [asked.query for asked in signpost.asked[route]]


async def test_received_is_what_waits_for_you(page: Page, signpost: SignpostApi) -> None:
    """The list opens there; an entry leads to its approval and says until when."""
    await show(page, signpost)
    await expect(page.locator(".tabs [aria-current=page]")).to_have_text("Received")
    link = page.get_by_role("link", name="Sign the post about a topic")
    await expect(link).to_have_attribute("href", f"/approvals/{APPROVAL}")
    await expect(page.locator("#list")).to_contain_text(f"Asked by {MEGAN}, Sun, 22 Nov 2026")
    await expect(page.locator("#list")).to_contain_text("Deadline Tue, 22 Dec 2099")
    assert queries(signpost, RECEIVED) == [{"box": "received", "limit": "25"}]


async def test_an_answer_that_waits_for_others_says_so(page: Page, signpost: SignpostApi) -> None:
    """Among what is open stands what one has answered, and for whom it waits."""
    answered = api.listed_approval(state="answered", answered=True, waitingFor=api.awaited(ALEX))
    signpost.on(RECEIVED, Answer(body=api.approvals(answered)))
    await show(page, signpost)
    await expect(page.locator("#list")).to_contain_text(f"You answered. Waiting for {ALEX}.")


async def test_tabs_lead_to_sent_and_history(page: Page, signpost: SignpostApi) -> None:
    """By keyboard: sent runs lead to their page, and history tells the outcome."""
    await show(page, signpost)
    await page.get_by_role("link", name="Sent").press("Enter")
    await expect(page.locator("#list a")).to_have_attribute("href", f"/runs/{RUN}")
    ended = api.listed_approval(state="over", outcome="Reject", answered=True)
    signpost.on(RECEIVED, Answer(body=api.approvals(ended)))
    await page.get_by_role("link", name="History").press("Enter")
    await expect(page.locator("#list")).to_contain_text("Reject, with your answer")
    await expect(page.locator(".tabs [aria-current=page]")).to_have_text("History")
    assert [query["box"] for query in queries(signpost, SENT)] == ["sent"]
    assert [query["box"] for query in queries(signpost, RECEIVED)] == ["history"]


async def test_more_is_shown_on_demand(page: Page, signpost: SignpostApi) -> None:
    """The next page goes under the first one, and the focus goes with it."""
    first = api.approvals(api.listed_approval(), following="a-cursor")
    last = api.approvals(api.listed_approval(title="An older one"))
    signpost.on(RECEIVED, Answer(body=first), Answer(body=last))
    await show(page, signpost)
    await expect(page.locator("#status")).to_have_text("1 shown, and there are more.")
    await page.get_by_role("button", name="Show more").click()
    await expect(page.get_by_role("link", name="An older one")).to_be_focused()
    await expect(page.locator("#list li")).to_have_count(2)
    await expect(page.get_by_role("button", name="Show more")).to_be_hidden()
    assert queries(signpost, RECEIVED)[1]["cursor"] == "a-cursor"


async def test_list_is_filtered_by_flow(page: Page, signpost: SignpostApi) -> None:
    """The choice is in the address, so that it can be kept, and is sent along."""
    flows = [api.flow(), api.flow(name="event", title="Announce an event")]
    signpost.on(FLOWS, Answer(body={"flows": flows}))
    signpost.on(RECEIVED, Answer(body=api.approvals()))
    await show(page, signpost, "?box=history")
    await page.get_by_label("Flow").select_option("Announce an event")
    await page.get_by_role("button", name="Show").click()
    await expect(page.get_by_text("Nothing is here from that flow.")).to_be_visible()
    await expect(page.get_by_label("Flow")).to_have_value("event")
    asked = {"box": "history", "limit": "25", "flow": "event"}
    assert queries(signpost, RECEIVED)[-1] == asked


@pytest.mark.parametrize(
    "box,words",
    [
        ("received", "Nothing waits for you."),
        ("sent", "You have asked for no post yet."),
        ("history", "Nothing that you were asked is over yet."),
    ],
)
async def test_empty_list_says_so(page: Page, signpost: SignpostApi, box: str, words: str) -> None:
    """Each list has its own words for having nothing."""
    signpost.on(RECEIVED, Answer(body=api.approvals()))
    signpost.on(SENT, Answer(body=api.runs()))
    await show(page, signpost, f"?box={box}")
    await expect(page.locator("#empty [data-for]:visible")).to_contain_text(words)


async def test_operator_sees_all_runs(page: Page, signpost: SignpostApi) -> None:
    """Who came by key begins with every run, since nothing is their own."""
    await show(page, signpost, you=None)
    await expect(page.locator(".tabs [aria-current=page]")).to_have_text("All runs")
    await expect(page.locator("#list li")).to_have_count(1)
    assert queries(signpost, SENT) == [{"box": "all", "limit": "25"}]


async def test_operator_sees_the_list_of_a_person(page: Page, signpost: SignpostApi) -> None:
    """Nobody in particular is asked whose list it shall be, before anything is fetched."""
    await show(page, signpost, "?box=received", you=None)
    await expect(page.locator("#empty [data-for]:visible")).to_contain_text("Say whose list")
    assert queries(signpost, RECEIVED) == []
    await page.get_by_label("Whose").fill(ALEX)
    await page.get_by_role("button", name="Show").click()
    await expect(page.locator("#list li")).to_have_count(1)
    assert queries(signpost, RECEIVED) == [{"box": "received", "limit": "25", "person": ALEX}]


async def test_others_are_not_offered_all_runs(page: Page, signpost: SignpostApi) -> None:
    """Who does not operate has no list of everybody's runs."""
    await show(page, signpost)
    await expect(page.get_by_role("link", name="All runs")).to_be_hidden()


async def test_list_that_can_not_be_had_says_why(page: Page, signpost: SignpostApi) -> None:
    """A refusal is shown in the server's words."""
    signpost.on(RECEIVED, problem(503, "Decisions can't be stored right now."))
    await show(page, signpost)
    await expect(page.get_by_role("alert")).to_have_text("Decisions can't be stored right now.")
