"""Two servers of strawberry and Tortoise: as first written, and as well as it is made by hand."""

from __future__ import annotations

import os
from contextlib import AsyncExitStack
from typing import Any

import orjson
import strawberry
from strawberry.asgi import GraphQL
from strawberry.extensions import ParserCache, ValidationCache

from bench.naive.rows import Loaded, Naive
from bench.naive.types import Query
from gongzhi.database import bound, open_database


class Served(GraphQL[Any, Any]):
    """The view; ``loaded`` chooses data loaders, caches and orjson."""

    def __init__(self, *, loaded: bool) -> None:
        self._loaded = loaded
        extensions = [ParserCache(maxsize=100), ValidationCache(maxsize=100)] if loaded else []
        super().__init__(strawberry.Schema(Query, extensions=extensions))

    async def get_context(self, request: Any, response: Any) -> Any:
        """Return fresh rows for each request."""
        return {"request": request, "response": response, "rows": self.rows()}

    def rows(self) -> Loaded | Naive:
        """Return where the rows of a request come from."""
        return Loaded() if self._loaded else Naive()

    def encode_json(self, data: Any) -> Any:
        """Encode, in the better server with orjson."""
        return orjson.dumps(data) if self._loaded else super().encode_json(data)

    def decode_json(self, data: str | bytes) -> Any:
        """Decode, in the better server with orjson."""
        return orjson.loads(data) if self._loaded else super().decode_json(data)


class Application:
    """The view and the database that it stands on."""

    def __init__(self, url: str, *, loaded: bool) -> None:
        self._url = url
        self._view = Served(loaded=loaded)
        self._open = AsyncExitStack()
        self._context: Any = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one connection."""
        if scope["type"] == "lifespan":
            await receive()
            self._context = await self._open.enter_async_context(open_database(self._url, []))
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await self._open.aclose()
            await send({"type": "lifespan.shutdown.complete"})
            return
        with bound(self._context):
            await self._view(scope, receive, send)


def naive() -> Application:
    """Make the first server."""
    return Application(os.environ["BENCH_URL"], loaded=False)


def loaded() -> Application:
    """Make the second server."""
    return Application(os.environ["BENCH_URL"], loaded=True)
