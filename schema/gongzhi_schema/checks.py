"""What must hold of a composed schema before it is served: found at start-up, not at a request."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tortoise.models import Model

from gongzhi.errors import Problem
from gongzhi.graph.scope import Where
from gongzhi.graph.sources import (
    CodeOf,
    Column,
    Computed,
    Count,
    Group,
    Itself,
    Lookup,
    Many,
    One,
    Tally,
)
from gongzhi.graph.vocabulary import TypeSpec
from gongzhi_schema.catalogue import Catalogue, FieldInfo, TypeInfo
from gongzhi_schema.inputs import fields_of, filter_input
from gongzhi_schema.tables import ColumnInfo, Table

Fault = tuple[str, str]
"""What is wrong, and how to mend it."""


def check_catalogue(
    catalogue: Catalogue, permissions: frozenset[str], owners: dict[str, str]
) -> Iterator[Problem]:
    """Yield every problem of the composed types."""
    for info in catalogue.types.values():
        owner = owners.get(info.name, "core")
        if info.spec is not None:
            yield from _check_scope(catalogue, info, owner)
            for what, mend in _check_through(catalogue, info.spec, info.table):
                yield Problem(owner, f"{info.name} {what}", mend)
            for what, mend in _check_permissions(info.spec, permissions):
                yield Problem(owner, f"{info.name} {what}", mend)
            yield from _check_filters(info, owner)
        for field in info.fields.values():
            by = owners.get(f"{info.name}.{field.name}", owner)
            for what, mend in _check_field(catalogue, info, field, permissions):
                yield Problem(by, f"{info.name}.{field.name}: {what}", mend)


def _check_scope(catalogue: Catalogue, info: TypeInfo, owner: str) -> Iterator[Problem]:
    spec, table = info.spec, info.table
    assert spec is not None  # noqa: S101  # narrowed by the caller
    assert table is not None  # noqa: S101
    scope = spec.scope
    if scope.row is not None:
        for what, mend in _check_along(catalogue, spec, table, scope.row):
            yield Problem(owner, f"{info.name} {what}", mend)
    elif scope.path is None and scope.owner is None and scope.public is None:
        yield Problem(
            owner,
            f"{info.name} declares no row scope",
            "say whose rows these are with Scope.of(…), Scope.along(…), Scope.own(…) or "
            "Scope.everybody()",
        )
    conditions = [name.partition("__")[0] for name in scope.public or {}]
    for column in (scope.path, scope.area_path, scope.owner, *conditions):
        if column is not None and column not in table.columns:
            yield Problem(
                owner,
                f"the scope of {info.name} names {column!r}, no column of its table",
                "correct the name in its scope",
            )
    if scope.organization is not None and scope.organization not in table.foreign_keys:
        yield Problem(
            owner,
            f"the scope of {info.name} names {scope.organization!r}, no foreign key of its table",
            "correct the name in its scope",
        )
    if spec.read is None and scope.path is not None:
        yield Problem(
            owner,
            f"{info.name} has an organization scope but no read permission",
            'name one with read="<plugin>.<noun>.read"',
        )


def _check_permissions(spec: TypeSpec, permissions: frozenset[str]) -> Iterator[Fault]:
    needed = {spec.read, *(each.permission for each in (spec.hashed or {}).values())}
    for code in sorted(code for code in needed if code is not None and code not in permissions):
        yield (
            f"needs the permission {code!r}, which nobody declares",
            "return it from register_permissions",
        )


def _check_through(catalogue: Catalogue, spec: TypeSpec, table: Table | None) -> Iterator[Fault]:
    for through in spec.scope.through:
        if not _has_type(catalogue, through.model):
            yield (
                f"is seen through {through.model.__name__}, which has no GraphQL type",
                "declare one with @node or @record",
            )
            continue
        key = catalogue.tables.of(through.model).foreign_keys.get(through.by)
        if table is not None and (key is None or key.target is not table.model):
            yield (
                f"is seen through {through.by!r} of {through.model.__name__}, no foreign key to it",
                "correct the name in Through(…)",
            )


def _has_type(catalogue: Catalogue, model: type[Model]) -> bool:
    specs = (t.spec for t in catalogue.types.values())
    return any(spec is not None and spec.model is model for spec in specs)


def _check_along(catalogue: Catalogue, spec: TypeSpec, table: Table, row: str) -> Iterator[Fault]:
    key = table.foreign_keys.get(row)
    if key is None:
        yield f"is seen along {row!r}, no foreign key of {table.name}", "correct the name"
        return
    if key.null:
        yield f"is seen along {row!r}, which can be null", "make the foreign key obligatory"
    if not _has_type(catalogue, key.target):
        yield (
            f"is seen along {row!r}, but {key.target.__name__} has no GraphQL type",
            "declare one with @node or @record",
        )
    if spec.read is not None:
        yield (
            "is seen along another row and has a read permission too",
            "write read=None: that of the other row counts",
        )


def _check_filters(info: TypeInfo, owner: str) -> Iterator[Problem]:
    spec, table = info.spec, info.table
    assert spec is not None  # noqa: S101
    assert table is not None  # noqa: S101
    by_python = {f.python_name: f for f in info.fields.values()}
    for name in (*spec.filters, *spec.orders):
        field = by_python.get(name)
        column = filter_column(table, field) if field else None
        if column is None:
            yield Problem(
                owner,
                f"{info.name} filters or orders by {name!r}, which is not a field over a column",
                "only what a client may read can be filtered by",
            )
        elif column not in table.indexed:
            yield Problem(
                owner,
                f"{info.name} filters or orders by {name!r}, but {column} leads no index",
                "add an index to the model that begins with this column",
            )
    made = filter_input(info.cls)
    offered = fields_of(made) if made else {}
    for name in spec.filters:
        if name in by_python and name not in offered:
            yield Problem(
                owner,
                f"{info.name} filters by {name!r}, and there is no filter for its type",
                "filter by a text, a code, an edge, an enum, a date, a number or a boolean",
            )
    yield from _check_orders(info, spec, table, owner)
    for name, hashed in (spec.hashed or {}).items():
        if hashed.column not in table.indexed:
            yield Problem(
                owner,
                f"{info.name} looks {name!r} up in {hashed.column}, which leads no index",
                "add an index to the model that begins with this column",
            )


def _check_orders(info: TypeInfo, spec: TypeSpec, table: Table, owner: str) -> Iterator[Problem]:
    by_python = {f.python_name: f for f in info.fields.values()}
    for name in spec.orders:
        field = by_python.get(name)
        column = filter_column(table, field) if field else None
        if column is None:
            continue
        if table.columns[column].null:
            yield Problem(
                owner,
                f"{info.name} orders by {name!r}, which can be null",
                "order by a column that is never null",
            )
        if table.columns[column].kind not in _ORDERED:
            yield Problem(
                owner,
                f"{info.name} orders by {name!r}, a {table.columns[column].kind}",
                "order by a text, an enum, a number, a date or an instant",
            )
    for name in dict.fromkeys((*spec.filters, *spec.orders)):
        field = by_python.get(name)
        if field is not None and _by_locale(table, field):
            yield Problem(
                owner,
                f"{info.name} filters or orders by the text {name!r}, which sorts by the locale "
                "of the database",
                "make the column a KeyTextField",
            )


_ORDERED = ("text", "int", "date", "instant")
"""Kinds that sort alike on both databases: SQLite keeps decimals as text."""


def _by_locale(table: Table, field: FieldInfo) -> bool:
    """Whether a field is a plain text whose order, and so whose beginnings, differ by locale."""
    column = filter_column(table, field)
    return (
        column is not None
        and isinstance(field.source, Column)
        and field.enum is None
        and table.columns[column].kind == "text"
        and not table.by_code_point(column)
    )


def filter_column(table: Table, field: FieldInfo) -> str | None:
    """Return the own column behind a field, None where there is none."""
    source = field.source
    if isinstance(source, Column | CodeOf):
        name = source.path or field.python_name
        return name if name in table.columns else None
    if isinstance(source, One):
        key = table.foreign_keys.get(source.path or field.python_name)
        return key.column if key else None
    return None


def _check_field(
    catalogue: Catalogue, info: TypeInfo, field: FieldInfo, permissions: frozenset[str]
) -> Iterator[Fault]:
    source = field.source
    target = catalogue.types.get(field.type_name)
    if isinstance(source, Many | One | Itself) and target is not None and target.spec is None:
        yield (
            f"leads to {target.name}, which stands over no table",
            "declare it with @node or @record",
        )
        return
    if isinstance(source, Tally) and source.permission not in permissions:
        yield (
            f"needs the permission {source.permission!r}, which nobody declares",
            "return it from register_permissions",
        )
    if isinstance(source, Many) and target is not None and target.table is not None:
        yield from _check_many(catalogue, source, field, target.table)
    if isinstance(source, Count):
        yield from _check_count(catalogue, source.many)
    if isinstance(source, Lookup) and target is not None and target.table is not None:
        yield from _check_lookup(source, target.table)
    if info.table is not None:
        yield from _check_row(catalogue, info.table, field, target)


def _check_row(
    catalogue: Catalogue, table: Table, field: FieldInfo, target: TypeInfo | None
) -> Iterator[Fault]:
    """Check what a field takes from its own row."""
    source = field.source
    if isinstance(source, Column | CodeOf):
        yield from _check_column(catalogue, table, field)
    elif isinstance(source, One) and target is not None:
        yield from _check_one(table, field, target)
    elif isinstance(source, Group):
        yield from _check_reads(
            catalogue, table, [c for c in source.columns.values() if isinstance(c, str)]
        )
    elif isinstance(source, Computed):
        yield from _check_reads(catalogue, table, source.reads)
    elif isinstance(source, Many):
        yield from _check_reads(catalogue, table, [source.local])
    elif source is None and field.graphql.resolve is not None:
        yield (
            "is a resolver on a type over a table",
            "say what it reads with computed(…), so that it gets its columns",
        )


def _check_reads(catalogue: Catalogue, table: Table, columns: Iterable[str]) -> Iterator[Fault]:
    for column in columns:
        if resolve_path(catalogue, table, column) is None:
            yield f"reads {column!r}, no column of {table.name}", "correct the name"


def _check_column(catalogue: Catalogue, table: Table, field: FieldInfo) -> Iterator[Fault]:
    source = field.source
    path = source.path if isinstance(source, Column | CodeOf) else ""
    found = resolve_path(catalogue, table, path or field.python_name)
    if found is None:
        yield (
            f"no column {path or field.python_name!r} in {table.name}",
            "name the column with column(…), or say where the value comes from",
        )
    elif found.kind == "binary":
        yield "is an encrypted column", "serve its masked copy instead"
    elif found.null and field.non_null and not isinstance(source, CodeOf):
        yield f"is not nullable, but {found.name} can be null", "make the type optional"


def _check_one(table: Table, field: FieldInfo, target: TypeInfo) -> Iterator[Fault]:
    source = field.source
    name = (source.path if isinstance(source, One) else "") or field.python_name
    key = table.foreign_keys.get(name)
    if key is None:
        yield f"no foreign key {name!r} in {table.name}", "name it with one(…)"
        return
    if target.table is not None and key.target is not target.table.model:
        yield (
            f"leads to {target.name}, but the foreign key to {key.target.__name__}",
            "use the type over that table",
        )
    public = target.spec is not None and target.spec.scope.is_public
    if field.non_null and (key.null or not public):
        yield (
            "is not nullable, but the other row may be hidden from the viewer",
            "make the type optional",
        )


def _check_many(
    catalogue: Catalogue, source: Many, field: FieldInfo, target: Table
) -> Iterator[Fault]:
    keys = {} if source.model is None else catalogue.tables.of(source.model).foreign_keys
    for name, known in (
        (source.by, keys if source.model else target.foreign_keys),
        (source.to, keys),
        (source.within, target.columns),
    ):
        if name and name not in known:
            yield f"knows no {name!r} in the table it leads to", "correct the name in many(…)"
    yield from _check_where(source.where, target)
    for name in source.order:
        if name not in target.columns:
            yield f"orders by {name!r}, no column of {target.name}", "correct the name"
        elif target.columns[name].null and field.is_connection:
            yield f"orders by {name!r}, which can be null", "a cursor needs one that never is"


def _check_count(catalogue: Catalogue, source: Many) -> Iterator[Fault]:
    if source.model is None or not _has_type(catalogue, source.model):
        model = source.model.__name__ if source.model else "nothing"
        yield f"counts {model}, which has no GraphQL type", "declare one with @node or @record"
        return
    target = catalogue.tables.of(source.model)
    for name, known in ((source.by, target.foreign_keys), (source.within, target.columns)):
        if name and name not in known:
            yield f"knows no {name!r} in the table it counts", "correct the name in count(…)"
    yield from _check_where(source.where, target)


def _check_where(where: Where, target: Table) -> Iterator[Fault]:
    for name in where:
        column = name.partition("__")[0]
        if column not in target.columns:
            yield f"has a condition on {column!r}, no column of {target.name}", "correct the name"


def _check_lookup(source: Lookup, target: Table) -> Iterator[Fault]:
    for name in source.keys:
        found = target.columns.get(name)
        if found is None or not found.unique:
            yield (
                f"finds one by {name!r}, no unique column of {target.name}",
                "name a unique column in lookup(…)",
            )


def resolve_path(catalogue: Catalogue, table: Table, path: str) -> ColumnInfo | None:
    """Return the column at the end of a dotted path along foreign keys, None where it breaks."""
    *steps, last = path.split(".")
    for step in steps:
        key = table.foreign_keys.get(step)
        if key is None:
            return None
        table = catalogue.tables.of(key.target)
    return table.columns.get(last)
