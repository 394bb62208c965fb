"""What is done beside requests."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from gongzhi import Job
from gongzhi_workday.models import WorkdaySession
from gongzhi_workday.rules import WorkdaySessionState
from gongzhi_workday.settings import WorkdaySettings

if TYPE_CHECKING:
    from gongzhi.jobs import Run
    from gongzhi.writing import Work


async def record_missing_notices(work: Work) -> int:
    """Record, once for each session, that it is near and has no notice; return how many.

    A session that was never announced and whose day has passed is one of them.
    """
    ahead = work.settings(WorkdaySettings).notice_days_before
    rows = WorkdaySession.filter(
        state=WorkdaySessionState.PLANNED,
        day__lte=work.today + dt.timedelta(days=ahead),
        without_notice_on__isnull=True,
    ).using_db(work.connection)
    found = await rows.select_for_update().order_by("id")
    for row in found:
        await work.update(row, without_notice_on=work.today)
        work.record("workday.session.without_notice", row, data={"day": row.day.isoformat()})
    return len(found)


async def run(run: Run) -> None:
    """Say once of every session that it is near, or past, and has no notice."""
    async with run.work() as work:
        await record_missing_notices(work)


JOBS = (Job("workday.without-notice", run, daily=dt.time(7, 30)),)
