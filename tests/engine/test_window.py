"""The window at /_devhost: what it shows, to whom, and that it only reads."""

import asyncio
import json
import re
import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from tests.engine.conftest import APPS, MOUNT, Open, Running

WINDOW = "/_devhost"


async def page(app: Running, path: str = "", **options: object) -> str:
    """Return a page, which must be there."""
    status, text = await app.call("GET", WINDOW + path, **options)
    assert status == 200
    return str(text)


def ids(text: str) -> list[str]:
    """Return the instances that a list shows, in order."""
    return re.findall(r'<a class="id" href="/_devhost/instances/[^"]+">([^<]+)</a>', text)


async def test_functions_are_listed_with_trigger_and_url(open_app: Open):
    """A link where a browser can follow it, the template of the route elsewhere."""
    app = await open_app("web")
    text = await page(app)
    assert f'<a href="{app.host.url}/api/text">' in text
    assert f"POST, PUT {app.host.url}/api/echo/{{kind}}/{{number:int}}" in text
    assert f'href="{app.host.url}/api/echo' not in text


async def test_schedules_are_listed(open_app: Open, monkeypatch: pytest.MonkeyPatch):
    """A timer shows when it fires."""
    monkeypatch.setenv("DAILY", "1.00:00:00")
    text = await page(await open_app("timers"))
    assert "0 0 */2 * * *" in text


@pytest.mark.parametrize(
    "query,expected",
    [
        ("", ["b-2", "a-2", "b-1", "a-1"]),
        ("?status=Running", ["a-2", "a-1"]),
        ("?status=Completed", ["b-2", "b-1"]),
        ("?name=approve", ["a-2", "a-1"]),
        ("?prefix=a-", ["a-2", "a-1"]),
        ("?prefix=a-&name=collect", []),
        ("?prefix=%25", []),
    ],
)
async def test_instances_are_filtered(open_app: Open, query: str, expected: list[str]):
    """By status, name and beginning of the id; the newest comes first."""
    app = await open_app("events")
    for number in (1, 2):
        await app.start("approve", key=f"a-{number}")
        await app.start("collect", {"count": 0}, key=f"b-{number}")
    text = await page(app, query)
    assert ids(text) == expected
    assert "Running <b>2</b>" in text


async def test_pages_follow_each_other_without_gap_or_double(open_app: Open):
    """Every instance is on exactly one page, and the filter is kept on the way."""
    app = await open_app("events")
    for number in range(120):
        await app.start("approve", key=f"run-{number:03}")
    await app.start("approve", key="other")
    found, path = [], "?prefix=run-"
    while path:
        text = await page(app, path)
        found += ids(text)
        following = re.search(r'href="/_devhost(\?[^"]+)" rel="next"', text)
        path = following[1].replace("&amp;", "&") if following else ""
    assert found == [f"run-{number:03}" for number in reversed(range(120))]


async def test_an_instance_shows_what_it_was_given_and_what_it_made(open_app: Open):
    """Input, output, custom status and each activity with its result."""
    app = await open_app("chain")
    key = await app.start("chain", {"from": "Adele"})
    text = await page(app, f"/instances/{key}")
    assert "JSON in a string:\n{\n  &#34;from&#34;: &#34;Adele&#34;" in text
    assert "Hello London!" in text
    assert "&#34;greeted&#34;: 1" in text
    assert text.count("<b>greet</b> <span>TaskCompleted</span>") == 3


async def test_inputs_are_shown_if_host_json_keeps_them(open_app: Open, tmp_path: Path):
    """Azure's own setting decides, and the page says so where it is off."""
    app = await open_app("chain")
    text = await page(app, f"/instances/{await app.start('chain')}")
    assert "storeInputsInOrchestrationHistory" in text
    folder = shutil.copytree(APPS / "chain", tmp_path / "app")
    kept = {"durableTask": {"storeInputsInOrchestrationHistory": True}}
    host = {"version": "2.0", "extensions": kept}
    (folder / "host.json").write_text(json.dumps(host), encoding="utf-8")
    app = await open_app(folder)
    text = await page(app, f"/instances/{await app.start('chain')}")
    assert "<dt>Input</dt><dd><code>&#34;Seattle&#34;</code>" in text
    assert "storeInputs" not in text


async def test_timers_events_and_calls_under_way_are_shown(open_app: Open):
    """A parked instance says until when it waits; a suspended one what it has not seen."""
    app = await open_app("events")
    key = await app.start("approve")
    text = await page(app, f"/instances/{key}")
    assert re.search(r"<td>timer</td><td class=\"time\">2030-01-02 00:00:00, in 24\.0 h", text)
    app.host.engine._busy.add(key)  # holds the instance, so that the event stays unseen
    await app.call("POST", f"{MOUNT}/instances/{key}/raiseEvent/decision", json={"ok": True})
    text = await page(app, f"/instances/{key}")
    assert '<td>event decision</td><td class="time">not seen yet</td>' in text
    app.host.engine._busy.discard(key)


async def test_a_failure_is_shown_as_text(open_app: Open):
    """Nothing that an app says becomes markup."""
    app = await open_app("events")
    key = await app.start("approve", {"x": "<script>alert(1)</script>"})
    await app.call("POST", f"{MOUNT}/instances/{key}/terminate?reason=%3Cb%3Eno%3C/b%3E")
    await app.settle()
    text = await page(app, f"/instances/{key}")
    assert "&lt;b&gt;no&lt;/b&gt;" in text
    assert "<b>no" not in text
    assert "<script" not in text
    assert "<script" not in await page(app, "?prefix=%3Cscript%3E")


async def test_ids_of_any_kind_have_a_page(open_app: Open):
    """An id with a per cent sign, a blank or another script is found by its link."""
    app = await open_app("events")
    key = '50% grüße & "more"\''
    await app.start("approve", key="50%25%20gr%C3%BC%C3%9Fe%20&%20%22more%22'")
    link = re.search(r'<a class="id" href="([^"]+)"', await page(app))
    assert link
    status, text = await app.call("GET", link[1])
    assert status == 200
    assert "<title>50% grüße &amp; &#34;more&#34;&#39;" in text
    assert app.host.store.instance(key)


async def test_a_long_history_comes_in_pages(open_app: Open):
    """Five hundred entries at once, with links to the others."""
    app = await open_app("fan")
    key = await app.start("squares", {"below": 600})
    text = await page(app, f"/instances/{key}")
    assert "1 to 500 of 602" in text
    assert text.count('<li class="') == 500
    text = await page(app, f"/instances/{key}?from=500")
    assert text.count('<li class="') == 102
    assert 'href="?from=0" rel="prev"' in text


async def test_a_large_value_is_cut(open_app: Open):
    """A value of four megabytes does not make a page of four megabytes."""
    app = await open_app("events")
    key = await app.start("approve", "x" * 4_000_000)
    text = await page(app, f"/instances/{key}")
    assert len(text) < 100_000
    assert "4,000,006 characters in all; the status URL has them" in text


async def test_what_is_not_there_is_404(open_app: Open):
    """An unknown instance or path is a page that leads back."""
    app = await open_app("events")
    for path in ("/instances/nobody", "/nothing", "/instances", "/../secret"):
        status, text = await app.call("GET", f"{WINDOW}{path}")
        assert status == 404
    status, text = await app.call("GET", f"{WINDOW}/instances/nobody")
    assert "There is no instance nobody" in text


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_the_window_only_reads(open_app: Open, method: str):
    """Any method but GET and HEAD is refused."""
    app = await open_app("events")
    assert (await app.call(method, WINDOW))[0] == 405


async def test_pages_forbid_scripts_frames_and_caching(open_app: Open):
    """The headers leave a browser nothing but the style sheet."""
    app = await open_app("events")
    for path in ("", "/devhost.css", "/nothing"):
        async with app._session.get(app.host.url + WINDOW + path) as response:
            policy = response.headers["Content-Security-Policy"]
            assert "default-src 'none'; style-src 'self'" in policy
            assert response.headers["X-Content-Type-Options"] == "nosniff"
            assert response.headers["Cache-Control"] == "no-store"


async def test_other_names_and_machines_see_nothing(open_app: Open):
    """A name that another site points here, or a request from outside, gets 403."""
    app = await open_app("events")
    for host in ("evil.example", "127.0.0.1.evil.example", "10.0.0.7:7071"):
        assert (await app.call("GET", WINDOW, headers={"Host": host}))[0] == 403
    for host in ("localhost:7071", "127.0.0.1", "[::1]:7071"):
        assert (await app.call("GET", WINDOW, headers={"Host": host}))[0] == 200


async def test_looking_changes_nothing(open_app: Open, tmp_path: Path):
    """The state is the same before and after every page was seen."""
    app = await open_app("events", tmp_path)
    key = await app.start("approve")
    before = list(app.host.store.connection.iterdump())
    await page(app)
    await page(app, f"/instances/{key}")
    await app.advance(timedelta(seconds=1))
    await asyncio.sleep(0)
    assert list(app.host.store.connection.iterdump()) == before
