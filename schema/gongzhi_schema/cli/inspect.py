"""Commands that only look: plugins, check, secret."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from gongzhi_schema.cli.base import app, run, show_json, show_rows

if TYPE_CHECKING:
    from gongzhi.errors import Problem
    from gongzhi.host import PluginRegistry


@app.command()
def secret() -> None:
    """Print a fresh privacy secret.

    It goes into the table [privacy] of gongzhi.toml.
    """
    from gongzhi.privacy import Privacy

    typer.echo(Privacy.new_secret())


@app.command()
def plugins(*, json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False) -> None:
    """List plugins and what they add."""
    from gongzhi_schema.cli.base import load

    rows = describe_plugins(load()[1])
    if json:
        show_json(rows)
        return
    header = ("plugin", "state", "version", "requires", "adds", "title")
    show_rows(header, [_row(row) for row in rows])


def _row(row: dict[str, Any]) -> tuple[str, ...]:
    adds = ", ".join(f"{len(what)} {kind}" for kind, what in row["adds"].items() if what)
    return (
        row["name"],
        "enabled" if row["enabled"] else "installed",
        row["version"],
        ", ".join(row["requires"]) or "-",
        adds or "-",
        row["title"] or "-",
    )


def describe_plugins(registry: PluginRegistry) -> list[dict[str, Any]]:
    """Describe enabled plugins by what they contribute, the others by their distribution."""
    from gongzhi.host import installed

    known = installed()
    rows = [
        {
            "name": plugin.name,
            "enabled": True,
            "version": plugin.version,
            "title": plugin.title,
            "requires": list(plugin.requires),
            "distribution": known[plugin.name][0].distribution if plugin.name in known else None,
            "adds": _adds(registry, plugin.name),
        }
        for plugin in registry.plugins
    ]
    rows += [
        {
            "name": name,
            "enabled": False,
            "version": each.version,
            "title": "",
            "requires": [],
            "distribution": each.distribution,
            "adds": {},
        }
        for name, found in known.items()
        if name not in registry.names
        for each in found
    ]
    return rows


def _adds(registry: PluginRegistry, name: str) -> dict[str, list[str]]:
    from gongzhi.graph.vocabulary import extension_spec

    plugin = registry.plugin(name)
    graphql = [cls for owner, cls in registry.graphql() if owner is plugin]
    extended = {cls: extension_spec(cls) for cls in graphql}
    group = registry.commands(name)
    return {
        "tables": [
            model._meta.db_table  # noqa: SLF001  # where Tortoise keeps it
            for model in registry.models()
            if model._meta.app == name  # noqa: SLF001
        ],
        "types": [cls.__name__ for cls, spec in extended.items() if spec is None],
        "extensions": sorted({spec.target.__name__ for spec in extended.values() if spec}),
        "permissions": [item.code for owner, item in registry.permissions() if owner is plugin],
        "code lists": [item.name for owner, item in registry.code_lists() if owner is plugin],
        "registers": [item.code for owner, item in registry.registers() if owner is plugin],
        "imports": [item.name for owner, item in registry.imports() if owner is plugin],
        "demo data": [item.name for owner, item in registry.demo_data() if owner is plugin],
        "settings": [
            field
            for owner, model in registry.settings_models()
            if owner is plugin
            for field in model.model_fields
        ],
        "commands": sorted(typer.main.get_group(group).commands) if group else [],
    }


@app.command()
def check() -> None:
    """Check all that needs no database.

    Settings, plugins, schema, models and migration files.
    """
    from gongzhi.errors import ProblemsError

    problems, names = run(find_problems())
    if problems:
        raise ProblemsError("This deployment cannot run as it is:", problems)
    typer.echo(f"in order: {', '.join(names)}")


async def find_problems() -> tuple[list[Problem], tuple[str, ...]]:
    """Return every problem of settings, plugins, migration files and schema.

    What rests on something broken is not looked at: without settings there are no plugins, and
    without plugins no schema.
    """
    from gongzhi.database.migrate import lint, unmade
    from gongzhi.errors import ProblemsError
    from gongzhi.host import PluginRegistry
    from gongzhi.settings import load_settings
    from gongzhi_schema.compose import compose

    try:
        settings = load_settings()
        registry = PluginRegistry.load(settings, thorough=True)
    except ProblemsError as exc:
        return list(exc.problems), ()
    problems = [problem for _, problem in registry.checks()]
    try:
        compose(registry)
    except ProblemsError as exc:
        problems += exc.problems
    try:
        problems += await lint(registry.plugins)
        problems += await unmade(registry.plugins)
    except ProblemsError as exc:
        problems += exc.problems
    return problems, registry.names
