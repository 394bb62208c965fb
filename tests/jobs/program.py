"""A worker in a process of its own; run as a program by test_processes.

``program.py URL MODE``: ``run`` works until SIGTERM, ``tick`` has a job for each second too,
``die:POINT`` is killed at a point of the first job or event that comes to it.
"""

import asyncio
import datetime as dt
import os
import random
import signal
import sys
from dataclasses import replace

from gongzhi.contributions import Job, Subscriber
from gongzhi.jobs import queue
from gongzhi.registry.counters import on_tortoise
from tests.jobs.support import mark, open_office

point = ""
ME = str(os.getpid())


def die(here):
    if point == here:
        os.kill(os.getpid(), signal.SIGKILL)


async def go(run):
    die("begun")
    async with run.work() as work:
        die("open")
        await mark(work, run.payload["n"], ME)
        die("written")
        work.record("errand.thing.made", data={"n": run.payload["n"]})
    die("committed")


async def small(run):
    async with run.work() as work:
        await mark(work, run.payload["n"], ME)


async def slow(run):
    """Take a while both before and inside the work, so that a kill finds it anywhere."""
    await asyncio.sleep(random.uniform(0, 0.02))
    async with run.work() as work:
        await mark(work, run.payload["n"], ME)
        work.record("errand.thing.made", data={"n": run.payload["n"]})
        await asyncio.sleep(random.uniform(0, 0.01))


async def hear(work, event):
    die("heard")
    await on_tortoise(work.connection)(
        "INSERT INTO mark (n, who) VALUES ($1, $2)", [event.id, "heard"]
    )
    die("marked")


async def tick(run):
    async with run.work() as work:
        await mark(work, int(run.due_at.timestamp()), "tick")


SECOND = dt.timedelta(seconds=1)
JOBS = (
    Job("errand.go", go),
    Job("errand.small", small),
    Job("errand.slow", slow, timeout=2 * SECOND, attempts=100),
    Job("errand.tick", tick, every=SECOND),
)
SUBSCRIBERS = (Subscriber("errand.hear", ("errand.thing.*",), hear),)


async def main(url, mode):
    global point  # noqa: PLW0603  # the functions above look at it
    point = mode.partition(":")[2]
    queue.LEASE_MARGIN = dt.timedelta(milliseconds=300)  # a dead worker's jobs are soon another's
    jobs = [job for job in JOBS if job.every is None or mode == "tick"]
    if point:  # what it leaves is soon another's
        jobs = [replace(job, timeout=SECOND / 5) for job in jobs]
    async with open_office(url, jobs, SUBSCRIBERS, poll_seconds=0.2) as office:
        worker = office.worker()
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, worker.stop)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await worker.run()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
