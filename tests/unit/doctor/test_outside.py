"""Each way of getting no answer has its own clause, and no answer is read without end."""

import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from signpost.doctor import outside
from signpost.doctor.outside import LARGEST_ANSWER, Unreached, send
from tests.doubles.openai_double import OpenAIDouble, Scripted
from tests.doubles.table_double import certificate


@pytest.fixture
async def tls(tmp_path: Path) -> AsyncIterator[str]:
    """Listen with a certificate that nobody trusts."""
    context, _ = certificate(tmp_path)
    assert isinstance(context, ssl.SSLContext)
    runner = web.AppRunner(web.Application(), access_log=None, shutdown_timeout=0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    yield f"https://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def refused(url: str, seconds: float = outside.ANSWER_SECONDS) -> Unreached:
    """Give why a request got no answer."""
    with pytest.raises(Unreached) as error:
        await send("POST", url, "token", body={}, seconds=seconds)
    return error.value


async def test_a_certificate_is_checked(tls: str) -> None:
    """No token goes to a host that proves nothing."""
    assert (await refused(tls)).why == "certificate"


async def test_a_name_that_nobody_has_is_told() -> None:
    """It is a wrong setting mostly."""
    error = await refused("https://nowhere.invalid/v1")
    assert (error.why, str(error)) == ("name", "there is no host of the name nowhere.invalid")


async def test_a_host_that_is_slow_is_told(openai_double: OpenAIDouble) -> None:
    """After the time that the request has."""
    openai_double.script.append(Scripted(delay=30))
    assert (await refused(f"{openai_double.url}/chat/completions", seconds=0.05)).why == "slow"


async def test_a_connection_that_breaks_is_told(openai_double: OpenAIDouble) -> None:
    """The network is looked at then."""
    openai_double.script.append(Scripted(close=True))
    assert (await refused(f"{openai_double.url}/chat/completions")).why == "network"


async def test_no_answer_is_read_without_end(openai_double: OpenAIDouble) -> None:
    """A service that sends on and on costs a bounded amount of memory."""
    openai_double.script.append(Scripted(body=b"x" * (4 * LARGEST_ANSWER)))
    got = await send("POST", f"{openai_double.url}/chat/completions", body={})
    assert LARGEST_ANSWER <= len(got.body) <= 2 * LARGEST_ANSWER


async def test_no_redirect_is_followed(openai_double: OpenAIDouble) -> None:
    """A token goes where the settings say, and nowhere else."""
    to = {"Location": f"{openai_double.url}/chat/completions"}
    openai_double.script.append(Scripted(307, headers=to))
    got = await send("POST", f"{openai_double.url}/chat/completions", "token", body={})
    assert (got.status, len(openai_double.requests)) == (307, 1)


@pytest.mark.parametrize(
    "body,codes",
    [
        (
            {"error": {"code": "Forbidden", "innererror": {"code": "ByRbac"}}},
            {"Forbidden", "ByRbac"},
        ),
        ({"odata.error": {"code": "TableNotFound"}}, {"TableNotFound"}),
        ({"code": 403, "error": ["code"]}, set()),
        (["error"], set()),
    ],
)
async def test_the_codes_of_errors_are_found(
    openai_double: OpenAIDouble, body: object, codes: set[str]
) -> None:
    """Storage, vaults and models each put them somewhere else."""
    openai_double.script.append(Scripted(400, body, {"x-ms-error-code": "InHeader"}))
    got = await send("POST", f"{openai_double.url}/chat/completions", body={})
    assert got.codes == codes | {"InHeader"}
