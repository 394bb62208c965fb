"""PostgreSQL for Tortoise: every wait is bounded, and errors are plain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import asyncpg
from tortoise.backends.asyncpg.client import AsyncpgDBClient, TransactionWrapper
from tortoise.backends.base.client import (
    NestedTransactionContext,
    PoolConnectionWrapper,
    TransactionContextPooled,
)
from tortoise.connection import get_connections

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

    async def lend(self) -> asyncpg.Connection:
        """Take a connection from the pool.

        :raises DatabaseUnavailableError: when none is free in time, or none can be made.
        """
        pool = cast("asyncpg.Pool", self._pool)
        try:
            return cast("asyncpg.Connection", await pool.acquire(timeout=POOL_SECONDS))
        except Exception as exc:
            if error := unavailable(exc, self.shown):
                raise error from exc
            raise

    def acquire_connection(self) -> PoolConnectionWrapper[Any]:
        """Return a context manager that holds one connection of the pool."""
        return _Lent(self, self._pool_init_lock)

    def _in_transaction(self) -> TransactionContext:
        return _Transaction(_Writer(self), self._pool_init_lock)


class _Writer(TransactionWrapper):
    """The connection while a transaction is open."""

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
    """Tortoise's, except that waiting for the pool ends."""

    async def __aenter__(self) -> Any:  # the driver's connection, as upstream
        await self.ensure_connection()
        self.connection = await cast("Postgres", self.client).lend()
        return self.connection


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
            await cast("asyncpg.Pool", parent._pool).release(connection)  # noqa: SLF001  # as above
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
        try:
            await super().__aexit__(exc_type, exc_val, exc_tb)
        except Exception as exc:
            if exc_val is not None:
                return
            if error := cast("_Writer", self.client).lost(exc):
                raise error from exc
            raise


client_class = Postgres
