"""Columns of our own compare and sort the same on both databases."""

from __future__ import annotations

import datetime as dt

import pytest

from gongzhi import clock
from gongzhi.access.models import Account
from gongzhi.database import open_database
from gongzhi.database.config import apps_config
from tests.database.helpers import value
from tests.database.stock import stock_database

SHANGHAI = dt.timezone(dt.timedelta(hours=8))
EARLY = dt.datetime(2026, 1, 1, 9, 0, 0, 123_456, tzinfo=SHANGHAI)
LATE = dt.datetime(2026, 1, 1, 2, 0, 0, tzinfo=dt.UTC)


async def test_stock_orders_instants_as_texts_on_sqlite(sqlite_url: str) -> None:
    async with stock_database(sqlite_url, apps_config([])) as context:
        client = context.db()
        for name, at in (("early", EARLY), ("late", LATE)):
            await client.execute_query(
                "INSERT INTO core_account (name, kind, active, created_at) VALUES (?, 'x', 1, ?)",
                [name, at],
            )
    latest = "SELECT name FROM core_account ORDER BY created_at DESC LIMIT 1"
    assert await value(sqlite_url, latest) == "early"


async def test_instants_sort_and_compare_by_time(database_url: str) -> None:
    async with open_database(database_url, []):
        for name, at in (("late", LATE), ("early", EARLY)):
            account = await Account.create(name=name)
            account.created_at = at
            await account.save()
        names = await Account.all().order_by("created_at").values_list("name", flat=True)
        assert names == ["early", "late"]
        between = {"created_at__gt": EARLY, "created_at__lte": LATE}
        assert await Account.filter(**between).values_list("name", flat=True) == ["late"]
        found = await Account.get(name="early")
        assert found.created_at == EARLY.replace(microsecond=123_000)


async def test_an_instant_needs_a_time_zone(database_url: str) -> None:
    async with open_database(database_url, []):
        account = await Account.create(name="a")
        account.created_at = EARLY.replace(tzinfo=None)
        with pytest.raises(ValueError, match="time zone"):
            await account.save()


async def test_what_is_set_by_itself_is_set_by_our_clock_to_the_millisecond(
    database_url: str,
) -> None:
    async with open_database(database_url, []):
        with clock.stopped_at(EARLY):
            account = await Account.create(name="a")
        account.active = False
        await account.save()
        assert account.created_at == EARLY.replace(microsecond=123_000)
        assert (await Account.get(name="a")).created_at == account.created_at
