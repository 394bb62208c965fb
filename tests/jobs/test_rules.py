"""Due times, pauses, and the kinds that a subscriber wants."""

import asyncio
import datetime as dt
import sqlite3
from zoneinfo import ZoneInfo

import pytest

from gongzhi.contributions import Job
from gongzhi.errors import RuleError
from gongzhi.jobs.rules import condition, due_after, named, pause_after, wants
from gongzhi.registry.counters import on_sqlite

SHANGHAI = ZoneInfo("Asia/Shanghai")
BERLIN = ZoneInfo("Europe/Berlin")


def local(text, zone=SHANGHAI):
    return dt.datetime.fromisoformat(text).replace(tzinfo=zone)


async def nothing(_run):
    """Do nothing."""


@pytest.mark.parametrize(
    ("times", "now", "due"),
    [
        ({"every": dt.timedelta(minutes=10)}, "2026-03-04 12:03", "2026-03-04 12:10"),
        ({"every": dt.timedelta(minutes=10)}, "2026-03-04 12:10", "2026-03-04 12:20"),
        ({"every": dt.timedelta(days=1)}, "2026-03-04 12:00", "2026-03-05 00:00"),
        # 2026-03-04 is a Wednesday: weeks begin with Monday's midnight
        ({"every": dt.timedelta(weeks=1)}, "2026-03-04 12:00", "2026-03-09 00:00"),
        ({"daily": dt.time(3, 30)}, "2026-03-04 03:29", "2026-03-04 03:30"),
        ({"daily": dt.time(3, 30)}, "2026-03-04 03:30", "2026-03-05 03:30"),
        ({"daily": dt.time(3, 30)}, "2026-12-31 23:00", "2027-01-01 03:30"),
        ({"daily": dt.time(0, 0)}, "2026-03-04 23:59", "2026-03-05 00:00"),
    ],
)
def test_a_job_is_due_in_the_time_of_the_deployment(times, now, due):
    found = due_after(Job("errand.go", nothing, **times), local(now), SHANGHAI)
    assert found == local(due)
    assert found.utcoffset() == dt.timedelta(0)


def test_a_daily_time_follows_the_clock_of_the_wall():
    job = Job("errand.go", nothing, daily=dt.time(12))
    before = due_after(job, local("2026-03-28 13:00", BERLIN), BERLIN)
    after = due_after(job, before, BERLIN)
    assert (before, after) == (
        local("2026-03-29 12:00", BERLIN),
        local("2026-03-30 12:00", BERLIN),
    )
    assert due_after(job, local("2026-03-27 12:00", BERLIN), BERLIN) + dt.timedelta(hours=23) == (
        before
    )


def test_a_job_without_times_is_never_due_by_itself():
    assert due_after(Job("errand.go", nothing), local("2026-03-04 12:00"), SHANGHAI) is None


def test_pauses_grow_to_an_hour():
    seconds = [pause_after(n).total_seconds() for n in (1, 2, 3, 6, 7, 8, 100)]
    assert seconds == [5, 15, 45, 1215, 3600, 3600, 3600]


KINDS = ("ledger.issue.settle", "ledger.issue.open", "ledger.issues.open", "ledger.visit.hold",
         "ledgers.issue.open", "core.area.move")  # fmt: skip


@pytest.mark.parametrize(
    ("kinds", "wanted"),
    [
        (("*",), {0, 1, 2, 3, 4, 5}),
        (("ledger.*",), {0, 1, 2, 3}),
        (("ledger.issue.*",), {0, 1}),
        (("ledger.issue.open",), {1}),
        (("ledger.issue.open", "core.*"), {1, 5}),
        (("core.area.moved",), set()),
        ((), set()),
    ],
)
def test_the_kinds_that_are_wanted_are_the_same_in_sql(kinds, wanted):
    expected = [KINDS[n] for n in sorted(wanted)]
    assert [kind for kind in KINDS if wants(kinds, kind)] == expected
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE event (id INTEGER PRIMARY KEY, kind TEXT)")
    connection.executemany("INSERT INTO event (kind) VALUES (?)", [(kind,) for kind in KINDS])
    sql, values = condition(kinds, 2)
    rows = asyncio.run(
        on_sqlite(connection)(
            f"SELECT kind FROM event WHERE id > $1 AND {sql} ORDER BY id", [0, *values]
        )
    )
    assert [row["kind"] for row in rows] == expected


def test_an_error_is_named_without_its_text():
    assert named(ValueError("王小明 13800138000")) == "ValueError"
    assert named(RuleError("NOT_FOUND", "没有王小明", "no Wang", "x")) == "RuleError NOT_FOUND"
