"""Paths: kept on the trees of organizations and areas, and copied onto every row beneath them.

``parent`` (``superior``) is the truth. ``path`` and every copy of one are kept here and nowhere
else. A copy is recognised by its column's name, in any enabled plugin's table too: ``org_path`` is
the path of an organization, ``area_path`` and ``residence_path`` are those of an area.
"""

# ruff: noqa: SLF001  # Tortoise has no public name for what a model knows of itself

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import uuid4

from tortoise.context import require_context

from gongzhi.registry.counters import sqlite_text
from gongzhi.registry.models import Area, Member, Organization, Person
from gongzhi.registry.rules import MAX_PATH, refuse, upper

if TYPE_CHECKING:
    from tortoise.backends.base.client import BaseDBAsyncClient
    from tortoise.models import Model

ORGANIZATION_COPIES = frozenset({"org_path"})
AREA_COPIES = frozenset({"area_path", "residence_path"})

_TREE_LOCK = 0x676F6E677A6869
"""Key of the advisory lock; the ASCII letters of "gongzhi"."""

Row = TypeVar("Row", Organization, Area, Person, Member)


def is_postgres(connection: BaseDBAsyncClient) -> bool:
    """Say which of the two databases this is."""
    return connection.capabilities.dialect != "sqlite"


async def lock_shape(connection: BaseDBAsyncClient) -> None:
    """Let one transaction at a time move, merge or dissolve, until it ends.

    Two moves at once could each be free of cycles and together make one. On SQLite a writing
    transaction is alone anyway.
    """
    if is_postgres(connection):
        await connection.execute_query_dict("SELECT pg_advisory_xact_lock($1)", [_TREE_LOCK])


async def hold(
    connection: BaseDBAsyncClient, model: type[Model], ids: Iterable[int], *, change: bool = False
) -> None:
    """Keep rows as they are until the transaction ends; ``change``: for this one to change.

    Whoever copies a path holds the row that it comes from: a move then waits for the copy, or the
    copy for the move. So that nobody waits for one who waits for him, everybody holds areas
    before organizations before people before members, and of one table all that he needs in one
    call, which takes them in the order of their ids.
    """
    mode = "UPDATE" if change else "SHARE"
    await _hold_where(connection, model, "id = ANY($1)", mode, sorted(set(ids)))


async def hold_subtree(
    connection: BaseDBAsyncClient, row: Organization | Area, also: Iterable[int] = ()
) -> None:
    """Hold a whole subtree to change it, and other rows of that tree with it.

    Only after :func:`lock_shape`: until then the path may change.
    """
    subtree = "(path >= $1 AND path < $2) OR id = ANY($3)"
    await _hold_where(
        connection, type(row), subtree, "UPDATE", row.path, upper(row.path), sorted(set(also))
    )
    if isinstance(row, Area):
        within = "area_path >= $1 AND area_path < $2"
        await _hold_where(connection, Organization, within, "UPDATE", row.path, upper(row.path))


async def _hold_where(
    connection: BaseDBAsyncClient, model: type[Model], condition: str, mode: str, *params: object
) -> None:
    if is_postgres(connection):
        await connection.execute_query_dict(
            f"SELECT id FROM {model._meta.db_table} WHERE {condition} ORDER BY id FOR {mode}",
            list(params),
        )


async def get(
    connection: BaseDBAsyncClient,
    model: type[Row],
    row_id: int,
    field: str = "",
    *,
    change: bool = False,
) -> Row:
    """Hold a row and return it.

    :raises RuleError: NOT_FOUND.
    """
    await hold(connection, model, [row_id], change=change)
    row = await model.filter(id=row_id).using_db(connection).first()
    if row is None:
        refuse("NOT_FOUND", field)
    return row


def unplaced() -> str:
    """Return a path for a row that has no id yet: unique, and in nobody's subtree."""
    return f"new:{uuid4().hex}"


async def place(connection: BaseDBAsyncClient, row: Organization | Area, parent_path: str) -> None:
    """Give a new row its path, now that it has an id.

    :raises RuleError: TREE_TOO_DEEP.
    """
    row.path = f"{parent_path}{row.id}."
    if len(row.path) > MAX_PATH:
        refuse("TREE_TOO_DEEP")
    await type(row).filter(id=row.id).using_db(connection).update(path=row.path)


async def rebase(
    connection: BaseDBAsyncClient, model: type[Organization | Area], old: str, new: str
) -> None:
    """Replace the path of a whole subtree, on the tree itself and on every copy.

    :raises RuleError: TREE_TOO_DEEP.
    """
    table = model._meta.db_table
    longest = await _run(
        connection,
        f"SELECT max(length(path)) AS n FROM {table} WHERE path >= $1 AND path < $2",
        old,
        upper(old),
    )
    if longest[0]["n"] + len(new) - len(old) > MAX_PATH:
        refuse("TREE_TOO_DEEP")
    await _run(
        connection,
        f"UPDATE {table} SET path = $1 || substr(path, $2), depth = depth + $3"
        " WHERE path >= $4 AND path < $5",
        new,
        len(old) + 1,
        new.count(".") - old.count("."),
        old,
        upper(old),
    )
    for copy, column in copies(ORGANIZATION_COPIES if model is Organization else AREA_COPIES):
        await _run(
            connection,
            f'UPDATE "{copy}" SET "{column}" = $1 || substr("{column}", $2)'
            f' WHERE "{column}" >= $3 AND "{column}" < $4',
            new,
            len(old) + 1,
            old,
            upper(old),
        )


async def follow(
    connection: BaseDBAsyncClient, model: type[Member | Person], row_id: int, path: str
) -> None:
    """Give the rows that hang on one member or person the path that it belongs to now."""
    for table, column in followers(model):
        await _run(
            connection,
            f'UPDATE "{table}" SET org_path = $1 WHERE "{column}" = $2',
            path,
            row_id,
        )


async def follow_all(
    connection: BaseDBAsyncClient, model: type[Member | Person], organization: Organization
) -> None:
    """Do the same for every member or person of an organization."""
    owner = "branch_id" if model is Member else "organization_id"
    for table, column in followers(model):
        await _run(
            connection,
            f'UPDATE "{table}" SET org_path = $1 WHERE org_path <> $1 AND "{column}" IN'
            f" (SELECT id FROM {model._meta.db_table} WHERE {owner} = $2)",
            organization.path,
            organization.id,
        )


def copies(names: Iterable[str]) -> list[tuple[str, str]]:
    """Return (table, column) of every copied path of these names, in all enabled plugins."""
    return sorted(
        (model._meta.db_table, column)
        for model in _models()
        for name, column in model._meta.fields_db_projection.items()
        if name in names
    )


def followers(model: type[Member | Person]) -> list[tuple[str, str]]:
    """Return (table, key column) of the rows whose ``org_path`` is that of a member or person.

    A row with a key of an organization has that organization's path. Without one, it has the path
    of its member, and without that the path of its person.
    """
    found = []
    for candidate in _models():
        columns = candidate._meta.fields_db_projection
        if "org_path" not in columns or candidate in (Member, Person):
            continue
        owner = next(
            (kind for kind in (Organization, Member, Person) if _keys(candidate, kind)), None
        )
        if owner is model:
            found.append((candidate._meta.db_table, columns[_keys(candidate, model)[0]]))
    return sorted(found)


def _keys(model: type[Model], target: type[Model]) -> list[str]:
    meta = model._meta
    fields: list[Any] = [meta.fields_map[name] for name in sorted(meta.fk_fields | meta.o2o_fields)]
    return [field.source_field for field in fields if field.related_model is target]


def _models() -> Iterator[type[Model]]:
    for models in (require_context().apps or {}).values():
        yield from models.values()


async def _run(connection: BaseDBAsyncClient, sql: str, *params: object) -> list[dict[str, Any]]:
    text = sql if is_postgres(connection) else sqlite_text(sql)
    return await connection.execute_query_dict(text, list(params))
