"""Runs an import: try it, apply it in one transaction, list what was applied.

Both ways go through the same steps: read the file, read every cell, compare with what is there.
Applying compares inside its transaction, with the tables held, so nothing can come in between.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import gc
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any, Final, TypeVar

from gongzhi import clock
from gongzhi.chain import Draft, append
from gongzhi.imports.parse import CodeOption, ParseContext
from gongzhi.imports.reader import Limits, read_file
from gongzhi.imports.report import ImportRefusedError, Report
from gongzhi.imports.rows import COPIED_PATHS, assignments, plain_row
from gongzhi.imports.session import Session
from gongzhi.imports.spec import ImportSpec, Tally
from gongzhi.imports.table import Table, read_table
from gongzhi.privacy import Privacy

T = TypeVar("T")

BATCHES: Final = "core_import_batch"
CHANGES: Final = "core_import_change"

Progress = Callable[[str, int, int], None]
"""Told about every step: its name, how many rows are done, how many there are."""

_TOLD_EVERY: Final = 1000
_ANALYZE_FROM: Final = 1000
_FILE_NAME: Final = 255


def no_progress(step: str, done: int, total: int) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class Change:
    """A row that is there and becomes another; both sides have the same columns."""

    row_id: int
    before: Mapping[str, Any]
    after: Mapping[str, Any]


@dataclass(slots=True)
class Run:
    """One run of an import."""

    session: Session
    privacy: Privacy
    now: dt.datetime
    today: dt.date
    code_lists: Mapping[str, Sequence[CodeOption]]
    progress: Progress = no_progress
    column_types: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def counted(self, step: str, rows: Iterable[T], total: int) -> Iterator[T]:
        """Yield the rows and tell how far it is."""
        source, number = iter(rows), 0
        while portion := list(islice(source, _TOLD_EVERY)):
            self.progress(step, number, total)
            number += len(portion)
            yield from portion
        self.progress(step, total, total)

    async def insert(
        self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], total: int
    ) -> None:
        """Insert new rows, many at once."""
        await self.session.load(table, columns, self.counted(f"write {table}", rows, total))

    async def update(self, table: str, changes: Sequence[Change], batch_id: int) -> None:
        """Change rows that are there, and keep how they were."""
        await self.keep(table, changes, batch_id)
        extra, fixed = "", []
        types = self.column_types[table]
        if "version" in types:
            extra += ", version = version + 1"
        if "updated_at" in types:
            extra += ", updated_at = $2"
            fixed.append(self.now)
        alike: dict[tuple[str, ...], list[Change]] = defaultdict(list)
        for change in changes:
            alike[tuple(change.after)].append(change)
        for columns, group in alike.items():
            sets = assignments(columns, 2 + len(fixed))
            await self.session.many(
                f'UPDATE "{table}" SET {sets}{extra} WHERE id = $1',
                [(change.row_id, *fixed, *change.after.values()) for change in group],
            )

    async def keep(self, table: str, changes: Sequence[Change], batch_id: int) -> None:
        """Keep how rows were, encrypted, for an undo."""
        if not changes:
            return
        stamps: dict[int, Any] = {}
        if "updated_at" in self.column_types[table]:
            ids = self.session.listed(change.row_id for change in changes)
            stamps = {
                row["id"]: row["updated_at"]
                for row in await self.session.fetch(
                    f'SELECT id, updated_at FROM "{table}"'
                    f" WHERE {self.session.among('id', 1, 'bigint')}",
                    ids,
                )
            }
        privacy = self.privacy

        def image(change: Change) -> dict[str, Any]:
            stamp = {"updated_at": stamps[change.row_id]} if stamps else {}
            kept = {c: v for c, v in change.before.items() if c not in COPIED_PATHS}
            return kept | stamp

        await self.session.load(
            CHANGES,
            ("batch_id", "table", "row_id", "before_cipher", "after_digest"),
            (
                (
                    batch_id,
                    table,
                    change.row_id,
                    privacy.encrypt(plain_row(image(change))),
                    digest_of(privacy, change.after),
                )
                for change in changes
            ),
        )


def digest_of(privacy: Privacy, values: Mapping[str, Any]) -> str:
    """Return a keyed hash of some columns of a row, by which it is seen to be changed since."""
    own = {column: value for column, value in values.items() if column not in COPIED_PATHS}
    # In hex, because the look-up hash takes texts for equal that differ in case or spaces only.
    return privacy.digest(plain_row(own).encode().hex())


async def dry_run(
    session: Session,
    spec: ImportSpec,
    path: Path,
    *,
    privacy: Privacy,
    limits: Limits | None = None,
    progress: Progress = no_progress,
) -> Report:
    """Say what an import would do. Nothing is written.

    :param limits: what the file may cost, instead of what the spec allows.
    :raises FileError: when the file as a whole cannot be read.
    """
    with _no_collector():
        run, table = await _prepare(session, spec, path, privacy, limits, progress)
        async with session.transaction():
            plan = await spec.planner.plan(run, table)
    return _report(spec, path, table, plan.tally)


async def apply(
    session: Session,
    spec: ImportSpec,
    path: Path,
    *,
    privacy: Privacy,
    by: str = "",
    skip_errors: bool = False,
    limits: Limits | None = None,
    progress: Progress = no_progress,
) -> Report:
    """Import a file: all of it in one transaction, or nothing.

    :param by: the name of the account that does it.
    :param skip_errors: leave refused rows out and import the others.
    :raises FileError: when the file as a whole cannot be read.
    :raises ImportRefusedError: when rows are refused and not skipped; it has the report.
    :raises BusyError: when others keep the tables for too long.
    """
    with _no_collector():
        run, table = await _prepare(session, spec, path, privacy, limits, progress)
        planner = spec.planner
        async with session.transaction((*planner.writes, BATCHES, CHANGES), planner.reads):
            run.column_types = await session.column_types()
            plan = await planner.plan(run, table)
            report = _report(spec, path, table, plan.tally)
            if report.rejected and not skip_errors:
                raise ImportRefusedError(report)
            batch_id = await _new_batch(run, report, table, by)
            await plan.write(run, batch_id)
            if report.created + report.updated >= _ANALYZE_FROM:
                await session.analyze(planner.writes)
            counts = {
                "entity": report.entity,
                "rows": report.rows,
                "created": report.created,
                "updated": report.updated,
                "unchanged": report.unchanged,
                "rejected": report.rejected,
            }
            await record(session, privacy, "core.import.apply", batch_id, counts)
    return replace(report, batch_id=batch_id)


async def record(
    session: Session, privacy: Privacy, kind: str, batch_id: int, counts: Mapping[str, object]
) -> None:
    """Say in the event record what was done with a batch; the last thing in its transaction.

    Who did it stands in the batch: a name that was given for the record, not an account.
    """
    event = Draft(
        kind=kind,
        actor="import",
        entity_type="ImportBatch",
        entity_id=batch_id,
        data=dict(counts),
    )
    await append(
        session.execute,
        [event],
        key=privacy.chain_key,
        now=clock.now(),
        postgres=session.dialect == "postgres",
    )


@contextmanager
def _no_collector() -> Iterator[None]:
    """Keep the garbage collector away: it would look through millions of live cells in vain."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


async def _prepare(
    session: Session,
    spec: ImportSpec,
    path: Path,
    privacy: Privacy,
    limits: Limits | None,
    progress: Progress,
) -> tuple[Run, Table]:
    progress("read", 0, 0)
    sheet = await asyncio.to_thread(read_file, path, limits or spec.limits)
    now = clock.now()
    now = now.replace(microsecond=now.microsecond // 1000 * 1000)
    run = Run(
        session=session,
        privacy=privacy,
        now=now,
        today=clock.today(),
        code_lists=await code_lists(session, spec.code_lists),
        progress=progress,
    )
    context = ParseContext(run.today, sheet.date1904, run.code_lists)
    progress("check", 0, len(sheet.rows))
    table = await asyncio.to_thread(read_table, spec, sheet, context)
    return run, table


async def code_lists(session: Session, names: Sequence[str]) -> dict[str, Sequence[CodeOption]]:
    """Return the active entries of these code lists."""
    lists: dict[str, list[CodeOption]] = {name: [] for name in names}
    rows = await session.fetch(
        "SELECT list, code, label_zh, label_en, level, family FROM core_code"
        f" WHERE {session.among('list', 1, 'text')} AND active ORDER BY list, sort, id",
        session.listed(names),
    )
    for row in rows:
        lists[row["list"]].append(
            CodeOption(row["code"], row["label_zh"], row["label_en"], row["level"], row["family"])
        )
    return dict(lists)


def _report(spec: ImportSpec, path: Path, table: Table, tally: Tally) -> Report:
    return Report(
        entity=spec.name,
        title_zh=spec.title_zh,
        title_en=spec.title_en,
        file_name=path.name,
        rows=len(table),
        created=tally.created,
        updated=tally.updated,
        unchanged=tally.unchanged,
        rejected=len(table.errors.bad),
        errors=tuple(table.errors.in_order()),
        error_count=table.errors.total,
        notes=tuple(table.notes),
        preview=table.preview,
    )


async def _new_batch(run: Run, report: Report, table: Table, by: str) -> int:
    rows = await run.session.fetch(
        f'INSERT INTO "{BATCHES}" (entity, file_name, file_digest, state, rows, created,'
        ' updated, unchanged, "by", applied_at)'
        " VALUES ($1, $2, $3, 'APPLIED', $4, $5, $6, $7, $8, $9) RETURNING id",
        report.entity,
        report.file_name[-_FILE_NAME:],
        table.digest,
        report.rows,
        report.created,
        report.updated,
        report.unchanged,
        by,
        run.now,
    )
    batch_id: int = rows[0]["id"]
    return batch_id


@dataclass(frozen=True, slots=True)
class Batch:
    """An applied import file."""

    id: int
    entity: str
    file_name: str
    state: str
    rows: int
    created: int
    updated: int
    unchanged: int
    by: str
    applied_at: str
    """UTC, to the second."""


async def batches(session: Session, limit: int = 20) -> list[Batch]:
    """Return the latest batches, the newest first."""
    rows = await session.fetch(
        f'SELECT * FROM "{BATCHES}" ORDER BY id DESC LIMIT $1',
        limit,
    )
    return [
        Batch(
            id=row["id"],
            entity=row["entity"],
            file_name=row["file_name"],
            state=row["state"],
            rows=row["rows"],
            created=row["created"],
            updated=row["updated"],
            unchanged=row["unchanged"],
            by=row["by"],
            applied_at=str(row["applied_at"])[:19],
        )
        for row in rows
    ]
