"""A request to the model leaves once, to where the settings say, over a connection that is kept."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from signpost.model import client
from signpost.model.outcomes import Answer, Unanswered
from tests.builders import a_config

BODY = {"messages": [{"role": "user", "content": "About the terrace \u2013 {}."}]}
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


class Service:
    """Keeps the requests that it gets on any path, and answers each as `answer` does."""

    def __init__(self) -> None:
        self.heard: list[web.BaseRequest] = []
        self.bodies: list[bytes] = []
        self.headers: dict[str, str] = {}
        self.status = 200
        self.endless = False
        self.port = 0

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer with the status and headers that are set, or drop the connection at 0."""
        self.heard.append(request)
        self.bodies.append(await request.read())
        if self.status == 0:
            assert request.transport is not None
            request.transport.abort()
        if self.endless:
            await trickle(request)
        return web.Response(status=self.status or 200, body=b"{}", headers=self.headers)

    async def ask(self, path: str = "/v1", host: str = "127.0.0.1", **given: Any) -> Answer:
        """Ask this service as the app does; what is given are settings."""
        at = given.pop("base_url", f"http://{host}:{self.port}{path}")
        seconds = given.pop("seconds", 5)
        return await client.ask(a_config(model_base_url=at, **given), BODY, seconds)

    def callers(self) -> int:
        """Say how many connections the requests came by."""
        return len({id(request.protocol) for request in self.heard})


async def trickle(request: web.BaseRequest) -> None:
    """Send a byte now and then, until the caller is gone."""
    answer = web.StreamResponse()
    await answer.prepare(request)
    with suppress(ConnectionError):
        while True:
            await answer.write(b" ")
            await asyncio.sleep(0.01)


async def listen(service: Service, tls: ssl.SSLContext | None = None) -> web.ServerRunner:
    """Start a server for a service."""
    runner = web.ServerRunner(web.Server(service.answer, access_log=None), shutdown_timeout=0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
    service.port = runner.addresses[0][1]
    return runner


@pytest.fixture
async def service(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Service]:
    """Listen where no proxy of this machine's environment gets between."""
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    opened = Service()
    runner = await listen(opened)
    yield opened
    await client.close()
    await runner.cleanup()


async def test_a_request_says_what_it_needs(service: Service) -> None:
    """JSON in UTF-8, the key, and that the answer is not to be packed."""
    await service.ask(model_api_key="k", model_name="small")
    [request], [body] = service.heard, service.bodies
    assert (request.method, request.path_qs) == ("POST", "/v1/chat/completions")
    assert body == (
        b'{"model":"small","messages":[{"role":"user","content":'
        b'"About the terrace \xe2\x80\x93 {}."}]}'
    )
    assert request.headers["Authorization"] == "Bearer k"
    assert request.headers["Content-Type"] == request.headers["Accept"] == "application/json"
    assert request.headers["Accept-Encoding"] == "identity"


async def test_a_path_and_a_version_arrive_as_they_are(service: Service) -> None:
    """A deployment may have a slash in its name."""
    await service.ask("/openai/deployments/a%2Fb%20c", model_api_version="2024-10-21")
    sent = "/openai/deployments/a%2Fb%20c/chat/completions?api-version=2024-10-21"
    assert service.heard[0].raw_path == sent


async def test_a_connection_is_kept(service: Service) -> None:
    """The second draft does not pay for another, also after a failure."""
    service.status = 500
    await service.ask()
    await service.ask()
    assert service.callers() == 1


async def test_a_closed_connection_is_made_anew(service: Service) -> None:
    """Closing ends what is open, and the next request works."""
    await service.ask()
    await client.close()
    await service.ask()
    assert service.callers() == 2


async def test_a_request_is_not_sent_again(service: Service) -> None:
    """A kept connection that breaks may have delivered it: the run decides about another."""
    await service.ask()
    service.status = 0
    with pytest.raises(Unanswered, match="unreachable"):
        await service.ask()
    assert (len(service.heard), service.callers()) == (2, 1)


@pytest.mark.parametrize("status", [300, 301, 302, 303, 305, 307, 308])
async def test_no_redirect_is_followed(service: Service, status: int) -> None:
    """The prompt and the token go to no place that an answer names."""
    service.status = status
    service.headers = {"Location": f"http://127.0.0.1:{service.port}/x", "Refresh": "0"}
    assert (await service.ask()).status == status
    assert len(service.heard) == 1


async def test_no_cookie_is_kept(service: Service) -> None:
    """What one run was told does not travel with the next."""
    service.headers = {"Set-Cookie": "a=b"}
    await service.ask(host="localhost")
    await service.ask(host="localhost")
    assert ["Cookie" in request.headers for request in service.heard] == [False, False]


@pytest.mark.parametrize("name,named", [("HTTP_PROXY", "http://"), ("ALL_PROXY", "")])
async def test_a_proxy_is_used(
    service: Service, monkeypatch: pytest.MonkeyPatch, name: str, named: str
) -> None:
    """Where the environment names one, as networks without another way out have it."""
    monkeypatch.setenv(name, f"{named}127.0.0.1:{service.port}")
    await service.ask(base_url="http://models.contoso.com/v1")
    assert service.heard[0].raw_path == "http://models.contoso.com/v1/chat/completions"


async def test_a_proxy_is_passed_by(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """For the hosts that the environment says."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "contoso.com,127.0.0.1")
    assert (await service.ask()).status == 200


async def test_no_password_file_is_read(
    service: Service, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What a user keeps for other programs is not sent, and breaks nothing."""
    (tmp_path / "netrc").write_text("default login adele password secret", "utf-8")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    await service.ask(model_api_key="k")
    assert service.heard[0].headers["Authorization"] == "Bearer k"


async def test_a_certificate_is_checked(service: Service, tmp_path: Path) -> None:
    """Nothing is said to a server that nobody vouches for."""
    other = Service()
    runner = await listen(other, a_certificate(tmp_path / "own.pem"))
    with pytest.raises(Unanswered, match="unreachable"):
        await service.ask(base_url=f"https://localhost:{other.port}/v1")
    await runner.cleanup()
    assert other.heard == []


def a_certificate(path: Path) -> ssl.SSLContext:
    """Make a certificate for `localhost` that signs itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    begin = datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(begin).not_valid_after(begin + timedelta(days=1))
    hosts = x509.SubjectAlternativeName([x509.DNSName("localhost")])
    signed = made.add_extension(hosts, critical=False).sign(key, hashes.SHA256())
    own = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.write_bytes(own + signed.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


async def test_each_event_loop_has_its_own_connection(service: Service) -> None:
    """One that closes what it opened leaves the others theirs."""

    async def elsewhere() -> None:
        await service.ask()
        await client.close()

    await service.ask()
    await asyncio.to_thread(asyncio.run, elsewhere())
    await service.ask()
    assert service.callers() == 2


async def test_an_answer_that_does_not_end_times_out(service: Service) -> None:
    """The time is that of the whole answer, not of its next byte."""
    service.endless = True
    with pytest.raises(Unanswered, match="timeout"):
        await service.ask(seconds=0.3)
