"""Compare a live database with the models.

The models' tables are made once more where nobody sees them, in memory for SQLite and as
temporary tables in a transaction that is rolled back for PostgreSQL, and described the same way.
So the database itself says what a column type, a default or an index of the models amounts to.
"""

# ruff: noqa: SLF001  # Tortoise has no public name for what a model knows of itself

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from typing import Any

import asyncpg
from tortoise.context import TortoiseContext
from tortoise.models import Model

from gongzhi.database import open_database
from gongzhi.database.config import parse_url
from gongzhi.database.editors import schema_editor
from gongzhi.database.live import Table, differences, owner, postgres_tables, sqlite_tables
from gongzhi.database.runner import applied_migrations
from gongzhi.errors import MigrationError, Problem
from gongzhi.plugin import Plugin


async def drift(url: str, plugins: Sequence[Plugin], *, extras: bool = True) -> list[Problem]:
    """Return where a database differs from the models of the enabled plugins.

    Missing and extra tables, columns, types, nullability, defaults, keys, unique rules, indexes
    and foreign keys. Tables of plugins that are not enabled are left alone.

    :param extras: also what is there beside the models and does no harm: tables, indexes that
        are not unique, columns that need no value. A migration may make such by its own SQL, and
        an operator may add an index.
    :raises MigrationError: when PostgreSQL does not let us make temporary tables.
    :raises DatabaseUnavailableError: when the database does not answer.
    """
    async with open_database(url, plugins) as context:
        live = await live_tables(context)
        wanted = await _wanted(url, context)
        apps = list(context.apps or {})
        known = {*apps, *(key.app_label for key in await applied_migrations(context.db()))}
    problems = []
    for name in sorted(wanted):
        app = owner(name, apps) or "?"
        if name not in live:
            problems.append(Problem(f"{app}: {name}", "the table is missing", _MEND))
            continue
        problems += [
            Problem(f"{app}: {name}", difference, _MEND)
            for difference in differences(live[name], wanted[name], extras=extras)
        ]
    for name in sorted(live.keys() - wanted.keys() if extras else ()):
        app = owner(name, known) or "?"
        if app in apps:
            problems.append(Problem(f"{app}: {name}", "the table is in no model", _MEND_EXTRA))
    return problems


_MEND = "run gongzhi migrate; if nothing is pending, it was changed by hand: change it back"
_MEND_EXTRA = "drop it if it is left over; leave it if a migration makes it by its own SQL"


async def live_tables(context: TortoiseContext) -> dict[str, Table]:
    """Describe the tables of an open database."""
    client = context.db()
    if client.capabilities.dialect == "sqlite":
        return await sqlite_tables(client.execute_query_dict)
    return await postgres_tables(client.execute_query_dict)


async def _wanted(url: str, context: TortoiseContext) -> dict[str, Table]:
    script = await _script(context)
    if parse_url(url).dialect == "sqlite":
        return await _in_memory(script)
    return await _in_temporary_tables(url, script)


async def _script(context: TortoiseContext) -> list[str]:
    """Return the statements that make the tables of all models, referred-to tables first."""
    editor = schema_editor(context.db(), collect_sql=True)
    models = [model for app in (context.apps or {}).values() for model in app.values()]
    for model in _referred_to_first(models):
        await editor.create_model(model)
    return editor.collected_sql


def _referred_to_first(models: list[type[Model]]) -> list[type[Model]]:
    result: dict[type[Model], None] = {}

    def add(model: type[Model], above: tuple[type[Model], ...]) -> None:
        if model in result or model in above:
            return
        for name in (*model._meta.fk_fields, *model._meta.o2o_fields):
            field: Any = model._meta.fields_map[name]
            add(field.related_model, (*above, model))
        result[model] = None

    for model in models:
        add(model, ())
    return list(result)


async def _in_memory(script: list[str]) -> dict[str, Table]:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.row_factory = sqlite3.Row
        for sql in script:
            connection.executescript(sql)

        async def query(sql: str, values: list[Any]) -> list[dict[str, Any]]:
            return [dict(row) for row in connection.execute(sql, values)]

        return await sqlite_tables(query)


async def _in_temporary_tables(url: str, script: list[str]) -> dict[str, Table]:
    connection = await asyncpg.connect(**parse_url(url).connect_arguments)
    try:
        transaction = connection.transaction()
        await transaction.start()
        try:
            await connection.execute("SET LOCAL search_path = pg_temp")
            for sql in script:
                await connection.execute(sql)

            async def query(sql: str, values: list[Any]) -> list[dict[str, Any]]:
                return [dict(row) for row in await connection.fetch(sql, *values)]

            schema = "(SELECT nspname FROM pg_namespace WHERE oid = pg_my_temp_schema())"
            return await postgres_tables(query, schema)
        finally:
            await transaction.rollback()
    except asyncpg.InsufficientPrivilegeError as exc:
        mend = "GRANT TEMPORARY ON DATABASE … TO its user"
        problem = Problem("database", "its user may not make temporary tables", mend)
        raise MigrationError("无法比对 · the comparison is not possible", [problem]) from exc
    finally:
        await connection.close()
