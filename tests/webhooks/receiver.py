"""A receiver of webhooks on loopback that behaves as a test wants, also badly."""

from __future__ import annotations

import asyncio
import base64
import datetime as dt
import hmac
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

Behave = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
"""What a receiver does once it has read the request."""


@dataclass(frozen=True)
class Request:
    """One request as it came."""

    line: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)

    def signed_by(self, secret: str) -> list[bool]:
        """For each signature whether it is of this secret; the specification, said once more."""
        key = base64.b64decode(secret.split("_", 1)[1])
        text = ".".join((self.headers["webhook-id"], self.headers["webhook-timestamp"])) + "."
        made = base64.b64encode(hmac.new(key, text.encode() + self.body, "sha256").digest())
        wanted = f"v1,{made.decode()}"
        return [each == wanted for each in self.headers["webhook-signature"].split(" ")]


def answer(status: int = 200, body: bytes = b"", headers: Sequence[tuple[str, str]] = ()) -> Behave:
    """Answer as a well-behaved server does."""
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers]
    return say("\r\n".join(lines).encode() + b"\r\n\r\n" + body)


def say(*pieces: bytes, pause: float = 0.0) -> Behave:
    """Say these bytes, with a pause before each but the first, and hang up."""

    async def behave(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for n, piece in enumerate(pieces):
            if n and pause:
                await asyncio.sleep(pause)
            writer.write(piece)
            await writer.drain()

    return behave


async def keep_silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """Say nothing until the sender hangs up."""
    await reader.read()


@dataclass
class Receiver:
    """The server, what it got, and what it does next."""

    port: int = 0
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    names: list[str | None] = field(default_factory=list)
    """The names by which TLS clients asked for it."""
    script: list[Behave] = field(default_factory=list)
    """One for each request to come; the last one stays."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/in?key=k-123"

    def then(self, *script: Behave) -> None:
        self.script = list(script)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                head = (await reader.readuntil(b"\r\n\r\n")).decode("ascii")
                line, *rest = head.rstrip().split("\r\n")
                headers = dict(each.split(": ", 1) for each in rest)
                body = await reader.readexactly(int(headers["content-length"]))
                self.requests.append(Request(line, headers, body))
                behave = self.script.pop(0) if len(self.script) > 1 else self.script[0]
                await behave(reader, writer)
        finally:
            writer.transport.abort() if writer.transport.is_closing() else writer.close()


@asynccontextmanager
async def receiving(*script: Behave, tls: ssl.SSLContext | None = None) -> AsyncIterator[Receiver]:
    """Receive on a free port of loopback; answers 200 where nothing else is said."""
    receiver = Receiver(script=list(script) or [answer()])
    if tls is not None:
        tls.sni_callback = lambda _socket, name, _context: receiver.names.append(name)
    server = await asyncio.start_server(receiver._serve, "127.0.0.1", 0, ssl=tls)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()


def certificate(folder: Path, name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Return the context of a server of this name, and of a client that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = made.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    file = folder / "certificate.pem"
    file.write_bytes(private + pem)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(file)
    return server, ssl.create_default_context(cadata=pem.decode())
