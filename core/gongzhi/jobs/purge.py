"""The core's own job: forget what nobody will ask for any more."""

from __future__ import annotations

import datetime as dt

from gongzhi.contributions import Job
from gongzhi.jobs.models import JobState
from gongzhi.jobs.run import Run


async def purge(run: Run) -> None:
    """Delete idempotency keys and done jobs that are older than the settings keep them."""
    keep = run.deployment_settings.jobs
    async with run.work() as work:
        gone = {}
        for what, table, old, days in (
            ("request_keys", "core_request_key", "recorded_at < $1", keep.request_key_days),
            ("jobs", "core_job", f"state = '{JobState.DONE}' AND finished_at < $1", keep.done_days),
        ):
            before = work.now - dt.timedelta(days=days)
            (found,) = await work.fetch(f"SELECT count(*) AS n FROM {table} WHERE {old}", before)
            if found["n"]:
                await work.fetch(f"DELETE FROM {table} WHERE {old}", before)
                gone[what] = found["n"]
        if gone:
            work.record("core.deployment.purge", data=gone)


JOBS = (Job("core.purge", purge, daily=dt.time(3, 30)),)
