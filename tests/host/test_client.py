"""The in-process client behaves as a server would towards an application."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, StreamingResponse
from starlette.routing import Route

from gongzhi_schema.client import Client

happened: list[str] = []


@asynccontextmanager
async def lifespan(_: Starlette) -> AsyncIterator[dict[str, str]]:
    happened.append("started")
    yield {"greeting": "你好"}
    happened.append("stopped")


async def echo(request: Request) -> JSONResponse:
    return JSONResponse(
        {
            "greeting": request.state.greeting,
            "token": request.headers.get("authorization"),
            "sent": await request.json(),
        },
        status_code=201,
        headers={"X-Answer": "42"},
    )


async def parts(_: Request) -> StreamingResponse:
    async def generate() -> AsyncIterator[bytes]:
        yield b"one "
        yield b"two"

    return StreamingResponse(generate())


def application(start: object = lifespan) -> Starlette:
    routes = [Route("/graphql", echo, methods=["POST"]), Route("/parts", parts)]
    return Starlette(routes=routes, lifespan=start)


async def test_it_starts_asks_and_stops() -> None:
    happened.clear()
    async with Client(application()) as client:
        assert happened == ["started"]
        answer = await client.post("{ a }", {"x": 1}, token="gz_t", operation="Q")
        assert (answer.status, answer.headers["x-answer"]) == (201, "42")
        assert answer.json == {
            "greeting": "你好",
            "token": "Bearer gz_t",
            "sent": {"query": "{ a }", "variables": {"x": 1}, "operationName": "Q"},
        }
        bare = await client.post("{ a }")
        assert bare.json["token"] is None
        assert bare.json["sent"] == {"query": "{ a }"}
    assert happened == ["started", "stopped"]


async def test_it_gathers_an_answer_in_parts() -> None:
    async with Client(application()) as client:
        answer = await client.send(b"", method="GET", path="/parts?x=1")
        assert answer.body == b"one two"
        assert (await client.send(b"{}", path="/nowhere")).status == 404


async def test_a_start_that_fails_is_raised_here() -> None:
    @asynccontextmanager
    async def broken(_: Starlette) -> AsyncIterator[None]:
        message = "no database"
        raise ConnectionError(message)
        yield

    with pytest.raises(ConnectionError, match="no database"):
        async with Client(application(broken)):
            json.dumps("never here")
