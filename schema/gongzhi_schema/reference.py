"""The reference pages of the documentation, made from the code.

``python -m gongzhi_schema.reference docs/reference`` writes them; a test compares what is written
with what the code says now. Described are the core and the plugins of this distribution.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from graphql import GraphQLEnumType

from gongzhi.access.roles import ROLES, SEPARATED_DUTIES, role_permissions
from gongzhi.host import PluginRegistry, installed
from gongzhi.settings import ENV_PREFIX, Settings, describe
from gongzhi_schema.cli import app
from gongzhi_schema.compose import compose

if TYPE_CHECKING:
    from gongzhi.imports.spec import ImportSpec

DISTRIBUTION = "gongzhi"


@dataclass(frozen=True, slots=True)
class ErrorCode:
    """One value of ``extensions.code`` in an answer."""

    code: str
    status: str
    """HTTP status, see the text above the table for ``400/200``."""
    meaning: str
    mend: str


_REQUEST = "400/200"

ERRORS: tuple[ErrorCode, ...] = (
    ErrorCode(
        "BAD_REQUEST",
        "400",
        "The body is not a JSON object, `query` is missing, a part has the wrong type, or a text "
        "holds a NUL character.",
        'Send `{"query": "…", "variables": {…}, "operationName": "…"}`.',
    ),
    ErrorCode(
        "UNAUTHENTICATED",
        "401",
        "The header `Authorization` is there, but its token is unknown, revoked or expired, or "
        "the account is switched off.",
        "Get a new token. Without the header the request runs as anybody.",
    ),
    ErrorCode(
        "METHOD_NOT_ALLOWED",
        "405",
        "A method other than GET and POST, or an operation by GET that is not a query.",
        "Use POST.",
    ),
    ErrorCode(
        "BODY_LIMIT",
        "413",
        "The body is larger than `limits.body_bytes`.",
        "Send less: put large values into several requests.",
    ),
    ErrorCode(
        "UNSUPPORTED_MEDIA_TYPE",
        "415",
        "The body is not `application/json`, or it is compressed.",
        "Send `Content-Type: application/json`, uncompressed.",
    ),
    ErrorCode(
        "MISDIRECTED",
        "421",
        "The header `Host` names a host that this server does not serve.",
        "The operator adds it to `server.hosts`.",
    ),
    ErrorCode(
        "UNAVAILABLE",
        "503",
        "The server is starting, or the database does not answer.",
        "Try again in a moment.",
    ),
    ErrorCode(
        "TIMEOUT",
        "503",
        "The operation ran longer than `limits.timeout_seconds` allows.",
        "Ask for less at a time, or for smaller pages.",
    ),
    ErrorCode(
        "GRAPHQL_PARSE_FAILED",
        _REQUEST,
        "The document is not GraphQL; `locations` says where.",
        "Correct the document.",
    ),
    ErrorCode(
        "GRAPHQL_VALIDATION_FAILED",
        _REQUEST,
        "The document does not fit the schema: an unknown field or argument, a wrong type, a "
        "missing selection.",
        "Compare it with the schema of this deployment; a plugin may be off.",
    ),
    ErrorCode(
        "OPERATION_RESOLUTION_FAILURE",
        _REQUEST,
        "The document has several operations and `operationName` names none of them.",
        "Name one.",
    ),
    ErrorCode(
        "INTROSPECTION_DISABLED",
        _REQUEST,
        "The document asks for `__schema` or `__type`, and this server does not answer that.",
        "Use the published schema file, or set `server.introspection`.",
    ),
    ErrorCode(
        "BAD_USER_INPUT",
        "400/200, or 200 with data",
        "A variable or argument has a value that is not allowed: a wrong type, a page size out of "
        "range, an id or a cursor that is none.",
        "The message says which form is wanted.",
    ),
    ErrorCode(
        "TOKEN_LIMIT",
        _REQUEST,
        "The document has more words and signs than `limits.tokens`.",
        "Split the document.",
    ),
    ErrorCode(
        "DEPTH_LIMIT", _REQUEST, "More levels of fields than `limits.depth`.", "Ask in two steps."
    ),
    ErrorCode(
        "ALIAS_LIMIT", _REQUEST, "More aliases than `limits.aliases`.", "Split the operation."
    ),
    ErrorCode(
        "ROOT_FIELD_LIMIT",
        _REQUEST,
        "More fields at the root than `limits.root_fields`.",
        "Split the operation.",
    ),
    ErrorCode(
        "DIRECTIVE_LIMIT",
        _REQUEST,
        "More directives than `limits.directives`.",
        "Split the operation.",
    ),
    ErrorCode(
        "VARIABLE_LIMIT",
        _REQUEST,
        "More variables than `limits.variables`.",
        "Use one input object.",
    ),
    ErrorCode(
        "OPERATION_LIMIT",
        _REQUEST,
        "More operations in the document than `limits.operations`.",
        "Split the document.",
    ),
    ErrorCode(
        "COST_LIMIT",
        _REQUEST,
        "The operation costs more than `limits.cost`; `extensions.requested` has the figure.",
        "Ask for smaller pages or fewer nested lists.",
    ),
    ErrorCode(
        "REFUSED",
        "200 with data",
        "A rule refuses what one field asks for; the message says why.",
        "Read the message.",
    ),
    ErrorCode(
        "INTERNAL",
        "200 with data",
        "Something unexpected failed in one field. Its details are in the server's log only.",
        "Report `extensions.requestId` to the operator.",
    ),
)
"""Every code that the server gives, by what a client does about it."""


def bundled() -> PluginRegistry:
    """Bring the core and every plugin of this distribution together, with default settings."""
    names = [
        name
        for name, found in installed().items()
        if any(each.distribution == DISTRIBUTION for each in found)
    ]
    return PluginRegistry.load(Settings.model_validate({"plugins": names}), thorough=True)


def pages(registry: PluginRegistry) -> dict[str, str]:
    """Return the pages, file name → text."""
    made = {
        "settings": _settings(registry),
        "permissions": _permissions(registry),
        "roles": _roles(registry),
        "cli": _cli(registry),
        "code-lists": _code_lists(registry),
        "imports": _imports(registry),
        "graphql-errors": _errors(),
    }
    return {f"{name}.md": f"{_GENERATED}\n\n{_joined(lines)}" for name, lines in made.items()}


_GENERATED = "<!-- made by: python -m gongzhi_schema.reference docs/reference -->"


def _joined(lines: Iterable[str]) -> str:
    return "\n".join(lines).rstrip() + "\n"


def _table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    yield f"| {' | '.join(header)} |"
    yield f"|{'|'.join(['---'] * len(header))}|"
    for row in rows:
        cells = (" ".join(str(cell).split()).replace("|", "\\|") for cell in row)
        yield f"| {' | '.join(cells)} |"
    yield ""


def _code(text: object) -> str:
    return f"`{text}`" if text not in {"", None} else ""


def _codes(names: Iterable[str]) -> str:
    return ", ".join(map(_code, sorted(names)))


# ---- settings ------------------------------------------------------------------------------------


def _settings(registry: PluginRegistry) -> Iterator[str]:
    yield "# Settings"
    yield ""
    yield "Settings stand in `gongzhi.toml`, each under its table: `limits.depth` is `depth` in the"
    yield "table `[limits]`. A variable of the environment goes before the file; in one, a list is"
    yield "written with commas. What is misspelt or wrong is named at start-up, all at once."
    yield ""
    top: list[Sequence[object]] = []
    tables: dict[str, list[Sequence[object]]] = {}
    for name, default, text in describe():
        if name == "plugin":
            continue  # the tables of the plugins follow
        table, _, _ = name.rpartition(".")
        rows = tables.setdefault(table, []) if table else top
        rows.append((_code(name), _code(default), text, _code(_variable(name))))
    yield from _table(_SETTING_HEADER, top)
    for table, rows in tables.items():
        yield f"## [{table}]"
        yield ""
        yield _sentence(getattr(Settings.model_fields[table].annotation, "__doc__", ""))
        yield ""
        yield from _table(_SETTING_HEADER, rows)
    yield "## Settings of plugins"
    yield ""
    yield "The table `[plugin.<name>]` is checked by that plugin's own model."
    yield ""
    for plugin, model in registry.settings_models():
        yield f"### [plugin.{plugin.name}]"
        yield ""
        yield from _table(
            _SETTING_HEADER,
            (
                (_code(name), _code(default), text, _code(_variable(name)))
                for name, default, text in describe(model, f"plugin.{plugin.name}")
            ),
        )


_SETTING_HEADER = ("setting", "default", "meaning", "in the environment")


def _variable(name: str) -> str:
    return ENV_PREFIX + name.upper().replace(".", "__")


# ---- access --------------------------------------------------------------------------------------


def _permissions(registry: PluginRegistry) -> Iterator[str]:
    yield "# Permissions"
    yield ""
    yield "A permission opens rows; *which* rows is said by each grant of a role that carries it."
    yield "What is public needs none: areas and code lists."
    yield ""
    yield from _table(
        ("permission", "权限", "meaning", "plugin", "roles that carry it"),
        (
            (_code(p.code), p.title_zh, p.title_en, plugin.name, _codes(p.roles))
            for plugin, p in registry.permissions()
        ),
    )


def _roles(registry: PluginRegistry) -> Iterator[str]:
    carried = role_permissions(permission for _, permission in registry.permissions())
    yield "# Roles"
    yield ""
    yield "A role is a bundle of permissions. A grant gives a role to an account on an organization"
    yield "or an area, or on everything: see [Who sees what](../concepts.md#who-sees-what)."
    yield ""
    yield f"An account holds at most one of {_codes(SEPARATED_DUTIES)} at a time (三员分立)."
    yield ""
    yield from _table(
        ("role", "角色", "meaning", "用途", "purpose", "permissions"),
        (
            (
                _code(role.code),
                role.title_zh,
                role.title_en,
                role.purpose_zh,
                role.purpose_en,
                _codes(carried[role.code]),
            )
            for role in ROLES
        ),
    )
    brought = sorted(carried.keys() - {role.code for role in ROLES})
    if brought:
        yield "Roles that plugins bring:"
        yield ""
        yield from _table(
            ("role", "permissions"), ((_code(r), _codes(carried[r])) for r in brought)
        )


# ---- command line --------------------------------------------------------------------------------


def _cli(registry: PluginRegistry) -> Iterator[str]:
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
    yield _sentence(command.help)
    yield ""
    pieces = " ".join([path, *command.collect_usage_pieces(context)])
    yield "```text"
    yield pieces
    yield "```"
    yield ""
    records = [
        (_code(record[0]), record[1])
        for parameter in command.get_params(context)
        if (record := parameter.get_help_record(context)) is not None
        and "--help" not in parameter.opts
    ]
    if records:
        yield from _table(("", "meaning"), records)
    for name in sorted(inner):
        yield from _command(inner[name], f"{path} {name}", level + 1)


def _sentence(text: str | None) -> str:
    return " ".join((text or "").split())


# ---- lists ---------------------------------------------------------------------------------------


def _code_lists(registry: PluginRegistry) -> Iterator[str]:
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
        yield from _table(
            header,
            (
                (
                    _code(e.code),
                    e.label_zh,
                    e.label_en,
                    *([_code(e.family)] * families),
                    *([_code(e.level)] * levels),
                )
                for e in each.entries
            ),
        )
    yield "## Closed sets"
    yield ""
    yield "Enumerations of the schema. Rules depend on them, so nobody adds to them but a release."
    yield ""
    schema = compose(registry).graphql
    for name, kind in sorted(schema.type_map.items()):
        if isinstance(kind, GraphQLEnumType) and not name.startswith("__"):
            yield f"### {name}"
            yield ""
            yield _sentence(kind.description)
            yield ""
            yield from _table(
                ("value", "meaning"),
                ((_code(v), item.description or "") for v, item in kind.values.items()),
            )


def _imports(registry: PluginRegistry) -> Iterator[str]:
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
        yield from _table(
            ("列", "code", "must be given", "说明", "other titles"),
            (
                (c.title, _code(c.code), "yes" if c.required else "", c.help, "、".join(c.also))
                for c in spec.columns
            ),
        )


# ---- errors --------------------------------------------------------------------------------------


def _errors() -> Iterator[str]:
    yield "# GraphQL errors"
    yield ""
    yield "Every error has a stable `extensions.code` and a message in Chinese and English."
    yield ""
    yield "Where the status is 400/200, it is 400 for clients that accept"
    yield "`application/graphql-response+json` and 200 for the others, as the specification of"
    yield "GraphQL over HTTP asks. *With data*: the rest of the answer is there, and `path` names"
    yield "the field that is null."
    yield ""
    yield from _table(
        ("code", "HTTP", "meaning", "what to do"),
        ((_code(e.code), e.status, e.meaning, e.mend) for e in ERRORS),
    )


# ---- writing -------------------------------------------------------------------------------------


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the pages into the folder that the one argument names."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    if len(given) != 1:
        sys.exit("usage: python -m gongzhi_schema.reference FOLDER")
    folder = Path(given[0])
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages(bundled()).items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
