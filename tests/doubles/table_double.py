"""A loopback stand-in for the table service that fails as told, in the clear or over TLS."""

import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Self

from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

Fault = Callable[[web.Request], web.Response | None]


def status(code: int, name: str = "Made-up") -> Fault:
    """Answer with a status and the code of an error, as the service words it."""
    error = {"odata.error": {"code": name, "message": {"lang": "en-US", "value": "It failed."}}}
    return lambda _: web.json_response(error, status=code)


def lost(request: web.Request) -> None:
    """Break the connection after the request was read."""
    assert request.transport
    request.transport.abort()


class TableDouble:
    """Holds one row, `row` of `run`. `faults` are used up first, one a request."""

    def __init__(self, port: int = 0) -> None:
        self.faults: list[Fault] = []
        self.requests: list[tuple[str, str]] = []
        self._port = port
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        return await self.start()

    async def start(self, tls: ssl.SSLContext | None = None) -> Self:
        """Listen on loopback."""
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port, ssl_context=tls).start()
        self._port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    @property
    def authority(self) -> str:
        """The host and port to connect to."""
        return f"127.0.0.1:{self._port}"

    async def _answer(self, request: web.Request) -> web.Response:
        await request.read()
        self.requests.append((request.method, request.headers.get("Authorization", "")))
        if self.faults and (answer := self.faults.pop(0)(request)):
            return answer
        if request.method != "GET":
            return web.Response(status=204, headers={"ETag": "1"})
        row = {"odata.etag": "1", "PartitionKey": "run", "RowKey": "row"}
        one = "RowKey=" in request.path
        return web.json_response(row if one else {"value": [row]})


def certificate(folder: Path) -> tuple[ssl.SSLContext, str]:
    """Make a certificate for loopback; returns the server's side and the file to trust."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "loopback")])
    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(names, critical=True)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    public, private = folder / "public.pem", folder / "private.pem"
    public.write_bytes(made.public_bytes(Encoding.PEM))
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(public, private)
    return context, str(public)
