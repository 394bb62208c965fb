"""Short ways to look into a test's database."""

from __future__ import annotations

from typing import Any

from gongzhi.database import open_database
from gongzhi.database.drift import live_tables
from gongzhi.database.live import Table


async def execute(url: str, *statements: str) -> None:
    """Run statements, each in a transaction of its own."""
    async with open_database(url, []) as context:
        for statement in statements:
            await context.db().execute_query(statement)


async def rows(url: str, query: str) -> list[dict[str, Any]]:
    """Return what a query finds."""
    async with open_database(url, []) as context:
        return await context.db().execute_query_dict(query)


async def value(url: str, query: str) -> Any:  # whatever is in the column
    """Return the only value of the only row that a query finds."""
    (row,) = await rows(url, query)
    (only,) = row.values()
    return only


async def count(url: str, table: str) -> int:
    """Return the number of rows in a table."""
    return int(await value(url, f'SELECT count(*) AS n FROM "{table}"'))  # a test's table


async def tables(url: str) -> dict[str, Table]:
    """Describe the tables of a database."""
    async with open_database(url, []) as context:
        return await live_tables(context)
