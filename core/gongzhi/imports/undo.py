"""Takes an applied batch back: removes what it created, restores what it changed.

A row stays as it is, and is reported, when somebody changed it since or when other rows refer to
it. As long as a row stays the batch counts as applied, and undoing it again tries once more.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from gongzhi import clock
from gongzhi.errors import GongzhiError
from gongzhi.imports.engine import BATCHES, CHANGES, Progress, digest_of, no_progress, record
from gongzhi.imports.report import Kept, UndoReport
from gongzhi.imports.rows import COPIED_PATHS, parameter
from gongzhi.imports.session import Reference, Session
from gongzhi.imports.trees import MoveError, relocate
from gongzhi.privacy import Privacy
from gongzhi.registry import counters
from gongzhi.registry.tree import AREA_COPIES, ORGANIZATION_COPIES

_KEPT_LISTED: Final = 100
_CHUNK: Final = 5_000
_STAMP: Final = "updated_at"

_TREES: Final[Mapping[str, tuple[str, frozenset[str]]]] = {
    "core_area": ("parent_id", AREA_COPIES),
    "core_organization": ("superior_id", ORGANIZATION_COPIES),
}
"""Table → column of the parent, and the columns that copy its paths."""


class UndoError(GongzhiError):
    """There is nothing to undo."""


@dataclass(slots=True)
class _Undo:
    session: Session
    privacy: Privacy
    batch_id: int
    types: Mapping[str, Mapping[str, str]]
    references: Sequence[Reference]
    progress: Progress
    restored: int = 0
    removed: int = 0
    kept: list[Kept] = field(default_factory=list)
    kept_count: int = 0

    def keep(self, table: str, row_ids: Sequence[int], code: str, zh: str, en: str) -> None:
        self.kept_count += len(row_ids)
        room = _KEPT_LISTED - len(self.kept)
        self.kept += [Kept(table, row_id, code, zh, en) for row_id in row_ids[: max(room, 0)]]


async def undo(
    session: Session, batch_id: int, *, privacy: Privacy, progress: Progress = no_progress
) -> UndoReport:
    """Take a batch back, in one transaction.

    :raises UndoError: when there is no such batch, or it is undone already.
    :raises BusyError: when others keep the tables for too long.
    """
    types = await session.column_types()
    tables = [table for table in types if "batch_id" in types[table] and table != CHANGES]
    writes = [*tables, BATCHES, CHANGES, "core_counter"]
    async with session.transaction(writes):
        rows = await session.fetch(
            f'SELECT state FROM "{BATCHES}" WHERE id = $1',
            batch_id,
        )
        if not rows:
            message = f"没有批次 {batch_id} · there is no batch {batch_id}"
            raise UndoError(message)
        if rows[0]["state"] == "UNDONE":
            message = f"批次 {batch_id} 已经撤销过 · batch {batch_id} is undone already"
            raise UndoError(message)
        work = _Undo(session, privacy, batch_id, types, await session.references(), progress)
        await _restore(work)
        await _remove(work, tables)
        if not work.kept_count:
            await session.fetch(
                f"UPDATE \"{BATCHES}\" SET state = 'UNDONE', undone_at = $2 WHERE id = $1",
                batch_id,
                clock.now(),
            )
        await counters.recount(session.execute)
        counts = {"removed": work.removed, "restored": work.restored, "kept": work.kept_count}
        await record(session, privacy, "core.import.undo", batch_id, counts)
    return UndoReport(batch_id, work.removed, work.restored, tuple(work.kept), work.kept_count)


# What the batch changed


async def _restore(work: _Undo) -> None:
    """Give changed rows their former values, those that are as the batch left them."""
    session = work.session
    last = 2**63 - 1
    while True:
        # The latest change first: one row may have been changed twice.
        changes = await session.fetch(
            f'SELECT id, "table" AS name, row_id, before_cipher, after_digest FROM "{CHANGES}"'
            " WHERE batch_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3",
            work.batch_id,
            last,
            _CHUNK,
        )
        if not changes:
            return
        last = changes[-1]["id"]
        by_table: dict[str, list[Any]] = {}
        for change in changes:
            by_table.setdefault(change["name"], []).append(change)
        for table, group in by_table.items():
            await _restore_table(work, table, group)


async def _restore_table(work: _Undo, table: str, changes: Sequence[Any]) -> None:
    session = work.session
    if table not in work.types:
        ids = [change["row_id"] for change in changes]
        work.keep(table, ids, "TABLE_GONE", "所在的表已不存在", "its table is gone")
        return
    present = {
        row["id"]: row
        for row in await session.fetch(
            f'SELECT * FROM "{table}" WHERE {session.among("id", 1, "bigint")}',
            session.listed({change["row_id"] for change in changes}),
        )
    }
    parent_column = _TREES.get(table, ("", frozenset()))[0]
    done: list[int] = []
    moves: dict[int, int | None] = {}
    for change in changes:
        row_id = change["row_id"]
        before: dict[str, Any] = json.loads(work.privacy.decrypt(bytes(change["before_cipher"])))
        row = present.get(row_id)
        columns = [column for column in before if column != _STAMP]
        if row is None:
            work.keep(table, [row_id], "ROW_GONE", "该记录已被删除", "the row is deleted")
        elif (
            digest_of(work.privacy, {column: row[column] for column in columns})
            != change["after_digest"]
        ):
            work.keep(table, [row_id], *_CHANGED)
        elif (lost := await _lost_target(work, table, before)) is not None:
            work.keep(table, [row_id], *lost)
        else:
            await _write_back(work, table, row_id, before)
            if parent_column in before:
                moves[row_id] = before[parent_column]
            done.append(change["id"])
            work.restored += 1
    if moves:
        try:
            await relocate(session, table, tuple(_TREES[table][1]), moves)
        except MoveError as exc:
            message = (
                f"{table} {exc.row_id} 不能移回原来的上级（已成为它的下级或层级过深），批次未撤销"
                f" · {table} {exc.row_id} cannot go back to its former place; nothing is undone"
            )
            raise UndoError(message) from exc
    await _copy_paths(work, table, [change["row_id"] for change in changes])
    await session.fetch(
        f'DELETE FROM "{CHANGES}" WHERE {session.among("id", 1, "bigint")}',
        session.listed(done),
    )


async def _lost_target(
    work: _Undo, table: str, before: Mapping[str, Any]
) -> tuple[str, str, str] | None:
    """Return why former values cannot come back: a row that they refer to is gone."""
    for reference in work.references:
        value = before.get(reference.column)
        if reference.table == table and value is not None:
            rows = await work.session.fetch(
                f'SELECT 1 FROM "{reference.target}" WHERE id = $1',
                value,
            )
            if not rows:
                return (
                    "TARGET_GONE",
                    f"原来引用的 {reference.target} {value} 已不存在",
                    f"it referred to {reference.target} {value}, which is gone",
                )
    return None


async def _write_back(work: _Undo, table: str, row_id: int, before: Mapping[str, Any]) -> None:
    session, types = work.session, work.types[table]
    sets = ", ".join(
        f'"{column}" = {session.typed(number, types[column])}'
        for number, column in enumerate(before, 2)
    )
    if "version" in types and "version" not in before:
        # Not the former number: whoever read the row meanwhile must notice.
        sets += ", version = version + 1"
    await session.fetch(
        f'UPDATE "{table}" SET {sets} WHERE id = $1',
        row_id,
        *(parameter(value, session.dialect) for value in before.values()),
    )


async def _copy_paths(work: _Undo, table: str, row_ids: Sequence[int]) -> None:
    """Make the copies of paths anew from the keys that came back."""
    types = work.types[table]
    for column, (key, target) in COPIED_PATHS.items():
        if column in types and key in types:
            await work.session.fetch(
                f'UPDATE "{table}" SET "{column}" = coalesce((SELECT t.path FROM "{target}" t'
                f' WHERE t.id = "{table}"."{key}"), \'\')'
                f" WHERE {work.session.among('id', 1, 'bigint')}",
                work.session.listed(row_ids),
            )


_CHANGED: Final = ("CHANGED_SINCE", "之后又被修改过", "it was changed since")


# What the batch created


async def _remove(work: _Undo, tables: Sequence[str]) -> None:
    """Delete created rows that nobody changed since and that no other row refers to."""
    session = work.session
    made = []
    for table in tables:
        found = await session.fetch(
            f'SELECT 1 FROM "{table}" WHERE batch_id = $1 LIMIT 1',
            work.batch_id,
        )
        if found:
            made.append(table)
            await session.fetch(f'DROP TABLE IF EXISTS "{_goes(table)}"')
            await session.fetch(f'CREATE TEMPORARY TABLE "{_goes(table)}" (id BIGINT PRIMARY KEY)')
            await session.fetch(
                f'INSERT INTO "{_goes(table)}" SELECT id FROM "{table}" WHERE batch_id = $1',
                work.batch_id,
            )
            await session.fetch(f'ANALYZE "{_goes(table)}"')
    for table in made:
        await _spare_changed(work, table)
    spared = True
    while spared:
        spared = False
        for reference in work.references:
            if reference.target not in made:
                continue
            if await _spare_referred(work, reference, made):
                spared = True
            if reference.table in made and reference.table != reference.target:
                spared |= await _spare_belonging(work, reference)
    for table in _children_first(made, work.references):
        await _delete(work, table)
        await session.fetch(f'DROP TABLE "{_goes(table)}"')


def _goes(table: str) -> str:
    """Return the name of the temporary table with the ids of rows that go."""
    return f"gongzhi_goes_{table}"[:60]


async def _spare_changed(work: _Undo, table: str) -> None:
    """Keep created rows that were changed since."""
    session, types = work.session, work.types[table]
    reasons = [f"""EXISTS (SELECT 1 FROM "{CHANGES}" c WHERE c."table" = $1 AND c.row_id = t.id)"""]
    if {"created_at", _STAMP} <= types.keys():
        reasons.append(f"t.created_at <> t.{_STAMP}")
    ids = [
        row["id"]
        for row in await session.fetch(
            f'SELECT t.id FROM "{table}" t JOIN "{_goes(table)}" g ON g.id = t.id'
            f" WHERE {' OR '.join(reasons)} ORDER BY t.id",
            table,
        )
    ]
    await _spare(work, table, ids, *_CHANGED)


async def _spare_referred(work: _Undo, reference: Reference, made: Sequence[str]) -> bool:
    """Keep created rows to which rows refer that stay; tell whether there were any."""
    session = work.session
    stays = ""
    if reference.table in made:
        stays = f'AND NOT EXISTS (SELECT 1 FROM "{_goes(reference.table)}" k WHERE k.id = r.id)'
    ids = [
        row["id"]
        for row in await session.fetch(
            f'SELECT DISTINCT g.id FROM "{_goes(reference.target)}" g'
            f' JOIN "{reference.table}" r ON r."{reference.column}" = g.id {stays} ORDER BY g.id'
        )
    ]
    await _spare(
        work,
        reference.target,
        ids,
        "REFERRED_TO",
        f"被 {reference.table} 的记录引用",
        f"rows of {reference.table} refer to it",
    )
    return bool(ids)


async def _spare_belonging(work: _Undo, reference: Reference) -> bool:
    """Keep a created row of another table with the created row that it belongs to.

    A person who was changed since stays; without the membership that came along, more would be
    gone than the import had brought.
    """
    ids = [
        row["id"]
        for row in await work.session.fetch(
            f'SELECT r.id FROM "{_goes(reference.table)}" g'
            f' JOIN "{reference.table}" r ON r.id = g.id'
            f' JOIN "{reference.target}" t ON t.id = r."{reference.column}"'
            f" WHERE t.batch_id = $1 AND NOT EXISTS"
            f' (SELECT 1 FROM "{_goes(reference.target)}" k WHERE k.id = t.id) ORDER BY r.id',
            work.batch_id,
        )
    ]
    await _spare(
        work,
        reference.table,
        ids,
        "BELONGS_TO_KEPT",
        f"它所属的 {reference.target} 记录保留了",
        f"the row of {reference.target} that it belongs to stays",
    )
    return bool(ids)


async def _spare(work: _Undo, table: str, ids: Sequence[int], code: str, zh: str, en: str) -> None:
    work.keep(table, ids, code, zh, en)
    if ids:
        await work.session.fetch(
            f'DELETE FROM "{_goes(table)}" WHERE {work.session.among("id", 1, "bigint")}',
            work.session.listed(ids),
        )


def _children_first(tables: Sequence[str], references: Sequence[Reference]) -> list[str]:
    """Return the tables so that none comes before those that refer to it."""
    order: list[str] = []

    def visit(table: str, path: tuple[str, ...]) -> None:
        if table in order or table in path:
            return
        for reference in references:
            if reference.target == table and reference.table in tables:
                visit(reference.table, (*path, table))
        order.append(table)

    for table in tables:
        visit(table, ())
    return order


async def _delete(work: _Undo, table: str) -> None:
    """Delete the rows that go; in a tree the leaves first, one level after the other."""
    session = work.session
    own = [r.column for r in work.references if r.table == table and r.target == table]
    leaf = "".join(
        f' AND NOT EXISTS (SELECT 1 FROM "{table}" c WHERE c."{column}" = "{table}".id)'
        for column in own
    )
    while True:
        rows = await session.fetch(
            f'DELETE FROM "{table}" WHERE id IN (SELECT id FROM "{_goes(table)}"){leaf}'
            " RETURNING id"
        )
        work.removed += len(rows)
        work.progress(f"remove {table}", work.removed, work.removed)
        if not rows or not own:
            return
