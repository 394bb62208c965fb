"""A plugin whose jobs and subscribers a test chooses, and a deployment that has it."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from gongzhi import clock
from gongzhi.contributions import Job, Subscriber
from gongzhi.database import open_database
from gongzhi.hooks import hookimpl
from gongzhi.host import PluginRegistry
from gongzhi.jobs import later, queue
from gongzhi.jobs.worker import Worker
from gongzhi.plugin import Plugin
from gongzhi.registry.counters import on_tortoise
from gongzhi.settings import Settings
from gongzhi.writing import Deployment, Work, unit_of_work

PERSONAL = "王小明 1380013" + "8000"
"""In two pieces, for tracebacks show the lines of the source."""

NOON = dt.datetime(2026, 3, 4, 4, tzinfo=dt.UTC)
"""Noon in Shanghai, a Wednesday."""


class Errand(Plugin):
    name = "errand"
    title = "跑腿 · errands"
    version = "0.1.0"
    api = 1

    def __init__(self, jobs: Sequence[Job] = (), subscribers: Sequence[Subscriber] = ()) -> None:
        self._jobs = tuple(jobs)
        self._subscribers = tuple(subscribers)

    @hookimpl
    def register_jobs(self) -> Sequence[Job]:
        return self._jobs

    @hookimpl
    def register_subscribers(self) -> Sequence[Subscriber]:
        return self._subscribers


def at(seconds: float = 0, **more: float) -> Any:
    """Stop the clock so long after noon."""
    return clock.stopped_at(NOON + dt.timedelta(seconds=seconds, **more))


@dataclass
class Office:
    """A deployment, its database open."""

    registry: PluginRegistry
    deployment: Deployment
    said: list[Any] = field(default_factory=list)

    def worker(self, **options: Any) -> Worker:
        return Worker(self.registry, self.deployment, **options)

    async def once(self) -> None:
        await self.worker().once()

    async def fetch(self, sql: str, *params: Any) -> list[dict[str, Any]]:
        return list(await queue.here()(sql, params))

    async def marks(self) -> list[int]:
        """What the jobs have left, in order; a job that ran twice leaves two."""
        return [row["n"] for row in await self.fetch("SELECT n FROM mark ORDER BY id")]

    async def jobs(self, name: str = "errand.go", *columns: str) -> list[Any]:
        columns = columns or ("state",)
        rows = await self.fetch(
            f"SELECT {', '.join(columns)} FROM core_job WHERE name = $1 ORDER BY id", name
        )
        return [tuple(row.values()) if len(columns) > 1 else row[columns[0]] for row in rows]

    @asynccontextmanager
    async def work(self) -> AsyncIterator[Work]:
        async with unit_of_work(self.deployment, self.deployment.system("test")) as work:
            yield work

    async def later(self, *payloads: Any, name: str = "errand.go", **options: Any) -> None:
        async with self.work() as work:
            for payload in payloads:
                await later(work, name, {"n": payload}, **options)

    async def happen(self, *kinds: str) -> None:
        """Record events, each in a transaction of its own, numbered through."""
        for kind in kinds:
            async with self.work() as work:
                work.record(kind, data={"n": len(self.said)})
            self.said.append(kind)

    async def until(self, condition: Callable[[], Awaitable[Any]]) -> None:
        """Wait for something; the test's own patience ends, the machine's speed does not count."""
        async with asyncio.timeout(300):
            while not await condition():  # noqa: ASYNC110  # of other processes
                await asyncio.sleep(0.01)


MARKS = {
    "sqlite": "CREATE TABLE IF NOT EXISTS mark (id INTEGER PRIMARY KEY, n INTEGER, who TEXT)",
    "postgres": "CREATE TABLE IF NOT EXISTS mark"
    " (id BIGINT GENERATED ALWAYS AS IDENTITY, n BIGINT, who TEXT)",
}


@asynccontextmanager
async def open_office(
    url: str,
    jobs: Sequence[Job] = (),
    subscribers: Sequence[Subscriber] = (),
    *,
    plugin: bool = True,
    **settings: Any,
) -> AsyncIterator[Office]:
    """Open a deployment with these jobs and subscribers.

    :param settings: of the table ``[jobs]``.
    """
    made = Settings.model_validate({"plugins": (), "database": {"url": url}, "jobs": settings})
    registry = PluginRegistry.load(made, beside=[Errand(jobs, subscribers)] if plugin else [])
    for hook in ("register_jobs", "register_subscribers"):  # of the core's only that of jobs itself
        registry._collected[hook] = tuple(
            pair
            for pair in registry._collected[hook]
            if pair[0].name == "errand" or pair[1].name == "core.purge"
        )
    async with open_database(url, registry.plugins):
        await queue.here()(MARKS[url.partition(":")[0]], [])
        yield Office(registry, Deployment.of(registry))


async def mark(work: Work, n: int, who: str = "") -> None:
    """Leave a mark; twice leaves two."""
    await on_tortoise(work.connection)("INSERT INTO mark (n, who) VALUES ($1, $2)", [n, who])


def marking(name: str = "errand.go", **options: Any) -> Job:
    """Return a job that leaves the mark of its payload."""

    async def go(run: Any) -> None:
        async with run.work() as work:
            await mark(work, run.payload.get("n", 0))

    return Job(name, go, **options)
