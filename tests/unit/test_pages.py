"""The console's files are served as they are, and nothing else on the disk is."""

import re

import pytest

from tests.builders import a_request, handler, json_of
from triggers import pages
from triggers.answers import SECURITY_HEADERS

ASSET = handler(pages.asset)
PAGES = [
    handler(page)
    for page in (
        pages.start_page,
        pages.run_page,
        pages.approvals_page,
        pages.sign_page,
        pages.instructions_page,
    )
]
LONGEST_SCRIPT = 150
# Five pages: 760 lines until there were inputs of seven types, drafts to choose from, and a page
# to test instructions out.
MOST_SCRIPT = 1000
ODD = [
    "", ".", "..", "gone.js", "start.html", "sign.html", "package.json", "node_modules", "a" * 300,
    "a" * 300 + ".js", "/etc/passwd", "../console/api.js", "..\\console\\api.js", "../host.json",
    "\ud800.js", "a\0.js", "%2e%2e", "api.js/", "./api.js", "API.JS", "con.js", " api.js",
]  # fmt: skip


def test_scripts_are_short() -> None:
    """The browser's part can be read in an hour, and each file in one go."""
    lines = {f.name: len(f.read_text("utf-8").splitlines()) for f in pages.CONSOLE.glob("*.js")}
    assert {name: count for name, count in lines.items() if count > LONGEST_SCRIPT} == {}
    assert sum(lines.values()) <= MOST_SCRIPT


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.__name__)
async def test_pages_are_served(page: object) -> None:
    """Each page is HTML, and changes are seen at once."""
    assert callable(page)
    answer = await page(a_request(id="x"))
    assert (answer.status_code, answer.mimetype) == (200, "text/html")
    assert answer.headers["Cache-Control"] == "no-cache"
    assert answer.headers["Content-Security-Policy"] == SECURITY_HEADERS["Content-Security-Policy"]


async def test_scripts_are_served() -> None:
    """The pages' own files come with their type."""
    answer = await ASSET(a_request(file="api.js"))
    assert (answer.status_code, answer.mimetype) == (200, "text/javascript")


@pytest.mark.parametrize("name", ODD, ids=lambda name: ascii(name)[:30])
async def test_nothing_else_is_served(name: str) -> None:
    """Other names, however odd, long or encoded, are 404 and not repeated."""
    answer = await ASSET(a_request(file=name))
    assert answer.status_code == 404
    assert json_of(answer)["detail"] == "There is no such file."


def test_all_pages_ask_for_a_key_alike() -> None:
    """There is no build step, so the dialog stands on each page: word for word the same."""
    sources = [path.read_text("utf-8") for path in pages.CONSOLE.glob("*.html")]
    dialogs = [re.findall(r'(?s)<dialog id="access".*?</dialog>', source) for source in sources]
    asking = [each for found in dialogs for each in found]
    assert (len(asking), len(set(asking))) == (4, 1)
