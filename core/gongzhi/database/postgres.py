"""PostgreSQL for Tortoise: every wait is bounded, and errors are plain."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any, cast

import asyncpg
from tortoise.backends.asyncpg.client import AsyncpgDBClient, TransactionWrapper
from tortoise.backends.base.client import (
    NestedTransactionContext,
    PoolConnectionWrapper,
    TransactionContextPooled,
)
from tortoise.connection import get_connections
from tortoise.exceptions import TransactionManagementError

from gongzhi.database.config import POOL_SECONDS
from gongzhi.database.unavailable import unavailable
from gongzhi.errors import DatabaseUnavailableError

if TYPE_CHECKING:
    from types import TracebackType

    from tortoise.backends.base.client import TransactionalDBClient, TransactionContext


_LOST = (
    OSError,  # TimeoutError too
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,  # the server is stopping, or this connection was ended
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
)


class Postgres(AsyncpgDBClient):
    """A pool of connections to one PostgreSQL database."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._free: list[asyncpg.Connection] = []
        self._lent = 0
        self._waiting: deque[asyncio.Future[asyncpg.Connection | None]] = deque()

    @property
    def shown(self) -> str:
        """The database for error texts; no password."""
        return f"postgres:{self.database} at {self.host or 'localhost'}:{self.port}"

    async def _translate_exceptions(self, func: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return await super()._translate_exceptions(func, *args, **kwargs)
        except Exception as exc:
            if error := _lost(exc, self.shown):
                raise error from exc
            raise

    async def create_connection(self, with_db: bool) -> None:  # noqa: FBT001  # inherited
        """Open the pool.

        :raises DatabaseUnavailableError: when the server or the database cannot be reached.
        """
        try:
            await super().create_connection(with_db)
        except Exception as exc:
            if error := unavailable(exc.__cause__ or exc, self.shown):
                raise error from exc
            raise

    async def create_pool(self, **kwargs: Any) -> asyncpg.Pool:
        """Make the pool; its connections are not reset when they come back.

        What would be reset (locks, listeners, settings of a session) is never made: every
        transaction ends as one, and the reset would cost each of them another round trip.
        """
        return await asyncpg.create_pool(None, reset=_as_it_is, **kwargs)

    async def lend(self) -> asyncpg.Connection:
        """Take a connection.

        They are handed on here, because asking the pool costs as much as two statements; the pool
        makes them and closes them.

        :raises DatabaseUnavailableError: when none is free in time, or none can be made.
        """
        try:
            while self._free:
                free = self._free.pop()
                if not _is_gone(free):
                    return free
                await self._given_up(free)
            while self._lent >= self.pool_maxsize:
                if (handed := await self._wait()) is not None:
                    return handed
            self._lent += 1
            try:
                pool = cast("asyncpg.Pool", self._pool)
                return cast("asyncpg.Connection", await pool.acquire(timeout=POOL_SECONDS))
            except BaseException:
                self._lent -= 1
                raise
        except Exception as exc:
            if error := unavailable(exc, self.shown):
                raise error from exc
            raise

    async def _wait(self) -> asyncpg.Connection | None:
        """Wait for a connection; None where one may be made instead."""
        turn: asyncio.Future[asyncpg.Connection | None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            async with asyncio.timeout(POOL_SECONDS):
                return await turn
        except BaseException:
            if turn.done() and not turn.cancelled() and (handed := turn.result()) is not None:
                await self.keep(handed)  # it came when nobody waited any more
            raise

    async def keep(self, connection: asyncpg.Connection) -> None:
        """Take a connection back, for who waits or comes next."""
        if _is_gone(connection):
            await self._given_up(connection)
        elif (turn := self._next()) is not None:
            turn.set_result(connection)
        else:
            self._free.append(connection)

    async def _given_up(self, connection: asyncpg.Connection) -> None:
        self._lent -= 1
        if self._pool is not None:
            await self._pool.release(connection)
        if (turn := self._next()) is not None:
            turn.set_result(None)

    def _next(self) -> asyncio.Future[asyncpg.Connection | None] | None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                return turn
        return None

    async def _close(self) -> None:
        while self._free:
            await self._given_up(self._free.pop())
        await super()._close()

    def acquire_connection(self) -> PoolConnectionWrapper[Any]:
        """Return a context manager that holds one connection of the pool."""
        return _Lent(self, self._pool_init_lock)

    def _in_transaction(self) -> TransactionContext:
        return _Transaction(_Writer(self), self._pool_init_lock)


class _Writer(TransactionWrapper):
    """The connection while a transaction is open.

    Its statements go to the driver directly: Tortoise's layers around each cost as much again.
    """

    async def execute_query_dict(self, query: str, values: list[Any] | None = None) -> list[Any]:
        """Run a statement and return its rows, each of which is read by column name."""
        try:
            return list(await self._connection.fetch(query, *(values or ())))
        except Exception as exc:
            await self._explain(exc)
            raise

    async def execute_insert(self, query: str, values: list[Any]) -> Any:
        """Insert a row and return what the statement returns."""
        try:
            return await self._connection.fetchrow(query, *values)
        except Exception as exc:
            await self._explain(exc)
            raise

    async def _explain(self, exc: Exception) -> None:
        """Raise an exception of the driver as Tortoise and we do."""

        async def failed(_client: object) -> None:
            raise exc

        await self._translate_exceptions(failed)

    async def _translate_exceptions(self, func: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return await super()._translate_exceptions(func, *args, **kwargs)
        except Exception as exc:
            if error := self.lost(exc):
                raise error from exc
            raise

    def lost(self, exc: Exception) -> DatabaseUnavailableError | None:
        """Return the error to show instead, if it is the connection that was lost."""
        gone = isinstance(exc, asyncpg.InterfaceError) and _is_gone(self._connection)
        return _lost(asyncpg.PostgresConnectionError() if gone else exc, self._shown)

    @property
    def _shown(self) -> str:
        parent: Any = self._parent  # of a nested transaction another writer
        return str(parent.shown if isinstance(parent, Postgres) else parent._shown)  # noqa: SLF001  # as ours

    def _in_transaction(self) -> TransactionContext:
        return NestedTransactionContext(_Writer(self))


async def _as_it_is(connection: asyncpg.Connection) -> None:
    """Leave a connection as it is."""


def _is_gone(connection: asyncpg.Connection) -> bool:
    try:
        return bool(connection.is_closed())
    except asyncpg.InterfaceError:  # the pool has taken it back because it is closed
        return True


def _lost(exc: BaseException, where: str) -> DatabaseUnavailableError | None:
    if isinstance(exc, asyncpg.InternalClientError):
        # What the driver says of a connection that the server ended while it was idle.
        exc = asyncpg.PostgresConnectionError()
    return unavailable(exc, where) if isinstance(exc, _LOST) else None


class _Lent(PoolConnectionWrapper[Any]):
    """Tortoise's, except that waiting for a connection ends."""

    async def __aenter__(self) -> Any:  # the driver's connection, as upstream
        await self.ensure_connection()
        self.connection = await cast("Postgres", self.client).lend()
        return self.connection

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        await cast("Postgres", self.client).keep(self.connection)


class _Transaction(TransactionContextPooled):
    """Tortoise's, except that waiting ends and a BEGIN that fails gives the connection back."""

    async def __aenter__(self) -> TransactionalDBClient:
        await self.ensure_connection()
        parent = cast("Postgres", self.client._parent)  # noqa: SLF001  # no public name upstream
        connection = await parent.lend()
        self.client._connection = connection  # noqa: SLF001  # as above
        try:
            await self.client.begin()
        except BaseException:
            await parent.keep(connection)
            raise
        self.token = get_connections().set(self.connection_name, self.client)
        return self.client

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        """Commit or roll back; a rollback that fails does not hide why it was needed."""
        writer = cast("_Writer", self.client)
        try:
            if not writer._finalized and exc_type is None:  # noqa: SLF001  # as upstream
                await writer.commit()
            elif not writer._finalized and exc_type is not TransactionManagementError:  # noqa: SLF001  # as above
                await writer.rollback()
        except Exception as exc:
            if exc_val is not None:
                return
            if error := writer.lost(exc):
                raise error from exc
            raise
        finally:
            parent = cast("Postgres", writer._parent)  # noqa: SLF001  # as above
            await parent.keep(writer._connection)  # noqa: SLF001  # as above
            get_connections().reset(self.token)


client_class = Postgres
