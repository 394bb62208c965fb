"""Workers that are processes: many at once, and killed at any moment."""

import asyncio
import contextlib
import os
import random
import signal
import sys
from collections import Counter

import pytest

from tests.jobs import program
from tests.jobs.support import open_office

ROOT = program.__file__.rpartition("/tests/")[0]


@contextlib.asynccontextmanager
async def workers(url, *modes):
    """Start workers; the block ends them with it."""
    started = [await start(url, mode) for mode in modes]
    try:
        yield started
    finally:
        for process in started:
            if process.returncode is None:
                process.kill()
                await process.wait()


async def start(url, mode):
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.jobs.program", url, mode,
        stdout=asyncio.subprocess.PIPE, cwd=ROOT, env={**os.environ, "PYTHONPATH": ROOT},
    )  # fmt: skip
    assert await process.stdout.readline() == b"ready\n"
    return process


async def ended(process):
    return await asyncio.wait_for(process.wait(), 60)


def at(url):
    """Open the deployment without working for it."""
    return open_office(url, program.JOBS[:-1], program.SUBSCRIBERS)


async def none_left(office):
    rows = await office.fetch(
        "SELECT count(*) AS n FROM core_job WHERE state <> 'DONE' AND name LIKE 'errand.%'"
    )
    return rows[0]["n"] == 0


async def everything_heard(office):
    (row,) = await office.fetch(
        "SELECT (SELECT position FROM core_chain) AS last,"
        " (SELECT position FROM core_subscription WHERE name = 'errand.hear') AS heard"
    )
    return row["last"] == row["heard"]


async def marks(office, *, heard=False):
    sign = "=" if heard else "<>"
    rows = await office.fetch(f"SELECT n FROM mark WHERE who {sign} 'heard' ORDER BY id")
    return [row["n"] for row in rows]


async def test_three_workers_do_3000_jobs_once_each(database_url):
    async with at(database_url) as office:
        await office.later(*range(3000), name="errand.small")
        async with workers(database_url, "run", "run", "run") as started:
            await office.until(lambda: none_left(office))
            for process in started:
                process.send_signal(signal.SIGTERM)
            assert [await ended(process) for process in started] == [0, 0, 0]
        assert sorted(await marks(office)) == list(range(3000))
        assert set(await office.jobs("errand.small", "attempts")) == {1}
        rows = await office.fetch("SELECT who, count(*) AS n FROM mark GROUP BY who")
        assert len(rows) == 3, rows  # each had its share


async def test_workers_killed_at_random_lose_nothing_and_double_nothing(database_url):
    jobs = 200
    async with at(database_url) as office:
        await office.once()
        await office.later(*range(jobs), name="errand.slow")
        async with workers(database_url, "run", "run") as started:
            for kill in range(5):
                await asyncio.sleep(random.uniform(0.05, 0.4))
                victim = started[kill % 2]
                victim.kill()
                await victim.wait()
                started[kill % 2] = await start(database_url, "run")
            await office.until(lambda: none_left(office))
            await office.until(lambda: everything_heard(office))
        twice = {n: times for n, times in Counter(await marks(office)).items() if times > 1}
        assert twice == {}
        assert sorted(await marks(office)) == list(range(jobs))
        assert await marks(office, heard=True) == list(range(1, jobs + 1))


@pytest.mark.parametrize(
    ("point", "done"), [("begun", 0), ("open", 0), ("written", 0), ("committed", 1)]
)
async def test_a_worker_killed_at_a_point(database_url, point, done):
    async with at(database_url) as office:
        await office.later(7)
        async with workers(database_url, f"die:{point}") as (victim,):
            assert await ended(victim) == -signal.SIGKILL
        assert await marks(office) == [7] * done
        async with workers(database_url, "run"):
            await office.until(lambda: none_left(office))
        assert await marks(office) == [7]
        assert await office.jobs("errand.go", "attempts") == [2 - done]


@pytest.mark.parametrize("point", ["heard", "marked"])
async def test_a_worker_killed_while_it_delivers(database_url, point):
    async with at(database_url) as office:
        await office.once()
        async with workers(database_url, f"die:{point}") as (victim,):
            await office.later(7)
            assert await ended(victim) == -signal.SIGKILL
        assert await marks(office, heard=True) == []
        async with workers(database_url, "run"):
            await office.until(lambda: everything_heard(office))
        assert await marks(office, heard=True) == [1]
        assert await marks(office) == [7]


async def test_three_workers_do_each_second_once(database_url):
    async with (
        at(database_url) as office,
        workers(database_url, "tick", "tick", "tick"),
    ):

        async def four():
            return len(await marks(office)) >= 4

        await office.until(four)
        seconds = await marks(office)
        assert len(set(seconds)) == len(seconds)
        assert seconds == sorted(seconds)
