"""The yardstick: bare ASGI, hand-written SQL, pinned connections, bytes handed through."""

from __future__ import annotations

import asyncio
import os
from typing import Any

import asyncpg
import orjson

from bench.limit.statements import STATEMENTS
from gongzhi.database import parse_url

_CONNECTIONS = 8


def parameters(name: str, variables: dict[str, str]) -> tuple[Any, ...]:
    """Return what an operation's statement takes."""
    key = int((variables.get("id") or variables["within"]).partition(":")[2])
    if name != "Q4":
        return (key,)
    _, path, after = orjson.loads(bytes.fromhex(variables["after"]))
    return (key, path, after)


class Limit:
    """The application."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._free: list[asyncpg.Connection[Any]] = []
        self._waiting: list[asyncio.Future[asyncpg.Connection[Any]]] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one connection."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        message = await receive()
        body = message["body"]
        while message.get("more_body"):
            message = await receive()
            body += message["body"]
        request = orjson.loads(body)
        text = await self.answer(request)
        answer = b'{"data":' + text.encode() + b"}"
        await send(
            {
                "type": "http.response.start",
                "status": 200,
                "headers": [
                    (b"content-type", b"application/json"),
                    (b"content-length", b"%d" % len(answer)),
                ],
            }
        )
        await send({"type": "http.response.body", "body": answer})

    async def answer(self, request: dict[str, Any]) -> str:
        """Return the data of an operation."""
        name = request["operationName"]
        connection = await self.lent()
        try:
            text: str = await connection.fetchval(
                STATEMENTS[name], *parameters(name, request["variables"])
            )
        finally:
            self.given_back(connection)
        return text

    async def lent(self) -> asyncpg.Connection[Any]:
        """Take a connection."""
        if self._free:
            return self._free.pop()
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        return await turn

    def given_back(self, connection: asyncpg.Connection[Any]) -> None:
        """Give a connection back, to who waits longest."""
        if self._waiting:
            self._waiting.pop(0).set_result(connection)
        else:
            self._free.append(connection)

    async def _live(self, receive: Any, send: Any) -> None:
        await receive()
        for _ in range(_CONNECTIONS):
            connection = await asyncpg.connect(
                **parse_url(self._url).connect_arguments, server_settings={"jit": "off"}
            )
            self._free.append(connection)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        for connection in self._free:
            await connection.close()
        await send({"type": "lifespan.shutdown.complete"})


def make() -> Limit:
    """Make the application for the database in ``BENCH_URL``."""
    return Limit(os.environ["BENCH_URL"])
