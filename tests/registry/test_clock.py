"""The clock: instants in UTC, days in a time zone, and a stop for tests."""

from __future__ import annotations

import asyncio
import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from gongzhi import clock

LATE = dt.datetime(2026, 11, 22, 16, 30, tzinfo=dt.UTC)


def test_now_is_utc() -> None:
    before = dt.datetime.now(dt.UTC)
    assert before <= clock.now() <= dt.datetime.now(dt.UTC)
    assert clock.now().utcoffset() == dt.timedelta(0)


def test_a_day_begins_where_one_is() -> None:
    with clock.stopped_at(LATE):
        assert clock.now() == LATE
        assert clock.today() == dt.date(2026, 11, 23)  # half past midnight in China
        assert clock.today(ZoneInfo("UTC")) == dt.date(2026, 11, 22)
        with clock.stopped_at(LATE - dt.timedelta(days=1)):
            assert clock.today() == dt.date(2026, 11, 22)
        assert clock.now() == LATE
    assert clock.now() != LATE


def test_an_instant_needs_a_time_zone() -> None:
    with pytest.raises(ValueError, match="time zone"), clock.stopped_at(dt.datetime(2026, 1, 1)):  # noqa: DTZ001
        pass


async def test_stopping_it_is_a_matter_of_one_task() -> None:
    async def other() -> dt.datetime:
        await asyncio.sleep(0)
        return clock.now()

    running = asyncio.create_task(other())
    with clock.stopped_at(LATE):
        assert await running != LATE
