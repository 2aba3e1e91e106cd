"""HTTP triggers: routes, conversion in both directions, keys."""

import io
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest

from devhost.loader import Function
from devhost.routes import compile_route
from tests.engine.conftest import MOUNT, Open


async def test_a_request_arrives_as_the_worker_hands_it_over(open_app: Open):
    """Headers are lower-cased, repeats joined, empty query values dropped, parameters decoded."""
    app = await open_app("web")
    headers = [("X-One", "a"), ("X-One", "b")]
    path = "/api/echo/caf%C3%A9/7?a=1&a=2&empty=&u=%E2%82%AC"
    _, seen = await app.call("POST", path, data="\u20ac", headers=headers)
    assert seen["headers"]["x-one"] == "a,b"
    assert seen["params"] == {"a": "1,2", "u": "\u20ac"}
    assert seen["route"] == {"kind": "caf\u00e9", "number": "7"}
    assert (seen["method"], seen["body"]) == ("POST", "\u20ac")
    assert (seen["function"], seen["invocation"]) == ("echo", True)
    assert seen["url"].startswith(f"{app.host.url}/api/echo/")


async def test_a_body_of_unknown_length_is_not_handed_over(open_app: Open, caplog):
    """As in Azure, a chunked body is lost, and the log says so."""

    async def chunks() -> AsyncIterator[bytes]:
        yield b"lost"

    app = await open_app("web")
    assert await app.call("POST", "/api/size", data=chunks()) == (200, 0)
    assert "its body has no Content-Length" in caplog.text


@pytest.mark.parametrize(
    "method,path,status,text",
    [
        ("GET", "/api/text", 200, "GET gr\u00fc\u00df"),
        ("OPTIONS", "/api/text", 200, "OPTIONS gr\u00fc\u00df"),
        ("GET", "/api/files/a/b/c", 200, "a/b/c"),
        ("GET", "/api/files", 200, "-"),
        ("GET", "/api/files/known", 200, "known"),
        ("GET", "/api/FILES/Known", 200, "known"),
        ("GET", "/api/maybe", 200, "nobody"),
        ("GET", "/api/maybe/adele", 200, "adele"),
        ("GET", "/api/", 200, "root"),
        ("GET", "/api/from-blueprint", 200, "blueprint"),
        ("GET", "/api/unknown", 404, ""),
        ("POST", "/api/echo/x/seven", 404, ""),
        ("GET", "/api/echo/x/7", 404, ""),
        ("GET", "/api/raises", 500, ""),
        ("GET", "/api/nothing", 500, ""),
        ("GET", "/text", 404, ""),
    ],
)
async def test_routes(open_app: Open, method: str, path: str, status: int, text: str):
    """Each request reaches its function, or is answered as Azure answers it."""
    app = await open_app("web")
    assert await app.call(method, path) == (status, text)


@pytest.mark.parametrize("path", ["/api/calls-back", "/api/calls-back-async"])
async def test_user_code_may_block_on_the_host(open_app: Open, path: str):
    """A function that waits for the host does not wait for itself."""
    app = await open_app("web")
    assert await app.call("GET", path) == (200, "GET gr\u00fc\u00df")


@pytest.mark.parametrize(
    "template,path,values",
    [
        ("a/{x}/b", "/api/a/1/b", {"x": "1"}),
        ("a/{x}/b", "/api/a/b", None),
        ("a/{x:int:min(5)}", "/api/a/7", {"x": "7"}),
        ("a/{x:int:min(5)}", "/api/a/3", None),
        ("a/{x:range(1,9)}", "/api/a/10", None),
        ("a/{x:guid}", f"/api/a/{UUID(int=1)}", {"x": str(UUID(int=1))}),
        ("a/{x:guid}", "/api/a/no", None),
        ("a/{x:bool}/{y:alpha}", "/api/a/true/abc", {"x": "true", "y": "abc"}),
        ("a/{x:length(2,3)}", "/api/a/abcd", None),
        ("a/{x:regex(^\\d{{2}}$)}", "/api/a/12", {"x": "12"}),
        ("a/{x:regex(^\\d{{2}}$)}", "/api/a/1b", None),
        ("a/{x:datetime}", "/api/a/2030-01-01", {"x": "2030-01-01"}),
        ("a/{x:decimal}", "/api/a/1.5", {"x": "1.5"}),
        ("{x}.{y}", "/api/name.txt", {"x": "name", "y": "txt"}),
        ("{**rest}", "/api/a/b", {"rest": "a/b"}),
    ],
)
def test_route_templates(template: str, path: str, values: dict[str, str] | None):
    """A template takes the paths that fit its constraints, and names their parts."""
    trigger = {"type": "httpTrigger", "name": "req", "route": template}
    function = Function("f", print, trigger, (), Path(), False, False, {}, {}, None)  # noqa: FBT003 - as declared
    assert compile_route(function, "api").match(path) == values


async def test_head_is_a_method_of_its_own(open_app: Open):
    """HEAD reaches a function that takes all methods, but not one that takes GET only."""
    app = await open_app("web")
    assert await app.call("HEAD", "/api/text") == (200, "")
    assert (await app.call("HEAD", "/api/maybe"))[0] == 404


async def test_cookies_travel_one_by_one(open_app: Open):
    """Two Set-Cookie headers stay two."""
    app = await open_app("web")
    async with app._session.get(app.host.url + "/api/cookies") as response:
        assert response.status == 201
        found = response.headers.getall("Set-Cookie")
    assert found == ["a=1; domain=; path=/; httponly", "b=2; domain=; path=; secure"]


async def test_large_bodies_arrive_whole(open_app: Open):
    """Twenty megabytes are no problem."""
    app = await open_app("web")
    body = io.BytesIO(b"x" * 20_000_000)
    assert await app.call("POST", "/api/size", data=body) == (200, 20_000_000)


async def test_a_compressed_body_arrives_as_it_was_sent(open_app: Open):
    """The host unpacks nothing, so a body that lies about its encoding is no fault of it."""
    app = await open_app("web")
    headers = {"Content-Encoding": "gzip"}
    assert await app.call("POST", "/api/size", data=b"plain", headers=headers) == (200, 5)


async def test_keys_are_asked_for_when_told_to(open_app: Open, tmp_path: Path):
    """Anonymous functions stay open; others want the function key or the master key."""
    app = await open_app("web", state=tmp_path, keys=True)
    keys = app.host.server._keys
    assert (await app.call("GET", "/api/text"))[0] == 200
    assert (await app.call("GET", "/api/maybe"))[0] == 401
    assert (await app.call("GET", f"/api/maybe?code={keys.function}"))[0] == 200
    assert (await app.call("GET", "/api/maybe", headers={"x-functions-key": keys.master}))[0] == 200
    assert (await app.call("GET", "/api/maybe?code=wrong"))[0] == 401
    assert (await app.call("GET", f"{MOUNT}/instances"))[0] == 401
    assert (await app.call("GET", f"{MOUNT}/instances?code={keys.system}"))[0] == 200
    assert (tmp_path / "keys.json").stat().st_mode & 0o077 == 0


async def test_the_host_tells_that_it_runs(open_app: Open):
    """GET /admin/host/status answers as the Functions host does."""
    app = await open_app("web")
    status, answer = await app.call("GET", "/admin/host/status")
    assert (status, answer["state"]) == (200, "Running")
