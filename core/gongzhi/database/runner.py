"""Apply migrations: under a lock, in transactions that also hold the record, rows kept."""

from __future__ import annotations

import asyncio
import datetime as dt
import shutil
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path
from typing import Any

import asyncpg
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.connection import get_connection, get_connections
from tortoise.context import TortoiseContext
from tortoise.exceptions import BaseORMException
from tortoise.migrations.graph import MigrationKey
from tortoise.migrations.operations import CreateModel
from tortoise.migrations.recorder import MigrationRecorder
from tortoise.migrations.schema_generator.state import State
from tortoise.transactions import in_transaction

from gongzhi.database import forget_statements, open_database
from gongzhi.database.config import CONNECTION, LOCK_SECONDS, DatabaseUrl, apps_config, parse_url
from gongzhi.database.editors import RebuildError, schema_editor
from gongzhi.database.history import History, forward, steps
from gongzhi.database.unavailable import unavailable
from gongzhi.errors import GongzhiError, MigrationError, Problem
from gongzhi.plugin import Plugin

RECORDS = "tortoise_migrations"
"""The table of applied migrations; Tortoise's own name and shape."""

BACKUP_SUFFIX = ".before-migrate"

_LOCK = 0x676F6E677A6869  # "gongzhi"; advisory locks are per database
_LOCK_PAUSE = 0.2
_BUSY_ATTEMPTS = 30
_BUSY_PAUSE = 1.0
_TITLE = "迁移失败 · the migration failed"

Progress = Callable[[str], None]


async def pending(url: str, plugins: Sequence[Plugin]) -> list[str]:
    """Return the migrations that are still to be applied, such as ``core.0001_initial``.

    A SQLite file that does not exist is not created.

    :raises MigrationError: when the database's record contradicts the migration files, e.g.
        because a later version has migrated it.
    :raises DatabaseUnavailableError: when the database does not answer.
    """
    history = await History.load(apps_config(plugins))
    path = parse_url(url).path
    if path is not None and not path.exists():
        return [str(key) for key in history.order]
    async with open_database(url, plugins) as context:
        return [str(key) for key in await _plan(context.db(), history)]


async def migrate(
    url: str, plugins: Sequence[Plugin], progress: Progress | None = None, *, upto: str = ""
) -> list[str]:
    """Apply all pending migrations of all enabled plugins and return their names.

    Two processes may call it at once: one waits for the other. On SQLite it is all or nothing,
    and the database as it was is kept beside the file with the suffix ``.before-migrate``; on
    PostgreSQL each migration is a transaction of its own.

    :param progress: called with the name of each migration before it runs.
    :param upto: the last one to apply, such as ``core.0002_add_field``; empty for all.
    :raises MigrationError: when one fails; it has left nothing behind.
    :raises DatabaseUnavailableError: when the database does not answer.
    """
    history = await History.load(apps_config(plugins))
    parsed = parse_url(url)
    show = progress or (lambda _: None)
    async with exclusive(url, plugins) as context:
        plan = _until(upto, await _plan(context.db(), history))
        if parsed.path is None:
            done = await _on_postgres(history, plan, show)
        else:
            if plan and len(plan) < len(history.order):
                path = parsed.path
                await asyncio.to_thread(_copy, path, path.with_name(path.name + BACKUP_SUFFIX))
            done = await _on_sqlite(history, plan, show)
    return done


@asynccontextmanager
async def exclusive(url: str, plugins: Sequence[Plugin]) -> AsyncIterator[TortoiseContext]:
    """Open a database to change its tables, alone.

    On SQLite the block is one transaction, which holds the write lock and which nothing in the
    block can end; on PostgreSQL an advisory lock on a connection of its own is held, so that a
    killed process leaves no lock behind.

    :raises MigrationError: when another process holds the lock for too long.
    """
    parsed = parse_url(url)
    if parsed.dialect == "postgres":
        async with _advisory_lock(parsed), open_database(url, plugins, migrating=True) as context:
            yield context
        return
    async with open_database(url, plugins, migrating=True) as context:
        try:
            async with in_transaction() as client:
                connection: Any = client._connection  # noqa: SLF001  # the driver's
                await connection.set_authorizer(_keep_transaction)
                try:
                    yield context
                finally:
                    await connection.set_authorizer(None)
        except BaseORMException as exc:
            if error := unavailable(exc.__context__ or exc, str(parsed)):
                raise error from exc
            raise


def _keep_transaction(action: int, *_: str | None) -> int:
    """Deny COMMIT and ROLLBACK to migrations: half of a run must not stay."""
    return sqlite3.SQLITE_DENY if action == sqlite3.SQLITE_TRANSACTION else sqlite3.SQLITE_OK


@asynccontextmanager
async def _advisory_lock(url: DatabaseUrl) -> AsyncIterator[None]:
    try:
        connection = await asyncpg.connect(**url.connect_arguments)
    except Exception as exc:
        if error := unavailable(exc, str(url)):
            raise error from exc
        raise
    try:
        for _ in range(int(LOCK_SECONDS / _LOCK_PAUSE)):
            if await connection.fetchval("SELECT pg_try_advisory_lock($1)", _LOCK):
                break
            await asyncio.sleep(_LOCK_PAUSE)
        else:
            problem = Problem(
                "lock", "another migration is running and does not end", "wait for it, or stop it"
            )
            raise MigrationError(_TITLE, [problem])
        yield
    finally:
        await connection.close(timeout=5)


async def _plan(client: BaseDBAsyncClient, history: History) -> list[MigrationKey]:
    applied = await applied_migrations(client)
    if problems := history.contradictions(applied):
        title = "数据库与程序版本不符 · the database does not fit this version"
        raise MigrationError(title, problems)
    return history.pending(applied)


def _until(last: str, plan: list[MigrationKey]) -> list[MigrationKey]:
    if not last:
        return plan
    names = [str(key) for key in plan]
    if last not in names:
        mend = f"pending are: {', '.join(names) or 'none'}"
        raise MigrationError(_TITLE, [Problem(last, "it is not pending", mend)])
    return plan[: names.index(last) + 1]


async def applied_migrations(client: BaseDBAsyncClient) -> list[MigrationKey]:
    """Return what the database says is applied; nothing when it is empty."""
    exists = (
        "SELECT name FROM sqlite_master WHERE name = ?"
        if client.capabilities.dialect == "sqlite"
        else "SELECT c FROM to_regclass($1) c WHERE c IS NOT NULL"
    )
    if not await client.execute_query_dict(exists, [RECORDS]):
        return []
    rows = await client.execute_query_dict(
        f'SELECT app, name FROM "{RECORDS}" ORDER BY id'
    )  # a constant
    return [MigrationKey(app_label=row["app"], name=row["name"]) for row in rows]


async def _on_sqlite(history: History, plan: list[MigrationKey], show: Progress) -> list[str]:
    """Apply within the one transaction of :func:`exclusive`."""
    if not plan:
        return []
    client = _client()
    await MigrationRecorder(client).ensure_schema(schema_editor(client))
    state = history.state(await applied_migrations(client), get_connections())
    for key in plan:
        show(str(key))
        with _explained(key):
            await _apply(history, key, state, client)
    broken = await client.execute_query_dict("PRAGMA foreign_key_check")
    if broken:
        tables = sorted({f"{row['table']} → {row['parent']}" for row in broken})
        raise MigrationError(
            _TITLE,
            [
                Problem(
                    "foreign keys",
                    f"{len(broken)} rows would refer to nothing: {', '.join(tables)}",
                    "correct the rows, or the migration; nothing was changed",
                )
            ],
        )
    return [str(key) for key in plan]


async def _on_postgres(history: History, plan: list[MigrationKey], show: Progress) -> list[str]:
    if not plan:
        return []
    client = _client()
    await MigrationRecorder(client).ensure_schema(schema_editor(client))
    done = set(await applied_migrations(client))
    for key in plan:
        show(str(key))
        state = history.state(done, get_connections())
        done.add(key)
        with _explained(key):
            await _on_postgres_one(history, key, state)
    return [str(key) for key in plan]


async def _on_postgres_one(history: History, key: MigrationKey, state: State) -> None:
    if not history.migration(key).atomic:  # e.g. CREATE INDEX CONCURRENTLY
        await _apply(history, key, state, _client())
        return
    for attempt in range(1, _BUSY_ATTEMPTS + 1):
        try:
            async with in_transaction() as client:
                await _apply(history, key, state.clone(), client)
        except asyncpg.LockNotAvailableError:
            # lock_timeout: someone reads the table; let them pass rather than block all others
            if attempt == _BUSY_ATTEMPTS:
                raise
            await _pause(_BUSY_PAUSE)
        else:
            return


async def _pause(seconds: float) -> None:
    await asyncio.sleep(seconds)


async def _apply(
    history: History, key: MigrationKey, state: State, client: BaseDBAsyncClient
) -> None:
    """Run one migration's operations and record it, all through one client."""
    editor = schema_editor(client)
    forget_statements()
    for step in steps(history.migration(key)):
        creating = isinstance(step[0], CreateModel)
        before = state if creating else state.clone()  # who creates does not look back
        forward(key, step, state)
        editor.becoming = state
        for operation in step:
            await operation.database_forward(key.app_label, before, state, editor)
    now = dt.datetime.now(dt.UTC)
    sqlite = client.capabilities.dialect == "sqlite"
    values = "?, ?, ?" if sqlite else "$1, $2, $3"
    await client.execute_query(
        f'INSERT INTO "{RECORDS}" (app, name, applied_at) VALUES ({values})',  # constants
        [key.app_label, key.name, now.isoformat(" ") if sqlite else now],
    )


def _client() -> BaseDBAsyncClient:
    return get_connection(CONNECTION)


@contextmanager
def _explained(key: MigrationKey) -> Iterator[None]:
    """Turn what goes wrong in a migration into one that names it.

    Only the first line of a database's message is shown, and none of a message about values:
    what follows may quote a person's data. The cause stays attached for a traceback.
    """
    try:
        yield
    except GongzhiError:
        raise
    except Exception as exc:
        cause = exc.args[0] if exc.args and isinstance(exc.args[0], Exception) else exc
        what = type(cause).__name__
        if _may_be_shown(cause):
            what += f": {str(cause).splitlines()[0]}"
        mend = "nothing of it was kept; correct the migration or the rows, then migrate again"
        raise MigrationError(_TITLE, [Problem(str(key), what, mend)]) from exc


def _may_be_shown(exc: BaseException) -> bool:
    if isinstance(exc, asyncpg.DataError):
        return False
    return isinstance(exc, (asyncpg.PostgresError, sqlite3.Error, RebuildError)) and bool(str(exc))


def _copy(path: Path, copy: Path) -> None:
    """Copy a SQLite database while it is in use; the copy appears when it is whole."""
    unfinished = copy.with_name(copy.name + "-unfinished")
    unfinished.unlink(missing_ok=True)
    with (
        closing(sqlite3.connect(path)) as source,
        closing(sqlite3.connect(unfinished)) as target,
    ):
        shutil.copymode(path, unfinished)
        source.backup(target)
    unfinished.replace(copy)
