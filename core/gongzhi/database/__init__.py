"""The database layer: open it, migrate it, compare it with the models.

Reads do not come through here, see :mod:`gongzhi.database.reads`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import cast

from pypika_tortoise.dialects import PostgreSQLQuery, SQLLiteQuery
from pypika_tortoise.queries import Query
from tortoise.backends.base.executor import EXECUTOR_CACHE
from tortoise.context import TortoiseContext, _current_context

from gongzhi.database.config import DatabaseUrl, parse_url, tortoise_config
from gongzhi.database.unavailable import require_file
from gongzhi.plugin import Plugin

__all__ = ["DatabaseUrl", "bound", "open_database", "parse_url", "tortoise_config"]


_open: dict[TortoiseContext, str] = {}
"""The databases that are open in this process, and their dialects."""

_QUERIES = {"sqlite": SQLLiteQuery, "postgres": PostgreSQLQuery}


@asynccontextmanager
async def open_database(
    url: str, plugins: Sequence[Plugin], *, migrating: bool = False
) -> AsyncIterator[TortoiseContext]:
    """Open a database for the models of the enabled plugins, and close it in any case.

    A SQLite connection that stays open keeps its thread, and so the process, alive for ever.
    The context is current in this task and in tasks started from it; elsewhere see :func:`bound`.
    Several databases may be open at once. When they are not all of one kind, the one opened or
    bound last may be used, because Tortoise keeps the beginning of each model's SQL on its class.

    :raises DatabaseUnavailableError: when it does not answer, or the SQLite file does not exist.
    :raises SettingsError: when the URL cannot be read.
    """
    config = tortoise_config(url, plugins, migrating=migrating)
    if not migrating:
        require_file(parse_url(url).path)
    context = TortoiseContext()
    async with context:
        await context.init(config=config)
        _open[context] = context.db().capabilities.dialect
        forget_statements()
        try:
            await context.db().execute_query("SELECT 1")
            yield context
        finally:
            mixed = _mixed()
            del _open[context]
            if mixed:
                for other in _open:
                    _prepare(other)


@contextmanager
def bound(context: TortoiseContext) -> Iterator[None]:
    """Make an open database current in this task.

    For servers: the task that opens the database is not the one that answers a request.
    Entering the context itself from several tasks mixes up its one token.
    """
    token = _current_context.set(context)
    try:
        if _mixed():
            _prepare(context)
        yield
    finally:
        _current_context.reset(token)


def forget_statements() -> None:
    """Drop the statements that Tortoise keeps by table name.

    It keeps them for good, though the columns of a table differ between two migrations, and the
    parameters of a statement between SQLite and PostgreSQL.
    """
    EXECUTOR_CACHE.clear()


def _mixed() -> bool:
    return len(set(_open.values())) > 1


def _prepare(context: TortoiseContext) -> None:
    """Make the model classes speak the dialect of a database, as Tortoise did on opening it."""
    forget_statements()
    query = _QUERIES[_open[context]]
    for app in (context.apps or {}).values():
        for model in app.values():
            meta = model._meta  # noqa: SLF001  # Tortoise has no public name for it
            begun = query.from_(meta.basetable)
            meta.basequery = cast("Query", begun)
            meta.basequery_all_fields = cast("Query", begun.select(*meta.db_fields))
