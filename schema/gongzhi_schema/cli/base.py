"""What the commands share: the root of the command line, settings, plugins, output."""

from __future__ import annotations

import asyncio
import json
import os
import unicodedata
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer
from typer.core import TyperGroup

if TYPE_CHECKING:
    from tortoise.context import TortoiseContext

    from gongzhi.host import PluginRegistry
    from gongzhi.settings import Settings
    from gongzhi.writing import Work

T = TypeVar("T")


class PluginCommands(TyperGroup):
    """The root: a word that is no command of ours may be a plugin with commands."""

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # typer's own click is private
        """Find a command, at last among the plugins."""
        return super().get_command(ctx, cmd_name) or _plugin_command(cmd_name, ctx.params)


def _plugin_command(name: str, parameters: dict[str, Any]) -> Any:
    from gongzhi.host import installed

    if name != "core" and name not in installed():
        return None
    _use_config(parameters.get("config"))
    registry = load_registry()
    group = registry.commands(name) if name in registry.names else None
    return typer.main.get_group(group) if group else None


app = typer.Typer(
    name="gongzhi",
    cls=PluginCommands,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="共治 · a plugin-based headless GraphQL backend for neighbourhood governance.",
    epilog="Plugins add commands of their own: gongzhi plugins lists them.",
)


def _show_version(wanted: bool) -> None:  # noqa: FBT001  # typer calls it so
    if wanted:
        typer.echo(f"gongzhi {version('gongzhi')}")
        raise typer.Exit


def _use_config(config: Path | None) -> None:
    """Name the settings file for this process and the workers it starts."""
    from gongzhi.settings import ENV_CONFIG

    if config is not None:
        os.environ[ENV_CONFIG] = str(config)


@app.callback()
def root(
    *,
    config: Annotated[
        Path | None, typer.Option(help="The settings file, instead of ./gongzhi.toml.")
    ] = None,
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    """共治 · a plugin-based headless GraphQL backend for neighbourhood governance."""
    _use_config(config)


# ---- settings, plugins, database -----------------------------------------------------------------


def load() -> tuple[Settings, PluginRegistry]:
    """Read the settings and bring the enabled plugins together."""
    from gongzhi.host import PluginRegistry
    from gongzhi.settings import load_settings

    settings = load_settings()
    return settings, PluginRegistry.load(settings)


def load_registry() -> PluginRegistry:
    """Bring the enabled plugins together."""
    return load()[1]


@asynccontextmanager
async def opened(settings: Settings, registry: PluginRegistry) -> AsyncIterator[TortoiseContext]:
    """Open the deployment's database, migrated.

    :raises MigrationError: when migrations are pending.
    """
    from gongzhi.database import open_database

    await require_migrated(settings, registry)
    async with open_database(settings.database_url, registry.plugins) as context:
        yield context


@asynccontextmanager
async def acting(settings: Settings, registry: PluginRegistry) -> AsyncIterator[Work]:
    """Open the database for one unit of work, which the event record shows as the command's.

    :raises MigrationError: when migrations are pending.
    """
    from gongzhi.writing import Deployment, unit_of_work

    deployment = Deployment.of(registry)
    async with (
        opened(settings, registry),
        unit_of_work(deployment, deployment.system("cli")) as work,
    ):
        yield work


async def require_migrated(settings: Settings, registry: PluginRegistry) -> None:
    """Refuse a database that is behind the migration files.

    :raises MigrationError: naming what is pending.
    """
    from gongzhi.database.migrate import pending
    from gongzhi.errors import MigrationError, Problem

    if waiting := await pending(settings.database_url, registry.plugins):
        problem = Problem("database", f"pending: {', '.join(waiting)}", "run: gongzhi migrate")
        title = "数据库尚未迁移 · the database is not migrated:"
        raise MigrationError(title, [problem])


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run the asynchronous part of a command."""
    return asyncio.run(work)


# ---- output --------------------------------------------------------------------------------------


def show_json(value: object) -> None:
    """Print a value for scripts."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str))


def show_rows(header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print rows in columns; Chinese characters count as two wide, as terminals draw them."""
    table = [list(header), *([str(cell) for cell in row] for row in rows)]
    widths = [max(map(_width, column)) for column in zip(*table, strict=True)]
    for row in table:
        padded = (
            cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)
        )
        typer.echo("  ".join(padded).rstrip())


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)
