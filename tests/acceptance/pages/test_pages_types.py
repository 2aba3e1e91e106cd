"""Every type of approval, answered on the pages of a running Signpost."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
from playwright.async_api import Page, expect

from signpost.receipts.__main__ import main
from tests.acceptance.client import Signpost
from tests.doubles.quick_model import say
from tests.doubles.signpost_api import ADELE, ALEX, MEGAN

pytestmark = pytest.mark.asyncio(loop_scope="session")

DIEGO = "diego@contoso.com"


class Way(NamedTuple):
    """Who presses which button in a flow, what the page says then, and what is posted."""

    flow: str
    presses: list[tuple[str, str, str]]
    outcome: str
    is_posted: bool


WAYS = [
    Way("first", [(ALEX, "Approve and post", "You signed this post")], "Approve", is_posted=True),
    Way("everyone", [(MEGAN, "Approve", "Your answer counts"),
                     (ADELE, "Reject", "You rejected this post")], "Reject", is_posted=False),
    Way("quorum", [(ADELE, "Approve", "Your answer counts"),
                   (MEGAN, "Approve", "You signed this post")], "Approve", is_posted=True),
    Way("custom-one", [(ADELE, "Not this week", "You turned this post down")],
        "Not this week", is_posted=False),
    Way("custom-all", [(ADELE, "Post it", "Your answer counts"),
                       (ALEX, "Post it loudly", "You signed this post")],
        "Post it, Post it loudly", is_posted=True),
    Way("sequential", [(DIEGO, "Approve", "Your answer counts"),
                       (ALEX, "Approve", "You signed this post")], "Approve", is_posted=True),
]  # fmt: skip


async def press(page: Page, url: str, button: str, heading: str) -> None:
    """Answer on the page of an approver's link, and wait for what it says."""
    await page.goto(url)
    await page.get_by_label("Comment").fill("Why not.")
    await page.get_by_role("button", name=button, exact=True).click()
    await expect(page.get_by_role("heading", name=heading)).to_be_visible()


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.flow)
async def test_type_is_answered_on_its_pages(
    page: Page, signpost_with_all_types: Signpost, way: Way
) -> None:
    """Each page tells truly what its answer came to, up to the run's own page."""
    signpost, text = signpost_with_all_types, f"Pressed through {way.flow}."
    run = signpost.start(say(text), way.flow)
    for person, button, heading in way.presses:
        await press(page, signpost.link(run, person).url, button, heading)
    story = signpost.wait(run, "closed")
    assert (story["outcome"], bool(signpost.posts(text))) == (way.outcome, way.is_posted)
    await page.get_by_role("link", name="Follow the run").click()
    await expect(page.locator("#answers li")).to_have_count(len(way.presses))
    step = "Signed" if way.is_posted else "Rejected" if way.outcome == "Reject" else "Not signed"
    await expect(page.locator("#sign-step strong [data-for]:visible")).to_have_text(step)


async def test_changes_lead_to_a_second_draft(
    page: Page, signpost_with_all_types: Signpost
) -> None:
    """What an approver asks for stands above the next draft, with what it changed."""
    signpost = signpost_with_all_types
    run = signpost.start(say("Sent back on the page."), "changes")
    url = signpost.link(run).url
    await press(page, url, "Request changes", "You asked for changes")
    await page.goto(signpost.link(run, number=2).url)
    await expect(page.locator("#feedback blockquote")).to_have_text("Why not.")
    await expect(page.locator("#change ins")).to_contain_text("Version 2.")
    await page.get_by_role("button", name="Approve and post").click()
    await expect(page.get_by_role("heading", name="You signed this post")).to_be_visible()


async def be(page: Page, person: str) -> None:
    """Choose who to be by the switch."""
    await page.get_by_label("You are").select_option(person)
    async with page.expect_navigation():
        await page.get_by_role("button", name="Switch").click()
    await expect(page.get_by_label("You are")).to_have_value(person)


async def test_one_person_after_another_by_the_switch(
    page: Page, signpost_with_all_types: Signpost
) -> None:
    """Asked for by Megan, found by Adele in what she received, and signed without a link."""
    await page.goto(signpost_with_all_types.url)
    await be(page, MEGAN)
    await expect(page.get_by_label("Your e-mail")).to_have_count(0)
    await page.get_by_label("Flow", exact=True).select_option("first")
    await page.get_by_label("Topic").fill(say("Switched through."))
    await page.get_by_role("button", name="Write the draft").click()
    await expect(page.get_by_text("Waiting for signature")).to_be_visible()
    await page.get_by_role("link", name="Approvals").click()
    await be(page, ADELE)
    await page.get_by_role("link", name="Sign it, whoever is first").first.click()
    await page.get_by_role("button", name="Approve and post").click()
    await expect(page.get_by_role("heading", name="You signed this post")).to_be_visible()
    await expect(page.locator("#answers")).to_contain_text("By the switch here.")


async def test_open_run_is_steered(page: Page, signpost_with_all_types: Signpost) -> None:
    """A place is handed on, the deadline moves, and the run's page shows both."""
    run = signpost_with_all_types.start(flow="first")
    await page.goto(f"{signpost_with_all_types.url}/runs/{run}")
    await page.get_by_role("button", name="Hand on…").click()
    await page.get_by_label("E-mail of the new person").fill(DIEGO)
    await page.get_by_role("button", name="Hand it on").click()
    await expect(page.locator("#awaited li").first).to_contain_text(DIEGO)
    await page.get_by_role("button", name="Move the deadline…").click()
    field = page.get_by_label("New deadline")
    later = datetime.fromisoformat(await field.input_value()) + timedelta(days=30)
    await field.fill(f"{later:%Y-%m-%dT%H:%M}")
    await page.get_by_role("button", name="Move it").click()
    await expect(page.locator("#times")).to_contain_text(f"{later:%-d %b %Y, %H:%M}")


async def test_saved_receipt_is_verified(
    page: Page, signpost_with_all_types: Signpost, tmp_path: Path
) -> None:
    """The file from the run's page passes the check that anybody can run."""
    signpost = signpost_with_all_types
    run = signpost.start(say("Kept on file."), "first")
    signpost.sign(signpost.link(run))
    signpost.wait(run, "closed")
    await page.goto(f"{signpost.url}/runs/{run}")
    async with page.expect_download() as saved:
        await page.get_by_role("button", name="Save the receipt").click()
    await (await saved.value).save_as(tmp_path / "receipt.json")
    assert main(["verify", str(tmp_path / "receipt.json")]) == 0
