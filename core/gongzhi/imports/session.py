"""The connection of an import: the driver's own, for COPY and for one long transaction.

Statements have the placeholders ``$1``, ``$2`` … on both databases; rows are read by column name.
This is the one place of the imports that opens connections.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import re
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar, Final, Literal, TypeVar

import asyncpg
import orjson

from gongzhi.database.config import BUSY_MS, DatabaseUrl, parse_url
from gongzhi.database.unavailable import unavailable
from gongzhi.errors import GongzhiError

T = TypeVar("T")
Row = Mapping[str, Any]
ListKind = Literal["text", "bigint"]

# The same texts that Tortoise stores; without these lines Python 3.12 would warn.
sqlite3.register_adapter(dt.date, dt.date.isoformat)
sqlite3.register_adapter(dt.datetime, lambda instant: instant.isoformat(" "))

_LOCK_TIMEOUT: Final = "30s"
_SQLITE_CACHE_KB: Final = 65_536
_SQLITE_ANALYZED: Final = 1_000
"""Rows of an index that ANALYZE looks at; the documentation finds a few hundred enough."""


class BusyError(GongzhiError):
    """Somebody else kept the tables for too long."""

    def __init__(self) -> None:
        super().__init__(
            "其他操作正在占用这些表，请稍后再试 · "
            "the tables are in use by something else; try again in a moment"
        )


@dataclass(frozen=True, slots=True)
class Reference:
    """A foreign key of the live database."""

    table: str
    column: str
    target: str


class Session(ABC):
    """One connection to the database of a deployment."""

    dialect: ClassVar[str]

    @abstractmethod
    async def fetch(self, sql: str, *params: Any) -> Sequence[Row]:
        """Run a statement and return its rows, if it has any."""

    @abstractmethod
    async def many(self, sql: str, params: Iterable[Sequence[Any]]) -> None:
        """Run a statement for each of these parameters."""

    @abstractmethod
    async def load(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Insert many rows as fast as the database can take them.

        The rows are made while the database works, where it is another process.
        """

    def stored(self, values: list[Any]) -> list[Any]:
        """Return a column in the form that the database stores, where that is cheaper here."""
        return values

    @abstractmethod
    def transaction(self, writes: Sequence[str] = (), reads: Sequence[str] = ()) -> Any:
        """Run what is inside as one transaction; without tables it only reads, one snapshot.

        :param writes: tables that nobody else changes meanwhile.
        :param reads: tables that are relied on; nobody changes them either.
        :raises BusyError: when somebody else keeps them too long.
        """

    @abstractmethod
    async def new_ids(self, table: str, count: int) -> Sequence[int]:
        """Take ids that nobody else gets."""

    @abstractmethod
    def among(self, expression: str, number: int, kind: ListKind) -> str:
        """Return the condition that the expression is in the list of parameter ``$number``."""

    @abstractmethod
    def listed(self, values: Iterable[Any]) -> Any:
        """Return a list as a parameter for :meth:`among`."""

    @abstractmethod
    async def references(self) -> Sequence[Reference]:
        """Return every foreign key to a column ``id``, of plugins too, enabled or not."""

    @abstractmethod
    async def column_types(self) -> Mapping[str, Mapping[str, str]]:
        """Return table → column → type, of plugins too, enabled or not."""

    @abstractmethod
    def typed(self, number: int, column_type: str) -> str:
        """Return parameter ``$number``, a text or null, as a value of a column."""

    async def analyze(self, tables: Iterable[str]) -> None:
        """Refresh the statistics by which the database chooses its plans."""
        for table in tables:
            await self.fetch(f'ANALYZE "{table}"')

    async def execute(self, sql: str, params: Sequence[Any]) -> Sequence[Row]:
        """Run a statement for :mod:`gongzhi.registry.counters`."""
        return await self.fetch(sql, *params)


@asynccontextmanager
async def open_session(url: str) -> AsyncIterator[Session]:
    """Open a connection of one's own and close it in any case.

    :raises DatabaseUnavailableError: when the database does not answer.
    :raises SettingsError: when the URL cannot be read.
    """
    where = parse_url(url)
    session = await (_sqlite(where) if where.dialect == "sqlite" else _postgres(where))
    try:
        yield session
    except Exception as exc:
        if (error := unavailable(exc, str(where))) is not None:
            raise error from exc
        raise
    finally:
        await session.close()


# PostgreSQL


async def _postgres(where: DatabaseUrl) -> PostgresSession:
    try:
        connection = await asyncpg.connect(
            **where.connect_arguments,
            server_settings={
                "application_name": "gongzhi import",
                "timezone": "UTC",
                "lock_timeout": _LOCK_TIMEOUT,
                "jit": "off",
            },
        )
    except Exception as exc:
        if (error := unavailable(exc, str(where))) is not None:
            raise error from exc
        raise
    return PostgresSession(connection)


class PostgresSession(Session):
    """A connection of asyncpg."""

    dialect = "postgres"

    def __init__(self, connection: asyncpg.Connection[Any]) -> None:
        self._connection = connection

    async def close(self) -> None:
        """Close the connection."""
        await self._connection.close(timeout=5)

    async def fetch(self, sql: str, *params: Any) -> Sequence[Row]:
        """Run a statement and return its rows."""
        rows: Sequence[Row] = await self._connection.fetch(sql, *params)
        return rows

    async def many(self, sql: str, params: Iterable[Sequence[Any]]) -> None:
        """Run a statement for each of these parameters, without waiting in between."""
        await self._connection.executemany(sql, params)

    async def load(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Insert by COPY in its binary form."""
        await self._connection.copy_records_to_table(table, records=rows, columns=list(columns))

    @asynccontextmanager
    async def transaction(
        self, writes: Sequence[str] = (), reads: Sequence[str] = ()
    ) -> AsyncIterator[None]:
        """Run what is inside as one transaction."""
        if not writes:
            async with self._connection.transaction(isolation="repeatable_read", readonly=True):
                yield
            return
        try:
            async with self._connection.transaction():
                # One order for everybody, so that two imports cannot wait for each other.
                for table in sorted({*writes, *reads}):
                    mode = "SHARE ROW EXCLUSIVE" if table in writes else "SHARE"
                    await self._connection.execute(f'LOCK TABLE "{table}" IN {mode} MODE')
                yield
        except (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError) as exc:
            raise BusyError from exc

    async def new_ids(self, table: str, count: int) -> Sequence[int]:
        """Take ids from the sequence of the table."""
        if not count:
            return ()
        ids: Sequence[int] = await self._connection.fetchval(
            "SELECT array_agg(nextval(pg_get_serial_sequence($1, 'id')::regclass))"
            " FROM generate_series(1, $2)",
            f'"{table}"',
            count,
        )
        return ids

    def among(self, expression: str, number: int, kind: ListKind) -> str:
        """Return a condition over an array.

        Not ``= ANY(array)``: planning that takes longer than running it when the array is long.
        """
        return f"{expression} IN (SELECT unnest(${number}::{kind}[]))"

    def listed(self, values: Iterable[Any]) -> Any:
        """Return a list for :meth:`among`."""
        return list(values)

    async def references(self) -> Sequence[Reference]:
        """Read the foreign keys from the catalogue."""
        rows = await self.fetch(
            "SELECT child.relname AS child, attribute.attname AS attname,"
            " parent.relname AS parent FROM pg_constraint c"
            " JOIN pg_class child ON child.oid = c.conrelid"
            " JOIN pg_class parent ON parent.oid = c.confrelid"
            " JOIN pg_namespace n ON n.oid = child.relnamespace"
            " JOIN pg_attribute attribute"
            " ON attribute.attrelid = c.conrelid AND attribute.attnum = c.conkey[1]"
            " WHERE c.contype = 'f' AND n.nspname = current_schema()"
            " ORDER BY child.relname, attribute.attname"
        )
        return [Reference(row["child"], row["attname"], row["parent"]) for row in rows]

    async def column_types(self) -> Mapping[str, Mapping[str, str]]:
        """Read the columns from the catalogue."""
        rows = await self.fetch(
            "SELECT c.relname AS name, a.attname AS attname,"
            " format_type(a.atttypid, NULL) AS type"
            " FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
            " JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p')"
            " AND a.attnum > 0 AND NOT a.attisdropped ORDER BY c.relname, a.attnum"
        )
        types: dict[str, dict[str, str]] = {}
        for row in rows:
            types.setdefault(row["name"], {})[row["attname"]] = row["type"]
        return types

    def typed(self, number: int, column_type: str) -> str:
        """Cast the parameter to the type of the column."""
        return f"${number}::text::{column_type}"


# SQLite


async def _sqlite(where: DatabaseUrl) -> SqliteSession:
    thread = ThreadPoolExecutor(1, thread_name_prefix="gongzhi-import")

    def connect() -> sqlite3.Connection:
        # Opening a file that is not there would make an empty one.
        connection = sqlite3.connect(
            f"file:{where.path}?mode=rw", uri=True, isolation_level=None, check_same_thread=False
        )
        try:
            connection.row_factory = sqlite3.Row
            for pragma in (
                f"busy_timeout={BUSY_MS}",
                "foreign_keys=ON",
                "synchronous=FULL",
                "secure_delete=ON",
                f"cache_size=-{_SQLITE_CACHE_KB}",
                "temp_store=MEMORY",
                f"analysis_limit={_SQLITE_ANALYZED}",
            ):
                connection.execute(f"PRAGMA {pragma}")
            connection.execute("SELECT count(*) FROM sqlite_master")
        except BaseException:
            connection.close()
            raise
        return connection

    try:
        connection = await asyncio.get_running_loop().run_in_executor(thread, connect)
    except Exception as exc:
        thread.shutdown()
        if (error := unavailable(exc, str(where))) is not None:
            raise error from exc
        raise
    return SqliteSession(connection, thread)


class SqliteSession(Session):
    """A connection of sqlite3, used in a thread of its own."""

    dialect = "sqlite"

    def __init__(self, connection: sqlite3.Connection, thread: ThreadPoolExecutor) -> None:
        self._connection = connection
        self._thread = thread

    async def _run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def close(self) -> None:
        """Close the connection and end its thread."""
        await self._run(self._connection.close)
        self._thread.shutdown()

    async def fetch(self, sql: str, *params: Any) -> Sequence[Row]:
        """Run a statement and return its rows."""
        text = _numbered(sql)
        return await self._run(lambda: self._connection.execute(text, params).fetchall())

    async def many(self, sql: str, params: Iterable[Sequence[Any]]) -> None:
        """Run a statement for each of these parameters."""
        text = _numbered(sql)
        await self._run(lambda: self._connection.executemany(text, params))

    async def load(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Insert the rows."""
        names = ", ".join(f'"{column}"' for column in columns)
        places = ", ".join("?" * len(columns))
        text = f'INSERT INTO "{table}" ({names}) VALUES ({places})'
        await self._run(lambda: self._connection.executemany(text, rows))

    def stored(self, values: list[Any]) -> list[Any]:
        """Return days and instants as texts: the driver would ask an adapter for each."""
        if not {dt.date, dt.datetime} & set(map(type, values)):
            return values
        texts: dict[Any, str] = {}
        for value in set(values):
            if isinstance(value, dt.datetime):
                texts[value] = value.isoformat(" ")
            elif isinstance(value, dt.date):
                texts[value] = value.isoformat()
        return [texts.get(value, value) for value in values]

    @asynccontextmanager
    async def transaction(
        self,
        writes: Sequence[str] = (),
        reads: Sequence[str] = (),  # noqa: ARG002  # SQLite has one writer anyway
    ) -> AsyncIterator[None]:
        """Run what is inside as one transaction; to write, it waits for other writers first."""
        await self.fetch(f"PRAGMA query_only={'OFF' if writes else 'ON'}")
        try:
            await self.fetch("BEGIN IMMEDIATE" if writes else "BEGIN")
        except sqlite3.OperationalError as exc:
            if "locked" in str(exc) or "busy" in str(exc):
                raise BusyError from exc
            raise
        try:
            yield
            await self.fetch("COMMIT")
        except BaseException:
            await asyncio.shield(self._run(self._connection.rollback))
            raise
        finally:
            await self.fetch("PRAGMA query_only=OFF")

    async def new_ids(self, table: str, count: int) -> Sequence[int]:
        """Take the ids after the highest that the table ever had; this is the only writer."""
        rows = await self.fetch(
            f'SELECT max(coalesce((SELECT max(id) FROM "{table}"), 0),'
            " coalesce((SELECT seq FROM sqlite_sequence WHERE name = $1), 0)) AS last",
            table,
        )
        last = rows[0]["last"]
        return range(last + 1, last + 1 + count)

    def among(self, expression: str, number: int, kind: ListKind) -> str:  # noqa: ARG002
        """Return a condition over a JSON array: one parameter, however long the list."""
        return f"{expression} IN (SELECT value FROM json_each(${number}))"

    def listed(self, values: Iterable[Any]) -> Any:
        """Return a list as JSON for :meth:`among`."""
        return orjson.dumps(list(values)).decode()

    async def references(self) -> Sequence[Reference]:
        """Read the foreign keys of every table."""
        rows = await self.fetch(
            'SELECT m.name AS child, f."from" AS attname, f."table" AS parent'
            " FROM sqlite_master m JOIN pragma_foreign_key_list(m.name) f"
            " WHERE m.type = 'table' ORDER BY m.name, f.\"from\""
        )
        return [Reference(row["child"], row["attname"], row["parent"]) for row in rows]

    async def column_types(self) -> Mapping[str, Mapping[str, str]]:
        """Read the columns of every table."""
        rows = await self.fetch(
            "SELECT m.name AS name, c.name AS attname, c.type AS type"
            " FROM sqlite_master m JOIN pragma_table_info(m.name) c"
            " WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite~_%' ESCAPE '~'"
            " ORDER BY m.name, c.cid"
        )
        types: dict[str, dict[str, str]] = {}
        for row in rows:
            types.setdefault(row["name"], {})[row["attname"]] = row["type"]
        return types

    def typed(self, number: int, column_type: str) -> str:  # noqa: ARG002  # SQLite needs none
        """Return the parameter; SQLite stores what it is given."""
        return f"${number}"


@lru_cache(maxsize=256)
def _numbered(sql: str) -> str:
    return re.sub(r"\$(\d+)", r"?\1", sql)
