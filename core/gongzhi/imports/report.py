"""What a run of an import tells: figures, refused rows, a preview. Never a personal value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from gongzhi.errors import GongzhiError

Language = Literal["zh", "en"]

KEPT_ERRORS = 1000
"""Refused cells that a report names; all are counted."""


@dataclass(frozen=True, slots=True)
class RowError:
    """Why a row is refused."""

    row: int
    """Its number in the file, as a spreadsheet shows it."""
    column: str
    """The Chinese title of the column; empty: the row as a whole."""
    code: str
    """Stable, for programs."""
    zh: str
    en: str


@dataclass(slots=True)
class Errors:
    """The refused rows of a run."""

    numbers: Sequence[int]
    """Row numbers in the file, by index."""
    titles: dict[str, str]
    """Column code → Chinese title."""
    listed: list[RowError] = field(default_factory=list)
    total: int = 0
    bad: set[int] = field(default_factory=set)
    """Indexes of rows that are refused."""

    def add(self, index: int, column: str, code: str, zh: str, en: str) -> None:
        """Refuse a row; ``column`` is a column's code or empty."""
        self.total += 1
        self.bad.add(index)
        if len(self.listed) < KEPT_ERRORS:
            title = self.titles.get(column, column)
            self.listed.append(RowError(self.numbers[index], title, code, zh, en))

    def in_order(self) -> list[RowError]:
        """Return the errors by row."""
        return sorted(self.listed, key=lambda error: error.row)


@dataclass(frozen=True, slots=True)
class Note:
    """Something to know that refuses nothing."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Preview:
    """The first rows as they were understood; personal values are masked."""

    titles: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]
    """Row number and cells."""


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome of a dry run, or of an applied import."""

    entity: str
    title_zh: str
    title_en: str
    file_name: str
    rows: int
    """Rows with content, header and explanation not counted."""
    created: int
    updated: int
    unchanged: int
    rejected: int
    errors: tuple[RowError, ...]
    error_count: int
    notes: tuple[Note, ...]
    preview: Preview
    batch_id: int | None = None
    """The applied batch; none after a dry run."""


class ImportRefusedError(GongzhiError):
    """The file has refused rows and nothing was written."""

    def __init__(self, report: Report) -> None:
        self.report = report
        super().__init__(render_report(report))


@dataclass(frozen=True, slots=True)
class Kept:
    """A row that an undo left as it is."""

    table: str
    row_id: int
    code: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class UndoReport:
    """The outcome of an undo."""

    batch_id: int
    removed: int
    """Rows that the batch had created and that are gone now."""
    restored: int
    """Rows that are as they were before the batch."""
    kept: tuple[Kept, ...]
    """Some of the rows that could not be undone, and why."""
    kept_count: int


def render_report(report: Report, language: Language = "zh") -> str:
    """Return the report as plain text for a terminal or a log."""
    zh = language == "zh"
    lines = []
    if zh:
        what = "已导入" if report.batch_id else "试运行（未写入）"
        lines.append(f"{report.title_zh} · {report.file_name} · {what}")
        lines.append(
            f"共 {report.rows} 行：新增 {report.created}，更新 {report.updated}，"
            f"不变 {report.unchanged}，拒绝 {report.rejected}"
        )
    else:
        what = "applied" if report.batch_id else "dry run, nothing written"
        lines.append(f"{report.title_en} · {report.file_name} · {what}")
        lines.append(
            f"{report.rows} rows: {report.created} new, {report.updated} updated, "
            f"{report.unchanged} unchanged, {report.rejected} rejected"
        )
    lines += [f"  * {note.zh if zh else note.en}" for note in report.notes]
    if report.errors:
        lines.append("错误：" if zh else "Errors:")
        lines += [_error_line(error, language) for error in report.errors]
        more = report.error_count - len(report.errors)
        if more > 0:
            lines.append(f"  …… 另有 {more} 处" if zh else f"  … and {more} more")
    if report.preview.rows:
        lines.append("预览：" if zh else "Preview:")
        lines.append("  " + " | ".join(("#", *report.preview.titles)))
        lines += ["  " + " | ".join((str(number), *cells)) for number, cells in report.preview.rows]
    if report.batch_id:
        lines.append(
            f"批次 {report.batch_id}；撤销：gongzhi undo {report.batch_id}"
            if zh
            else f"batch {report.batch_id}; to take it back: gongzhi undo {report.batch_id}"
        )
    return "\n".join(lines)


def _error_line(error: RowError, language: Language) -> str:
    if language == "zh":
        where = f"第 {error.row} 行" + (f"「{error.column}」" if error.column else "")
        return f"  {where}：{error.zh}"
    where = f"row {error.row}" + (f", column {error.column}" if error.column else "")
    return f"  {where}: {error.en}"


def render_undo(report: UndoReport, language: Language = "zh") -> str:
    """Return the outcome of an undo as plain text."""
    zh = language == "zh"
    lines = [
        f"批次 {report.batch_id}：删除 {report.removed} 行，恢复 {report.restored} 行，"
        f"保留 {report.kept_count} 行"
        if zh
        else f"batch {report.batch_id}: {report.removed} rows removed, "
        f"{report.restored} restored, {report.kept_count} kept"
    ]
    lines += [
        f"  {kept.table} {kept.row_id}{'：' if zh else ': '}{kept.zh if zh else kept.en}"
        for kept in report.kept
    ]
    more = report.kept_count - len(report.kept)
    if more > 0:
        lines.append(f"  …… 另有 {more} 行" if zh else f"  … and {more} more")
    return "\n".join(lines)
