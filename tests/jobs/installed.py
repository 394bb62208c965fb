"""The plugin that tests of commands install: a job that can fail, and a subscriber."""

from pathlib import Path

from gongzhi.contributions import Job, Subscriber
from tests.jobs.support import PERSONAL, Errand, mark


async def go(run):
    async with run.work() as work:
        await mark(work, run.payload["n"])
        if Path("broken").exists():  # noqa: ASYNC240  # a word from the test
            raise ValueError(PERSONAL)


async def hear(work, event):
    await mark(work, event.id, "heard")


plugin = Errand(
    [Job("errand.go", go, attempts=1)], [Subscriber("errand.hear", ("errand.*",), hear)]
)
