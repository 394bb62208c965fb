"""The database layer: open it, migrate it, compare it with the models.

Reads do not come through here, see :mod:`gongzhi.database.reads`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager

from tortoise.backends.base.executor import EXECUTOR_CACHE
from tortoise.context import TortoiseContext, _current_context

from gongzhi.database.config import DatabaseUrl, parse_url, tortoise_config
from gongzhi.database.unavailable import require_file
from gongzhi.plugin import Plugin

__all__ = ["DatabaseUrl", "bound", "open_database", "parse_url", "tortoise_config"]


_open: list[TortoiseContext] = []
"""The databases that are open in this process, the one used last at the end."""

_prepared_for: str = ""
"""The dialect that the model classes are prepared for."""


@asynccontextmanager
async def open_database(
    url: str, plugins: Sequence[Plugin], *, migrating: bool = False
) -> AsyncIterator[TortoiseContext]:
    """Open a database for the models of the enabled plugins, and close it in any case.

    A SQLite connection that stays open keeps its thread, and so the process, alive for ever.
    The context is current in this task and in tasks started from it; elsewhere see :func:`bound`.
    Several databases may be open at once, but only those of one kind may be used by tasks that
    take turns: Tortoise keeps each model's SQL on its class.

    :raises DatabaseUnavailableError: when it does not answer, or the SQLite file does not exist.
    :raises SettingsError: when the URL cannot be read.
    """
    config = tortoise_config(url, plugins, migrating=migrating)
    if not migrating:
        require_file(parse_url(url).path)
    context = TortoiseContext()
    async with context:
        await context.init(config=config)
        _open.append(context)
        try:
            forget_statements()
            _prepare(context)
            await context.db().execute_query("SELECT 1")
            yield context
        finally:
            _open.remove(context)
            forget_statements()
            if _open:
                _prepare(_open[-1])


@contextmanager
def bound(context: TortoiseContext) -> Iterator[None]:
    """Make an open database current in this task.

    For servers: the task that opens the database is not the one that answers a request.
    Entering the context itself from several tasks mixes up its one token.
    """
    token = _current_context.set(context)
    _prepare(context)
    try:
        yield
    finally:
        _current_context.reset(token)


def forget_statements() -> None:
    """Drop the statements that Tortoise keeps by table name.

    It keeps them for good, though the columns of a table differ between two migrations, and the
    parameters of a statement between SQLite and PostgreSQL.
    """
    EXECUTOR_CACHE.clear()


def _prepare(context: TortoiseContext) -> None:
    """Make the model classes speak the dialect of a database."""
    global _prepared_for  # noqa: PLW0603  # it describes the classes, which are global too
    dialect = context.db().capabilities.dialect
    if dialect != _prepared_for and context.apps is not None:
        forget_statements()
        context.apps._build_initial_querysets()  # noqa: SLF001  # as Tortoise itself does
        _prepared_for = dialect
