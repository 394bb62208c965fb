"""Ask an application in this process, through its front door and without a socket.

For ``gongzhi demo`` and the test kit: what they show is what a client over HTTP gets.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

Application = Callable[..., Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:  # whatever the body says
        """The body, parsed."""
        return json.loads(self.body)


class Client:
    """A client of an ASGI application; entering starts the application, leaving stops it."""

    def __init__(self, application: Application, *, path: str = "/graphql") -> None:
        """Take an application that is not running yet."""
        self._application = application
        self._path = path
        self._to_lifespan: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._from_lifespan: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._lifespan: asyncio.Task[None] | None = None
        self._state: dict[str, Any] = {}

    async def __aenter__(self) -> Self:
        """Start the application; what fails there is raised here."""
        scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": self._state}
        self._lifespan = asyncio.ensure_future(
            self._application(scope, self._to_lifespan.get, self._from_lifespan.put)
        )
        await self._step("lifespan.startup")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop the application."""
        await self._step("lifespan.shutdown")

    async def _step(self, message: str) -> None:
        assert self._lifespan is not None  # noqa: S101  # set by __aenter__
        await self._to_lifespan.put({"type": message})
        answer = asyncio.ensure_future(self._from_lifespan.get())
        await asyncio.wait({answer, self._lifespan}, return_when=asyncio.FIRST_COMPLETED)
        if not answer.done():
            answer.cancel()
        if self._lifespan.done():
            await self._lifespan  # raises what ended it
        if answer.done() and not answer.cancelled() and answer.result()["type"].endswith("failed"):
            await self._lifespan
            raise RuntimeError(answer.result().get("message", message))

    async def post(
        self,
        query: str,
        variables: Mapping[str, Any] | None = None,
        *,
        token: str | None = None,
        operation: str | None = None,
    ) -> Answer:
        """Send one operation, with a token or without."""
        body: dict[str, Any] = {"query": query}
        if variables is not None:
            body["variables"] = variables
        if operation is not None:
            body["operationName"] = operation
        return await self.send(json.dumps(body).encode(), token=token)

    async def send(
        self,
        body: bytes,
        *,
        method: str = "POST",
        path: str | None = None,
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send any request."""
        given = {
            "host": "localhost",
            "content-type": "application/json",
            "accept": "application/json",
            **({"authorization": f"Bearer {token}"} if token else {}),
            **(headers or {}),
        }
        path, _, query = (path or self._path).partition("?")
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(k.lower().encode(), v.encode()) for k, v in given.items()],
            "client": ("127.0.0.1", 0),
            "server": ("localhost", 80),
            "state": dict(self._state),
        }
        requests = [{"type": "http.request", "body": body, "more_body": False}]
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            if requests:
                return requests.pop()
            await asyncio.Event().wait()  # the client stays until it has its answer
            raise AssertionError

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        await self._application(scope, receive, send)
        start = sent[0]
        return Answer(
            status=start["status"],
            headers={k.decode().lower(): v.decode() for k, v in start.get("headers", ())},
            body=b"".join(message.get("body", b"") for message in sent[1:]),
        )
