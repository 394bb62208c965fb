"""What to tell the person whose database does not answer."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Final

import asyncpg

from gongzhi.errors import DatabaseUnavailableError

# The first class that fits decides; texts name neither passwords nor the driver.
_POSTGRES: Final[tuple[tuple[type[BaseException], str, str], ...]] = (
    (
        asyncpg.InvalidCatalogNameError,
        "服务器上没有这个库，请先建库（createdb），或改正 database.url",
        "the server has no database of that name: make it (createdb) or correct database.url",
    ),
    (
        asyncpg.InvalidAuthorizationSpecificationError,
        "用户名或口令被拒绝，请检查 database.url 与 pg_hba.conf",
        "user or password refused: check database.url and pg_hba.conf",
    ),
    (
        asyncpg.TooManyConnectionsError,
        "服务器连接数已满，请减小 maxsize 或增大 max_connections",
        "the server has no connection left: lower maxsize or raise max_connections",
    ),
    (
        asyncpg.CannotConnectNowError,
        "服务器正在启动或停止，请稍后再试",
        "the server is starting or stopping: try again in a moment",
    ),
    (
        TimeoutError,
        "等待超时，请检查地址、防火墙和服务器负载",
        "it did not answer in time: check address, firewall and load of the server",
    ),
    (
        OSError,
        "连接不上，请检查地址和端口，并确认 PostgreSQL 已启动",
        "it cannot be reached: check host and port, and that PostgreSQL is running",
    ),
    (
        asyncpg.AdminShutdownError,
        "连接被服务器中断，请稍后再试",
        "the server ended the connection: try again in a moment",
    ),
    (
        asyncpg.CrashShutdownError,
        "服务器崩溃后正在恢复，请稍后再试",
        "the server is recovering from a crash: try again in a moment",
    ),
    (
        asyncpg.PostgresConnectionError,
        "连接已断开，请确认 PostgreSQL 仍在运行",
        "the connection was lost: check that PostgreSQL is still running",
    ),
    (
        asyncpg.InterfaceError,
        "无法建立连接，请检查 database.url 中的选项",
        "no connection could be made: check the options in database.url",
    ),
)

_SQLITE: Final[tuple[tuple[str, str, str], ...]] = (
    (
        "unable to open",
        "打不开文件，请确认目录存在且可读写",
        "the file cannot be opened: check that its folder exists and may be written",
    ),
    (
        "not a database",
        "这个文件不是 SQLite 数据库，请改正 database.url 或恢复备份",
        "the file is not a SQLite database: correct database.url or restore a backup",
    ),
    (
        "readonly",
        "文件只读，请修改文件和目录的权限",
        "the file is read-only: change the permissions of the file and its folder",
    ),
    (
        "locked",
        "另一个进程长时间占用写锁，请稍后再试",
        "another process has been writing for too long: try again in a moment",
    ),
    (
        "disk",
        "磁盘已满或损坏，请检查磁盘",
        "the disk is full or failing: check it",
    ),
)


def unavailable(exc: BaseException, where: str) -> DatabaseUnavailableError | None:
    """Return the error to show instead of a driver's, or nothing if the database did answer.

    :param where: the database as :class:`~gongzhi.database.config.DatabaseUrl` prints itself.
    """
    if isinstance(exc, sqlite3.Error):
        text = str(exc).lower()
        for part, zh, en in _SQLITE:
            if part in text:
                return _error(where, zh, en)
        return None
    for kind, zh, en in _POSTGRES:
        if isinstance(exc, kind):
            return _error(where, zh, en)
    return None


def require_file(path: Path | None) -> None:
    """Check that a SQLite file exists, because opening it would make an empty one.

    :raises DatabaseUnavailableError: when it does not.
    """
    if path is not None and not path.exists():
        zh = "文件不存在，请先运行 gongzhi migrate，或改正 database.url"
        en = "the file does not exist: run gongzhi migrate first, or correct database.url"
        raise _error(f"sqlite:{path}", zh, en)


def _error(where: str, zh: str, en: str) -> DatabaseUnavailableError:
    return DatabaseUnavailableError(f"数据库不可用 · database unavailable ({where}): {zh} · {en}")
