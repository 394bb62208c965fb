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


class Templates:
    """Migrated databases that tests get copies of, one for each set of plugins that comes twice."""

    def __init__(self) -> None:
        self.urls: dict[tuple[str, ...], str] = {}
        self.seen: set[tuple[str, ...]] = set()


@pytest.fixture(scope="session")
def templates() -> Templates:
    """The templates of this run."""
    return Templates()


@pytest.fixture
def fresh_database(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    templates: Templates,
) -> Iterator[FreshDatabase]:
    """Make databases for a test; call it with the plugins that are enabled beside the core."""
    made: list[str] = []

    def create(dialect: str, folder: Path, source: str | None) -> str:
        if dialect == "postgres":
            server: PostgresServer = request.getfixturevalue("postgres_server")
            return server.create(source)
        path = folder / f"{len(made)}.sqlite3"
        if source is not None:
            shutil.copyfile(source.removeprefix("sqlite://"), path)
        return f"sqlite://{path}"

    def template(plugins: Sequence[Plugin], dialect: str) -> tuple[str | None, bool]:
        """Return what to copy, and whether the copy is migrated already."""
        key = (dialect, *(f"{plugin.name} {plugin.migrations}" for plugin in plugins))
        if key in templates.urls:
            return templates.urls[key], True
        core = template([], dialect)[0] if plugins else None
        if plugins and key not in templates.seen:
            templates.seen.add(key)
            return core, False
        url = create(dialect, tmp_path_factory.mktemp("template"), core)
        run_in_thread(lambda: migrate(url, plugins))
        templates.urls[key] = url
        return url, True

    def fresh(plugins: Sequence[Plugin] = (), *, dialect: str, migrated: bool = True) -> str:
        source, ready = template(plugins, dialect) if migrated else (None, True)
        url = create(dialect, tmp_path, source)
        if not ready:
            run_in_thread(lambda: migrate(url, plugins))
        made.append(url)
        return url

    yield fresh
    for url in made:
        if not url.startswith("sqlite:"):
            request.getfixturevalue("postgres_server").drop(url)


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
