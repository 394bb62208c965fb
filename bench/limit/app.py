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
        name = request["operationName"]
        text = await self._text(STATEMENTS[name], *parameters(name, request["variables"]))
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

    async def _text(self, sql: str, *values: Any) -> str:
        if self._free:
            connection = self._free.pop()
        else:
            turn = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            connection = await turn
        try:
            text: str = await connection.fetchval(sql, *values)
        finally:
            if self._waiting:
                self._waiting.pop(0).set_result(connection)
            else:
                self._free.append(connection)
        return text

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
