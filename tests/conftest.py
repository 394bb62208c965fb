"""Databases for tests: fresh and migrated, on SQLite and on a real PostgreSQL.

``database_url`` runs a test once on each. Migrating takes a moment, so it is done once for each
set of plugins; a test gets a copy of the result.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from gongzhi.database.migrate import migrate
from gongzhi.plugin import Plugin
from tests.postgres import NoPostgresError, PostgresServer, run_in_thread, start

DIALECTS = ("sqlite", "postgres")

FreshDatabase = Callable[..., str]
"""``fresh_database(plugins=(), dialect=…) -> URL``; ``migrated=False`` for an empty one."""


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """The one PostgreSQL server of this run."""
    try:
        server = start()
    except NoPostgresError as exc:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"no PostgreSQL: {exc}")
    yield server
    server.drop_all()
    server.stop()


class Databases:
    """Makes databases, of sets of plugins that come twice as copies of a migrated one."""

    def __init__(
        self, new_folder: Callable[[], Path], server: Callable[[], PostgresServer]
    ) -> None:
        self._new_folder = new_folder
        self._server = server
        self._templates: dict[tuple[str, ...], str] = {}
        self._seen: set[tuple[str, ...]] = set()

    def fresh(self, plugins: Sequence[Plugin], dialect: str, *, migrated: bool) -> str:
        """Make a database and return its URL."""
        if not migrated:
            return self._create(dialect, None)
        source, ready = self._template(plugins, dialect)
        url = self._create(dialect, source)
        if not ready:
            run_in_thread(lambda: migrate(url, plugins))
        return url

    def drop(self, url: str) -> None:
        """Drop a database; SQLite files go with their folder."""
        if not url.startswith("sqlite:"):
            self._server().drop(url)

    def _create(self, dialect: str, source: str | None) -> str:
        if dialect == "postgres":
            return self._server().create(source)
        path = self._new_folder() / "registry.sqlite3"
        if source is not None:
            shutil.copyfile(source.removeprefix("sqlite://"), path)
        return f"sqlite://{path}"

    def _template(self, plugins: Sequence[Plugin], dialect: str) -> tuple[str | None, bool]:
        """Return what to copy, and whether the copy is migrated already."""
        key = (dialect, *(f"{plugin.name} {plugin.migrations}" for plugin in plugins))
        if key in self._templates:
            return self._templates[key], True
        core = self._template([], dialect)[0] if plugins else None
        if plugins and key not in self._seen:
            self._seen.add(key)
            return core, False
        url = self._create(dialect, core)
        run_in_thread(lambda: migrate(url, plugins))
        self._templates[key] = url
        return url, True


@pytest.fixture(scope="session")
def databases(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Databases:
    """What makes the databases of this run; PostgreSQL starts when the first test asks for it."""
    return Databases(
        lambda: tmp_path_factory.mktemp("database"),
        lambda: request.getfixturevalue("postgres_server"),
    )


@pytest.fixture
def fresh_database(databases: Databases) -> Iterator[FreshDatabase]:
    """Make databases for a test; call it with the plugins that are enabled beside the core."""
    made: list[str] = []

    def fresh(plugins: Sequence[Plugin] = (), *, dialect: str, migrated: bool = True) -> str:
        made.append(databases.fresh(plugins, dialect, migrated=migrated))
        return made[-1]

    yield fresh
    for url in made:
        databases.drop(url)


@pytest.fixture(params=DIALECTS)
def dialect(request: pytest.FixtureRequest) -> str:
    """Both databases, one after the other."""
    return str(request.param)


@pytest.fixture
def database_url(fresh_database: FreshDatabase, dialect: str) -> str:
    """A fresh database with the core's tables, on SQLite and then on PostgreSQL."""
    return fresh_database(dialect=dialect)


@pytest.fixture
def sqlite_url(fresh_database: FreshDatabase) -> str:
    """A fresh SQLite database with the core's tables."""
    return fresh_database(dialect="sqlite")


@pytest.fixture
def postgres_url(fresh_database: FreshDatabase) -> str:
    """A fresh PostgreSQL database with the core's tables."""
    return fresh_database(dialect="postgres")
