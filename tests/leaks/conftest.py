"""The seeded worlds."""

from __future__ import annotations

from tests.support.fixtures import postgres_world, sqlite_world, world, worlds

__all__ = ["postgres_world", "sqlite_world", "world", "worlds"]
