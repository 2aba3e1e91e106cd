"""Local Teams answers as the Workflows webhooks do, and shows what it received."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from local.teams import LIMIT, Fault, LocalTeams
from tests.doubles.signpost_api import card

pytestmark = pytest.mark.asyncio(loop_scope="session")

LABEL = {"type": "https://schema.org/Message", "additionalType": ["AIGeneratedContent"]}
ADELE = "adele@contoso.com"
Json = dict[str, Any]


@pytest_asyncio.fixture(loop_scope="session")
async def teams() -> AsyncIterator[LocalTeams]:
    """Start a local Teams that received nothing yet."""
    async with LocalTeams() as started:
        yield started


@pytest_asyncio.fixture(loop_scope="session")
async def http(teams: LocalTeams) -> AsyncIterator[aiohttp.ClientSession]:
    """Open a caller of its webhooks."""
    async with aiohttp.ClientSession(teams.url) as session:
        yield session


def message(text: str = "A new office", *actions: Json, **more: Any) -> Json:
    """Build a webhook body with one card."""
    content = {**card(text), "actions": list(actions)}
    kind = "application/vnd.microsoft.card.adaptive"
    attachment = {"contentType": kind, "contentUrl": None, "content": content}
    return {"type": "message", "attachments": [attachment], **more}


def link(title: str, url: str) -> Json:
    """Build a button that opens a link."""
    return {"type": "Action.OpenUrl", "title": title, "url": url}


async def test_webhooks_accept_one_card(http: aiohttp.ClientSession) -> None:
    """Channel and chat answer 202 without a body and keep the message with its time."""
    posts = {"/channel": message(), "/chat": message(recipient=ADELE)}
    for path, body in posts.items():
        answer = await http.post(path, json=body)
        assert (answer.status, await answer.read()) == (202, b"")
    received = await (await http.get("/messages")).json()
    assert received["channel"][0]["message"] == posts["/channel"]
    assert received["chats"][ADELE][0]["message"] == posts["/chat"]
    assert received["channel"][0]["receivedAt"].endswith("Z")


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"type": "message", "attachments": []},
        {"type": "message", "attachments": message()["attachments"] * 2},
        {"type": "message", "attachments": [{"contentType": "text/html", "content": card()}]},
        {**message(), "type": "typing"},
    ],
)
async def test_other_bodies_are_refused(http: aiohttp.ClientSession, body: Any) -> None:
    """What is not a message with exactly one Adaptive Card gets 400 and is not kept."""
    assert (await http.post("/channel", json=body)).status == 400
    assert (await (await http.get("/messages")).json())["channel"] == []


@pytest.mark.parametrize("recipient", [None, "", "adele", "adele@contoso.com;alex@contoso.com "])
async def test_chat_needs_one_person(http: aiohttp.ClientSession, recipient: object) -> None:
    """A chat goes to one e-mail address."""
    assert (await http.post("/chat", json=message(recipient=recipient))).status == 400


async def test_malformed_json_is_refused(http: aiohttp.ClientSession) -> None:
    """Bytes that are no JSON get 400."""
    headers = {"Content-Type": "application/json"}
    assert (await http.post("/channel", data=b"\xff{", headers=headers)).status == 400


async def test_size_limit_is_that_of_workflows(http: aiohttp.ClientSession) -> None:
    """28 KB are taken, one byte more is 413."""
    headers = {"Content-Type": "application/json"}
    small = json.dumps(message(""))
    for size, status in ((LIMIT, 202), (LIMIT + 1, 413)):
        answer = await http.post("/channel", data=small.ljust(size).encode(), headers=headers)
        assert answer.status == status


async def test_faults_come_one_a_request(http: aiohttp.ClientSession, teams: LocalTeams) -> None:
    """An error status keeps nothing, a dropped connection does, and then all is well again."""
    faults = {"channel": [{"status": 500}, {"close": True}]}
    assert (await http.post("/faults", json=faults)).status == 204
    assert (await http.post("/channel", json=message())).status == 500
    assert teams.channel == []
    with pytest.raises(aiohttp.ClientError):
        await http.post("/channel", json=message())
    assert len(teams.channel) == 1
    assert (await http.post("/channel", json=message())).status == 202


async def test_delay_comes_after_the_message_is_kept() -> None:
    """A caller that gives up waiting can't know that the message arrived."""
    async with (
        LocalTeams(channel_faults=[Fault(delay=60.0)]) as teams,
        aiohttp.ClientSession(teams.url, timeout=aiohttp.ClientTimeout(0.05)) as http,
    ):
        with pytest.raises(asyncio.TimeoutError):
            await http.post("/channel", json=message())
        assert len(teams.channel) == 1


async def test_journal_keeps_the_messages_over_restarts(tmp_path: Path) -> None:
    """An approver's link is still there after a restart, in the chat where it was."""
    journal = tmp_path / "teams.jsonl"
    for _ in range(2):
        async with LocalTeams(journal=journal) as teams, aiohttp.ClientSession(teams.url) as http:
            await http.post("/chat", json=message(recipient=ADELE))
            await http.post("/channel", json=message())
    assert len(teams.chats[ADELE]) == len(teams.channel) == 2
    assert teams.channel[0].message == message()


async def test_a_journal_that_was_cut_off_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    """A full disk costs the message that did not fit, not those before and after it."""
    journal = tmp_path / "teams.jsonl"
    for cut in (30, 0):
        async with LocalTeams(journal=journal) as teams, aiohttp.ClientSession(teams.url) as http:
            await http.post("/channel", json=message("First"))
            await http.post("/channel", json=message("Second"))
        journal.write_bytes(journal.read_bytes()[: -cut or None])
    kept = [received.message for received in LocalTeams(journal=journal).channel]
    assert kept == [message("First"), message("First"), message("Second")]


@pytest.mark.parametrize("fault", [{"status": 99}, {"delay": -1}, {"after": 1}, "close"])
async def test_misspelt_faults_are_refused(http: aiohttp.ClientSession, fault: object) -> None:
    """A fault that could not happen is an error of the test that asks for it."""
    assert (await http.post("/faults", json={"channel": [fault]})).status == 400


async def test_other_sites_are_kept_out(http: aiohttp.ClientSession) -> None:
    """A foreign name that points here, or another page's form, reaches nothing."""
    foreign = {"Host": "example.com"}
    assert (await http.get("/messages", headers=foreign)).status == 403
    form = {"Content-Type": "text/plain"}
    assert (await http.post("/channel", data=b"{}", headers=form)).status == 400


async def test_unchanged_messages_are_not_sent_again(http: aiohttp.ClientSession) -> None:
    """Polling costs a 304 until something arrives."""
    tag = (await http.get("/messages")).headers["ETag"]
    unchanged = {"If-None-Match": tag}
    assert (await http.get("/messages", headers=unchanged)).status == 304
    await http.post("/channel", json=message())
    assert (await http.get("/messages", headers=unchanged)).status == 200


async def test_post_shows_up_in_the_page(
    page: Page, teams: LocalTeams, http: aiohttp.ClientSession
) -> None:
    """A post that arrives while the page is open is rendered there, with its label."""
    await page.goto(teams.url)
    await expect(page.get_by_text("No posts yet.")).to_be_visible()
    await http.post("/channel", json=message("<b>A new office</b>", entities=[LABEL]))
    await expect(page.locator(".card")).to_contain_text("<b>A new office</b>")
    await expect(page.get_by_text("AI generated")).to_be_visible()


async def test_chats_are_kept_apart(
    page: Page, teams: LocalTeams, http: aiohttp.ClientSession
) -> None:
    """Each person has a chat, which opens by keyboard."""
    await http.post("/chat", json=message("For Adele", recipient=ADELE))
    await http.post("/chat", json=message("For Alex", recipient="alex@contoso.com"))
    await page.goto(teams.url)
    await page.get_by_role("link", name="Alex").press("Enter")
    await expect(page.locator(".card")).to_contain_text("For Alex")
    await expect(page.locator(".card")).to_have_count(1)


async def test_buttons_open_web_links_only(
    page: Page, teams: LocalTeams, http: aiohttp.ClientSession
) -> None:
    """A link opens in a tab of its own with its fragment; a script in a link does nothing."""
    sign = link("Review and sign", f"{teams.url}/messages#a.token")
    await http.post("/channel", json=message("Sign", sign, link("Evil", "javascript:alert(1)")))
    await page.goto(teams.url)
    await page.get_by_text("Evil").click()
    async with page.context.expect_page() as opened:
        await page.get_by_text("Review and sign").click()
    await expect(await opened.value).to_have_url(sign["url"])
    assert len(page.context.pages) == 2


async def test_local_teams_fits_a_phone(
    page: Page, teams: LocalTeams, http: aiohttp.ClientSession
) -> None:
    """At 360 px nothing sticks out, not even a word without a break."""
    await http.post("/channel", json=message("x" * 300))
    await page.set_viewport_size({"width": 360, "height": 640})
    await page.goto(teams.url)
    await expect(page.locator(".card")).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth") <= 360
    assert await page.evaluate("document.querySelector('main').scrollWidth") <= 360
