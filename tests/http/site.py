"""What a test of HTTP holds: the application, a client, and the way into its database."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx2

from gongzhi_schema.door import Door

JSON = "application/json"
GRAPHQL = "application/graphql-response+json"


class Clock:
    """Stands in for the module ``time`` and goes ahead only when told."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def monotonic(self) -> float:
        return self.ahead

    def time(self) -> float:
        return time.time()


@dataclass
class Site:
    app: Door
    http: httpx2.AsyncClient
    database: Callable[[], AbstractAsyncContextManager[Any]]
    """Opens the database for writing."""

    async def ask(
        self,
        query: str,
        variables: Mapping[str, Any] | None = None,
        *,
        token: str | None = None,
        accept: str = GRAPHQL,
        **more: Any,
    ) -> httpx2.Response:
        """POST a query as a well-behaved client does."""
        headers = {"accept": accept}
        if token is not None:
            headers["authorization"] = f"Bearer {token}"
        body = {"query": query, "variables": variables, **more}
        return await self.http.post("/graphql", json=body, headers=headers)

    async def send(self, body: bytes, **headers: str) -> httpx2.Response:
        """POST bytes; ``content_type`` is JSON unless it is given."""
        headers = {"content_type": JSON, **headers}
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.http.post("/graphql", content=body, headers=named)


def code_of(answer: httpx2.Response) -> str:
    """Return the code of the only error, in an answer that has to have one."""
    (error,) = answer.json()["errors"]
    code: str = error["extensions"]["code"]
    return code


def client(app: Door) -> httpx2.AsyncClient:
    """Return a client; what the application raises reaches the test."""
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://localhost")


@asynccontextmanager
async def running(app: Door) -> AsyncIterator[None]:
    """Start and stop an application by the lifespan messages of ASGI, as a server does."""
    to_app: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    from_app: asyncio.Queue[Any] = asyncio.Queue()
    task = asyncio.create_task(app({"type": "lifespan"}, to_app.get, from_app.put))
    for step in ("startup", "shutdown"):
        await to_app.put({"type": f"lifespan.{step}"})
        told = await from_app.get()
        assert told["type"] == f"lifespan.{step}.complete", told
        if step == "startup":
            try:
                yield
            except BaseException:
                await to_app.put({"type": "lifespan.shutdown"})
                await task
                raise
    await task
