"""Every migration of the core and the bundled plugins, forward, with rows in all tables."""

from __future__ import annotations

import datetime as dt
from importlib.metadata import entry_points
from typing import Any

from gongzhi.database import open_database
from gongzhi.database.drift import live_tables
from gongzhi.database.live import Column, Table
from gongzhi.database.migrate import drift, migrate, pending
from gongzhi.plugin import ENTRY_POINT_GROUP, Plugin
from tests.conftest import FreshDatabase

NOW = dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)


def bundled() -> list[Plugin]:
    """Return the plugins of this distribution."""
    found = entry_points(group=ENTRY_POINT_GROUP)
    return [each.load() for each in found if each.dist and each.dist.name == "gongzhi"]


async def test_every_migration_keeps_the_rows(fresh_database: FreshDatabase, dialect: str) -> None:
    plugins = [plugin for plugin in bundled() if plugin.models]
    url = fresh_database(dialect=dialect, migrated=False)
    expected: dict[str, int] = {}
    steps = await pending(url, plugins)
    assert "core.0001_initial" in steps
    for step in steps:
        await migrate(url, plugins, upto=step)
        async with open_database(url, plugins) as context:
            client = context.db()
            tables = await live_tables(context)
            for name, before in expected.items():
                if name in tables:
                    (row,) = await client.execute_query_dict(f'SELECT count(*) AS n FROM "{name}"')
                    assert row["n"] == before, f"{step} changed the rows of {name}"
            for table in _referred_to_first(tables):
                if table.name in expected or table.name == "tortoise_migrations":
                    continue
                for number in (1, 2):
                    await _insert(client, table, number, dialect)
                expected[table.name] = 2
    assert expected.keys() >= {"core_area", "core_member", "core_grant", "core_import_change"}
    assert await drift(url, plugins) == []


def _referred_to_first(tables: dict[str, Table]) -> list[Table]:
    done: dict[str, Table] = {}

    def add(table: Table) -> None:
        for key in table.foreign_keys:
            if key.table not in done and key.table != table.name:
                add(tables[key.table])
        done[table.name] = table

    for name in sorted(tables):
        add(tables[name])
    return list(done.values())


async def _insert(client: Any, table: Table, number: int, dialect: str) -> None:
    references = {key.column for key in table.foreign_keys}
    values = {
        name: number if name in references else _value(column, number, dialect)
        for name, column in table.columns.items()
    }
    names = ", ".join(f'"{name}"' for name in values)
    places = ", ".join("?" if dialect == "sqlite" else f"${i}" for i in range(1, len(values) + 1))
    sql = f'INSERT INTO "{table.name}" ({names}) VALUES ({places})'
    await client.execute_query(sql, list(values.values()))


def _value(column: Column, number: int, dialect: str) -> Any:
    kind = column.type.lower()
    sqlite = dialect == "sqlite"
    day = NOW.date() + dt.timedelta(days=number)
    for part, given in (
        ("bool", number % 2 == 0),
        ("int", number),
        ("timestamp", NOW.isoformat(" ") if sqlite else NOW),
        ("date", day.isoformat() if sqlite else day),
        ("json", "[]"),
        ("blob", b"x"),
        ("bytea", b"x"),
        ("numeric", number),
        ("decimal", number),
        ("char", f"v{number}"),
        ("text", f"v{number}"),
    ):
        if part in kind:
            return given
    message = f"no value for a column of type {column.type}"
    raise AssertionError(message)
