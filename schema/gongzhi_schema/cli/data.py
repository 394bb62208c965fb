"""Commands that change tables: migrate, makemigrations, purge."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gongzhi_schema.cli.base import app, load, run

if TYPE_CHECKING:
    from gongzhi.host import PluginRegistry


@app.command()
def migrate() -> None:
    """Bring the database up to date."""
    settings, registry = load()
    done = run(migrate_all(settings.database_url, registry))
    typer.echo(f"{len(done)} migrations applied" if done else "nothing to migrate")


async def migrate_all(url: str, registry: PluginRegistry) -> list[str]:
    """Migrate, install code lists and known holidays, and compare the tables with the models.

    :raises MigrationError: when a migration fails, or the tables differ from the models.
    """
    from gongzhi.calendar.service import install as install_calendar
    from gongzhi.database import open_database
    from gongzhi.database.migrate import drift
    from gongzhi.database.migrate import migrate as apply
    from gongzhi.errors import MigrationError
    from gongzhi.registry.lists import install

    done = await apply(url, registry.plugins, lambda name: typer.echo(f"  {name}"))
    async with open_database(url, registry.plugins):
        await install((plugin.name, each) for plugin, each in registry.code_lists())
        await install_calendar()
    if problems := await drift(url, registry.plugins, extras=False):
        title = "数据库与模型不一致 · the tables are not as the models say:"
        raise MigrationError(title, problems)
    return done


@app.command()
def makemigrations(
    names: Annotated[
        list[str] | None, typer.Argument(help="Only these plugins; all enabled ones without.")
    ] = None,
) -> None:
    """Write migrations for changed models."""
    from gongzhi.database.migrate import make_migrations
    from gongzhi.errors import PluginError, Problem

    _, registry = load()
    if unknown := [name for name in names or () if name not in registry.names]:
        title = "Migrations are made for enabled plugins:"
        mend = f"enabled: {', '.join(registry.names)}"
        raise PluginError(title, [Problem(name, "is not enabled", mend) for name in unknown])
    written = run(make_migrations(registry.plugins, names or ()))
    for path in written:
        typer.echo(_short(path))
    if not written:
        typer.echo("no changes")


def _short(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


@app.command()
def purge(
    name: Annotated[str, typer.Argument(help="The plugin; it need not be enabled.")],
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Delete a plugin's tables and rows.

    Shows first what else goes, and asks.
    """
    from gongzhi.database.migrate import purge as delete
    from gongzhi.database.migrate import purge_plan

    settings, registry = load()
    typer.echo(str(run(purge_plan(settings.database_url, registry.plugins, name))))
    if not yes:
        typer.confirm("删除后无法恢复 · this cannot be undone; delete?", abort=True)
    done = run(delete(settings.database_url, registry.plugins, name, with_dependants=True))
    typer.echo(f"purged: {', '.join((name, *done.dependants))}")
    if still := [each for each in (name, *done.dependants) if each in registry.names]:
        typer.echo(f"still enabled: take {', '.join(still)} out of plugins in gongzhi.toml")
