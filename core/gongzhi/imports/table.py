"""From the rows of a file to the columns of an import: header, explanation, values, errors.

Values are kept by column, which is how they are read fastest and how planners walk them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from gongzhi.imports.cells import BLANKS, Cell, CellError
from gongzhi.imports.parse import ParseContext, ReadCell, fold
from gongzhi.imports.reader import FileError, Sheet
from gongzhi.imports.report import Errors, Note, Preview
from gongzhi.imports.spec import Column, ImportSpec

CODES_SHEET: Final = "可选项"
"""The sheet of a template with what its drop-downs offer; it is not meant to be read."""

_HEADER_WITHIN: Final = 10
"""The header is one of the first rows; above it may stand a title."""
_PREVIEW_ROWS: Final = 5
_DECORATION: Final = re.compile(r"[*＊]|[(（]?(?:必填|选填|required|optional)[)）]?", re.IGNORECASE)
_EXPLAINS: Final = re.compile(
    r"(?:必填|选填|说明|示例|例如|例：|例:|填写|请填|格式|required|optional|e\.g\.)",
    re.IGNORECASE,
)
_SHOWN: Final = 40
"""Characters of a text of the file that a report repeats."""
_HIDDEN: Final = "***"


@dataclass(slots=True)
class Table:
    """The rows of a file as values; ``columns`` has every column of the spec, absent ones empty."""

    spec: ImportSpec
    numbers: list[int]
    """Row numbers in the file, by index."""
    columns: dict[str, list[Any]]
    present: frozenset[str]
    """Codes of the columns that the file has."""
    errors: Errors
    notes: list[Note]
    preview: Preview
    digest: str
    """SHA-256 of the file, in hex."""

    def __len__(self) -> int:
        return len(self.numbers)

    def refuse(self, index: int, column: str, error: CellError) -> None:
        """Refuse a row."""
        self.errors.add(index, column, error.code, error.zh, error.en)


def read_table(spec: ImportSpec, sheet: Sheet, context: ParseContext) -> Table:
    """Read the values of every row.

    :raises FileError: NO_HEADER, MISSING_COLUMNS, DOUBLE_COLUMNS, NO_ROWS.
    """
    header, places = _header(spec, sheet)
    notes = _notes(spec, sheet, header, places)
    first = header + 1
    if first < len(sheet.rows) and _explains(sheet.rows[first], places, spec):
        notes.append(
            Note(
                f"第 {first + 1} 行是填写说明，已跳过",
                f"row {first + 1} explains the columns; skipped",
            )
        )
        first += 1
    numbers, rows = _with_content(sheet.rows, first, places)
    if not rows:
        raise FileError(
            code="NO_ROWS", zh="表头下面没有数据行", en="there are no rows below the header"
        )
    titles = {column.code: column.title for column in spec.columns}
    errors = Errors(numbers, titles)
    cells = _transposed(rows, places)
    nothing = [None] * len(rows)
    columns: dict[str, list[Any]] = {}
    for column in spec.columns:
        place = cells.get(column.code)
        columns[column.code] = nothing if place is None else _values(column, place, context, errors)
    preview = _preview(spec, numbers, cells, columns)
    return Table(spec, numbers, columns, frozenset(places), errors, notes, preview, sheet.digest)


def _header(spec: ImportSpec, sheet: Sheet) -> tuple[int, dict[str, int]]:
    """Find the header; return its index and column code → place."""
    known = {
        fold(text): column.code
        for column in spec.columns
        for text in (*column.also, column.code, column.title)
    }
    best: list[tuple[str, int]] = []
    best_index = -1
    for index, row in enumerate(sheet.rows[:_HEADER_WITHIN]):
        found = [(known.get(_bare(cell)), place) for place, cell in enumerate(row)]
        codes = [(code, place) for code, place in found if code]
        if len(codes) > len(best):
            best, best_index = codes, index
    if not best:
        titles = "、".join(column.title for column in spec.columns if column.required)
        raise FileError(
            code="NO_HEADER",
            zh=f"前 {_HEADER_WITHIN} 行里没有找到表头；至少要有：{titles}",
            en=f"no header among the first {_HEADER_WITHIN} rows; at least needed: {titles}",
        )
    double = [code for code, n in Counter(code for code, _ in best).items() if n > 1]
    if double:
        names = "、".join(c.title for c in spec.columns if c.code in double)
        raise FileError(
            code="DOUBLE_COLUMNS",
            zh=f"表头有重复的列：{names}",
            en=f"columns stand twice in the header: {names}",
        )
    places = dict(best)
    missing = [c.title for c in spec.columns if c.required and c.code not in places]
    if missing:
        names = "、".join(missing)
        raise FileError(
            code="MISSING_COLUMNS",
            zh=f"第 {best_index + 1} 行的表头缺少必填的列：{names}",
            en=f"the header in row {best_index + 1} lacks required columns: {names}",
        )
    return best_index, places


def _bare(cell: Cell) -> str:
    """Return a header cell without the marks for required columns."""
    return fold(_DECORATION.sub("", cell)) if isinstance(cell, str) else ""


def _notes(spec: ImportSpec, sheet: Sheet, header: int, places: dict[str, int]) -> list[Note]:
    notes = []
    unread = [name for name in sheet.others if name != CODES_SHEET]
    if unread:
        others = "、".join(map(_printable, unread))
        notes.append(
            Note(
                f"只读取了工作表「{_printable(sheet.name)}」，未读取：{others}",
                f"only the sheet {_printable(sheet.name)} was read, not: {others}",
            )
        )
    taken = set(places.values())
    ignored = [
        _printable(str(cell))
        for place, cell in enumerate(sheet.rows[header])
        if place not in taken and cell not in BLANKS
    ]
    if ignored:
        names = "、".join(ignored)
        notes.append(Note(f"不认识的列，已忽略：{names}", f"unknown columns, ignored: {names}"))
    if sheet.encoding == "gbk":
        notes.append(Note("文件按 GBK 编码读取", "the file was read as GBK"))
    keys = "、".join(c.title for c in spec.columns if c.code in spec.match and c.code in places)
    if keys:
        notes.append(Note(f"按「{keys}」识别已有记录", f"rows already there are known by: {keys}"))
    return notes


def _explains(row: Sequence[Cell], places: dict[str, int], spec: ImportSpec) -> bool:
    """Tell whether a row explains the columns: most of its cells begin like an explanation."""
    helps = {column.help for column in spec.columns if column.help}
    said = [row[p] for p in places.values() if p < len(row) and row[p] not in BLANKS]
    explaining = [
        cell
        for cell in said
        if isinstance(cell, str) and (_EXPLAINS.match(cell.strip()) or cell.strip() in helps)
    ]
    return bool(said) and 2 * len(explaining) > len(said)


def _with_content(
    all_rows: list[list[Cell]], first: int, places: dict[str, int]
) -> tuple[list[int], list[list[Cell]]]:
    """Leave out rows without any content in known columns; return row numbers and full rows."""
    width = max(places.values()) + 1
    wanted = sorted(places.values())
    numbers: list[int] = []
    rows: list[list[Cell]] = []
    for number, row in enumerate(all_rows[first:], first + 1):
        if len(row) < width:
            row = row + [None] * (width - len(row))  # noqa: PLW2901  # padded
        # Most rows have something in their first cell, so this is one look for nearly all.
        for place in wanted:
            cell = row[place]
            if cell not in BLANKS and not (cell.__class__ is str and cell.isspace()):
                numbers.append(number)
                rows.append(row)
                break
    return numbers, rows


def _transposed(rows: list[list[Cell]], places: dict[str, int]) -> dict[str, list[Cell]]:
    return {code: [row[place] for row in rows] for code, place in places.items()}


def _values(column: Column, cells: list[Cell], context: ParseContext, errors: Errors) -> list[Any]:
    read = column.parser.bind(context)
    if column.parser.repeats:
        read = _remembering(read)
    values: list[Any] = []
    keep = values.append
    required = column.required
    for index, cell in enumerate(cells):
        if cell in BLANKS:
            value = None
        else:
            try:
                value = read(cell)
            except CellError as error:
                errors.add(index, column.code, error.code, error.zh, error.en)
                keep(None)
                continue
        if value is None and required:
            errors.add(index, column.code, "REQUIRED", "必填，不能为空", "required")
        keep(value)
    return values


def _remembering(read: ReadCell) -> ReadCell:
    """Read equal cells once. Equal across types (1, 1.0, True) are told apart."""
    known: dict[tuple[type, Cell], Any] = {}

    def remembered(cell: Cell) -> Any:
        key = (cell.__class__, cell)
        try:
            return known[key]
        except KeyError:
            value = known[key] = read(cell)
            return value

    return remembered


def _preview(
    spec: ImportSpec,
    numbers: list[int],
    cells: dict[str, list[Cell]],
    columns: dict[str, list[Any]],
) -> Preview:
    shown = [column for column in spec.columns if column.code in cells]
    rows = tuple(
        (
            numbers[index],
            tuple(_shown(c, cells[c.code][index], columns[c.code][index]) for c in shown),
        )
        for index in range(min(_PREVIEW_ROWS, len(numbers)))
    )
    return Preview(tuple(column.title for column in shown), rows)


def _shown(column: Column, cell: Cell, value: Any) -> str:
    if cell in BLANKS:
        return ""
    if column.mask is not None:
        return _HIDDEN if value is None else column.mask(value)
    return _printable(str(cell if value is None or isinstance(cell, str) else value))


def _printable(text: str) -> str:
    """Return a text of the file as a terminal may show it: short, without control characters."""
    text = "".join(character for character in text if character.isprintable()).strip()
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
