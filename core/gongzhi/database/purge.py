"""Drop the tables of one plugin, and of those that cannot be without it, on request only."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from tortoise.context import TortoiseContext
from tortoise.transactions import in_transaction

from gongzhi.database import open_database
from gongzhi.database.config import ordered, parse_url
from gongzhi.database.drift import live_tables
from gongzhi.database.live import Table, owner
from gongzhi.database.runner import BACKUP_SUFFIX, RECORDS, applied_migrations, exclusive
from gongzhi.database.unavailable import require_file
from gongzhi.errors import MigrationError, Problem
from gongzhi.plugin import Plugin

_TITLE = "不能清除 · this cannot be purged"


@dataclass(frozen=True, slots=True)
class TableLoss:
    """A table that a purge drops."""

    table: str
    plugin: str
    rows: int


@dataclass(frozen=True, slots=True)
class PurgePlan:
    """Everything that a purge drops."""

    plugin: str
    dependants: tuple[str, ...]
    """Plugins whose tables refer to those of the purged one; theirs go too."""
    tables: tuple[TableLoss, ...]

    def __str__(self) -> str:
        lines = [f"{loss.table}: {loss.rows} rows ({loss.plugin})" for loss in self.tables]
        if self.dependants:
            lines.append(f"also dropped, because they refer to it: {', '.join(self.dependants)}")
        return "\n".join(lines)


async def purge_plan(url: str, plugins: Sequence[Plugin], name: str) -> PurgePlan:
    """Return what a purge of one plugin would drop, with the rows in each table.

    The plugin need be neither enabled nor installed: its tables begin with its name.

    :raises MigrationError: for the core, and when the plugin has no tables here.
    :raises DatabaseUnavailableError: when the database does not answer.
    """
    async with open_database(url, plugins) as context:
        return await _plan(context, plugins, name)


async def purge(
    url: str, plugins: Sequence[Plugin], name: str, *, with_dependants: bool = False
) -> PurgePlan:
    """Drop one plugin's tables for good, in one transaction, and return what was dropped.

    On SQLite also the copy that the last migration kept beside the file, since it has the rows.

    :param with_dependants: drop those of the plugins that refer to it too.
    :raises MigrationError: for the core, for a plugin without tables here, and when other
        plugins refer to it and ``with_dependants`` is not set; nothing is dropped then.
    :raises DatabaseUnavailableError: when the database does not answer.
    """
    require_file(parse_url(url).path)
    async with exclusive(url, plugins) as context:
        plan = await _plan(context, plugins, name)
        if plan.dependants and not with_dependants:
            others = ", ".join(plan.dependants)
            mend = f"purge {others} first, or confirm that they go too"
            raise MigrationError(_TITLE, [Problem(name, f"{others} refer to its tables", mend)])
        await _drop(plan)
    if (path := parse_url(url).path) is not None:
        _wipe(path)
    return plan


async def _plan(context: TortoiseContext, plugins: Sequence[Plugin], name: str) -> PurgePlan:
    recorded = {key.app_label for key in await applied_migrations(context.db())}
    known = recorded | {plugin.name for plugin in ordered(plugins)} | {name}
    tables = await live_tables(context)
    owners = {table: owner(table, known) for table in tables}
    if name == "core":
        problem = Problem(name, "everything else stands on it", "drop the database instead")
        raise MigrationError(_TITLE, [problem])
    if name not in recorded and name not in owners.values():
        others = ", ".join(sorted(recorded - {"core"})) or "none"
        problem = Problem(name, "it has no tables here", f"plugins with tables: {others}")
        raise MigrationError(_TITLE, [problem])
    going = _with_dependants(name, tables, owners)
    losses = [
        TableLoss(table, plugin, await _count(context, table))
        for table, plugin in sorted(owners.items())
        if plugin in going
    ]
    dependants = tuple(plugin for plugin in sorted(going) if plugin != name)
    return PurgePlan(name, dependants, tuple(losses))


def _with_dependants(
    name: str, tables: dict[str, Table], owners: dict[str, str | None]
) -> set[str]:
    going = {name}
    while True:
        referring = {
            table.name
            for table in tables.values()
            for key in table.foreign_keys
            if owners.get(key.table) in going
        }
        if strangers := sorted(table for table in referring if owners[table] is None):
            problem = Problem(name, f"{', '.join(strangers)} of no plugin refer to it", "drop them")
            raise MigrationError(_TITLE, [problem])
        plugins = {str(owners[table]) for table in referring}
        if plugins <= going:
            return going
        going |= plugins


async def _count(context: TortoiseContext, table: str) -> int:
    (row,) = await context.db().execute_query_dict(
        f'SELECT count(*) AS n FROM "{table}"'
    )  # its own name
    return int(row["n"])


async def _drop(plan: PurgePlan) -> None:
    """Drop the tables and forget their migrations; joins the open transaction if there is one."""
    tables = [f'"{loss.table}"' for loss in plan.tables]
    async with in_transaction() as client:
        sqlite = client.capabilities.dialect == "sqlite"
        if sqlite:
            for table in tables:
                await client.execute_query(f"DROP TABLE {table}")
        elif tables:
            # One statement for all, because they may refer to each other; no CASCADE.
            await client.execute_query(f"DROP TABLE {', '.join(tables)}")
        place = "?" if sqlite else "$1"
        for app in (plan.plugin, *plan.dependants):
            await client.execute_query(
                f'DELETE FROM "{RECORDS}" WHERE app = {place}', [app]
            )  # constants


def _wipe(path: Path) -> None:
    """Remove what still holds the dropped rows beside the database itself."""
    path.with_name(path.name + BACKUP_SUFFIX).unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
