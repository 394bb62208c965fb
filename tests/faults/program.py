"""A process that runs one keyed mutation and is killed at a point; run by test_crash.

``program.py URL POINT TOKEN INPUT``: the points are ``claimed`` (the key stands, the service has
not begun), ``served`` (the service is done, the key does not know its row), ``chained`` (the event
is written, nothing is committed) and ``committed`` (nobody was told).
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from typing import Any

from gongzhi.writing import Work
from gongzhi_schema.district import open_district
from gongzhi_schema.query import writes
from tests.faults.site import document


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def after(function: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """Return the function, after which the process is killed."""

    async def run(*args: Any, **kwargs: Any) -> Any:
        await function(*args, **kwargs)
        die()

    return run


def claimed() -> None:
    inner = writes.on_tortoise
    writes.on_tortoise = lambda connection: after(inner(connection))  # type: ignore[assignment]


def served() -> None:
    writes._payload = lambda _: die()  # type: ignore[assignment,return-value]


def chained() -> None:
    Work.close = after(Work.close)  # type: ignore[method-assign,assignment]


def committed() -> None:
    writes.Writes._attempts = after(writes.Writes._attempts)  # type: ignore[method-assign]


POINTS = {each.__name__: each for each in (claimed, served, chained, committed)}


async def main(url: str, point: str, token: str, given: str) -> None:
    async with open_district(url, ["publication", "ledger"]) as district:
        if point in POINTS:
            POINTS[point]()
        result = await district.execute(document("issueOpen"), {"input": json.loads(given)}, token)
        sys.stdout.write(json.dumps([result.data, result.errors]))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
