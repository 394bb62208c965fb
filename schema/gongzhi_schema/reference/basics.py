"""What stands in settings, permissions, commands, lists and imports."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import typer
from graphql import GraphQLEnumType

from gongzhi.access.roles import ROLES, SEPARATED_DUTIES, role_permissions
from gongzhi.settings import ENV_PREFIX, Settings, describe
from gongzhi_schema.cli import app
from gongzhi_schema.compose import compose
from gongzhi_schema.reference.markdown import code, codes, sentence, table

if TYPE_CHECKING:
    from gongzhi.host import PluginRegistry
    from gongzhi.imports.spec import ImportSpec

# ---- settings ------------------------------------------------------------------------------------


def settings(registry: PluginRegistry) -> Iterator[str]:
    """Yield the page of the settings."""
    yield "# Settings"
    yield ""
    yield "Settings stand in `gongzhi.toml`, each under its table: `limits.depth` is `depth` in the"
    yield "table `[limits]`. A variable of the environment goes before the file; in one, a list is"
    yield "written with commas. What is misspelt or wrong is named at start-up, all at once."
    yield ""
    top: list[Sequence[object]] = []
    groups: dict[str, list[Sequence[object]]] = {}
    for name, default, text in describe():
        if name == "plugin":
            continue  # the tables of the plugins follow
        group, _, _ = name.rpartition(".")
        rows = groups.setdefault(group, []) if group else top
        rows.append((code(name), code(default), text, code(_variable(name))))
    yield from table(_SETTING_HEADER, top)
    for group, rows in groups.items():
        yield f"## [{group}]"
        yield ""
        yield sentence(getattr(Settings.model_fields[group].annotation, "__doc__", ""))
        yield ""
        yield from table(_SETTING_HEADER, rows)
    yield "## Settings of plugins"
    yield ""
    yield "The table `[plugin.<name>]` is checked by that plugin's own model."
    yield ""
    for plugin, model in registry.settings_models():
        yield f"### [plugin.{plugin.name}]"
        yield ""
        yield from table(
            _SETTING_HEADER,
            (
                (code(name), code(default), text, code(_variable(name)))
                for name, default, text in describe(model, f"plugin.{plugin.name}")
            ),
        )


_SETTING_HEADER = ("setting", "default", "meaning", "in the environment")


def _variable(name: str) -> str:
    return ENV_PREFIX + name.upper().replace(".", "__")


# ---- access --------------------------------------------------------------------------------------


def permissions(registry: PluginRegistry) -> Iterator[str]:
    """Yield the page of the permissions."""
    yield "# Permissions"
    yield ""
    yield "A permission opens rows; *which* rows is said by each grant of a role that carries it."
    yield "What is public needs none: areas and code lists."
    yield ""
    yield from table(
        ("permission", "权限", "meaning", "plugin", "roles that carry it"),
        (
            (code(p.code), p.title_zh, p.title_en, plugin.name, codes(p.roles))
            for plugin, p in registry.permissions()
        ),
    )


def roles(registry: PluginRegistry) -> Iterator[str]:
    """Yield the page of the roles."""
    carried = role_permissions(permission for _, permission in registry.permissions())
    yield "# Roles"
    yield ""
    yield "A role is a bundle of permissions. A grant gives a role to an account on an organization"
    yield "or an area, or on everything: see [Who sees what](../concepts.md#who-sees-what)."
    yield ""
    yield f"An account holds at most one of {codes(SEPARATED_DUTIES)} at a time (三员分立)."
    yield ""
    yield from table(
        ("role", "角色", "meaning", "用途", "purpose", "permissions"),
        (
            (
                code(role.code),
                role.title_zh,
                role.title_en,
                role.purpose_zh,
                role.purpose_en,
                codes(carried[role.code]),
            )
            for role in ROLES
        ),
    )
    brought = sorted(carried.keys() - {role.code for role in ROLES})
    if brought:
        yield "Roles that plugins bring:"
        yield ""
        yield from table(("role", "permissions"), ((code(r), codes(carried[r])) for r in brought))


# ---- command line --------------------------------------------------------------------------------


def cli(registry: PluginRegistry) -> Iterator[str]:
    """Yield the page of the commands."""
    yield "# Command line"
    yield ""
    yield "Exit codes: 0 done; 1 something is wrong, and the message says what to do; 2 the command"
    yield "line was not understood. With `--config FILE` before the command another settings file"
    yield "than `./gongzhi.toml` is used, as with the variable `GONGZHI_CONFIG`."
    yield ""
    root = typer.main.get_command(app)
    yield from _command(root, "gongzhi", 2)
    for plugin in registry.plugins:
        group = registry.commands(plugin.name)
        if group is not None:
            yield from _command(typer.main.get_group(group), f"gongzhi {plugin.name}", 2)


def _command(command: Any, path: str, level: int) -> Iterator[str]:
    context = command.context_class(command, info_name=path)
    inner: dict[str, Any] = getattr(command, "commands", {})
    yield f"{'#' * level} {path}"
    yield ""
    yield sentence(command.help)
    yield ""
    pieces = " ".join([path, *command.collect_usage_pieces(context)])
    yield "```text"
    yield pieces
    yield "```"
    yield ""
    records = [
        (code(record[0]), record[1])
        for parameter in command.get_params(context)
        if (record := parameter.get_help_record(context)) is not None
        and "--help" not in parameter.opts
    ]
    if records:
        yield from table(("", "meaning"), records)
    for name in sorted(inner):
        yield from _command(inner[name], f"{path} {name}", level + 1)


# ---- lists ---------------------------------------------------------------------------------------


def code_lists(registry: PluginRegistry) -> Iterator[str]:
    """Yield the page of code lists and enumerations."""
    yield "# Code lists and closed sets"
    yield ""
    yield "## Code lists"
    yield ""
    yield "Open lists: a plugin or a deployment may add entries. They are served as"
    yield "`Code { code labelZh labelEn }` and listed by the query `codes(list:)`."
    yield ""
    for plugin, each in registry.code_lists():
        yield f"### {each.name}"
        yield ""
        yield f"{each.title_zh} · {each.title_en} (plugin `{plugin.name}`)"
        yield ""
        header = ["code", "中文", "English"]
        families = any(entry.family for entry in each.entries)
        levels = any(entry.level for entry in each.entries)
        header += ["family"] * families + ["level"] * levels
        yield from table(
            header,
            (
                (
                    code(e.code),
                    e.label_zh,
                    e.label_en,
                    *([code(e.family)] * families),
                    *([code(e.level)] * levels),
                )
                for e in each.entries
            ),
        )
    yield "## Closed sets"
    yield ""
    yield "Enumerations of the schema. Rules depend on them, so nobody adds to them but a release."
    yield ""
    schema = compose(registry).graphql
    of_errors = {name for name in schema.type_map if name.endswith("ErrorCode")}
    for name, kind in sorted(schema.type_map.items()):
        if (
            isinstance(kind, GraphQLEnumType)
            and not name.startswith("__")
            and name not in of_errors
        ):
            yield f"### {name}"
            yield ""
            yield sentence(kind.description)
            yield ""
            yield from table(
                ("value", "meaning"),
                ((code(v), item.description or "") for v, item in kind.values.items()),
            )


def imports(registry: PluginRegistry) -> Iterator[str]:
    """Yield the page of the columns of imports."""
    yield "# Import columns"
    yield ""
    yield "What `gongzhi import` reads, see [Importing](../importing.md). A header may be the"
    yield "Chinese title, one of the other titles, or the English code."
    yield ""
    for _, each in registry.imports():
        spec: ImportSpec = each.spec
        titles = {column.code: column.title for column in spec.columns}
        yield f"## {each.name}"
        yield ""
        yield f"{each.title_zh} · {each.title_en}. A row is recognised by: " + ", ".join(
            titles[code] for code in spec.match
        )
        yield ""
        yield from table(
            ("列", "code", "must be given", "说明", "other titles"),
            (
                (c.title, code(c.code), "yes" if c.required else "", c.help, "、".join(c.also))
                for c in spec.columns
            ),
        )
