"""A small HTTP client: many connections, one request after another on each."""

from __future__ import annotations

import asyncio
import itertools
import socket
import statistics
import time
from dataclasses import dataclass, field
from typing import cast

import uvloop

_GRACE_SECONDS = 60
"""How long the last answers may take."""

_HEADER_END = b"\r\n\r\n"


class BadAnswerError(Exception):
    """A server answered something else than data."""


@dataclass(slots=True)
class Load:
    """What one round of load gave."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)

    @property
    def requests(self) -> int:
        """How many were answered."""
        return len(self.latencies)

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.requests / self.seconds

    def percentile(self, part: float) -> float:
        """Return a latency in milliseconds."""
        ordered = sorted(self.latencies)
        return 1000 * ordered[min(int(part * len(ordered)), len(ordered) - 1)]


def request(port: int, body: bytes, token: str | None = None) -> bytes:
    """Return an HTTP request for GraphQL."""
    authorization = f"Authorization: Bearer {token}\r\n" if token else ""
    head = (
        f"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: application/json\r\n"
        f"Content-Type: application/json\r\n{authorization}Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def split(buffer: bytes) -> tuple[bytes, bytes, int] | None:
    """Return head and body of the answer in the buffer and where it ends; None if not all there."""
    at = buffer.find(_HEADER_END)
    if at < 0:
        return None
    head = buffer[:at].lower()
    _, found, length = head.partition(b"content-length:")
    if not found:
        message = f"an answer without a length: {head!r}"
        raise BadAnswerError(message)
    end = at + len(_HEADER_END) + int(length.split(b"\r\n", 1)[0])
    if len(buffer) < end:
        return None
    return head, buffer[at + len(_HEADER_END) : end], end


def checked(head: bytes, body: bytes) -> bytes:
    """Return the body of a good answer.

    :raises BadAnswerError: when it is none.
    """
    if not head.startswith(b"http/1.1 200") or b'"data"' not in body[:12] or b'"errors":' in body:
        message = f"{head[:200]!r} {body[:500]!r}"
        raise BadAnswerError(message)
    return body


def ask(port: int, data: bytes) -> bytes:
    """Send one request on a connection of its own and return the body of the answer."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(data)
        buffer = b""
        while (found := split(buffer)) is None:
            part = connection.recv(1 << 16)
            if not part:
                message = f"the connection was closed after {buffer!r}"
                raise BadAnswerError(message)
            buffer += part
    return checked(*found[:2])


class _Client(asyncio.Protocol):
    """One connection that asks until the deadline."""

    def __init__(self, requests: itertools.cycle[bytes], until: float, load: Load) -> None:
        self._requests = requests
        self._until = until
        self._load = load
        self._buffer = b""
        self._sent = 0.0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is no subclass
        self._ask()

    def _ask(self) -> None:
        self._sent = time.perf_counter()
        self._transport.write(next(self._requests))

    def data_received(self, data: bytes) -> None:
        self._buffer = self._buffer + data if self._buffer else data
        try:
            found = split(self._buffer)
            if found is None:
                return
            checked(*found[:2])
        except BadAnswerError as exc:
            self._end(exc)
            return
        now = time.perf_counter()
        self._load.latencies.append(now - self._sent)
        self._buffer = b""
        if now < self._until:
            self._ask()
        else:
            self._end(None)

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(BadAnswerError(f"the connection was lost: {exc}"))

    def _end(self, error: Exception | None) -> None:
        if self.done.done():
            return
        if error is None:
            self.done.set_result(None)
        else:
            self.done.set_exception(error)
        self._transport.close()


def run(port: int, requests: list[bytes], *, connections: int, seconds: float) -> Load:
    """Ask these requests in turn for some seconds.

    :raises BadAnswerError: at the first answer that is not data.
    """

    async def main() -> Load:
        load = Load()
        begin = time.perf_counter()
        turns = itertools.cycle(requests)
        clients = []
        for _ in range(connections):
            _, client = await asyncio.get_running_loop().create_connection(
                lambda: _Client(turns, begin + seconds, load), "127.0.0.1", port
            )
            clients.append(client)
        await asyncio.wait_for(
            asyncio.gather(*(client.done for client in clients)), seconds + _GRACE_SECONDS
        )
        load.seconds = time.perf_counter() - begin
        return load

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main())


def median(values: list[float]) -> float:
    """Return the median."""
    return statistics.median(values)
