"""Fixtures of these tests only."""

from __future__ import annotations

from tests.database.plugins import make_plugin

__all__ = ["make_plugin"]
