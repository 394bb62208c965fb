"""Tortoise as it is, to see which of its faults are still there.

A test here that fails after an upgrade is good news: the cure beside it may go.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from tortoise.context import TortoiseContext
from tortoise.migrations.autodetector import MigrationAutodetector
from tortoise.migrations.executor import MigrationExecutor, MigrationTarget

from gongzhi.database import forget_statements
from gongzhi.database.config import apps_config, parse_url
from gongzhi.plugin import Plugin


def stock_config(url: str, apps: dict[str, Any]) -> dict[str, Any]:
    """Return a configuration with Tortoise's own clients."""
    parsed = parse_url(url)
    if parsed.dialect == "sqlite":
        connection = f"sqlite://{parsed.path}"
    else:
        connection = f"asyncpg://{parsed.user}@/{parsed.database}?host={parsed.host}"
    return {"connections": {"default": connection}, "apps": apps, "use_tz": True}


@asynccontextmanager
async def stock_database(url: str, apps: dict[str, Any]) -> AsyncIterator[TortoiseContext]:
    """Open a database with Tortoise's own clients."""
    forget_statements()
    async with TortoiseContext() as context:
        await context.init(config=stock_config(url, apps))
        yield context
    forget_statements()


async def stock_migrate(
    url: str, plugins: Sequence[Plugin], targets: Sequence[MigrationTarget] | None = None
) -> None:
    """Migrate as ``tortoise migrate`` does."""
    apps = apps_config(plugins)
    async with stock_database(url, apps) as context:
        await MigrationExecutor(context.db(), apps).migrate(targets)


async def stock_make(url: str, plugins: Sequence[Plugin]) -> list[str]:
    """Write migrations as ``tortoise makemigrations`` does, though none for the core."""
    apps = apps_config(plugins)
    async with stock_database(url, apps) as context:
        assert context.apps is not None
        writers = await MigrationAutodetector(context.apps, apps).changes()
    return [str(writer.write()) for writer in writers if writer.app_label != "core"]
