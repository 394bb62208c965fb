"""Connections for reading: each call is one statement that returns one text.

They are apart from Tortoise's pool, which resets a connection after every use (as dear as a small
query) and serialises all of SQLite behind one lock. Nothing here ever opens a transaction, so a
connection is never left dirty.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

import asyncpg

from gongzhi.database.config import DatabaseUrl
from gongzhi.database.unavailable import unavailable
from gongzhi.errors import DatabaseUnavailableError, GongzhiError

_PREPARED = 256
"""Statements that a connection keeps prepared; each may take a megabyte of the server."""

_PREPARED_LENGTH = 65_536
"""Longer statements are not kept."""

_OPERATIONS_BETWEEN_CHECKS = 20_000
"""SQLite virtual-machine steps between two looks at the clock, about a millisecond."""


class StatementTimeoutError(GongzhiError):
    """A statement ran longer than a read may."""


class StatementTooDeepError(GongzhiError):
    """SQLite before 3.46 parses a hundred levels of nesting at most; the statement has more."""


class Reader(Protocol):
    """Runs one statement that returns one text."""

    dialect: str
    statements: int
    """How many statements have been run; tests count them."""

    async def text(self, sql: str, parameters: Sequence[Any]) -> str | None:
        """Return the single value of the single row, None where there is no row.

        :raises DatabaseUnavailableError: when the database does not answer.
        :raises StatementTimeoutError: when the statement takes too long.
        :raises StatementTooDeepError: when it nests too deep to be parsed; it was not run.
        """
        ...

    async def close(self) -> None:
        """Close the connections."""
        ...


class SqliteReader:
    """Reads in the event loop's own thread: a planned read takes less than a thread switch."""

    dialect = "sqlite"

    def __init__(self, url: DatabaseUrl, timeout: float) -> None:
        self.statements = 0
        self._timeout = timeout
        self._deadline = 0.0
        self._url = url
        path = str(Path(url.path or "").absolute()).lstrip("/")
        try:
            self._connection = sqlite3.connect(
                f"file:/{quote(path)}?mode=ro",
                uri=True,
                isolation_level=None,
                cached_statements=_PREPARED,
                check_same_thread=False,
            )
            self._connection.execute("SELECT 1 FROM sqlite_master").fetchone()
        except sqlite3.Error as exc:
            raise unavailable(exc, str(url)) or exc from exc
        self._connection.execute("PRAGMA mmap_size = 268435456")
        self._connection.set_progress_handler(self._late, _OPERATIONS_BETWEEN_CHECKS)

    def _late(self) -> bool:
        return time.monotonic() > self._deadline

    async def text(self, sql: str, parameters: Sequence[Any]) -> str | None:
        """See :meth:`Reader.text`."""
        self.statements += 1
        self._deadline = time.monotonic() + self._timeout
        try:
            row = self._connection.execute(sql, parameters).fetchone()
        except sqlite3.OperationalError as exc:
            if "interrupted" in str(exc):
                message = "the read took too long"
                raise StatementTimeoutError(message) from exc
            if "parser stack overflow" in str(exc):
                self.statements -= 1
                message = "the statement nests too deep"
                raise StatementTooDeepError(message) from exc
            raise unavailable(exc, str(self._url)) or exc from exc
        return None if row is None else row[0]

    async def close(self) -> None:
        """Close the connection."""
        self._connection.close()


class PostgresReader:
    """A stack of connections, the one used last on top; more are opened as they are needed."""

    dialect = "postgres"

    def __init__(self, url: DatabaseUrl, size: int, timeout: float) -> None:
        self.statements = 0
        self._url = url
        self._size = size
        self._timeout = timeout
        self._open = 0
        self._free: list[asyncpg.Connection[Any]] = []
        self._waiting: deque[asyncio.Future[asyncpg.Connection[Any] | None]] = deque()

    async def _connect(self) -> asyncpg.Connection[Any]:
        self._open += 1
        try:
            return await asyncpg.connect(
                **{"statement_cache_size": _PREPARED} | self._url.connect_arguments,
                max_cached_statement_lifetime=0,
                max_cacheable_statement_size=_PREPARED_LENGTH,
                server_settings={
                    "application_name": "gongzhi read",
                    "timezone": "UTC",
                    "jit": "off",
                    # A plan made anew for each request costs more than most reads take, and the
                    # server would do so wherever the viewer's ranges make the rows look few.
                    "plan_cache_mode": "force_generic_plan",
                    "default_transaction_read_only": "on",
                    "statement_timeout": str(int(self._timeout * 1000)),
                },
            )
        except BaseException as exc:
            self._open -= 1
            self._give(None)
            raise unavailable(exc, str(self._url)) or exc from exc

    async def _take(self) -> asyncpg.Connection[Any]:
        while True:
            if self._free:
                return self._free.pop()
            if self._open < self._size:
                return await self._connect()
            connection = await self._wait()
            if connection is not None:
                return connection

    async def _wait(self) -> asyncpg.Connection[Any] | None:
        """Wait for one's turn; None means that there is room to open a connection."""
        loop = asyncio.get_running_loop()
        turn: asyncio.Future[asyncpg.Connection[Any] | None] = loop.create_future()
        self._waiting.append(turn)
        # A timer of our own: under load half of all reads wait, and wait_for costs far more.
        late = loop.call_later(self._timeout, _too_late, turn)
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # the turn had come; pass it on
                self._give(turn.result())
            raise
        finally:
            late.cancel()

    def _give(self, connection: asyncpg.Connection[Any] | None) -> None:
        """Hand a connection to whoever waits longest, or lay it on the stack."""
        if connection is not None and (connection.is_closed() or not self._size):
            self._open -= 1
            connection.terminate()
            connection = None
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(connection)
                return
        if connection is not None:
            self._free.append(connection)

    async def text(self, sql: str, parameters: Sequence[Any]) -> str | None:
        """See :meth:`Reader.text`."""
        self.statements += 1
        connection = self._free.pop() if self._free else await self._take()
        try:
            found: str | None = await connection.fetchval(sql, *parameters)
        except asyncpg.QueryCanceledError as exc:
            message = "the read took too long"
            raise StatementTimeoutError(message) from exc
        except (asyncpg.PostgresConnectionError, asyncpg.InterfaceError, OSError) as exc:
            raise unavailable(exc, str(self._url)) or exc from exc
        finally:
            self._give(connection)
        return found

    async def close(self) -> None:
        """Close the connections that are not in use; the others close when they come back."""
        self._size = 0
        while self._free:
            await self._free.pop().close()


def _too_late(turn: asyncio.Future[Any]) -> None:
    if not turn.done():
        message = "no database connection became free in time"
        turn.set_exception(DatabaseUnavailableError(message))


def open_reader(url: DatabaseUrl, *, size: int = 8, timeout: float = 5.0) -> Reader:
    """Make a reader; PostgreSQL is first contacted by the first read.

    :param size: most connections at a time.
    :param timeout: seconds that a statement, or waiting for a connection, may take.
    :raises DatabaseUnavailableError: when a SQLite file cannot be read.
    """
    if url.dialect == "sqlite":
        return SqliteReader(url, timeout)
    return PostgresReader(url, size, timeout)
