"""From a file to rows of cells: CSV (UTF-8, GBK) and .xlsx, within bounds, told in plain words.

What a file may cost is bounded before it is paid: the size on disk, the size unpacked, the rows,
the columns, the length of a line, and for workbooks the memory and time of a process of its own.
"""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import io
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NoReturn

import orjson

from gongzhi.errors import GongzhiError
from gongzhi.imports import workbook
from gongzhi.imports.cells import Cell

_MEGABYTE: Final = 1_000_000
_ZIP: Final = b"PK\x03\x04"
_OLE: Final = b"\xd0\xcf\x11\xe0"
_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")
_RATIO_COUNTS_FROM: Final = 5 * _MEGABYTE
"""Small workbooks of equal rows do pack very well."""
_PARTS: Final = 2_000
_DELIMITERS: Final = ",\t;"


@dataclass(frozen=True, slots=True)
class Limits:
    """What a file may cost at most."""

    file_bytes: int = 10 * _MEGABYTE
    unpacked_bytes: int = 100 * _MEGABYTE
    ratio: int = 100
    """Unpacked bytes for each byte of the file."""
    rows: int = 100_000
    columns: int = 100
    line_characters: int = 100_000
    memory_bytes: int = 768 * 1024 * 1024
    """Address space of the process that parses a workbook; about 150 MB of it is Python itself."""
    seconds: float = 60.0
    """How long it may parse."""


class FileError(GongzhiError):
    """A file that cannot be read as a table; ``code`` is stable."""

    def __init__(self, code: str, zh: str, en: str) -> None:
        self.code = code
        self.zh = zh
        self.en = en
        super().__init__(f"{zh} · {en}")


@dataclass(slots=True)
class Sheet:
    """The rows of a file as they stand there; ``rows[0]`` is row 1."""

    file_name: str
    digest: str
    """SHA-256 of the file, in hex."""
    rows: list[list[Cell]]
    name: str = ""
    """The sheet of the workbook; empty for CSV."""
    others: list[str] = field(default_factory=list)
    """Sheets that were not read."""
    encoding: str = ""
    """Of a CSV file."""
    date1904: bool = False


def read_file(path: Path, limits: Limits) -> Sheet:
    """Read a CSV or .xlsx file; which of them is told by its content, not by its name.

    :raises FileError: when there is no such file, it is none of the two, or it passes a limit.
    """
    try:
        size = path.stat().st_size
        if size > limits.file_bytes:
            raise FileError(
                code="FILE_TOO_LARGE",
                zh=f"文件有 {_mb(size)} MB，超过 {_mb(limits.file_bytes)} MB；请分成几个文件",
                en=f"the file has {_mb(size)} MB, more than {_mb(limits.file_bytes)} MB; split it",
            )
        content = path.read_bytes()
    except OSError as exc:
        raise FileError(
            code="FILE_UNREADABLE",
            zh=f"打不开文件 {path.name}，请检查路径和权限",
            en=f"the file {path.name} cannot be opened; check its path and permissions",
        ) from exc
    digest = hashlib.sha256(content).hexdigest()
    if content.startswith(_OLE):
        raise FileError(
            code="FILE_OLD_OR_ENCRYPTED",
            zh="这是旧版 .xls 或加密的文件；请去掉密码，另存为 .xlsx",
            en="an old .xls or an encrypted file; remove the password and save it as .xlsx",
        )
    if content.startswith(_ZIP):
        return _workbook(path, content, digest, limits)
    return _csv(path, content, digest, limits)


def _mb(size: int) -> str:
    return f"{size / _MEGABYTE:.0f}"


# CSV


def _csv(path: Path, content: bytes, digest: str, limits: Limits) -> Sheet:
    text, encoding = _decoded(content)
    head = text[: limits.line_characters].split("\n", 1)[0]
    delimiter = max(_DELIMITERS, key=head.count)
    rows: list[list[Cell]] = []
    reader = csv.reader(_lines(text, limits), delimiter=delimiter, strict=True)
    widest = 0
    try:
        for row in reader:
            if len(row) > widest:
                widest = len(row)
                if widest > limits.columns:
                    _too_wide(widest, limits)
            rows.append(row)  # type: ignore[arg-type]  # texts are cells
            if len(rows) > limits.rows + 2:
                _too_long(limits)
    except csv.Error as exc:
        raise FileError(
            code="CSV_BROKEN",
            zh=f"第 {reader.line_num} 行附近的引号不成对，或一格过长",
            en=f"near line {reader.line_num} a quotation mark is missing, or a cell is too long",
        ) from exc
    return Sheet(path.name, digest, rows, encoding=encoding)


def _decoded(content: bytes) -> tuple[str, str]:
    if content.startswith(_UTF16):
        raise FileError(
            code="CSV_UTF16",
            zh="这是 UTF-16 文本；请另存为 “CSV UTF-8” 或 .xlsx",
            en="this is UTF-16 text; save it as 'CSV UTF-8' or .xlsx",
        )
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text, "utf-8" if encoding == "utf-8-sig" else "gbk"
        break
    raise FileError(
        code="FILE_UNKNOWN",
        zh="既不是 .xlsx，也不是 UTF-8 或 GBK 的 CSV 文本",
        en="neither .xlsx nor CSV text in UTF-8 or GBK",
    )


def _lines(text: str, limits: Limits) -> Iterator[str]:
    longest = limits.line_characters
    for number, line in enumerate(io.StringIO(text, newline=""), 1):
        if len(line) > longest:
            raise FileError(
                code="LINE_TOO_LONG",
                zh=f"第 {number} 行有 {len(line)} 个字符，超过 {longest}；这不是一张表",
                en=f"line {number} has {len(line)} characters, more than {longest}; not a table",
            )
        yield line


# Workbooks


def _workbook(path: Path, content: bytes, digest: str, limits: Limits) -> Sheet:
    _check_archive(content, limits)
    script = str(Path(workbook.__file__))
    command = [
        sys.executable,
        "-I",
        script,
        str(limits.memory_bytes),
        str(limits.rows + 2),
    ]
    try:
        done = subprocess.run(  # noqa: S603  # our own script
            command, input=content, capture_output=True, check=False, timeout=limits.seconds
        )
    except subprocess.TimeoutExpired as exc:
        raise FileError(
            code="WORKBOOK_TOO_SLOW",
            zh=f"读取超过 {limits.seconds:.0f} 秒；请删掉多余的工作表和格式，或改用 CSV",
            en=f"reading took over {limits.seconds:.0f} s; remove other sheets, or use CSV",
        ) from exc
    if done.returncode:
        _not_read(done.returncode)
    head, *lines = done.stdout.splitlines()
    meta: dict[str, Any] = orjson.loads(head)
    if meta["columns"] > limits.columns:
        _too_wide(meta["columns"], limits)
    if meta["rows"] > limits.rows + 2:
        _too_long(limits)
    rows = [[_cell(cell) for cell in row] for line in lines for row in orjson.loads(line)]
    return Sheet(
        path.name,
        digest,
        rows,
        name=meta["sheet"],
        others=meta["others"],
        date1904=meta["date1904"],
    )


def _cell(cell: Any) -> Cell:
    if cell.__class__ is list:
        text: str = cell[0]
        for kind in (dt.date, dt.datetime):
            try:
                return kind.fromisoformat(text)
            except ValueError:
                continue
        return text
    return cell  # type: ignore[no-any-return]


def _check_archive(content: bytes, limits: Limits) -> None:
    try:
        parts = zipfile.ZipFile(io.BytesIO(content)).infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as exc:
        raise FileError(
            code="WORKBOOK_BROKEN",
            zh="工作簿不完整或已损坏，请重新保存或重新下载",
            en="the workbook is cut off or damaged; save or download it again",
        ) from exc
    if not any(part.filename == "xl/workbook.xml" for part in parts):
        raise FileError(
            code="WORKBOOK_UNKNOWN",
            zh="不是 .xlsx 工作簿，请用 Excel 或 WPS 另存为 .xlsx",
            en="not an .xlsx workbook; save it as .xlsx with Excel or WPS",
        )
    unpacked = sum(part.file_size for part in parts)
    ratio = unpacked // max(len(content), 1)
    if (
        len(parts) > _PARTS
        or unpacked > limits.unpacked_bytes
        or (unpacked > _RATIO_COUNTS_FROM and ratio > limits.ratio)
    ):
        raise FileError(
            code="WORKBOOK_BOMB",
            zh=f"解压后有 {_mb(unpacked)} MB（{ratio} 倍），超过允许的 "
            f"{_mb(limits.unpacked_bytes)} MB 或 {limits.ratio} 倍；请改用 CSV",
            en=f"unpacked it has {_mb(unpacked)} MB (times {ratio}), more than the "
            f"{_mb(limits.unpacked_bytes)} MB or times {limits.ratio} allowed; use CSV",
        )


def _not_read(code: int) -> NoReturn:
    if code == workbook.ENCRYPTED:
        raise FileError(
            code="FILE_OLD_OR_ENCRYPTED",
            zh="工作簿有密码，请去掉密码后再导入",
            en="the workbook has a password; remove it first",
        )
    if code == workbook.NO_SHEET:
        raise FileError(
            code="WORKBOOK_EMPTY",
            zh="没有一张可见的工作表有内容",
            en="no visible sheet has any content",
        )
    if code == workbook.NOT_A_WORKBOOK:
        raise FileError(
            code="WORKBOOK_BROKEN",
            zh="工作簿已损坏，请用 Excel 或 WPS 打开后重新保存",
            en="the workbook is damaged; open it with Excel or WPS and save it again",
        )
    raise FileError(
        code="WORKBOOK_TOO_LARGE",
        zh="工作簿需要的内存超过限制：可能在很远的行或列有内容；请只保留表格部分，或改用 CSV",
        en="the workbook needs more memory than allowed, perhaps for a cell in a far row or "
        "column; keep the table only, or use CSV",
    )


def _too_wide(columns: int, limits: Limits) -> NoReturn:
    raise FileError(
        code="TOO_MANY_COLUMNS",
        zh=f"有 {columns} 列，超过 {limits.columns} 列；请删除多余的列",
        en=f"{columns} columns, more than {limits.columns}; remove the others",
    )


def _too_long(limits: Limits) -> NoReturn:
    raise FileError(
        code="TOO_MANY_ROWS",
        zh=f"超过 {limits.rows} 行；请分成几个文件",
        en=f"more than {limits.rows} rows; split the file",
    )
