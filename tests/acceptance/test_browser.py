"""A person's way through the product in a real Chromium, with the real local model."""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.acceptance.client import Signpost

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start the machine's own Chromium."""
    names = ("chromium", "google-chrome", "chromium-browser")
    path = next(filter(None, map(shutil.which, names)))
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Open a fresh window."""
    context = browser.new_context()
    yield context.new_page()
    context.close()


def start_run(page: Page, signpost: Signpost, topic: str) -> str:
    """Fill in the start form and give the run's id once its draft is there."""
    page.goto(signpost.url)
    page.get_by_label("Topic").fill(topic)
    page.get_by_role("button", name="Write the draft").click()
    expect(page.get_by_text("Waiting for signature")).to_be_visible(timeout=90_000)
    return page.url.rsplit("/", 1)[1]


def test_a_topic_becomes_an_edited_signed_post(page: Page, signpost_with_smollm2) -> None:
    """Topic, SmolLM2's draft, edit, signature: the card in Teams shows the edited text."""
    signpost = signpost_with_smollm2
    run = start_run(page, signpost, "The cafeteria opens its new terrace on Monday.")
    page.goto(signpost.link(run).url)
    page.get_by_role("button", name="Change the text first").click()
    draft = page.locator("#text").inner_text()
    page.get_by_label("Your version").fill(f"{draft}\n\nSee you there, signed by hand.")
    page.get_by_role("button", name="Approve with my changes").click()
    expect(page.get_by_role("heading", name="You signed this post")).to_be_visible()
    assert signpost.wait(run, "closed")["delivery"]["state"] == "handed over"
    page.goto(signpost.plan.teams_url)
    expect(page.get_by_text("See you there, signed by hand.").first).to_be_visible()
    assert len(draft.split()) > 3


def test_a_rejected_draft_is_never_posted(page: Page, signpost_with_smollm2) -> None:
    """Rejecting on the page says why to whom asked, and Teams shows nothing."""
    signpost = signpost_with_smollm2
    before = signpost.posts()
    run = start_run(page, signpost, "The printer on floor 3 is broken.")
    page.goto(signpost.link(run).url)
    page.get_by_label("Comment").fill("It works again.")
    page.get_by_role("button", name="Reject").click()
    expect(page.get_by_role("heading", name="You rejected this post")).to_be_visible()
    page.goto(f"{signpost.url}/runs/{run}")
    expect(page.get_by_text("It works again.")).to_be_visible()
    assert signpost.posts() == before


def test_a_scanner_that_renders_the_page_and_waits_decides_nothing(
    page: Page, signpost_with_smollm2
) -> None:
    """Opening the link with script, and waiting until it is quiet, leaves the round open."""
    signpost = signpost_with_smollm2
    _, link = signpost.drafted(topic="Scanned by a browser")
    page.goto(link.url, wait_until="networkidle")
    expect(page.get_by_role("button", name="Approve and post")).to_be_visible()
    assert signpost.see(link).json()["state"] == "open"
