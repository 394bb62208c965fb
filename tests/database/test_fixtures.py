"""The databases that tests get are fresh, migrated and real."""

from __future__ import annotations

from gongzhi.database import open_database
from gongzhi.database.migrate import pending
from gongzhi.registry.models import Area


async def test_a_fresh_database_is_migrated_and_empty(database_url: str) -> None:
    assert await pending(database_url, []) == []
    async with open_database(database_url, []):
        assert await Area.all().count() == 0
        await Area.create(code="310109", name="虹口区", kind="district", path="1.")


async def test_the_next_test_sees_nothing_of_it(database_url: str) -> None:
    async with open_database(database_url, []):
        assert await Area.all().count() == 0


async def test_the_postgres_fixture_is_postgres(postgres_url: str) -> None:
    async with open_database(postgres_url, []) as context:
        rows = await context.db().execute_query_dict("SELECT version() AS v")
    assert rows[0]["v"].startswith("PostgreSQL ")
