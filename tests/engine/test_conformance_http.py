"""HTTP as Microsoft's own tests of the Python worker and the Functions host expect it."""

import pytest

from tests.engine.conftest import Open


@pytest.mark.parametrize(
    "method,path,expected",
    [
        ("GET", "/api/held", (201, "held")),
        ("GET", "/api/nothing", (500, "")),
        ("GET", "/api/of/7", (200, "number")),
        ("GET", "/api/of/seven", (200, "text")),
        ("POST", "/admin/host/ping?checkHealth=1", (200, "")),
    ],
)
async def test_answers(open_app: Open, method: str, path: str, expected: tuple[int, str]):
    """Out parameters answer, a missing return value fails, constrained routes come first."""
    app = await open_app("conformance")
    assert await app.call(method, path) == expected


async def test_trace_headers_have_their_old_names_too(open_app: Open):
    """Traceparent and Tracestate can be read from the context."""
    app = await open_app("conformance")
    headers = {"traceparent": "00-a-b-01", "tracestate": "x=1"}
    assert await app.call("GET", "/api/trace", headers=headers) == (200, "00-a-b-01 x=1")


@pytest.mark.parametrize("off,status", [("", 200), ("true", 204)])
async def test_the_root_has_a_page(open_app: Open, monkeypatch, off: str, status: int):
    """Where no function answers at the root, a page does, unless the app turns it off."""
    monkeypatch.setenv("AzureWebJobsDisableHomepage", off)
    app = await open_app("conformance")
    assert (await app.call("GET", "/"))[0] == status


@pytest.mark.parametrize(
    "given,written",
    [
        ("a=1", "a=1; domain=; path="),
        (
            "a=x+y; Expires=Thu, 12-Jan-2017 13:55:08 GMT; Secure; Max-Age=10",
            "a=x%2By; expires=Thu, 12 Jan 2017 13:55:08 GMT; max-age=10; domain=; path=; secure",
        ),
        (
            "a=1; Domain=contoso.com; HttpOnly; SameSite=Lax; Path=/",
            "a=1; domain=contoso.com; path=/; samesite=lax; httponly",
        ),
        ("a=1; Expires=soon", None),
    ],
)
async def test_cookies_are_written_as_in_azure(open_app: Open, given: str, written: str | None):
    """Attributes come in ASP.NET's order and case; a time that can't be read fails the call."""
    app = await open_app("conformance")
    url = app.host.url + "/api/cookie"
    async with app._session.post(url, data=given.encode()) as response:
        assert response.headers.get("Set-Cookie") == written
        assert response.status == (200 if written else 500)
