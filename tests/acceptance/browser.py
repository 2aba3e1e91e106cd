"""Opens the machine's own Chromium for tests, and listens to what its pages complain about."""

import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from playwright.async_api import Browser, ConsoleMessage, Page, async_playwright
from playwright.sync_api import Page as SyncPage
from playwright.sync_api import sync_playwright

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# Chromium says this of every answer from 400 up; tests look at the answers themselves.
EXPECTED = "Failed to load resource"


def _program() -> str | None:
    names = ("chromium", "google-chrome", "chromium-browser")
    return next(filter(None, map(shutil.which, names)), None)


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Start a headless Chromium."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=_program(), args=FLAGS)
        yield browser
        await browser.close()


@asynccontextmanager
async def quiet_page(browser: Browser) -> AsyncIterator[Page]:
    """Open a page of its own; fail when it broke its content security policy or a script failed."""
    complaints: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if message.type == "error" and EXPECTED not in message.text:
            complaints.append(message.text)

    context = await browser.new_context(timezone_id="Europe/Berlin")
    page = await context.new_page()
    page.set_default_timeout(5000)
    page.on("console", listen)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    await context.close()
    assert complaints == []


@contextmanager
def one_page() -> Iterator[SyncPage]:
    """Open one page in a Chromium of its own, for a test that waits for nothing else."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=_program(), args=FLAGS)
        yield chromium.new_page()
        chromium.close()
