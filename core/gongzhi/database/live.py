"""What tables a database has, in one form for SQLite and PostgreSQL."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Query = Callable[[str, list[Any]], Awaitable[list[dict[str, Any]]]]
"""Runs one statement and returns its rows."""


_UNIQUE = "unique "


@dataclass(frozen=True, slots=True)
class Column:
    """One column; types are spelt as the database spells them."""

    type: str
    nullable: bool
    default: str | None = None


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """A column that refers to another table."""

    column: str
    table: str
    on_delete: str


@dataclass(slots=True)
class Table:
    """A table as the database describes it."""

    name: str
    columns: dict[str, Column] = field(default_factory=dict)
    primary_key: tuple[str, ...] = ()
    uniques: set[tuple[str, ...]] = field(default_factory=set)
    """By columns: the same rule is a constraint here and a unique index there."""
    indexes: dict[str, str] = field(default_factory=dict)
    """Name → columns, and the condition of a partial index."""
    foreign_keys: set[ForeignKey] = field(default_factory=set)


async def sqlite_tables(query: Query) -> dict[str, Table]:
    """Describe the tables of a SQLite database, without those that SQLite makes for itself."""
    names = await query(
        "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type IN ('table', 'virtual')"
        " AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
        [],
    )
    tables = {row["name"]: Table(row["name"]) for row in names}
    for row in await query(
        "SELECT m.name AS source, c.* FROM sqlite_master m"
        " JOIN pragma_table_info(m.name) c WHERE m.type = 'table'",
        [],
    ):
        if row["source"] not in tables:
            continue
        table = tables[row["source"]]
        table.columns[row["name"]] = Column(
            row["type"].upper(),
            nullable=not row["notnull"] and not row["pk"],
            default=row["dflt_value"],
        )
        if row["pk"]:
            table.primary_key = (*table.primary_key, row["name"])
    for row in await query(
        'SELECT m.tbl_name AS "table", m.name, m.sql, i."unique", i.partial, i.origin,'
        " (SELECT group_concat(name)"
        "  FROM (SELECT name FROM pragma_index_info(m.name) ORDER BY seqno)) AS columns"
        " FROM sqlite_master m JOIN pragma_index_list(m.tbl_name) i ON i.name = m.name"
        " WHERE m.type = 'index'",
        [],
    ):
        if row["table"] in tables and row["origin"] != "pk":
            where = row["sql"].partition(" WHERE ")[2] if row["partial"] else ""
            columns = row["columns"] or "expression"
            _add_index(
                tables[row["table"]], row["name"], columns, where, unique=bool(row["unique"])
            )
    for row in await query(
        "SELECT m.name AS source, k.* FROM sqlite_master m"
        " JOIN pragma_foreign_key_list(m.name) k WHERE m.type = 'table'",
        [],
    ):
        if row["source"] in tables:
            key = ForeignKey(row["from"], row["table"], row["on_delete"])
            tables[row["source"]].foreign_keys.add(key)
    return tables


_DELETE_RULES = {
    "a": "NO ACTION",
    "r": "RESTRICT",
    "c": "CASCADE",
    "n": "SET NULL",
    "d": "SET DEFAULT",
}


async def postgres_tables(query: Query, schema: str = "current_schema()") -> dict[str, Table]:
    """Describe the tables of one schema of a PostgreSQL database.

    :param schema: an SQL expression for its name.
    """
    found = await query(
        "SELECT c.oid, c.relname AS name FROM pg_class c"
        " JOIN pg_namespace n ON n.oid = c.relnamespace"
        f" WHERE n.nspname = {schema} AND c.relkind IN ('r', 'p')",  # an expression of ours
        [],
    )
    tables = {row["oid"]: Table(row["name"]) for row in found}
    oids = [list(tables)]
    for row in await query(
        "SELECT a.attrelid AS oid, a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type,"
        " a.attnotnull AS required, a.attidentity <> '' AS identity,"
        " pg_get_expr(d.adbin, d.adrelid) AS fallback,"
        " CASE WHEN a.attcollation <> t.typcollation THEN co.collname END AS collation"
        " FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid"
        " LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum"
        " LEFT JOIN pg_collation co ON co.oid = a.attcollation"
        " WHERE a.attrelid = ANY ($1::oid[]) AND a.attnum > 0 AND NOT a.attisdropped"
        " ORDER BY a.attnum",
        oids,
    ):
        collation = f" COLLATE {row['collation']}" if row["collation"] else ""
        fallback = "identity" if row["identity"] else row["fallback"]
        if fallback and fallback.startswith("nextval("):
            fallback = "nextval"  # the sequence's name depends on the schema
        tables[row["oid"]].columns[row["name"]] = Column(
            row["type"] + collation, nullable=not row["required"], default=fallback
        )
    for row in await query(
        "SELECT i.indrelid AS oid, c.relname AS name, i.indisunique AS is_unique,"
        " i.indisprimary AS is_primary, pg_get_expr(i.indpred, i.indrelid) AS condition,"
        " (SELECT string_agg(pg_get_indexdef(i.indexrelid, k, true), ',' ORDER BY k)"
        "  FROM generate_series(1, i.indnkeyatts) k) AS columns"
        " FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
        " WHERE i.indrelid = ANY ($1::oid[])",
        oids,
    ):
        table = tables[row["oid"]]
        if row["is_primary"]:
            table.primary_key = tuple(row["columns"].split(","))
        else:
            _add_index(
                table, row["name"], row["columns"], row["condition"] or "", unique=row["is_unique"]
            )
    for row in await query(
        "SELECT k.conrelid AS oid, a.attname AS column, t.relname AS target, k.confdeltype AS rule"
        " FROM pg_constraint k JOIN pg_class t ON t.oid = k.confrelid"
        " JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey)"
        " WHERE k.contype = 'f' AND k.conrelid = ANY ($1::oid[])",
        oids,
    ):
        rule = row["rule"].decode() if isinstance(row["rule"], bytes) else row["rule"]
        key = ForeignKey(row["column"], row["target"], _DELETE_RULES[rule])
        tables[row["oid"]].foreign_keys.add(key)
    return {table.name: table for table in tables.values()}


def _add_index(table: Table, name: str, columns: str, condition: str, *, unique: bool) -> None:
    if unique and not condition:
        table.uniques.add(tuple(columns.split(",")))
    else:
        kind = _UNIQUE if unique else ""
        where = f" WHERE {condition}" if condition else ""
        table.indexes[name] = f"{kind}({columns}){where}"


def owner(table: str, plugins: Iterable[str]) -> str | None:
    """Return whose table it is: the plugin with the longest name that the table's begins with."""
    return max((name for name in plugins if table.startswith(f"{name}_")), key=len, default=None)


def differences(live: Table, wanted: Table, *, extras: bool) -> list[str]:
    """Say how a table differs from what the models want, in the terms of someone who mends it.

    :param extras: also what is there beside the models and does no harm.
    """
    found = [f"column {name} is missing" for name in wanted.columns if name not in live.columns]
    found += [
        f"column {name} is in no model"
        for name, column in live.columns.items()
        if name not in wanted.columns
        and (extras or not (column.nullable or column.default is not None))
    ]
    for name, column in wanted.columns.items():
        if (actual := live.columns.get(name)) is not None:
            found += _column_differences(name, actual, column)
    if live.primary_key != wanted.primary_key:
        actual_key, wanted_key = _names(live.primary_key), _names(wanted.primary_key)
        found.append(f"the primary key is {actual_key}, not {wanted_key}")
    found += [f"unique {_names(key)} is missing" for key in sorted(wanted.uniques - live.uniques)]
    found += [
        f"unique {_names(key)} is in no model" for key in sorted(live.uniques - wanted.uniques)
    ]
    keys = {f"{key.column} → {key.table}": key.on_delete for key in live.foreign_keys}
    wanted_keys = {f"{key.column} → {key.table}": key.on_delete for key in wanted.foreign_keys}
    found += _named_differences("foreign key", keys, wanted_keys)
    indexes = {
        name: text
        for name, text in live.indexes.items()
        if extras or name in wanted.indexes or text.startswith(_UNIQUE)
    }
    return found + _named_differences("index", indexes, wanted.indexes)


def _column_differences(name: str, actual: Column, wanted: Column) -> list[str]:
    found = []
    if actual.type != wanted.type:
        found.append(f"column {name} is {actual.type}, not {wanted.type}")
    if actual.nullable != wanted.nullable:
        found.append(f"column {name} {'may' if actual.nullable else 'may not'} be NULL")
    if _plain(actual.default) != _plain(wanted.default):
        found.append(f"column {name} has the default {actual.default}, not {wanted.default}")
    return found


def _named_differences(what: str, live: Mapping[str, str], wanted: Mapping[str, str]) -> list[str]:
    found = [f"{what} {name} is missing" for name in wanted if name not in live]
    found += [f"{what} {name} is in no model" for name in live if name not in wanted]
    found += [
        f"{what} {name} is {live[name]}, not {wanted[name]}"
        for name in wanted
        if name in live and live[name] != wanted[name]
    ]
    return found


def _names(columns: Iterable[str]) -> str:
    return "(" + ", ".join(columns) + ")"


def _plain(default: str | None) -> str | None:
    """Drop PostgreSQL's casts, which differ between a default given early and one given late."""
    return re.sub(r"::[a-z ]+(\(\d+\))?", "", default) if default else default
