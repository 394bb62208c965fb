"""Where the database is, and what Tortoise must know about it.

Four spellings of a URL: ``sqlite:///srv/registry.sqlite3`` (absolute), ``sqlite://registry.sqlite3``
(relative to the working directory), ``postgres://user:password@host:5432/name`` and, over a Unix
socket, ``postgres://user@/name?host=/run/postgresql``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import parse_qsl, unquote, urlsplit

from gongzhi.errors import Problem, SettingsError
from gongzhi.plugin import Plugin

CONNECTION = "default"
"""The name of the one Tortoise connection."""

CONNECT_SECONDS = 3
"""How long a server may take to answer before it counts as unreachable."""

POOL_SECONDS = 5
"""How long a caller waits for a free connection of the pool."""

BUSY_MS = 5_000
"""How long SQLite waits for another writer, in milliseconds."""

LOCK_SECONDS = 60
"""How long a migration waits for another one."""

_POSTGRES_SCHEMES = ("postgres", "postgresql")
_POSTGRES_DEFAULT_PORT = 5432

_SQLITE_PRAGMAS: dict[str, str | int] = {
    "busy_timeout": BUSY_MS,  # first: changing the journal mode waits too
    "foreign_keys": "ON",
    "journal_mode": "WAL",
    "synchronous": "FULL",  # an acknowledged write survives a loss of power
    "secure_delete": "ON",  # what is deleted cannot be read from the file afterwards
    "journal_size_limit": 16 * 1024 * 1024,
}

_POSTGRES_SETTINGS: dict[str, str] = {
    "application_name": "gongzhi",
    "statement_timeout": "25s",
    "lock_timeout": "3s",
    "idle_in_transaction_session_timeout": "60s",
    "timezone": "UTC",
}

_POSTGRES_OPTIONS = ("host", "minsize", "maxsize", "statement_cache_size", "sslmode")
_NUMBERS = ("minsize", "maxsize", "statement_cache_size")


@dataclass(frozen=True, slots=True)
class DatabaseUrl:
    """A parsed database URL; its text form names no password."""

    dialect: Literal["sqlite", "postgres"]
    path: Path | None = None
    """SQLite: the file."""
    host: str | None = None
    """PostgreSQL: a host name, or the folder of a Unix socket."""
    port: int = _POSTGRES_DEFAULT_PORT
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    database: str | None = None
    options: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        if self.dialect == "sqlite":
            return f"sqlite:{self.path}"
        return f"postgres:{self.database} at {self.host or 'localhost'}:{self.port}"

    @property
    def connect_arguments(self) -> dict[str, Any]:
        """Keyword arguments for ``asyncpg.connect`` and ``asyncpg.create_pool``."""
        arguments: dict[str, Any] = {
            "host": self.host,
            "port": self.port,
            "user": self.user,
            "password": self.password,
            "database": self.database,
            "timeout": CONNECT_SECONDS,
        }
        if "sslmode" in self.options:
            arguments["ssl"] = self.options["sslmode"]
        if "statement_cache_size" in self.options:
            arguments["statement_cache_size"] = int(self.options["statement_cache_size"])
        return arguments


def parse_url(url: str) -> DatabaseUrl:
    """Read a database URL.

    :raises SettingsError: when it is none of the spellings above; the text repeats no password.
    """
    scheme, separator, rest = url.partition("://")
    if not separator:
        raise _bad_url("there is no '://' in it")
    if scheme == "sqlite":
        return _sqlite_url(rest)
    if scheme in _POSTGRES_SCHEMES:
        return _postgres_url(url)
    problem = f"the scheme {scheme!r} is unknown"
    raise _bad_url(problem)


def _sqlite_url(rest: str) -> DatabaseUrl:
    if not rest or rest == ":memory:":
        raise _bad_url("it names no file; a database in memory would be gone with its connection")
    if "?" in rest:
        raise _bad_url("a SQLite URL takes no options")
    return DatabaseUrl("sqlite", path=Path(unquote(rest)))


def _postgres_url(url: str) -> DatabaseUrl:
    try:
        parts = urlsplit(url)
        port = parts.port or _POSTGRES_DEFAULT_PORT
    except ValueError as exc:
        problem = "the port is not a number, or [ ] in the user or password is not written %5B %5D"
        raise _bad_url(problem) from exc
    database = unquote(parts.path.lstrip("/"))
    if not database:
        raise _bad_url("it names no database")
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    if unknown := sorted(options.keys() - set(_POSTGRES_OPTIONS)):
        problem = f"unknown options {', '.join(unknown)}; known: {', '.join(_POSTGRES_OPTIONS)}"
        raise _bad_url(problem)
    for name in _NUMBERS:
        if name in options and not options[name].isdecimal():
            problem = f"the option {name} is not a number"
            raise _bad_url(problem)
    host = options.pop("host", None) or (unquote(parts.hostname) if parts.hostname else None)
    return DatabaseUrl(
        "postgres",
        host=host,
        port=port,
        user=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        database=database,
        options=options,
    )


def _bad_url(what: str) -> SettingsError:
    mend = "write sqlite:///path/to/file or postgres://user:password@host:5432/name"
    return SettingsError(
        "数据库地址不对 · wrong database URL", [Problem("database.url", what, mend)]
    )


def ordered(plugins: Iterable[Plugin]) -> list[Plugin]:
    """Return the core first, then the others, each behind the plugins it requires."""
    from gongzhi.core import plugin as core_plugin  # its models import this package

    by_name = {core_plugin.name: core_plugin} | {plugin.name: plugin for plugin in plugins}
    result: dict[str, Plugin] = {}

    def add(name: str, path: tuple[str, ...]) -> None:
        plugin = by_name.get(name)
        if plugin is None or name in result or name in path:
            return  # absent and circular requirements are reported when plugins are validated
        for required in plugin.requires:
            add(required, (*path, name))
        result[name] = plugin

    for name in by_name:
        add(name, ())
    return list(result.values())


def apps_config(plugins: Iterable[Plugin]) -> dict[str, dict[str, Any]]:
    """Return Tortoise's apps: one a plugin with models, labelled by its name."""
    return {
        plugin.name: {
            "models": list(plugin.models),
            "default_connection": CONNECTION,
            "migrations": plugin.migrations,
        }
        for plugin in ordered(plugins)
        if plugin.models
    }


def tortoise_config(
    url: str, plugins: Sequence[Plugin], *, migrating: bool = False
) -> dict[str, Any]:
    """Return the configuration for ``TortoiseContext.init``.

    :param plugins: the enabled plugins; the core is added when it is not among them.
    :param migrating: without the limits of serving: SQLite does not enforce foreign keys (a
        rebuild of a table would delete the rows that refer to it), PostgreSQL statements may
        take as long as they need.
    :raises SettingsError: when the URL cannot be read.
    """
    parsed = parse_url(url)
    make = _sqlite_connection if parsed.dialect == "sqlite" else _postgres_connection
    return {
        "connections": {CONNECTION: make(parsed, migrating=migrating)},
        "apps": apps_config(plugins),
        "use_tz": True,
        "timezone": "UTC",
    }


def _sqlite_connection(url: DatabaseUrl, *, migrating: bool) -> dict[str, Any]:
    pragmas = dict(_SQLITE_PRAGMAS)
    if migrating:
        pragmas |= {"foreign_keys": "OFF", "busy_timeout": LOCK_SECONDS * 1000}
    return {
        "engine": "gongzhi.database.sqlite",
        "credentials": {"file_path": str(url.path), **pragmas},
    }


def _postgres_connection(url: DatabaseUrl, *, migrating: bool) -> dict[str, Any]:
    settings = dict(_POSTGRES_SETTINGS)
    command_timeout: int | None = 30
    if migrating:
        settings |= {
            "application_name": "gongzhi migrate",
            "statement_timeout": "0",
            "lock_timeout": "2s",  # a waiting ALTER TABLE would hold up every reader behind it
            "idle_in_transaction_session_timeout": "0",
        }
        command_timeout = None
    return {
        "engine": "gongzhi.database.postgres",
        "credentials": {
            **url.connect_arguments,
            "minsize": int(url.options.get("minsize", 1)),
            "maxsize": int(url.options.get("maxsize", 10)),
            "command_timeout": command_timeout,
            "server_settings": settings,
        },
    }
