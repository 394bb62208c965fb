"""Fixtures of the folders that ask worlds; each ``conftest.py`` imports them all.

A world is made once in a process, whichever folder asks first, and lives until the run ends:
``world`` changes between the databases many times.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conftest import DIALECTS
from tests.postgres import PostgresServer
from tests.support.worlds import World, close, world_of


@pytest.fixture(scope="session")
def sqlite_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The seeded world on SQLite, for what does not depend on the database."""
    path = tmp_path_factory.mktemp("world") / "world.sqlite3"
    yield world_of("sqlite", lambda: f"sqlite://{path}")
    close("sqlite")


@pytest.fixture(scope="session")
def postgres_world(postgres_server: PostgresServer) -> Iterator[World]:
    """The seeded world on PostgreSQL."""
    yield world_of("postgres", postgres_server.create)
    close("postgres")


@pytest.fixture(params=DIALECTS)
def world(request: pytest.FixtureRequest) -> World:
    """The seeded world, on SQLite and on PostgreSQL."""
    made: World = request.getfixturevalue(f"{request.param}_world")
    return made


@pytest.fixture
def worlds(sqlite_world: World, postgres_world: World) -> list[World]:
    """Both worlds, to compare one with the other."""
    return [sqlite_world, postgres_world]
