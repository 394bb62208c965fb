"""PostgreSQL for Tortoise: every wait is bounded, and errors are plain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from tortoise.backends.asyncpg.client import AsyncpgDBClient, TransactionWrapper
from tortoise.backends.base.client import PoolConnectionWrapper, TransactionContextPooled
from tortoise.connection import get_connections

from gongzhi.database.config import POOL_SECONDS
from gongzhi.database.unavailable import unavailable

if TYPE_CHECKING:
    import asyncpg
    from tortoise.backends.base.client import TransactionalDBClient, TransactionContext


class Postgres(AsyncpgDBClient):
    """A pool of connections to one PostgreSQL database."""

    @property
    def shown(self) -> str:
        """The database for error texts; no password."""
        return f"postgres:{self.database} at {self.host or 'localhost'}:{self.port}"

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
        return _Transaction(TransactionWrapper(self), self._pool_init_lock)


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


client_class = Postgres
