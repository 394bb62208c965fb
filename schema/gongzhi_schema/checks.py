"""What must hold of a composed schema before it is served: found at start-up, not at a request."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tortoise.models import Model

from gongzhi.contributions import Register
from gongzhi.errors import Problem
from gongzhi.graph.mutations import Mutate, keys_in, parameters_of
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
    for owned in catalogue.registers:
        for what, mend in _check_register(catalogue, owned.register):
            yield Problem(owned.plugin, f"the register {owned.register.code} {what}", mend)


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
    for what, mend in _check_conditions(catalogue, scope.public or {}, table):
        yield Problem(owner, f"the scope of {info.name} {what}", mend)
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


def _belongs(catalogue: Catalogue, model: type[Model]) -> bool:
    specs = (t.spec for t in catalogue.types.values() if t.spec is not None)
    return next((spec.scope.path is not None for spec in specs if spec.model is model), False)


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
    elif spec.read is not None and not _belongs(catalogue, key.target):
        yield (
            f"is seen along {row!r} by a permission, but {key.target.__name__} belongs to no "
            "organization",
            "write read=None: then it is seen with the other row",
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
        if name in by_python and (name not in offered or _unlike(table, by_python[name])):
            yield Problem(
                owner,
                f"{info.name} filters by {name!r}, and there is no filter for its type",
                "filter by a text, a code, an edge, an enum, or by a date, an instant, a number or "
                "a boolean in a column of that kind",
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


_KINDS = {"Date": "date", "DateTime": "instant", "Int": "int", "Boolean": "bool"}


def _unlike(table: Table, field: FieldInfo) -> bool:
    """Whether a field shows a column as what it is not, so that a client's value would not fit."""
    column = filter_column(table, field)
    if column is None or not isinstance(field.source, Column):
        return False
    return _KINDS.get(field.type_name) not in (None, table.columns[column].kind)


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
    if isinstance(source, Mutate):
        yield from _check_mutation(catalogue, source, permissions)
    if isinstance(source, Many) and target is not None and target.table is not None:
        yield from _check_many(catalogue, source, field, target.table)
    if isinstance(source, Count):
        yield from _check_count(catalogue, source.many)
    if isinstance(source, Lookup) and target is not None and target.table is not None:
        yield from _check_lookup(source, target.table)
    if info.table is not None:
        yield from _check_row(catalogue, info.table, field, target)


def _check_mutation(
    catalogue: Catalogue, source: Mutate, permissions: frozenset[str]
) -> Iterator[Fault]:
    if source.permission not in permissions:
        yield (
            f"needs the permission {source.permission!r}, which nobody declares",
            "return it from register_permissions",
        )
    nodes = {info.spec.model for info in catalogue.nodes if info.spec is not None}
    for name, kind, _ in parameters_of(source.service):
        for key in keys_in(kind):
            if key.model not in nodes:
                yield (
                    f"takes {name}, a key of {key.model.__name__}, which has no global id",
                    "declare a @node type over it",
                )


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


def pointing_column(table: Table, name: str) -> str | None:
    """Return the column with the key that an edge follows back, None where there is none.

    It is that of a foreign key, or an integer column that is none.
    """
    key = table.foreign_keys.get(name)
    if key is not None:
        return key.column
    column = table.columns.get(name)
    of_keys = {key.column for key in table.foreign_keys.values()}
    return name if column is not None and column.kind == "int" and name not in of_keys else None


def _check_many(
    catalogue: Catalogue, source: Many, field: FieldInfo, target: Table
) -> Iterator[Fault]:
    keys = {} if source.model is None else catalogue.tables.of(source.model).foreign_keys
    to_between = source.by if source.model else ""
    for name, known in ((to_between, keys), (source.to, keys), (source.within, target.columns)):
        if name and name not in known:
            yield f"knows no {name!r} in the table it leads to", "correct the name in many(…)"
    if source.model is None:
        yield from _check_pointing(source, target, "leads to", "many(…)")
    yield from _check_where(catalogue, source.where, target)
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
    yield from _check_pointing(source, target, "counts", "count(…)")
    if source.within and source.within not in target.columns:
        yield f"knows no {source.within!r} in the table it counts", "correct the name in count(…)"
    yield from _check_where(catalogue, source.where, target)


def _check_pointing(source: Many, target: Table, verb: str, where: str) -> Iterator[Fault]:
    """Check what of the other table points at the row."""
    if not source.by:
        return
    if pointing_column(target, source.by) is None:
        yield (
            f"knows no {source.by!r} in the table it {verb}",
            f"name a foreign key, or an integer column that holds keys, in {where}",
        )
    elif source.by not in target.foreign_keys and not (source.where or source.condition):
        yield (
            f"is pointed at by {source.by!r}, which is no foreign key, and names no type of row",
            'say which rows point at this type with where={"subject_type": …} or a condition',
        )


def _check_register(catalogue: Catalogue, register: Register) -> Iterator[Fault]:
    if not _has_type(catalogue, register.model):
        yield (
            f"counts {register.model.__name__}, which has no GraphQL type",
            "declare one with @node or @record",
        )
        return
    yield from _check_where(catalogue, register.where, catalogue.tables.of(register.model))


def _check_where(catalogue: Catalogue, where: Where, table: Table) -> Iterator[Fault]:
    """Check conditions whose values stand in a declaration."""
    for name in where:
        column = name.partition("__")[0]
        if column not in table.columns:
            yield f"has a condition on {column!r}, no column of {table.name}", "correct the name"
    yield from _check_conditions(catalogue, where, table)


def _check_conditions(catalogue: Catalogue, where: Where, table: Table) -> Iterator[Fault]:
    """Check the suffixes and values of conditions on columns that there are."""
    for name, value in where.items():
        column, separator, test = name.partition("__")
        found = table.columns.get(column)
        if found is None:
            continue
        if separator and test not in _SUFFIXES:
            known = ", ".join(f"__{suffix}" for suffix in _SUFFIXES)
            yield f"has the condition {name!r}, whose suffix is unknown", f"write one of {known}"
        elif test == "family" and code_list(catalogue, table.model, column) is None:
            yield (
                f"has the condition {name!r}, but no field shows {column!r} as a code",
                "declare one with coded(…)",
            )
        elif test in ("gte", "lt") and (value is None or isinstance(value, tuple)):
            yield f"has the condition {name!r} without one value", "compare with one value"
        elif test != "family" and not _comparable(found.kind, value):
            yield (
                f"compares {column!r}, a {found.kind}, with {value!r} in {name!r}",
                "compare it with a value of its kind",
            )


_SUFFIXES = ("not", "gte", "lt", "family")
"""What may follow a column's name in a condition, see :data:`gongzhi.graph.scope.Where`."""


def _comparable(kind: str, value: object) -> bool:
    """Whether both databases compare a column with a value, or with each of a tuple."""
    if value is None:
        return True
    values = value if isinstance(value, tuple) else (value,)
    if kind in ("bool", "int"):
        return bool(values) and all(
            isinstance(one, int) and isinstance(one, bool) is (kind == "bool") for one in values
        )
    known = kind not in ("binary", "json", "decimal")  # SQLite keeps decimals as text
    return known and bool(values) and not any(one is None or isinstance(one, int) for one in values)


def _check_lookup(source: Lookup, target: Table) -> Iterator[Fault]:
    for name in source.keys:
        found = target.columns.get(name)
        if found is None or not found.unique:
            yield (
                f"finds one by {name!r}, no unique column of {target.name}",
                "name a unique column in lookup(…)",
            )


def code_list(catalogue: Catalogue, model: type[Model], column: str) -> str | None:
    """Return the list of the codes in a column, None where no field shows it as a code."""
    for info in catalogue.types.values():
        if info.spec is not None and info.spec.model is model:
            for field in info.fields.values():
                source = field.source
                if isinstance(source, CodeOf) and (source.path or field.python_name) == column:
                    return source.list
    return None


def resolve_path(catalogue: Catalogue, table: Table, path: str) -> ColumnInfo | None:
    """Return the column at the end of a dotted path along foreign keys, None where it breaks."""
    *steps, last = path.split(".")
    for step in steps:
        key = table.foreign_keys.get(step)
        if key is None:
            return None
        table = catalogue.tables.of(key.target)
    return table.columns.get(last)
