"""Looking decides nothing: link scanners and previews change no byte, and the link stays good."""

import itertools
import time

import httpx2 as httpx
from playwright.sync_api import expect

from tests.acceptance.browser import one_page
from tests.acceptance.client import Link, Signpost, crowd
from tests.acceptance.sizes import SCANNER_STAYS_SECONDS, SCANS

METHODS = ["GET", "HEAD", "OPTIONS"]
OTHERS = ["PUT", "DELETE", "PATCH", "TRACE", "PROPFIND"]


def requests(link: Link) -> list[tuple[str, str, dict[str, str]]]:
    """List what a scanner may ask of a link: page and API, with and without the token."""
    paths = [f"/approvals/{link.approval}", f"/api/approvals/{link.approval}"]
    paths += [f"{path}?token={link.token}" for path in paths]
    headers = [
        {},
        {"X-Approval-Token": link.token},
        {"User-Agent": "Mozilla/5.0 (compatible; bingbot/2.0)", "Referer": link.url},
    ]
    return list(itertools.product(METHODS, paths, headers))


def test_scanners_change_nothing(signpost: Signpost) -> None:
    """200 requests in continuous integration, 1,000 at full size: 0 changes in the ledger."""
    run, link = signpost.drafted(topic="Scanned")
    before = signpost.bytes_once_told(run)
    asked = itertools.islice(itertools.cycle(requests(link)), SCANS)
    told = crowd(lambda a: signpost.http.request(a[0], a[1], headers=a[2]).status_code, asked)
    assert max(told) < httpx.codes.INTERNAL_SERVER_ERROR
    assert signpost.bytes_in_ledger(run) == before
    works_once(signpost, link)


def test_other_methods_change_nothing(signpost: Signpost) -> None:
    """What no route takes is not found, with or without the token."""
    run, link = signpost.drafted(topic="Scanned by others")
    before = signpost.bytes_once_told(run)
    for method in OTHERS:
        told = signpost.http.request(
            method, f"/api/approvals/{link.approval}", headers={"X-Approval-Token": link.token}
        )
        assert told.status_code in (httpx.codes.NOT_FOUND, httpx.codes.METHOD_NOT_ALLOWED)
    assert signpost.bytes_in_ledger(run) == before


def test_a_browser_that_stays_changes_nothing(signpost_with_all_types: Signpost) -> None:
    """A scanner that runs the page's script and stays, moving the mouse, signs nothing.

    2 seconds in continuous integration, 10 at full size.
    """
    signpost = signpost_with_all_types
    run, link = signpost.drafted(topic="Scanned by a browser")
    before = signpost.bytes_once_told(run)
    with one_page() as page:
        page.goto(link.url, wait_until="networkidle")
        expect(page.get_by_role("button", name="Approve and post")).to_be_visible()
        until = time.monotonic() + SCANNER_STAYS_SECONDS
        while time.monotonic() < until:
            page.mouse.move(time.monotonic() * 100 % 800, 300)
    assert signpost.bytes_in_ledger(run) == before
    works_once(signpost, link)


def works_once(signpost: Signpost, link: Link) -> None:
    """Hold that a link signs, and then never again."""
    assert signpost.sign(link).status_code == httpx.codes.OK
    assert signpost.sign(link).status_code == httpx.codes.CONFLICT
