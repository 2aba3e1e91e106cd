"""Opens pages in one browser for all tests of this folder, against a double that goes well."""

from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Browser, Page

from tests.acceptance.browser import chromium, quiet_page
from tests.doubles import signpost_api as api
from tests.doubles import trials
from tests.doubles.signpost_api import Answer, SignpostApi


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Start Chromium once."""
    async with chromium() as started:
        yield started


@pytest_asyncio.fixture(loop_scope="session")
async def page(browser: Browser) -> AsyncIterator[Page]:
    """Open a page that must stay without complaints."""
    async with quiet_page(browser) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="session")
async def signpost() -> AsyncIterator[SignpostApi]:
    """Serve the console with an API on which everything goes well until a test says otherwise."""
    async with SignpostApi() as double:
        double.on(api.ME, Answer(body=api.me()))
        double.on(api.FLOWS, Answer(body={"flows": [api.flow()]}))
        double.on(api.START, Answer(202, {"id": api.RUN}))
        double.on(api.RECEIVED, Answer(body=api.approvals(api.listed_approval())))
        double.on(api.SENT, Answer(body=api.runs(api.listed_run())))
        double.on(api.FOLLOW, Answer(body=api.run()))
        double.on(api.CANCEL, Answer(body={"id": api.RUN, "outcome": "Canceled"}))
        double.on(api.SEE, Answer(body=api.approval()))
        double.on(api.GALLERY, Answer(body={"instructions": [trials.instructions()]}))
        double.on(api.INSTRUCTIONS, Answer(body=trials.instructions()))
        double.on(api.TRY, Answer(body=trials.trial(api.DRAFT)))
        signed = {"id": api.APPROVAL, "outcome": "Approve", "decision": api.response()}
        double.on(api.SIGN, Answer(body={**signed, "signedDigest": "sha256:" + "2e" * 32}))
        yield double
