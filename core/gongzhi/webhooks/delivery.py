"""One attempt to deliver: an HTTP POST that cannot be led astray, held up or flooded.

The name is resolved once, every address that it has is judged, and the connection is made to
exactly what was judged. Redirects are not followed. All of it has one deadline.
"""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from ipaddress import ip_address
from typing import TYPE_CHECKING

from gongzhi.errors import RuleError
from gongzhi.webhooks.addresses import Target, is_allowed, is_refused, parse_target
from gongzhi.webhooks.rules import Answer, WebhookFailure

if TYPE_CHECKING:
    from gongzhi.settings import WebhookSettings

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Name and port → addresses as text, the best first."""

ANSWER_BYTES = 65_536
"""More is not read of an answer."""

_CONNECT = 2.0
"""Seconds for one address where there is another."""
_FAREWELL = 1.0
"""Seconds in which the receiver may say the rest of its answer, which nobody reads."""
_INTERIM = 5
"""Answers of status 1xx that may come before the one that counts."""

_STATUS = re.compile(rb"HTTP/1\.[01] ([1-5][0-9]{2})(?: [^\r\n]*)?\r\n")
_RETRY_AFTER = re.compile(rb"\r\nretry-after:[ \t]*([0-9]{1,7})[ \t]*\r\n", re.IGNORECASE)

_OK = range(200, 300)
_ELSEWHERE = range(300, 400)
_INFORMED = range(100, 200)
_GONE = 410
_UPGRADED = 101


class _FailedError(Exception):
    """The attempt has failed, and why is known."""

    def __init__(self, error: WebhookFailure) -> None:
        self.error = error
        super().__init__(error.name)


async def resolve_host(host: str, port: int) -> Sequence[str]:
    """Resolve a name as the system does."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(each[4][0]) for each in found))


@cache
def _trusted() -> ssl.SSLContext:
    """Return the certificates that this system trusts; reading them takes a while."""
    return ssl.create_default_context()


class Sender:
    """Posts messages of one deployment."""

    def __init__(
        self,
        settings: WebhookSettings,
        *,
        resolve: Resolve = resolve_host,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Take the settings.

        :param tls: instead of the certificates that the system trusts.
        """
        self._settings = settings
        self._resolve = resolve
        self._tls = tls

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Post once. Nothing is raised, whatever the receiver does."""
        started = time.monotonic()
        status: int | None = None
        retry_after: int | None = None
        error: WebhookFailure | None = None
        deadline = asyncio.get_running_loop().time() + self._settings.timeout_seconds
        try:
            target = parse_target(url, self._settings.allow_private)
            async with asyncio.timeout_at(deadline):
                reader, writer = await self._connect(target)
            try:
                async with asyncio.timeout_at(deadline):
                    writer.write(_request(target, headers, body))
                    await writer.drain()
                    status, retry_after = await _answer(reader)
                await _farewell(reader, deadline)
            finally:
                writer.transport.abort()
        except Exception as exc:  # noqa: BLE001  # an attempt never breaks the worker
            error = _reason(exc)
        else:
            error = _judged(status)
        duration = round((time.monotonic() - started) * 1000)
        return Answer(error, status, duration, retry_after)

    async def _connect(self, target: Target) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        addresses = await self._addresses(target)
        tls = (self._tls or _trusted()) if target.scheme == "https" else None
        for address in addresses:
            last = address == addresses[-1]
            try:
                async with asyncio.timeout(None if last else _CONNECT):
                    return await asyncio.open_connection(
                        address,
                        target.port,
                        limit=ANSWER_BYTES,
                        ssl=tls,
                        server_hostname=target.host if tls else None,
                    )
            except ssl.SSLError:
                raise
            except OSError:  # of which the time-out is one
                if last:
                    raise
        raise _FailedError(WebhookFailure.NAME_UNKNOWN)

    async def _addresses(self, target: Target) -> Sequence[str]:
        """Return where to connect, none of it refused."""
        if target.address is not None:  # judged with the URL
            return (target.host,)
        found = await self._resolve(target.host, target.port)
        if not is_allowed(target.host, self._settings.allow_private) and any(
            is_refused(ip_address(each)) for each in found
        ):  # one is enough: a name that is half inside is an attempt
            raise _FailedError(WebhookFailure.ADDRESS_REFUSED)
        return found


def _request(target: Target, headers: Mapping[str, str], body: bytes) -> bytes:
    lines = [
        f"POST {target.path} HTTP/1.1",
        f"host: {target.authority}",
        "user-agent: gongzhi-webhooks/1",
        f"content-length: {len(body)}",
        "connection: close",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join(lines).encode("ascii") + b"\r\n\r\n" + body


async def _answer(reader: asyncio.StreamReader) -> tuple[int, int | None]:
    """Return the status and how many seconds the receiver asks to wait."""
    for _ in range(_INTERIM):
        head = await reader.readuntil(b"\r\n\r\n")
        match = _STATUS.match(head)
        if match is None or int(match[1]) == _UPGRADED:
            break
        status = int(match[1])
        if status not in _INFORMED:
            wait = _RETRY_AFTER.search(head)
            return status, int(wait[1]) if wait else None
    raise _FailedError(WebhookFailure.BAD_ANSWER)


async def _farewell(reader: asyncio.StreamReader, deadline: float) -> None:
    """Let the receiver finish: closing before it has would look like an error to it."""
    left = ANSWER_BYTES
    latest = min(deadline, asyncio.get_running_loop().time() + _FAREWELL)
    with suppress(OSError):
        async with asyncio.timeout_at(latest):
            while left > 0 and (piece := await reader.read(min(left, 8192))):
                left -= len(piece)


def _judged(status: int | None) -> WebhookFailure | None:
    if status in _OK:
        return None
    if status == _GONE:
        return WebhookFailure.GONE
    return WebhookFailure.REDIRECT if status in _ELSEWHERE else WebhookFailure.STATUS


def _reason(exc: Exception) -> WebhookFailure:
    """Name what went wrong; the error's own text may hold what the receiver said."""
    if isinstance(exc, _FailedError):
        return exc.error
    if isinstance(exc, RuleError):
        refused = exc.code == "ADDRESS_REFUSED"
        return WebhookFailure.ADDRESS_REFUSED if refused else WebhookFailure.URL_REFUSED
    for kind, error in _REASONS:
        if isinstance(exc, kind):
            return error
    return WebhookFailure.BAD_ANSWER


_REASONS: tuple[tuple[type[Exception], WebhookFailure], ...] = (
    (socket.gaierror, WebhookFailure.NAME_UNKNOWN),
    (TimeoutError, WebhookFailure.TIMEOUT),
    (ssl.SSLError, WebhookFailure.TLS),
    (OSError, WebhookFailure.UNREACHABLE),
)
"""In this order: all of them are kinds of the last."""
