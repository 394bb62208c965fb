"""Fixtures of these tests only."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.conftest import FreshDatabase
from tests.database.plugins import make_plugin
from tests.registry.streets import Streets, open_streets

__all__ = ["make_plugin"]


@pytest.fixture
async def streets(fresh_database: FreshDatabase, dialect: str) -> AsyncIterator[Streets]:
    """A deployment with two streets, on SQLite and then on PostgreSQL."""
    async with open_streets(fresh_database(dialect=dialect)) as made:
        yield made


@pytest.fixture
async def sqlite_streets(fresh_database: FreshDatabase) -> AsyncIterator[Streets]:
    """The same on SQLite, for what does not depend on the database."""
    async with open_streets(fresh_database(dialect="sqlite")) as made:
        yield made
