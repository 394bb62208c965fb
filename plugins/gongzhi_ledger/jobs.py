"""What the ledger does beside requests."""

from __future__ import annotations

from gongzhi.jobs import Run, later
from gongzhi.writing import Work
from gongzhi_ledger import rules
from gongzhi_ledger.common import happened
from gongzhi_ledger.models import Issue

OVERDUE = "ledger.overdue"

_AT_ONCE = 200
"""Issues in one unit of work: each is an event, and while they are written nobody else can."""


async def overdue(run: Run) -> None:
    """Say once of every issue whose deadline has passed that it is late."""
    async with run.work() as work:
        if await record_overdue(work) == _AT_ONCE:
            await later(work, OVERDUE, key="rest")


async def record_overdue(work: Work) -> int:
    """Record ``ledger.issue.overdue`` for some of the issues that are late today; return how many.

    Once for a deadline: a new one is watched anew. Who is just being changed comes next time.
    """
    rows = await (
        Issue.filter(state__in=rules.OPEN, due_on__lt=work.today, overdue_recorded_on__isnull=True)
        .using_db(work.connection)
        .order_by("due_on", "id")
        .limit(_AT_ONCE)
        .select_for_update(skip_locked=True)
    )
    await (
        Issue.filter(id__in=[row.id for row in rows] or [0])
        .using_db(work.connection)
        .update(overdue_recorded_on=work.today)
    )
    for row in rows:
        assert row.due_on is not None  # noqa: S101  # it was compared
        happened(work, row, "overdue", {"due_on": row.due_on.isoformat()})
    return len(rows)
