"""SQLite for Tortoise: transactions that take the write lock at once, and plain errors.

Tortoise opens transactions with a deferred ``BEGIN``. Two processes that read and then write
would deadlock, which SQLite resolves by failing one of them at once, whatever ``busy_timeout``
says; ``BEGIN IMMEDIATE`` waits its turn instead.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

import aiosqlite
from tortoise.backends.base.client import NestedTransactionContext
from tortoise.backends.sqlite.client import (
    SqliteClient,
    SqliteTransactionContext,
    SqliteTransactionWrapper,
)
from tortoise.connection import get_connections

from gongzhi.database.unavailable import unavailable
from gongzhi.errors import DatabaseUnavailableError

if TYPE_CHECKING:
    from tortoise.backends.base.client import TransactionalDBClient, TransactionContext

_OLDEST = (3, 37)  # the first with pragma_table_list; RETURNING is older


def statements(script: str) -> Iterator[str]:
    """Split a script where SQLite says that a statement ends: not inside texts or triggers."""
    statement = ""
    for piece in script.split(";"):
        statement += piece + ";"
        if sqlite3.complete_statement(statement):
            if statement.strip(" \t\r\n;"):
                yield statement.strip()
            statement = ""
    if rest := statement.strip(" \t\r\n;"):
        yield rest


class Sqlite(SqliteClient):
    """One connection to a SQLite file."""

    async def create_connection(self, with_db: bool) -> None:  # noqa: ARG002, FBT001  # inherited
        """Open the file and set the pragmas.

        :raises DatabaseUnavailableError: when it cannot be opened or is not a database.
        """
        if self._connection:
            return
        if sqlite3.sqlite_version_info < _OLDEST:
            zh = f"SQLite {sqlite3.sqlite_version} 太旧，至少需要 3.37，请换用较新的 Python"
            en = f"SQLite {sqlite3.sqlite_version} is too old, 3.37 is needed: use a newer Python"
            message = f"{zh} · {en}"
            raise DatabaseUnavailableError(message)
        connection = None
        opening = aiosqlite.connect(self.filename, isolation_level=None)
        try:
            connection = await opening
            connection.row_factory = sqlite3.Row
            for pragma, value in self.pragmas.items():
                await connection.execute_fetchall(f"PRAGMA {pragma}={value}")
        except BaseException as exc:
            if connection is not None:
                await connection.close()  # its thread would keep the process alive for ever
            else:  # its thread ends by itself, and needs the loop for its last word
                await asyncio.to_thread(opening._thread.join)  # noqa: SLF001  # nothing else waits
            if error := unavailable(exc, f"sqlite:{self.filename}"):
                raise error from exc
            raise
        self._connection = connection
        await self._post_connect()

    def _in_transaction(self) -> TransactionContext:
        return _Transaction(_Writer(self), self._lock)


class _Writer(SqliteTransactionWrapper):
    """The connection while a transaction is open."""

    async def begin(self) -> None:
        try:
            await self._connection.execute_fetchall("BEGIN IMMEDIATE")
        except BaseException as exc:
            # A cancelled task leaves BEGIN in the queue of the connection's thread; this waits
            # behind it. Without an open transaction it does nothing.
            await self._connection.rollback()
            if error := unavailable(exc, f"sqlite:{cast('Sqlite', self._parent).filename}"):
                raise error from exc
            raise

    async def execute_script(self, query: str) -> None:
        """Run the statements one by one: ``executescript`` would commit first."""
        for statement in statements(query):
            await self.execute_query(statement)

    def _in_transaction(self) -> TransactionContext:
        return NestedTransactionContext(_Writer(self))


class _Transaction(SqliteTransactionContext):
    """Tortoise's, except that a BEGIN that fails gives the lock back."""

    async def __aenter__(self) -> TransactionalDBClient:
        await self._trxlock.acquire()
        try:
            await self.ensure_connection()
            await self.connection.begin()
        except BaseException:
            self._trxlock.release()
            raise
        self.token = get_connections().set(self.connection_name, self.connection)
        return cast("TransactionalDBClient", self.connection)


client_class = Sqlite
